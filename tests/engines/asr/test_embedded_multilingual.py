"""The embedded engine behind the name `whisper`: Thai and English, hinted or found out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import soxr

from deployments.asr.embedded.multilingual import EmbeddedMultilingualRecognizer
from deployments.asr.replica import Window
from deployments.tts.embedded import formant
from serve_app.engines import SAMPLE_RATE, Audio, Hints
from serve_app.errors import InvalidRequest

THAI = ("ช่วยหากุญแจให้หน่อยได้ไหม", "เรากินข้าวเย็นกับพ่อแม่วันอาทิตย์")
ENGLISH = ("they want to build a new school here", "the doctor told him to rest for a few days")


@pytest.fixture(scope="module")
def recognizer() -> Iterator[EmbeddedMultilingualRecognizer]:
    engine = EmbeddedMultilingualRecognizer()
    yield engine
    engine.close()


def say(text: str, language: str) -> Audio:
    """A sentence at 16 kHz, in a voice that the detection was not calibrated on."""
    speech = formant.synthesize(text, language=language, voice="linda")
    return np.asarray(soxr.resample(speech.samples, speech.sample_rate, SAMPLE_RATE), np.float32)


def test_tells_thai_from_english(recognizer: EmbeddedMultilingualRecognizer) -> None:
    """VP-001: without a hint the language is found out, also in one batch of both."""
    windows = [Window(say(text, "th")) for text in THAI] + [Window(say(text, "en")) for text in ENGLISH]
    heard = recognizer.recognize(windows)
    assert [each.language for each in heard] == ["th", "th", "en", "en"]
    assert all(each.words for each in heard)


def test_a_hint_chooses_the_language(recognizer: EmbeddedMultilingualRecognizer) -> None:
    """VP-001: what the caller says is believed, and answers keep the order of the batch."""
    audio = say(THAI[0], "th")
    asked = [Window(audio, hints=Hints(language)) for language in ("en", "th", "en")]
    heard = recognizer.recognize(asked)
    assert [each.language for each in heard] == ["en", "th", "en"]
    assert heard[0] == heard[2] != heard[1]


def test_other_languages_are_refused(recognizer: EmbeddedMultilingualRecognizer) -> None:
    """VP-001: the refusal names both languages."""
    with pytest.raises(InvalidRequest, match=r"\(th\).*\(en\)"):
        recognizer.recognize([Window(recognizer.example(), hints=Hints("vi"))])


def test_silence_has_no_words(recognizer: EmbeddedMultilingualRecognizer) -> None:
    """ASR-050: silence has no words in any language, and nothing at all is no error."""
    assert [each.words for each in recognizer.recognize([Window(recognizer.example())])] == [()]
    assert recognizer.recognize([]) == []


def test_the_card_is_honest() -> None:
    """VP-001: the card says that it stands in, which languages it knows and what it detects."""
    card = EmbeddedMultilingualRecognizer.card
    assert (card.engine, card.impl) == ("whisper", "kaleido-embedded-th-ctc+pocketsphinx-en")
    assert card.embedded
    assert card.languages == ("th", "en")
    assert "only these two" in card.note
