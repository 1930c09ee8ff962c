"""Signs that espeak-ng leaves out, in words: TTS-031."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.thai_speech import espeak
from deployments.tts.embedded import formant
from deployments.tts.embedded.espeak_signs import WORDS, in_words
from deployments.tts.embedded.voices import ESPEAK

SPOKEN = {
    "en": {
        "$5": "5 dollars", "$1": "1 dollar", "5€": "5 euros", "-$5": "-5 dollars", "5-10": "5 to 10",
        "$5-10": "5 to 10 dollars", "081-234-5678": "0 8 1, 2 3 4, 5 6 7 8",
        "+66 81 234": "+6 6, 8 1, 2 3 4", "2025-12-25": "2025-12-25", "well-known": "well-known",
        "50%": "50%", "10:30": "10:30",
    },
    "vi": {
        "25°C": "25 độ C", "5-10": "5 đến 10", "5€": "5 ơ rô", "10:30": "10 giờ 30 phút", "2×3": "2 nhân 3",
    },
    "ms": {
        "25°C": "25 darjah Celsius", "5-10": "5 hingga 10", "1,000,000": "1000000", "1,5": "1,5",
    },
    "zh": {
        "50%": "百分之50", "-5": "负5", "5-10%": "百分之5到10", "¥5": "5元", "10:00": "10点",
        "1/2": "2分之1", "2+3=5": "2加3等于5", "25°C": "25摄氏度", "C++": "C++",
    },
    "ko": {
        "-5": "마이너스 5", "5-10": "5에서 10", "50%": "50 퍼센트", "10:30": "10시 30분", "₩5": "5 원",
    },
    "ja": {
        "-5": "マイナス5", "50%": "50パーセント", "10:30": "10時30分", "1,000": "1000", "¥5": "5円",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "written", "spoken"),
    [(language, *pair) for language, pairs in SPOKEN.items() for pair in pairs.items()],
)
def test_signs_in_words(language: str, written: str, spoken: str) -> None:
    """TTS-031."""
    assert in_words(written, language) == spoken


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("written", ["-5", "5%", "$5", "5°", "2+5", "2×5", "5-7", "€5", "£5", "¥5"])
def test_no_sign_is_silent(language: str, written: str) -> None:
    """TTS-031: whoever reads it, espeak-ng says more than the numbers, and nothing of it in English."""
    numbers = written.strip("-%$°€£¥").translate(dict.fromkeys(map(ord, "+×-"), " "))
    said = phones(written, language)
    assert len(said) > len(phones(numbers, language))
    assert "(en)" not in "".join(said)


@pytest.mark.parametrize("language", WORDS)
@given(text=st.text(st.sampled_from("ab 0159.,:/-+=%$€°C×"), max_size=20))
def test_no_letter_and_no_digit_is_lost(language: str, text: str) -> None:
    """TTS-031: but commas of thousands and minutes that are none."""
    left = [each for each in in_words(text, language) if each.isdecimal()]
    assert sorted(left) == sorted(each for each in text if each.isdecimal()) or ":00" in text


def phones(text: str, language: str) -> list[str]:
    found = (
        espeak.speak(clause.text, espeak.Voice(clause.language)) for clause in formant.read(text, language)
    )
    told = [phone.mnemonic for spoken in found for phone in spoken.phones]
    return [each for each in told if each.strip("_|:")]


def test_every_language_of_espeak_has_its_words() -> None:
    """TTS-031: Thai and Lao have their own reading."""
    assert {*WORDS, "th", "lo"} == set(ESPEAK)
