"""How Korean, Mandarin, Vietnamese, Malay and numbers are read for the neural voice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.tts.embedded.neural import japanese, malay, mandarin
from deployments.tts.embedded.neural.korean import pronounced
from deployments.tts.embedded.neural.numerals import in_words
from deployments.tts.embedded.neural.syllables import Syllable, Utterance

SOUND_CHANGES = {
    "같이": "가치", "국물": "궁물", "좋다": "조타", "신라": "실라", "읽어요": "일거요", "없어요": "업써요",
    "학교": "학꾜", "종로": "종노", "독립": "동닙", "값": "갑", "앉아": "안자", "않아": "아나",
    "못해": "모태", "굳이": "구지", "꽃이": "꼬치", "한국어": "한구거", "입니다": "임니다",
    "괜찮아": "괜차나", "여덟": "여덜", "닭": "닥", "읽다": "익따", "맑게": "말께", "싫어요": "시러요",
    "많다": "만타", "넣는": "넌는", "닫혀": "다쳐", "옆집": "엽찝", "백화점": "배콰점",
    "좋습니다": "조씀니다", "앓는": "알른", "영어": "영어", "놓쳤어요": "녿쳐써요",
}  # fmt: skip


@pytest.mark.parametrize(("written", "said"), SOUND_CHANGES.items())
def test_korean_sounds_change_where_syllables_meet(written: str, said: str) -> None:
    """TTS-003: examples of the Standard Pronunciation."""
    assert pronounced(written) == said


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=8))
def test_any_hangul_is_read_syllable_for_syllable(word: str) -> None:
    """TTS-002: none is lost and none added."""
    assert len(pronounced(word)) == len(word)


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [
        ("zh", "2026年3月10日", "二零二六年三月十日"), ("zh", "1005", "一千零五"),
        ("zh", "120305", "十二万零三百零五"), ("zh", "3.14", "三点一四"), ("zh", "007", "零零七"),
        ("ko", "2026년", "이천이십육년"), ("ko", "10000", "만"), ("ko", "3시 30분", "세시 삼십분"),
        ("ko", "사과 5개", "사과 다섯개"), ("ko", "6월 10월", "유월 시월"), ("ko", "20살", "스무살"),
        ("ms", "11", "sebelas"), ("ms", "1500", "seribu lima ratus"), ("ms", "2.5", "dua perpuluhan lima"),
        ("ms", "1000000", "satu juta"), ("ms", "212", "dua ratus dua belas"),
    ],
)  # fmt: skip
def test_numbers_in_words(language: str, written: str, said: str) -> None:
    """TTS-003: as they are counted in each language."""
    assert in_words(written, language) == said


@pytest.mark.parametrize("language", ["zh", "ko", "ms"])
@given(text=st.text(st.sampled_from("0123456789.,ab ")))
def test_no_digit_is_left(language: str, text: str) -> None:
    """TTS-003: readers of letters see letters."""
    assert not any(map(str.isdecimal, in_words(text, language)))


def first(utterance: Utterance) -> list[Syllable]:
    word = utterance[0]
    assert not isinstance(word, str)
    return list(word)


def test_mandarin_tones_change_before_others() -> None:
    """TTS-003: 你好 is said as a second and a third tone, 不是 with a second."""
    second, third = (first(mandarin.utterance(each))[0].tone for each in ("毛", "米"))
    assert [each.tone for each in first(mandarin.utterance("你好"))] == [second, third]
    assert first(mandarin.utterance("不是"))[0].tone == second


def test_malay_schwa() -> None:
    """TTS-003: `e` is mostly a schwa, and not in a closed last syllable."""
    assert next(each.vowel for each in first(malay.utterance("sekolah"))) == "ə"
    assert [each.vowel for each in first(malay.utterance("boleh"))][1] != "ə"
    assert next(each.onset + each.vowel + each.coda for each in first(malay.utterance("tingkap"))).endswith(
        "ŋ"
    )


def test_japanese_morae() -> None:
    """TTS-003: long vowels, the nasal and the doubled consonant belong to the syllable before."""
    school, book, sea = (first(japanese.utterance(each)) for each in ("ガッコー", "ホン", "オオイ"))
    assert [bool(each.coda) for each in school] == [True, False]
    assert school[1].length > school[0].length
    assert book[0].coda == "n"
    assert len(sea) == 2
