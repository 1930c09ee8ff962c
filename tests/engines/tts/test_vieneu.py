"""The `vieneu_v2` engine on a tiny random model that comes through the real loading code."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deployments.serving.loader import EngineConfigError, load_engine
from deployments.tts.replica import Synthesizer
from deployments.tts.vieneu import text as vieneu_text
from deployments.tts.vieneu.engine import PAUSE_SECONDS, VieNeuSynthesizer
from deployments.tts.vieneu.model import CODES_A_SIGN, FEWEST_CODES, PATIENCE
from deployments.tts.vieneu.text import LONGEST_CHUNK, chunks_of_phonemes
from serve_app.engines import Audio, Reference, SpeechRequest
from serve_app.errors import InvalidRequest
from tests.engines.offline import no_network
from tests.engines.reports import Reports
from tests.engines.tts.synthesizer_suite import CHECKS, speak
from tests.engines.tts.tiny_vieneu import HOP, build, build_decoder, build_encoder

pytestmark = pytest.mark.usefixtures("one_thread")

NOISE = np.random.default_rng(0).normal(0, 0.1, 10 * 16_000).astype(np.float32)
VOICE = Reference(NOISE[: 2 * 16_000], 16_000, "Chào bạn.")
PRESET = SpeechRequest("Xin chào", "vi", "vieneu_v2", seed=5)
CLONED = replace(PRESET, reference=VOICE)


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Of a row whose deployment can clone."""
    folder = tmp_path_factory.mktemp("vieneu")
    return {
        "checkpoint": str(build(folder / "tiny")),
        "decoder": str(build_decoder(folder / "model.onnx")),
        "encoder": str(build_encoder(folder / "neucodec")),
        "device": "cpu",
    }


@pytest.fixture(scope="module")
def engine(options: dict[str, Any]) -> VieNeuSynthesizer:
    return VieNeuSynthesizer(**options)


def samples(engine: Synthesizer, request: SpeechRequest) -> Audio:
    return speak(engine, request).samples


@pytest.mark.parametrize("request_", [PRESET, CLONED], ids=["preset", "cloned"])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_keeps_what_every_engine_promises(
    engine: VieNeuSynthesizer, check: Callable[[Synthesizer, SpeechRequest], None], request_: SpeechRequest
) -> None:
    """TTS-002, TTS-003, TTS-010, TTS-023, TTS-027: with a built-in voice and with a recorded one."""
    check(engine, request_)


def test_speakers_are_the_preset_voices(engine: VieNeuSynthesizer) -> None:
    """TTS-014: they differ, the default one speaks for nobody in particular, others are refused by name."""
    nobody, default, other = (
        samples(engine, replace(PRESET, speaker=name)) for name in ("", "yen_nhi", "my_van")
    )
    np.testing.assert_array_equal(nobody, default)
    assert not np.array_equal(default, other)
    np.testing.assert_array_equal(other, samples(engine, replace(PRESET, speaker="MY_VAN")))
    assert engine.speakers("vieneu_v2") == ("yen_nhi", "my_van")
    with pytest.raises(InvalidRequest, match=r"speaker 'Ryan' .*yen_nhi, my_van"):
        samples(engine, replace(PRESET, speaker="Ryan"))


def test_expressions(engine: VieNeuSynthesizer) -> None:
    """TTS-013: two, which differ."""
    natural, story = (
        samples(engine, replace(PRESET, vieneu_expression=name)) for name in ("natural", "storytelling")
    )
    assert not np.array_equal(natural, story)
    with pytest.raises(InvalidRequest, match=r"vieneu_expression 'sad' .*natural, storytelling"):
        samples(engine, replace(PRESET, vieneu_expression="sad"))


def test_the_clone_follows_its_reference(engine: VieNeuSynthesizer) -> None:
    """TTS-011: another recording and another transcript are other voices; the preset is not asked."""
    other = replace(VOICE, samples=NOISE[16_000 : 3 * 16_000])
    told = replace(VOICE, transcript="Tạm biệt.")
    spoken = [samples(engine, replace(CLONED, reference=voice)) for voice in (VOICE, other, told)]
    for index, one in enumerate(spoken):
        assert not any(np.array_equal(one, another) for another in spoken[:index])
    np.testing.assert_array_equal(spoken[0], samples(engine, replace(CLONED, speaker="my_van")))


def test_chunks_share_one_encoded_voice(engine: VieNeuSynthesizer, options: dict[str, Any]) -> None:
    """TTS-019: a voice from the cache and one encoded anew give the same speech."""
    fresh = VieNeuSynthesizer(**options)
    first, again = samples(fresh, CLONED), samples(fresh, CLONED)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, samples(engine, CLONED))


def test_a_recording_becomes_fifty_codes_a_second(engine: VieNeuSynthesizer) -> None:
    """TTS-021: at any rate; silence and less than a second are refused."""
    assert engine._encoder is not None
    codes = [
        engine._encoder(Reference(NOISE[: 2 * rate], rate, "Chào bạn.")) for rate in (16_000, 24_000, 44_100)
    ]
    assert [len(heard) for heard in codes] == [100, 100, 100]
    assert len(set(codes[0])) > 10
    for heard in (NOISE[:8000], np.zeros(32_000, np.float32)):
        with pytest.raises(InvalidRequest, match="f5_sample"):
            samples(engine, replace(CLONED, reference=replace(VOICE, samples=heard)))


