"""Formant synthesis: what training, tests and load tests speak with, and how texts are read."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from deployments.tts.embedded import formant
from deployments.tts.embedded.voices import SPEAKERS
from serve_app.engines import Speech
from serve_app.errors import EngineNotInstalled, InvalidRequest
from training.thai_speech.voices import HELD_OUT


def seconds(speech: Speech) -> float:
    return len(speech.samples) / speech.sample_rate


def test_speaks_thai() -> None:
    """TTS-001: mono samples in [-1, 1], of a plausible length, with a signal in them."""
    speech = formant.synthesize("สวัสดีครับ วันนี้เราจะเรียนภาษาไทย")
    assert speech.sample_rate == 22_050
    assert speech.samples.dtype == np.float32
    assert speech.samples.ndim == 1
    assert 1.5 < seconds(speech) < 6
    assert 0.1 < float(np.abs(speech.samples).max()) <= 1


@pytest.mark.parametrize(
    ("language", "written", "spoken"),
    [
        ("th", "ไป 5 km", "ไป ห้ากิโลเมตร"),
        ("th", "25°C", "ยี่สิบห้าองศาเซลเซียส"),
        ("lo", "ໄປ 5 km", "ໄປ ຫ້າກິໂລແມັດ"),
    ],
)
def test_what_is_written_in_two_scripts_is_read_as_one(language: str, written: str, spoken: str) -> None:
    """TTS-029: a unit in Latin letters belongs to its number."""
    assert formant.read(written, language) == formant.read(spoken, language)


def test_the_same_text_gives_the_same_audio() -> None:
    """TTS-010: whatever was spoken in between."""
    first = formant.synthesize("ขอบคุณครับ")
    formant.synthesize("Something else", language="en", voice="somchai")
    np.testing.assert_array_equal(first.samples, formant.synthesize("ขอบคุณครับ").samples)


def test_speakers_differ() -> None:
    """TTS-014: names are different voices."""
    malee, somchai = (formant.synthesize("สวัสดี", voice=name).samples for name in ("malee", "somchai"))
    assert malee.shape != somchai.shape or not np.allclose(malee, somchai)


def test_the_speakers_are_strangers_to_the_recogniser() -> None:
    """ASR-002: a round trip through both engines is a fair test only with voices kept out of training."""
    assert {speaker.variant for speaker in SPEAKERS.values()} <= set(HELD_OUT)


def test_rate_and_pitch() -> None:
    """TTS-001: a higher rate is shorter; pitch leaves the length about alone but not the sound."""
    text = "วันนี้อากาศดีมาก"
    plain, fast = formant.synthesize(text), formant.synthesize(text, rate=1.6)
    high = formant.synthesize(text, pitch=1.6)
    assert seconds(fast) < 0.8 * seconds(plain)
    assert seconds(high) == pytest.approx(seconds(plain), rel=0.1)
    assert not np.array_equal(high.samples[: len(plain.samples)], plain.samples)


def test_a_long_text_is_spoken_to_its_end() -> None:
    """TTS-002: no limit of espeak-ng's clause cuts or garbles it: length grows with the text."""
    once, ten = (seconds(formant.synthesize("นักเรียนอ่านหนังสือในห้องสมุด" * n)) for n in (1, 10))
    assert ten == pytest.approx(10 * once, rel=0.15)


def test_a_word_without_an_end_is_spoken() -> None:
    """TTS-002: 200 times one letter is one word for our reading, longer than espeak-ng's memory for it."""
    once, ten = (seconds(formant.synthesize("ป" * n)) for n in (20, 200))
    assert ten == pytest.approx(10 * once, rel=0.15)


def test_mixed_scripts_are_spoken_in_one_go() -> None:
    """TTS-001: Latin words inside Thai add their own sound."""
    thai = seconds(formant.synthesize("ฉันใช้ ทุกวัน"))
    assert seconds(formant.synthesize("ฉันใช้ computer ทุกวัน")) > thai + 0.3


@pytest.mark.parametrize(
    ("language", "text", "readers"),
    [
        ("th", "ใช้ AI 3 ตัว", [("ใช้ ", "th"), ("AI ", "en"), ("3 ตัว", "th")]),
        ("ja", "2024年の computer。", [("2024", "ja"), ("年", "zh"), ("の ", "ja"), ("computer。", "en")]),
        ("zh", "我用computer。", [("我用computer。", "zh")]),
        ("ko", "漢字를", [("漢字", "zh"), ("를", "ko")]),
        ("en", "say สวัสดี or ສະບາຍດີ!", [("say ", "en"), ("สวัสดี ", "th"), ("or ", "en"), ("ສະບາຍດີ!", "lo")]),
        ("vi", "chào Ωмир", [("chào ", "vi"), ("Ωмир", "")]),
        ("en", "(42%)", [("(42%)", "en")]),
    ],
)
def test_each_script_has_its_reader(language: str, text: str, readers: list[tuple[str, str]]) -> None:
    """TTS-003: letters go to a voice that does not spell them, digits and signs stay with the language."""
    assert formant.runs(text, language) == readers


def test_sentences_are_spoken_one_by_one() -> None:
    """TTS-023: so that there is progress to report; neither a title nor a fraction is cut."""
    clauses = formant.read("Mr. Lee paid 3.50 today. Really? Yes.", "en")
    assert [clause.text for clause in clauses] == ["Mr. Lee paid 3.50 today.", "Really?", "Yes."]


@pytest.mark.parametrize(
    "request_fields",
    [
        {"text": ""}, {"text": "   "}, {"text": "!?..."}, {"text": "ๆ"}, {"text": "...", "language": "en"},
        {"text": "ก", "voice": "nobody"}, {"text": "ก", "language": "tlh"}, {"text": "ก", "rate": 0.0},
        {"text": "ก", "pitch": float("nan")},
    ],
)  # fmt: skip
def test_what_cannot_be_spoken_is_refused(request_fields: dict[str, str]) -> None:
    """TTS-002, TTS-003: blank text, unknown voice or language, prosody out of bounds."""
    with pytest.raises(InvalidRequest):
        formant.synthesize(**request_fields)  # type: ignore[arg-type]


def test_threads_do_not_disturb_one_another() -> None:
    """TTS-010: the library is not thread-safe, our use of it is."""
    texts = ["หนึ่งสองสาม", "สี่ห้าหก", "เจ็ดแปดเก้า", "Hello there"] * 4
    expected = [formant.synthesize(text).samples for text in texts]
    with ThreadPoolExecutor(8) as pool:
        for speech, alone in zip(pool.map(formant.synthesize, texts), expected, strict=True):
            np.testing.assert_array_equal(speech.samples, alone)


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """ERR-005: the operator learns what to install."""
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(EngineNotInstalled, match="embedded"):
        formant.synthesize("สวัสดี")
