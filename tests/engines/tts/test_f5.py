"""The `f5` engine on tiny random checkpoints that come through the real loading code."""

from __future__ import annotations

import builtins
import io
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deployments.serving.loader import EngineConfigError, load_engine
from serve_app.engines import Audio, Reference, SpeechRequest
from serve_app.errors import InvalidRequest

pytest.importorskip("f5_tts")
# What follows needs it.
import soundfile

from deployments.tts.f5.diffusion import CROSS_FADE, cross_faded
from deployments.tts.f5.engine import F5Synthesizer
from deployments.tts.f5.model import HOP, SAMPLE_RATE
from deployments.tts.f5.reference import LOUDNESS, TAIL, voice_of
from deployments.tts.f5.text import chunks, mel_frames, spelled
from tests.engines.reports import Reports
from tests.engines.tts.synthesizer_suite import CHECKS, speak
from tests.engines.tts.tiny_f5 import LETTERS, checkpoint, vocabulary, vocoder

pytestmark = pytest.mark.usefixtures("one_thread")

NFE_STEP = 3


def voiced(seconds: float, loudness: float = 0.2, rate: int = SAMPLE_RATE) -> Audio:
    """Noise of a given root mean square: loud everywhere, as silence is cut off."""
    noise = np.random.default_rng(0).normal(0, 1, int(seconds * rate))
    return (noise * loudness / np.sqrt(np.square(noise).mean())).astype(np.float32)


CLICK = np.append(np.zeros(48_000, np.float32), voiced(0.1))
REFERENCE = Reference(voiced(1.0), SAMPLE_RATE, "สวัสดีครับ")
THAI = SpeechRequest("วันนี้อากาศดี", "th", "f5", seed=5, reference=REFERENCE)
REQUESTS = {
    "v1": replace(THAI, f5_thai_variant="v1"),
    "v2": THAI,
    "english": replace(THAI, text="Good morning!", language="en"),
}


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Options of a configuration row with both variants, one in each file format."""
    folder = tmp_path_factory.mktemp("f5")
    return {
        "vocoder": str(vocoder(folder / "vocos")),
        "v1": checkpoint(folder, "v1", ".pt"),
        "v2": checkpoint(folder, "v2", ".safetensors"),
        "device": "cpu",
        "nfe_step": NFE_STEP,
    }


@pytest.fixture(scope="module")
def engine(row: dict[str, Any]) -> F5Synthesizer:
    return load_engine("deployments.tts.f5.engine:F5Synthesizer", row)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", REQUESTS)
def test_it_is_a_synthesizer(engine: F5Synthesizer, name: str, check: Any) -> None:
    """TTS-003/009/010/023/027, JOB-002, ERR-005: what every engine must do, in both variants and English."""
    check(engine, REQUESTS[name])


def test_the_variants_are_two_voices(engine: F5Synthesizer) -> None:
    """TTS-012: v1 and v2 are different checkpoints, and the answer tells which one spoke."""
    v1, v2 = (speak(engine, REQUESTS[name]) for name in ("v1", "v2"))
    assert (v1.extras, v2.extras) == ({"f5_thai_variant": "v1"}, {"f5_thai_variant": "v2"})
    assert not np.array_equal(v1.samples, v2.samples)


def test_english_takes_no_notice_of_the_thai_variant(engine: F5Synthesizer) -> None:
    """TTS-012: only used with Thai."""
    english = REQUESTS["english"]
    v1, v2 = (speak(engine, replace(english, f5_thai_variant=name)) for name in ("v1", "v2"))
    assert v1.extras == v2.extras == {}
    np.testing.assert_array_equal(v1.samples, v2.samples)


def test_the_flags_of_the_architectures_differ(engine: F5Synthesizer) -> None:
    """TTS-012: padding is masked and all heads are rotated in v2 only; weights alone do not tell."""
    networks = {name: speaker.model.transformer for name, speaker in engine._speakers.items()}
    assert {name: network.text_embed.mask_padding for name, network in networks.items()} == {
        "v1": False,
        "v2": True,
    }
    rotated = {name: net.transformer_blocks[0].attn.processor.pe_attn_head for name, net in networks.items()}
    assert rotated == {"v1": 1, "v2": None}


@pytest.mark.parametrize("name", REQUESTS)
def test_progress_counts_the_evaluations(engine: F5Synthesizer, name: str) -> None:
    """TTS-023: one report for each evaluation of the network, up to the announced number."""
    reports = Reports()
    engine.synthesize(REQUESTS[name], reports)
    assert [(seen.step, seen.steps) for seen in reports.seen] == [(n + 1, NFE_STEP) for n in range(NFE_STEP)]


def test_a_long_text_is_spoken_in_chunks(engine: F5Synthesizer) -> None:
    """TTS-002/010: 200 characters, the longest text; the same audio each time, although there are chunks."""
    request = replace(THAI, text=("วันนี้อากาศดีมาก " * 12)[:200])
    texts, reports = chunks(spelled(request.text)), Reports()
    speech = engine.synthesize(request, reports)
    assert reports.seen[-1].step == reports.seen[-1].steps == NFE_STEP * len(texts) > NFE_STEP
    frames = sum(mel_frames(text, 1.0) for text in texts)
    assert abs(len(speech.samples) - frames * HOP + CROSS_FADE * (len(texts) - 1)) < HOP * len(texts) * 2
    np.testing.assert_array_equal(speech.samples, speak(engine, request).samples)


def test_speed_changes_the_length(engine: F5Synthesizer) -> None:
    """TTS-025: twice as fast is half as long."""
    slow, fast = (len(speak(engine, replace(THAI, speed=speed)).samples) for speed in (0.5, 1.0))
    assert fast / slow == pytest.approx(0.5, abs=0.02)


def test_a_faint_reference_gives_faint_speech(engine: F5Synthesizer) -> None:
    """TTS-019: the voice keeps its loudness, though the model hears it louder."""
    loud = voiced(1.0, LOUDNESS)
    full, faint = (
        speak(engine, replace(THAI, reference=Reference(loud * scale, SAMPLE_RATE, "สวัสดี"))).samples
        for scale in (np.float32(1), np.float32(1 / 64))
    )
    np.testing.assert_allclose(faint, full / 64, atol=1e-4)


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (replace(THAI, reference=None), "f5_sample is needed"),
        (replace(THAI, reference=replace(REFERENCE, transcript=" ")), "what is said"),
        (replace(THAI, reference=replace(REFERENCE, samples=np.zeros(48_000, np.float32))), "1 s of sound"),
        (replace(THAI, reference=replace(REFERENCE, samples=np.zeros(0, np.float32))), "1 s of sound"),
        (replace(THAI, reference=replace(REFERENCE, samples=CLICK)), "0.5 s of sound"),
        (replace(THAI, f5_thai_variant="v3"), "f5_thai_variant 'v3' is not loaded"),
        (replace(THAI, text="你好"), "text has nothing to speak"),
    ],
)
def test_what_cannot_be_spoken_is_refused(engine: F5Synthesizer, request_: SpeechRequest, says: str) -> None:
    """ERR-010: a request out of bounds is the caller's to mend, and the message names the field."""
    with pytest.raises(InvalidRequest, match=says):
        speak(engine, request_)