def test_a_reference_needs_its_transcript(engine: VieNeuSynthesizer) -> None:
    """TTS-017: the model goes on with it, so it must know what was said."""
    with pytest.raises(InvalidRequest, match=r"f5_sample: .* said"):
        samples(engine, replace(CLONED, reference=replace(VOICE, transcript=" ")))


def test_a_reference_must_leave_room(engine: VieNeuSynthesizer) -> None:
    """TTS-002, ERR-002: a long recording, what is said in it and 200 letters are more than the model sees."""
    long = replace(PRESET, text=("xin chào các bạn " * 12)[:200])
    with pytest.raises(InvalidRequest, match="f5_sample is too long"):
        samples(engine, replace(long, reference=Reference(NOISE, 16_000, "Chào bạn. " * 30)))


def test_without_an_encoder_nothing_is_cloned(options: dict[str, Any]) -> None:
    """TTS-011, ERR-002: it says so, and presets speak."""
    engine = VieNeuSynthesizer(**{**options, "encoder": ""})
    assert "Clones no voices" in engine.card.note
    assert engine.card.device == "cpu"
    assert len(samples(engine, PRESET)) > 0
    with pytest.raises(InvalidRequest, match=r"f5_sample: .*no voice encoder"):
        samples(engine, CLONED)


def test_a_voice_that_never_ends_is_stopped(engine: VieNeuSynthesizer) -> None:
    """TTS-001: a sampled voice may babble on, up to the end of the context."""
    reports = Reports()
    speech = engine.synthesize(PRESET, reports)
    [phonemes] = chunks_of_phonemes(PRESET.text)
    most = PATIENCE * max(FEWEST_CODES, CODES_A_SIGN * len(phonemes))
    assert len(speech.samples) <= most * HOP
    assert len(reports.seen) == most


def test_numbers_are_written_out_and_long_texts_cut() -> None:
    """TTS-002: 200 signs can be a thousand letters when they are read; chunks lose nothing of them."""
    [date] = chunks_of_phonemes("Ngày 21/11/2026")
    [read] = chunks_of_phonemes("ngày hai mươi mốt tháng mười một năm hai nghìn không trăm hai mươi sáu")
    assert date == read
    chunks = chunks_of_phonemes("Số 1234567, 7654321. " * 9)
    assert len(chunks) > 2
    assert max(map(len, chunks)) < 2 * LONGEST_CHUNK
    assert "".join(chunks).count(".") == 9


def test_chunks_are_joined(engine: VieNeuSynthesizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """TTS-002: in one piece of speech with a pause, and progress that counts on."""
    monkeypatch.setattr(vieneu_text, "LONGEST_CHUNK", 14)
    two = replace(PRESET, text="Xin chào bạn. Tạm biệt.")
    assert len(chunks_of_phonemes(two.text)) == 2
    reports = Reports()
    joined = engine.synthesize(two, reports).samples
    first = samples(engine, replace(two, text="Xin chào bạn."))
    np.testing.assert_array_equal(joined[: len(first)], first)
    pause = joined[len(first) :][: int(PAUSE_SECONDS * 24_000)]
    assert not pause.any()
    assert len(joined) > len(first) + len(pause)
    assert [progress.step for progress in reports.seen] == list(range(len(reports.seen)))


def test_text_of_another_script_is_refused(engine: VieNeuSynthesizer) -> None:
    """TTS-002, ERR-002: the reader drops signs that it does not know; speech of nothing is not an answer."""
    with pytest.raises(InvalidRequest, match="text"):
        samples(engine, replace(PRESET, text="สวัสดี"))


def test_asks_nobody(options: dict[str, Any]) -> None:
    """ERR-005: neither loading nor cloning, though the package names three repositories."""
    with no_network() as tried:
        samples(VieNeuSynthesizer(**options), CLONED)
    assert not tried


@pytest.mark.parametrize("missing", ["config.json", "voices.json"])
def test_an_incomplete_folder_does_not_start(options: dict[str, Any], tmp_path: Path, missing: str) -> None:
    """ERR-005: the package would fetch the model, and start without a voice."""
    shutil.copytree(options["checkpoint"], tmp_path / "copy")
    (tmp_path / "copy" / missing).unlink()
    with no_network() as tried, pytest.raises(EngineConfigError, match=missing):
        VieNeuSynthesizer(**{**options, "checkpoint": str(tmp_path / "copy")})
    assert not tried


def test_voices_without_a_preset_do_not_start(options: dict[str, Any], tmp_path: Path) -> None:
    """TTS-014: a request without speaker would have no voice."""
    shutil.copytree(options["checkpoint"], tmp_path / "copy")
    (tmp_path / "copy" / "voices.json").write_text(json.dumps({"presets": {}}))
    with pytest.raises(EngineConfigError, match="presets"):
        VieNeuSynthesizer(**{**options, "checkpoint": str(tmp_path / "copy")})


def test_options_of_a_row(options: dict[str, Any]) -> None:
    """ERR-005: half precision speaks; a file, device or number that is not there is told."""
    path = "deployments.tts.vieneu.engine:VieNeuSynthesizer"
    assert len(samples(load_engine(path, {**options, "dtype": "bfloat16"}), CLONED)) > 0
    for wrong in ({"dtype": "int3"}, {"device": "abacus"}, {"decoder": "nowhere"}, {"encoder": "nowhere"}):
        with pytest.raises(EngineConfigError):
            load_engine(path, {**options, **wrong})
