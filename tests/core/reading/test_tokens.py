"""The words of a reading and their times: RS-087, RS-077."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from serve_app.core.reading.tokens import (
    anchored,
    normalized,
    repetitions_marked,
    spoken_form,
    spoken_tokens,
    timed,
    tokens_of,
)
from serve_app.core.text.thai import caption_line
from serve_app.engines import Word

REFERENCE = ["สวัสดี", "ครับ", "วันนี้", "เรา", "จะ", "เรียน", "ภาษาไทย"]
texts = st.text(st.sampled_from("สวัดีครบเรียนภษไทใจ กขaB1๒ๆฯ'’,.!-\u200b\t\u0e4dน้้เแา"), max_size=30)
references = st.lists(st.sampled_from([*REFERENCE, "cats", "I", "ก"]), max_size=8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("สวัสดีครับ วันนี้เราจะเรียนภาษาไทย", "สวัสดีครับ วันนี้เราจะเรียนภาษาไทย"),
        (" สวัสดี,\n\tครับ!  (นะ) ", "สวัสดี ครับ นะ"),
        ("มี ๑๒๓ ตัว", "มี 123 ตัว"),
        ("1,000 บาท", "1000 บาท"),
        ("don't don’t", "dont dont"),
        ("น\u0e4d\u0e32 เเ\u200bม่", "นำ แม่"),
        ("cafe\u0301", "caf\u00e9"),
        ("“…”!", ""),
    ],
)
def test_normalisation(text: str, expected: str) -> None:
    """RS-087: composed, without punctuation and zero-width marks, Arabic digits, single spaces."""
    assert normalized(text) == expected


@given(st.text() | texts)
def test_normalising_twice_changes_nothing(text: str) -> None:
    """RS-087."""
    assert normalized(normalized(text)) == normalized(text)


def test_tokens_are_words_of_the_dictionary() -> None:
    """RS-087, GT-04."""
    assert tokens_of("สวัสดีครับ วันนี้เราจะเรียนภาษาไทย") == REFERENCE
    assert tokens_of("สวัสดีครับ") == ["สวัสดี", "ครับ"]
    assert tokens_of("I have 2 แมว!") == ["I", "have", "2", "แมว"]
    assert tokens_of(" ! ") == []


def test_what_is_not_read_as_written_is_one_token() -> None:
    """RS-093: as it stands in the text; scores compare what is said for it."""
    text = "โทร 1669 ลด 50% มี 1669 คน & 10:30 น."
    tokens = tokens_of(text)
    assert tokens == ["โทร", "1669", "ลด", "50%", "มี", "1669", "คน", "&", "10:30 น."]
    assert spoken_tokens(text, tokens) == [
        "โทร", "หนึ่งหกหกเก้า", "ลด", "ห้าสิบเปอร์เซ็นต์", "มี", "หนึ่งพันหกร้อยหกสิบเก้า", "คน", "และ", "สิบนาฬิกาสามสิบนาที",
    ]  # fmt: skip


@given(texts | st.text())
def test_each_token_is_said_somehow(text: str) -> None:
    """RS-093: one spoken token for each, none empty, and together they spell the spoken form."""
    spoken = spoken_tokens(text, tokens_of(text))
    assert all(spoken)
    assert "".join(spoken) == spoken_form(text).replace(" ", "")


def test_the_segmenter_is_a_choice() -> None:
    """RS-087."""
    assert tokens_of("กา มา", list) == ["ก", "า", "ม", "า"]
    assert anchored("แมวมา", ["แมว"], list) == ["แมว", "ม", "า"]


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        ("สวัสดีครับ วันนี้ เรียน ภาษาใจ", "สวัสดี|ครับ|วันนี้|เรียน|ภาษาใจ"),
        ("สวัสดีครับวันนี้เราจะเรียนภาษาไทย สวัสดีครับ", "สวัสดี|ครับ|วันนี้|เรา|จะ|เรียน|ภาษาไทย|สวัสดี|ครับ"),
        ("เรียน ภาษาใจ สวัสดีครับ", "เรียน|ภาษาใจ|สวัสดี|ครับ"),
        ("เรียน ภาษาใจ แล้วก็ สวัสดีครับ", "เรียน|ภาษาใจ|แล้วก็|สวัสดี|ครับ"),
        ("สวัส สวัสดีครับ", "สวัส|สวัสดี|ครับ"),
        ("เราจะจะไปเรียน", "เรา|จะ|จะ|ไป|เรียน"),
        ("เรียนภาษาไทยย แล้วก็กลับบ้าน", "เรียน|ภาษาไทยย|แล้วก็|กลับบ้าน"),
        ("เราะ จะ", "เราะ|จะ"),
        ("ภาษาไทยเรียนจะ", "ภาษาไทย|เรียน|จะ"),
        ("แมวกินปลา", "แมว|กิน|ปลา"),
        ("", ""),
    ],
    ids=[
        "GT-05",
        "again",
        "bad end",
        "talk",
        "false start",
        "repeated",
        "prolonged",
        "cluster",
        "other order",
        "other text",
        "nothing",
    ],
)
def test_what_was_said_is_cut_as_the_reference_is(spoken: str, expected: str) -> None:
    """RS-087, GT-05: a mispronounced word is one token, all else is segmented by itself."""
    assert "|".join(anchored(spoken, REFERENCE)) == expected


def test_tokens_of_the_reference_may_be_any() -> None:
    """GT-01, GT-08, RS-087: the documented example, whose first token no dictionary has."""
    reference = ["สวัสดีครับ", "วันนี้", "เรา", "จะ", "เรียน", "ภาษาไทย"]
    spoken = "สวัสดีครับ วันนี้เราจะเรียนภาษาไทย สวัสดีครับ วันนี้ เรียน ภาษาใจ"
    assert anchored(spoken, reference) == [*reference, "สวัสดีครับ", "วันนี้", "เรียน", "ภาษาใจ"]


def test_spaces_part_what_is_not_of_the_reference() -> None:
    """RS-087: other scripts."""
    assert anchored("two scats like stripes", ["two", "cats"]) == ["two", "scats", "like", "stripes"]


@given(texts, references)
def test_the_tokens_spell_what_was_said(spoken: str, reference: list[str]) -> None:
    """RS-087: nothing is lost, nothing is invented, and no token is empty."""
    tokens = anchored(spoken, reference)
    assert "".join(tokens) == spoken_form(spoken).replace(" ", "")
    assert all(tokens)


passages = st.tuples(st.integers(0, 5), st.integers(2, 7)).map(lambda span: REFERENCE[span[0] : sum(span)])


@given(st.lists(passages, max_size=8))
def test_passages_of_the_reference_are_recovered(spoken: list[list[str]]) -> None:
    """RS-087: of two words or more, in any order and however often, without a space between them."""
    words = [word for passage in spoken for word in passage]
    assert anchored("".join(words), REFERENCE) == words


def test_ten_minutes_of_talk() -> None:
    """RS-087: 6,000 characters against 1,300."""
    assert anchored("".join(REFERENCE * 210), REFERENCE * 45) == REFERENCE * 210


def test_tokens_have_the_times_of_the_words_they_are_made_of() -> None:
    """RS-077: two words make one token, and one word two."""
    words = [Word("ภาษา", 1.0, 1.4, 0.9), Word("ใจ", 1.5, 1.9, 0.9), Word("แมวกา", 2.0, 3.0, 0.9)]
    assert timed(["ภาษาใจ", "แมว", "กา"], words) == [
        (1.0, 1.9),
        (2.0, pytest.approx(2.6)),
        (pytest.approx(2.6), 3.0),
    ]


def test_without_words_there_are_no_times() -> None:
    """RS-077."""
    assert timed(["แมว"], []) == [None]
    assert timed(["แมว", "กา"], [Word("กา", 0.0, 1.0, 0.9)]) == [None, (0.0, 1.0)]
    assert timed([], [Word("กา", 0.0, 1.0, 0.9)]) == []


spoken_words = st.lists(
    st.sampled_from([*REFERENCE, "ภาษา", "ใจ", "cats", "1,", "000", "!", "เ", "ๆ"]), max_size=12
)


@given(spoken_words)
@example(["1,", "000"])
@example(["เ", "เ", "ๆ"])
def test_times_rise(spoken: list[str]) -> None:
    """RS-077: and no known token lasts longer than its words, however they are joined."""
    words = [Word(text, at, at + 0.5, 1.0) for at, text in enumerate(spoken)]
    spans = [span for span in timed(anchored(caption_line(words), REFERENCE), words) if span]
    assert all(0 <= start < end <= len(spoken) for start, end in spans)
    assert all(before[1] <= after[0] + 1e-9 for before, after in pairwise(spans))


def test_a_repeated_word_is_written_as_the_text_writes_it() -> None:
    """RS-050, RS-087: เด็กๆ is read by saying the word twice; what the text writes out stays written out."""
    words = [Word(text, at, at + 0.5, 1.0) for at, text in enumerate(["เด็ก", "เด็ก", "มา", "มา"])]
    told = repetitions_marked(words, ["เด็ก", "ๆ", "มา", "มา"])
    assert [word.text for word in told] == ["เด็ก", "ๆ", "มา", "มา"]
    assert [(word.start, word.end) for word in told] == [(word.start, word.end) for word in words]
    assert repetitions_marked(told, ["เด็ก", "ๆ"]) == told
