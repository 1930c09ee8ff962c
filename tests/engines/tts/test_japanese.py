"""Reading Japanese: kanji, numbers, particles."""

from __future__ import annotations

import pytest

from deployments.tts.embedded.engine import EmbeddedSynthesizer
from deployments.tts.embedded.japanese import kana
from serve_app.engines import SpeechRequest


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("今日は学校で勉強します。", "キョウワガッコウデベンキョウシマス。"),
        ("海へ行く", "ウミエイク"),
        ("本を読む", "ホンオヨム"),
        ("こんにちは、先生!", "コンニチワ、センセイ!"),
        ("一緒に物語を読みましょう", "イッショニモノガタリオヨミマショウ"),
        ("ABC", "ABC"),
        ("", ""),
    ],
)
def test_words_are_read_in_kana(written: str, said: str) -> None:
    """TTS-003: kanji by the dictionary, particles as they sound; signs and Latin letters stay."""
    assert kana(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026年3月10日", "ニセンニジュウロクネンサンガツトウカ"),
        ("800円", "ハッピャクエン"),
        ("3600", "サンゼンロッピャク"),
        ("10001", "イチマンイチ"),
        ("1000000000000", "イッチョウ"),
        ("007", "ゼロゼロナナ"),
        ("3.14", "サンテンイチヨン"),
        ("1" * 17, "イチ" * 17),
    ],
)
def test_numbers_are_said_in_words(written: str, said: str) -> None:
    """TTS-003: with the sounds that change inside them; what no number begins with is a row of digits."""
    assert kana(written) == said


def test_kanji_sound_like_their_kana() -> None:
    """TTS-003, TTS-010: the same sentence in either spelling is the same speech."""
    engine = EmbeddedSynthesizer()
    kanji, plain = (
        engine.synthesize(SpeechRequest(text, "ja", "cosytts", 7), lambda progress: None)
        for text in ("本を読む", "ホンオヨム")
    )
    assert (kanji.samples == plain.samples).all()
