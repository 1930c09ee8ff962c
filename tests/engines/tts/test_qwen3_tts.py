"""The engines `cosytts` and `qwen_viet_tts` on tiny random checkpoints, through the real loading code.

They need an environment of their own, where `make test-qwen-tts` runs them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("qwen_tts", reason="its packages conflict with ours: make test-qwen-tts")

from safetensors.torch import load_file, save_file

from deployments.serving.loader import EngineConfigError, load_engine
from deployments.tts.qwen3.families import CosyTtsSynthesizer, QwenVietSynthesizer
from deployments.tts.qwen3.generation import TRIES
from deployments.tts.replica import SynthesizerReplica
from serve_app.engines import Progress, Reference, Speech, SpeechRequest
from serve_app.errors import InvalidRequest, SynthesisFailed
from tests.engines.offline import no_network
from tests.engines.reports import Reports
from tests.engines.tts.synthesizer_suite import CHECKS, speak
from tests.engines.tts.tiny_qwen3_tts import build

pytestmark = pytest.mark.usefixtures("one_thread")

FRAME = 1920
"""Samples of a frame: 12.5 of them are a second of 24 kHz."""
RATE = 22_050
NOISE = np.random.default_rng(1).normal(0, 0.1, 2 * RATE).astype(np.float32)
UNTOLD = Reference(NOISE, RATE)
TOLD = replace(UNTOLD, transcript="what I said")
NAMED = SpeechRequest("Hello there, 42.", "en", "cosytts", seed=5, speaker="Ryan", instruct="Warm, slow")
REQUESTS = {
    "a speaker": NAMED,
    "a voice with its transcript": replace(NAMED, instruct="", reference=TOLD),
    "a voice alone": replace(NAMED, instruct="", reference=UNTOLD),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("qwen3")


@pytest.fixture(scope="module")
def speakers(folder: Path) -> str:
    return build(folder / "tiny-speakers", "custom_voice")


@pytest.fixture(scope="module")
def clone(folder: Path) -> str:
    return build(folder / "tiny-clone", "base")


@pytest.fixture(scope="module")
def engine(speakers: str, clone: str) -> CosyTtsSynthesizer:
    return CosyTtsSynthesizer(speakers, clone, device="cpu")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_it_is_a_synthesizer(
    engine: CosyTtsSynthesizer,
    check: Callable[[CosyTtsSynthesizer, SpeechRequest], None],
    request_: SpeechRequest,
) -> None:
    """TTS-002/003/009/010/023/027, JOB-002, ERR-005: what every engine does, with all kinds of voices."""
    check(engine, request_)


def test_progress_counts_the_frames(engine: CosyTtsSynthesizer) -> None:
    """TTS-023: one report before each frame and one before the end; nobody knows how many to come."""
    reports = Reports()
    speech = engine.synthesize(NAMED, reports)
    frames = len(speech.samples) // FRAME
    assert reports.seen == [Progress("synthesis", step) for step in range(frames + 1)]
    assert speech.sample_rate / FRAME == 12.5


@pytest.mark.parametrize("language", ["en", "zh", "ja", "ko"])
def test_each_language_has_its_usual_speaker(engine: CosyTtsSynthesizer, language: str) -> None:
    """TTS-014/025: nobody was named, so one who is there speaks, and the caller learns who."""
    spoken = speak(engine, replace(NAMED, language=language, speaker=""))
    assert spoken.extras == {"speaker": "vivian" if language == "zh" else "ryan"}


def test_speaker_style_and_language_are_heard(engine: CosyTtsSynthesizer) -> None:
    """TTS-003/014/015: each of them changes the speech; the case of a name does not."""
    changes = (
        {},
        {"speaker": "Vivian"},
        {"instruct": "Cold"},
        {"language": "zh"},
        {"text": "Hello there, 43."},
    )
    heard = {speak(engine, replace(NAMED, **change)).samples.tobytes() for change in changes}
    assert len(heard) == len(changes)
    assert speak(engine, replace(NAMED, speaker="rYAN")).samples.tobytes() in heard


def test_an_unknown_speaker_is_refused(engine: CosyTtsSynthesizer) -> None:
    """TTS-014: with the names that are there."""
    with pytest.raises(InvalidRequest, match=r"speaker 'Nobody' is not known; choose one of ryan, vivian\."):
        speak(engine, replace(NAMED, speaker="Nobody"))


def test_a_reference_and_its_transcript_are_heard(engine: CosyTtsSynthesizer) -> None:
    """TTS-016/017: whose voice it is, what is said there; a speaker who is named beside it is left aside."""
    cloned = replace(NAMED, instruct="", reference=UNTOLD)
    other = replace(UNTOLD, samples=NOISE[::-1] * np.linspace(0, 1, len(NOISE), dtype=np.float32))
    references = (UNTOLD, TOLD, replace(TOLD, transcript="something else"), other)
    heard = {
        speak(engine, replace(cloned, reference=reference)).samples.tobytes() for reference in references
    }
    assert len(heard) == len(references)
    spoken = speak(engine, replace(cloned, speaker="Vivian"))
    assert spoken.samples.tobytes() in heard
    assert not spoken.extras


def test_a_reference_is_heard_once(clone: str) -> None:
    """TTS-019: all texts with one reference are spoken from one prompt, so in one voice."""
    engine = CosyTtsSynthesizer(clone=clone, device="cpu")
    heard: list[int] = []
    encoder = engine._cloned._model.model.speaker_encoder
    with encoder.register_forward_pre_hook(lambda *_: heard.append(len(heard))):
        for text in ("one", "two"):
            speak(engine, replace(REQUESTS["a voice alone"], text=text))
        assert len(heard) == 1
        speak(engine, replace(REQUESTS["a voice alone"], reference=replace(UNTOLD, sample_rate=24_000)))
    assert len(heard) == 2


@pytest.mark.parametrize(
    "reference",
    [
        Reference(np.zeros(2 * RATE, np.float32), RATE),
        Reference(NOISE[: RATE - 1], RATE),
        Reference(NOISE[:0], RATE),
    ],
    ids=["silent", "short", "empty"],
)
def test_a_reference_without_a_voice_is_refused(engine: CosyTtsSynthesizer, reference: Reference) -> None:
    """TTS-021: nothing is cloned from less than a second or from silence."""
    with pytest.raises(InvalidRequest, match="clone_audio must hold at least 1 s of sound"):
        speak(engine, replace(NAMED, instruct="", reference=reference))


def test_a_cloned_voice_takes_no_style(engine: CosyTtsSynthesizer) -> None:
    """TTS-015: the models that clone follow none."""
    with pytest.raises(InvalidRequest, match="instruct: a cloned voice takes no style"):
        speak(engine, replace(NAMED, reference=TOLD))


def test_a_style_is_not_left_aside_silently(folder: Path) -> None:
    """TTS-015: the small checkpoints follow none, which the caller learns."""
    small = CosyTtsSynthesizer(build(folder / "small", "custom_voice", size="0b6"), device="cpu")
    assert speak(small, replace(NAMED, instruct="")).extras
    with pytest.raises(InvalidRequest, match="instruct: this model follows no style"):
        speak(small, NAMED)


def test_one_checkpoint_is_enough(speakers: str, clone: str) -> None:
    """TTS-014/016: the voices that the other one would have are refused; the warm-up needs neither."""
    named, cloning = CosyTtsSynthesizer(speakers, device="cpu"), CosyTtsSynthesizer(clone=clone, device="cpu")
    with pytest.raises(InvalidRequest, match="clone_audio: there are built-in speakers only"):
        speak(named, REQUESTS["a voice alone"])
    with pytest.raises(InvalidRequest, match="clone_audio is needed"):
        speak(cloning, NAMED)
    assert all(len(speak(engine, engine.example).samples) for engine in (named, cloning))


def test_the_card_names_the_checkpoints(engine: CosyTtsSynthesizer) -> None:
    """TTS-009, ASR-002: which checkpoints answer, and for whom."""
    card = engine.card
    assert (card.engine, card.impl) == ("cosytts", "qwen3-tts:tiny-speakers+tiny-clone")
    assert card.languages == ("en", "zh", "ja", "ko")
    assert engine.speakers("cosytts") == ("ryan", "vivian")
    assert card.note == ""
    assert card.device == "cpu"
    assert not card.embedded


def test_a_speech_without_an_end_fails(folder: Path) -> None:
    """ERR-007: it is given up after a time that grows with the text."""
    engine = CosyTtsSynthesizer(build(folder / "endless", "custom_voice", endless=True), device="cpu")
    for text, seconds in (("Hi", 3 + 2 * 0.25), ("1次", 3 + 2 * 0.5)):
        reports = Reports()
        with pytest.raises(SynthesisFailed, match="did not come to an end"):
            engine.synthesize(replace(NAMED, text=text), reports)
        assert len(reports.seen) == TRIES * np.ceil(12.5 * seconds)


def test_a_speech_that_missed_its_end_is_tried_again(engine: CosyTtsSynthesizer) -> None:
    """TTS-010: the second try is what everybody gets for that seed."""
    request, limit = replace(NAMED, text="a"), np.ceil(12.5 * 3.25)
    for seed in range(100):
        reports = Reports()
        speech = engine.synthesize(replace(request, seed=seed), reports)
        if len(reports.seen) > limit:
            break
    assert limit < len(reports.seen) < 2 * limit
    assert len(speech.samples) < limit * FRAME
    np.testing.assert_array_equal(speak(engine, replace(request, seed=seed)).samples, speech.samples)


async def test_a_replica_serves_it(engine: CosyTtsSynthesizer) -> None:
    """TTS-023: the engine does what a replica asks of it, the warm-up too; errors keep their kind."""
    replica = SynthesizerReplica(engine, ("cosytts",))
    *steps, speech = [each async for each in replica.synthesize(NAMED)]
    assert isinstance(speech, Speech)
    assert len(steps) > 1
    with pytest.raises(InvalidRequest):
        await anext(replica.synthesize(replace(NAMED, speaker="Nobody")))
    replica.close()


def test_nothing_is_fetched(speakers: str, clone: str) -> None:
    """NET-002: neither loading nor speaking asks a network, whatever the texts look like."""
    link = "http://localhost/a.wav"
    with no_network() as tried:
        engine = CosyTtsSynthesizer(speakers, clone, device="cpu")
        speak(engine, replace(NAMED, text=link, instruct=link))
        speak(engine, replace(NAMED, instruct="", reference=replace(UNTOLD, transcript=link)))
    assert not tried


def test_vietnamese_speakers(folder: Path) -> None:
    """TTS-005/009/014: a checkpoint trained further has its own speakers, perhaps its own language."""
    names, request = ("my_van", "yen_nhi"), SpeechRequest("Xin chào.", "vi", "qwen_viet_tts", seed=4)
    heard = []
    for name, languages in (("as-published", ("english",)), ("named", ("vietnamese",))):
        checkpoint = build(folder / name, "custom_voice", speakers=names, languages=languages)
        engine = QwenVietSynthesizer(checkpoint, device="cpu")
        spoken = speak(engine, request)
        assert spoken.extras == {"speaker": "yen_nhi"}
        assert speak(engine, replace(request, speaker="my_van")).extras == {"speaker": "my_van"}
        with pytest.raises(InvalidRequest, match="language"):
            speak(engine, replace(request, language="en"))
        heard.append(spoken.samples.tobytes())
    assert heard[0] != heard[1]
    assert engine.card.engine == "qwen_viet_tts"
    assert engine.card.languages == ("vi",)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "speakers or clone must name a checkpoint"),
        ({"speakers": "nowhere"}, "checkpoint: there is no nowhere/config.json"),
        ({"speakers": "{clone}"}, "tts_model_type is 'base', not 'custom_voice'"),
        ({"clone": "{speakers}"}, "tts_model_type is 'custom_voice', not 'base'"),
        ({"speakers": "{speakers}", "device": "tpu"}, "'tpu': one of auto, cpu, cuda"),
        ({"speakers": "{speakers}", "dtype": "int3"}, "'int3': one of auto, float32"),
        ({"beams": 3}, "its options: speakers, clone, device, dtype"),
    ],
)
def test_a_wrong_row_is_told_plainly(
    speakers: str, clone: str, options: dict[str, object], says: str
) -> None:
    """A configuration row that cannot work stops the replica with a sentence for the operator."""
    row = {key: str(value).format(speakers=speakers, clone=clone) for key, value in options.items()}
    with pytest.raises(EngineConfigError, match=says):
        load_engine("deployments.tts.qwen3.families:CosyTtsSynthesizer", row)


@pytest.mark.parametrize("part", ["talker.codec_head.weight", "speech_tokenizer"])
def test_a_checkpoint_that_is_not_whole_is_refused(folder: Path, part: str) -> None:
    """A tensor that is not there must not be replaced by noise, in the codec neither."""
    checkpoint = Path(build(folder / f"broken {part}", "custom_voice"))
    path = checkpoint / ("speech_tokenizer" if part == "speech_tokenizer" else "") / "model.safetensors"
    tensors = load_file(path)
    gone = part if part in tensors else next(name for name in tensors if name.startswith("decoder."))
    del tensors[gone]
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(EngineConfigError, match=f"lacks 1 tensors, such as {gone}"):
        CosyTtsSynthesizer(str(checkpoint), device="cpu")
