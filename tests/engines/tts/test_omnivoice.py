"""The `omnivoice` engine on a tiny random model that comes through the real loading code."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from deployments.serving.loader import EngineConfigError, load_engine
from deployments.tts.omnivoice.engine import LANGUAGES, OmniVoiceSynthesizer
from deployments.tts.replica import Synthesizer
from deployments.tts.voice_cache import VoiceCache
from serve_app.engines import Audio, Progress, Reference, SpeechRequest
from serve_app.errors import InvalidRequest
from tests.engines.offline import no_network
from tests.engines.reports import Reports
from tests.engines.tts.synthesizer_suite import CHECKS, speak
from tests.engines.tts.tiny_omnivoice import build

pytestmark = pytest.mark.usefixtures("one_thread")

STEPS = 4
NOISE = np.random.default_rng(0).normal(0, 0.1, 25 * 16_000).astype(np.float32)
VOICE = Reference(NOISE[: 2 * 16_000], 16_000, "สวัสดีค่ะ")
FREE = SpeechRequest("สวัสดีครับ วันนี้อากาศดี", "th", "omnivoice", seed=5)
CLONED = replace(FREE, reference=VOICE)
DESIGNED = replace(FREE, instruct="female, high pitch")
TEXTS = {
    "en": "Good morning.", "zh": "早上好。", "vi": "Chào buổi sáng.", "th": "อรุณสวัสดิ์", "ms": "Selamat pagi.",
    "lo": "ສະບາຍດີ", "ja": "おはようございます。", "ko": "안녕하세요.",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("omnivoice") / "tiny")


@pytest.fixture(scope="module")
def engine(folder: Path) -> OmniVoiceSynthesizer:
    return OmniVoiceSynthesizer(str(folder), device="cpu", num_step=STEPS)


def samples(engine: Synthesizer, request: SpeechRequest) -> Audio:
    return speak(engine, request).samples


@pytest.mark.parametrize("request_", [FREE, CLONED, DESIGNED], ids=["free", "cloned", "designed"])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_keeps_what_every_engine_promises(
    engine: OmniVoiceSynthesizer, check: Callable[[Synthesizer, SpeechRequest], None], request_: SpeechRequest
) -> None:
    """TTS-002, TTS-003, TTS-010, TTS-023, TTS-027: in each of its three ways to a voice."""
    check(engine, request_)


def test_thai_signs_are_told_in_words(engine: OmniVoiceSynthesizer) -> None:
    """TTS-029: the package would hand them to the model as they are."""
    written, spoken = "ลด 50%", "ลด ห้าสิบเปอร์เซ็นต์"
    np.testing.assert_array_equal(
        samples(engine, replace(FREE, text=written)), samples(engine, replace(FREE, text=spoken))
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_speaks_all_languages(engine: OmniVoiceSynthesizer, language: str) -> None:
    """TTS-003, TTS-006, TTS-009: the package knows each id, and the language changes the speech."""
    assert language in engine._model.supported_language_ids()
    spoken = samples(engine, replace(FREE, text=TEXTS[language], language=language))
    other = "en" if language != "en" else "ms"
    assert not np.array_equal(spoken, samples(engine, replace(FREE, text=TEXTS[language], language=other)))


def test_reports_each_step(engine: OmniVoiceSynthesizer) -> None:
    """TTS-023: how many steps are done, of how many."""
    reports = Reports()
    engine.synthesize(FREE, reports)
    assert reports.seen == [Progress("synthesis", step, STEPS) for step in range(STEPS)]


def test_long_speech_is_made_in_rounds(engine: OmniVoiceSynthesizer) -> None:
    """TTS-002, TTS-023: 200 letters can be over 30 s; nobody knows beforehand in how many steps."""
    reports = Reports()
    speech = engine.synthesize(replace(FREE, text="早上好，朋友。" * 28, language="zh"), reports)
    assert len(speech.samples) > 30 * speech.sample_rate
    assert reports.seen == [Progress("synthesis", step, None) for step in range(len(reports.seen))]
    assert len(reports.seen) % STEPS == 0
    assert len(reports.seen) > STEPS


def test_the_voice_follows_the_request(engine: OmniVoiceSynthesizer) -> None:
    """TTS-015, TTS-016: a reference, its recording, its transcript and a style each change the speech."""
    other = replace(VOICE, samples=NOISE[16_000 : 3 * 16_000])
    untold = replace(VOICE, transcript=" ")
    requests = [FREE, DESIGNED, CLONED, *(replace(FREE, reference=voice) for voice in (other, untold))]
    spoken = [samples(engine, request) for request in requests]
    for index, one in enumerate(spoken):
        assert not any(np.array_equal(one, another) for another in spoken[:index])


def test_chunks_share_one_encoded_voice(engine: OmniVoiceSynthesizer, folder: Path) -> None:
    """TTS-019: a voice from the cache and one encoded anew give the same speech."""
    fresh = OmniVoiceSynthesizer(str(folder), device="cpu", num_step=STEPS)
    first, again = samples(fresh, CLONED), samples(fresh, CLONED)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, samples(engine, CLONED))


def test_the_cache_forgets_the_oldest_voice() -> None:
    """TTS-019: each reference is encoded once while it is in use; equal samples with other words are two."""
    encoded = count()
    cache = VoiceCache(lambda voice: f"{voice.transcript}{next(encoded)}", kept=2)
    a, b, c = (replace(VOICE, transcript=name) for name in "abc")
    assert [cache[voice] for voice in (a, b, a, c, a, b)] == ["a0", "b1", "a0", "c2", "a0", "b3"]


def test_a_long_recording_is_cut_where_no_words_are_lost(engine: OmniVoiceSynthesizer) -> None:
    """TTS-017, TTS-021: 25 s without a transcript become 15 at most; with one they stay: it must match."""
    frames = [
        engine._clone(Reference(NOISE, 16_000, transcript)).ref_audio_tokens.shape[1] / 25
        for transcript in ("", "สวัสดี")
    ]
    assert 3 <= frames[0] <= 15.1
    assert frames[1] == pytest.approx(25, abs=0.1)


@pytest.mark.parametrize("heard", [NOISE[:8000], NOISE[:0], np.zeros(32_000, np.float32)])
def test_a_recording_without_sound_is_refused(engine: OmniVoiceSynthesizer, heard: Audio) -> None:
    """TTS-021, ERR-002: shorter than a second, empty, silent."""
    with pytest.raises(InvalidRequest, match="clone_audio"):
        samples(engine, replace(FREE, reference=Reference(heard, 16_000)))


@pytest.mark.parametrize(
    ("instruct", "told"),
    [("Warm, clear narration", "whisper"), ("male, female", "female"), ("british accent，四川话", "accent")],
)
def test_a_style_it_has_no_word_for_is_refused(
    engine: OmniVoiceSynthesizer, instruct: str, told: str
) -> None:
    """TTS-015, ERR-002: with the words there are, or with those that exclude one another."""
    with pytest.raises(InvalidRequest, match=f"instruct: .*{told}"):
        samples(engine, replace(FREE, instruct=instruct))


def test_a_cloned_voice_takes_no_style(engine: OmniVoiceSynthesizer) -> None:
    """TTS-015: the package would take both."""
    with pytest.raises(InvalidRequest, match="instruct"):
        samples(engine, replace(CLONED, instruct="female"))


def test_speed(engine: OmniVoiceSynthesizer) -> None:
    """TTS-001: twice as fast is shorter."""
    assert len(samples(engine, replace(FREE, speed=2.0))) < 0.8 * len(samples(engine, FREE))


def test_asks_nobody(folder: Path) -> None:
    """ERR-005: neither loading nor a reference without transcript, for which the package has a recogniser
    on a hub."""
    with no_network() as tried:
        engine = OmniVoiceSynthesizer(str(folder), device="cpu", num_step=STEPS)
        samples(engine, replace(FREE, reference=replace(VOICE, transcript="")))
    assert not tried


@pytest.mark.parametrize("missing", ["config.json", "audio_tokenizer"])
def test_an_incomplete_folder_does_not_start(folder: Path, tmp_path: Path, missing: str) -> None:
    """ERR-005: the package would fetch what is missing."""
    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "copy" / missing).rename(tmp_path / "elsewhere")
    with no_network() as tried, pytest.raises(EngineConfigError, match=missing):
        OmniVoiceSynthesizer(str(tmp_path / "copy"))
    assert not tried


def test_options_of_a_row(folder: Path) -> None:
    """ERR-005: half precision and other settings speak; a device or number that is not there is told."""
    path, options = "deployments.tts.omnivoice.engine:OmniVoiceSynthesizer", {"checkpoint": str(folder)}
    coarse = load_engine(path, {**options, "dtype": "bfloat16", "num_step": 2, "guidance_scale": 0.0})
    assert len(samples(coarse, CLONED)) > 0
    for wrong in ({"dtype": "int3"}, {"device": "abacus"}):
        with pytest.raises(EngineConfigError):
            load_engine(path, {**options, **wrong})
