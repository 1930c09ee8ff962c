"""What the `f5` engine reads: Thai in spelling and in IPA, in chunks, and in how much time."""

from __future__ import annotations

import unicodedata

import pytest

from deployments.tts.f5.text import READINGS, chunks, mel_frames
from deployments.tts.f5.thai_ipa import thai_ipa


@pytest.mark.parametrize(
    ("text", "ipa"),
    [
        ("สวัสดีครับ ผมชื่อสมชาย", "sawàtdiː kʰráp pʰǒm tɕʰɯ̂ː sǒm tɕʰaːj"),
        ("ประเทศ กระดาษ ระบุ พิเศษ", "pratʰêːt kradàːt rábùʔ pʰíʔsèːt"),
        ("เช่น แห่ง เล่น แม่น้ำ น้ำตา", "tɕʰên hɛ̀ŋ lên mɛ̂ːnáːm námtaː"),
        ("เรือ เมีย หัว", "rɯə miə hǔə"),
        ("ดีๆ 25 Hello!", "diː diː jîːsìp hâː Hello"),
        ("ลด 5%", "lót hâː pəːsen"),
        ("-5", "lóp hâː"),
        ("...", ""),
    ],
)
def test_thai_in_ipa(text: str, ipa: str) -> None:
    """TTS-012, TTS-029: what the v2 checkpoint was trained to read, tone marks apart from their letters."""
    assert thai_ipa(text) == unicodedata.normalize("NFD", ipa)


def test_prompts() -> None:
    """TTS-012: transcript and text as each checkpoint reads them."""
    assert READINGS["v1"].prompt("สวัสดี.", "ดีๆ 2 ตัว") == "สวัสดี. ดีดี สอง ตัว"
    assert READINGS["v1"].prompt("Hi there.", "How are you?") == "Hi there. How are you?"
    assert READINGS["v2"].prompt("ดี", "ตัว") == "diː. tuə."


def test_chunks_end_at_pauses() -> None:
    """TTS-002: nothing is lost, no word is cut, and a pause is preferred."""
    clause = "วันนี้เราจะเรียนภาษาไทยกันครับ"
    assert chunks(" ".join([clause] * 4)) == [f"{clause} {clause}"] * 2
    unpaused = clause * 5
    pieces = chunks(unpaused)
    assert "".join(pieces) == unpaused
    assert len(pieces) == 2
    assert max(map(len, pieces)) <= 100
    assert chunks("") == []


def test_short_texts_get_more_time() -> None:
    """TTS-027: five frames for each letter of IPA; single words twice that."""
    assert mel_frames("ดี", 1.0) == 2 * 5 * len("diː.")
    assert mel_frames("วันนี้อากาศดี", 1.0) == 5 * len(f"{thai_ipa('วันนี้อากาศดี')}.")
    assert mel_frames("Good morning!", 1.0) == int(6.5 * 13)
