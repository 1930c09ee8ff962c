"""The embedded recogniser, told which text is read aloud to it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from deployments.asr.embedded.thai import EmbeddedRecognizer
from deployments.asr.replica import Window
from deployments.thai_speech.expected import EXPECTED, expected
from deployments.thai_speech.language_model import language_model
from deployments.thai_speech.lexicon import lexicon
from serve_app.core.reading.tokens import tokens_of
from serve_app.engines import Hints
from tests.engines.asr.test_embedded_thai import say


@pytest.fixture(scope="module")
def recognizer() -> EmbeddedRecognizer:
    return EmbeddedRecognizer()


def read(recognizer: EmbeddedRecognizer, said: str, text: str) -> list[str]:
    """The words heard when `said` is read from `text`."""
    hints = Hints("th", expected=tuple(tokens_of(text)))
    (heard,) = recognizer.recognize([Window(say(said), hints=hints)])
    return [word.text for word in heard.words]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("นักเรียนมี 15 คน", ["นักเรียน", "มี", "15", "คน"]),
        ("ช้า ๆ ได้พร้าเล่มงาม", ["ช้า", "ๆ", "ได้", "พร้า", "เล่ม", "งาม"]),
        ("มานีไปหาวีระ", ["มานี", "ไปหา", "วีระ"]),
    ],
)
def test_what_is_read_is_spelled_as_the_text_spells_it(
    recognizer: EmbeddedRecognizer, text: str, words: list[str]
) -> None:
    """RS-050, RS-087: a number, a repetition and a name that is in no lexicon are correct when read."""
    assert read(recognizer, text, text) == words


@pytest.mark.parametrize(
    ("said", "text", "heard"),
    [
        ("แม่ไปตลาดซื้อผลไม้", "แม่ไปโรงเรียนซื้อผลไม้", "ตลาด"),
        ("แม่ไปตลาดขายผลไม้", "แม่ไปตลาดซื้อผลไม้", "ขาย"),
        ("พ่อขับรถไปทำงาน", "แม่ขับรถไปทำงาน", "พ่อ"),
    ],
)
def test_another_word_is_heard_as_it_was_said(
    recognizer: EmbeddedRecognizer, said: str, text: str, heard: str
) -> None:
    """RS-050, RS-054: the recogniser leans towards the text and does not repeat it."""
    assert heard in read(recognizer, said, text)


def test_a_word_left_out_is_not_heard(recognizer: EmbeddedRecognizer) -> None:
    """RS-053: missing words stay missing, and a text is no answer to silence."""
    assert "ตลาด" not in read(recognizer, "แม่ไปซื้อผลไม้", "แม่ไปตลาดซื้อผลไม้")
    silence = Window(np.zeros(16_000, np.float32), hints=Hints("th", expected=("แม่", "ไป")))
    assert recognizer.recognize([silence])[0].words == ()


def test_a_text_that_is_not_thai_changes_nothing(recognizer: EmbeddedRecognizer) -> None:
    """RS-087: nothing of it can be expected."""
    audio = say("แม่ไปตลาดซื้อผลไม้")
    plain, foreign = recognizer.recognize(
        [Window(audio), Window(audio, hints=Hints(expected=("Hello", "!")))]
    )
    assert plain == foreign


def test_texts_do_not_reach_into_their_neighbours(recognizer: EmbeddedRecognizer) -> None:
    """RS-025: each window of a batch is heard as it would be alone."""
    windows = [
        Window(say("แม่ไปตลาดซื้อผลไม้"), hints=Hints("th", expected=("แม่", "ไป", "ตลาด"))),
        Window(say("พ่อขับรถไปทำงาน"), hints=Hints("th", expected=("พ่อ", "ทำงาน"))),
        Window(say("ฉันอยากดื่มน้ำเย็น")),
    ]
    alone = [recognizer.recognize([window])[0].words for window in windows]
    assert [heard.words for heard in recognizer.recognize(windows)] == alone


def test_the_word_in_turn_is_likelier_than_elsewhere() -> None:
    """RS-050: after a word of the text the next one, after any other word none more than the rest."""
    general = language_model()
    text = expected(("แม่", "ไป", "แม่"), general)
    assert text is not None
    chances, mother = text.chances, list(lexicon()).index("แม่")
    first = general.start
    assert chances.start == first + 3

    def score(history: int, word: int) -> float:
        return float(chances.score(np.array([history], np.int32), np.array([word], np.int32))[0])

    plain = float(general.score(np.array([mother], np.int32), np.array([mother], np.int32))[0])
    assert score(chances.start, first) == score(first, first + 1) == pytest.approx(math.log(EXPECTED))
    assert score(first + 2, first) == score(mother, first) == pytest.approx(math.log(EXPECTED / 3))
    assert score(first, mother) == score(mother, mother) == pytest.approx(plain)