def test_a_variant_may_be_left_out(row: dict[str, Any]) -> None:
    """TTS-012: asking for it is refused by name; without v1 there is no English."""
    engine = F5Synthesizer(**{**row, "v1": None})
    assert engine.card.languages == ("th",)
    assert engine.card.device == "cpu"
    with pytest.raises(InvalidRequest, match="f5_thai_variant 'v1' is not loaded here; choose one of v2"):
        speak(engine, REQUESTS["v1"])
    with pytest.raises(InvalidRequest, match="language 'en'"):
        speak(engine, REQUESTS["english"])
    assert len(speak(engine, engine.example).samples) > 0


def test_half_precision_speaks(row: dict[str, Any]) -> None:
    """TTS-010: what a GPU uses; the vocoder stays exact, and a seed still decides everything."""
    engine = F5Synthesizer(**{**row, "v1": None}, dtype="float16")
    speech = speak(engine, THAI)
    assert np.abs(speech.samples).max() > 0
    np.testing.assert_array_equal(speech.samples, speak(engine, THAI).samples)


def test_the_configured_voice_speaks_without_a_reference(row: dict[str, Any], tmp_path: Path) -> None:
    """TTS-011: a request need not bring a recording where the operator named one."""
    path = tmp_path / "voice.wav"
    soundfile.write(path, REFERENCE.samples, SAMPLE_RATE, subtype="FLOAT")
    engine = F5Synthesizer(**row, reference=str(path), transcript=REFERENCE.transcript)
    path.unlink()
    assert engine.example.reference is not None
    np.testing.assert_array_equal(
        speak(engine, replace(THAI, reference=None)).samples, speak(engine, THAI).samples
    )


def test_a_configured_voice_in_stereo_turned_around_is_no_silence(
    row: dict[str, Any], tmp_path: Path
) -> None:
    """VP-005, TTS-011."""
    path = tmp_path / "voice.wav"
    turned = np.stack([REFERENCE.samples, -REFERENCE.samples], axis=1)
    soundfile.write(path, turned, SAMPLE_RATE, subtype="FLOAT")
    example = F5Synthesizer(**row, reference=str(path), transcript=REFERENCE.transcript).example
    assert example.reference is not None
    np.testing.assert_allclose(np.abs(example.reference.samples), np.abs(REFERENCE.samples), atol=1e-6)


@pytest.mark.parametrize("name", REQUESTS)
def test_it_reads_nothing_while_it_speaks(
    engine: F5Synthesizer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TTS-018: neither files nor the network, whatever the text or the transcript hold."""

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError(f"touched {args}")

    speak(engine, engine.example)
    for module, function in ((socket, "socket"), (builtins, "open"), (io, "open")):
        monkeypatch.setattr(module, function, refuse)
    reference = replace(REFERENCE, transcript="https://example.com/voice.wav")
    assert len(speak(engine, replace(REQUESTS[name], reference=reference)).samples) > 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"v1": None, "v2": None}, "v1 or v2 must name a checkpoint"),
        ({"v2": {"checkpoint": "a.pt"}}, "options of v2: .*vocab"),
        ({"v2": {"checkpoint": "/nowhere/a.pt", "vocab": "v"}}, "'/nowhere/a.pt' is no file of torch"),
        ({"vocoder": "/nowhere"}, "vocoder '/nowhere' has no config.yaml"),
        ({"device": "tpu"}, "device 'tpu'"),
        ({"dtype": "int8"}, "dtype 'int8'"),
        ({"reference": "/nowhere/voice.wav", "transcript": "สวัสดี"}, "reference '/nowhere/voice.wav'"),
    ],
)
def test_a_row_that_cannot_work_says_why(row: dict[str, Any], options: dict[str, Any], says: str) -> None:
    """A configuration row that cannot work stops the replica with a sentence for the operator."""
    with pytest.raises(EngineConfigError, match=says):
        load_engine("deployments.tts.f5.engine:F5Synthesizer", {**row, **options})


def test_a_vocabulary_of_another_checkpoint_is_refused(row: dict[str, Any], tmp_path: Path) -> None:
    """Its letters would be read as others: by its length, else by the letters that it lacks."""
    short = vocabulary(tmp_path / "short.txt", LETTERS["v2"][:-1])
    with pytest.raises(EngineConfigError, match=r"v2: vocab .* has \d+ tokens, its checkpoint \d+"):
        F5Synthesizer(**{**row, "v2": {**row["v2"], "vocab": str(short)}})
    other = vocabulary(tmp_path / "other.txt", (chr(0x4E00 + n) for n in range(len(LETTERS["v2"]))))
    with pytest.raises(EngineConfigError, match=r"v2: vocab .* lacks .*ŋ"):
        F5Synthesizer(**{**row, "v2": {**row["v2"], "vocab": str(other)}})


def test_a_checkpoint_of_another_shape_is_refused(row: dict[str, Any]) -> None:
    """A tensor that is missing or of another size must not be replaced by noise."""
    deeper = {**row["v2"], "architecture": {**row["v2"]["architecture"], "depth": 3}}
    with pytest.raises(EngineConfigError, match=r"v2: checkpoint .*transformer_blocks\.2"):
        F5Synthesizer(**{**row, "v2": deeper})


def test_a_long_reference_is_cut_at_a_pause() -> None:
    """TTS-021: recordings of up to 30 s are taken; of the transcript the same share stays."""
    samples = voiced(20.0)
    samples[int(9.8 * SAMPLE_RATE) : int(10.2 * SAMPLE_RATE)] = 0
    voice = voice_of(Reference(samples, SAMPLE_RATE, "one two three four five six seven eight nine ten"))
    assert (len(voice.samples) - TAIL) / SAMPLE_RATE == pytest.approx(10.0, abs=0.11)
    assert voice.transcript == "one two three four five"


def test_a_reference_is_trimmed_and_resampled() -> None:
    """TTS-021: any rate; silence at both ends would be spoken too."""
    silence = np.zeros(16_000, np.float32)
    samples = np.concatenate([silence, voiced(2.0, rate=16_000), silence])
    voice = voice_of(Reference(samples, 16_000, "สวัสดี"))
    assert (len(voice.samples) - TAIL) / SAMPLE_RATE == pytest.approx(2.0, abs=0.03)
    assert voice.gain == 1.0


def test_chunks_go_over_into_each_other() -> None:
    """TTS-027: no click where two chunks meet, and no jump in loudness."""
    level = np.full(SAMPLE_RATE, 0.5, np.float32)
    joined = cross_faded([level, level, level[:100]])
    assert len(joined) == 2 * SAMPLE_RATE - CROSS_FADE
    np.testing.assert_allclose(joined, 0.5, rtol=1e-6)
