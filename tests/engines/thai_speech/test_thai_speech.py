"""Thai phonemes, their reading from text, and the search for words in the acoustic model's output."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deployments.thai_speech import spelling
from deployments.thai_speech.acoustic import acoustic_model
from deployments.thai_speech.beam import Search
from deployments.thai_speech.decode import Decoder, decode
from deployments.thai_speech.features import MELS, frames_of, log_mel, normalise
from deployments.thai_speech.g2p import ForeignText, Pause, ThaiWord, pronounce_text
from deployments.thai_speech.language_model import unigram_model
from deployments.thai_speech.lexicon import lexicon
from deployments.thai_speech.phonemes import BLANK, TOKENS, mnemonics, parse, tokens
from deployments.thai_speech.trie import SpelledWord, Trie, build

THAI_TEXT = st.text(st.characters(min_codepoint=0x0E01, max_codepoint=0x0E5B), max_size=40)


def reading(text: str) -> list[str]:
    """Each Thai word of a text in the notation of the lexicon."""
    return ["~".join(map(str, c.pronunciation)) for c in pronounce_text(text) if isinstance(c, ThaiWord)]


@pytest.mark.parametrize(
    ("notation", "names", "spoken"),
    [
        ("khrap3", ["kh", "r", "a3", "_p"], "k_hra4p"),
        ("naam3", ["n", "aa3", "_m"], "na:4m"),
        ("phaa0~saa4~thaj0", ["ph", "aa0", "s", "aa4", "th", "a0", "_j"], "p_ha:3||sa:1||t_hai3"),
        ("riian0", ["r", "iia0", "_n"], "ria3n"),
        ("aa2", ["?", "aa2"], "?a:5"),
    ],
)
def test_syllables_become_tokens_and_mnemonics(notation: str, names: list[str], spoken: str) -> None:
    """TTS-001, ASR-001: one notation feeds the synthesizer and the recogniser alike."""
    word = parse(notation)
    assert [TOKENS[token] for token in tokens(word)] == names
    assert mnemonics(word) == spoken


@pytest.mark.parametrize("notation", ["", "x", "khrap", "khrap5", "kap0~", "สวัสดี"])
def test_what_is_no_syllable_is_refused(notation: str) -> None:
    """TTS-001: a broken lexicon line is never spoken as something else."""
    with pytest.raises(ValueError, match="not a Thai syllable"):
        parse(notation)


def test_every_word_of_the_lexicon_is_pronounceable() -> None:
    """ASR-001: the shipped lexicon parses, is large, and knows the words of a classroom."""
    entries = lexicon()
    assert len(entries) > 20_000
    assert all(entry.pronunciation and entry.frequency >= 0 for entry in entries.values())
    assert {
        "สวัสดี",
        "ครับ",
        "ค่ะ",
        "นะคะ",
        "ภาษาไทย",
        "วันนี้",
        "ขอบคุณ",
        "โรงเรียน",
        "นักเรียน",
        "คุณครู",
    } <= entries.keys()


@pytest.mark.parametrize(
    ("leader", "live", "long", "mark", "expected"),
    [
        ("ก", True, True, "", 0), ("ก", False, True, "", 1), ("ก", True, True, "่", 1),
        ("ก", True, True, "้", 2), ("ก", True, True, "๊", 3), ("ก", True, True, "๋", 4),
        ("ข", True, True, "", 4), ("ข", False, False, "", 1), ("ข", True, True, "่", 1),
        ("ข", True, True, "้", 2), ("ค", True, True, "", 0), ("ค", False, False, "", 3),
        ("ค", False, True, "", 2), ("ค", True, True, "่", 2), ("ค", True, True, "้", 3),
    ],
)  # fmt: skip
def test_tone_rules(leader: str, live: bool, long: bool, mark: str, expected: int) -> None:
    """TTS-001: consonant class, kind of syllable and mark give the tone."""
    assert spelling.tone(leader, live=live, long=long, mark=mark) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("มา", "maa0"), ("ข้าว", "khaaw2"), ("หมู", "muu4"), ("เด็ก", "dek1"), ("ตลก", "ta1~lok1"),
        ("สนุก", "sa1~nuk1"), ("เรียน", "riian0"), ("เดิน", "d@@n0"), ("พรรค", "phak3"), ("จันทร์", "can0"),
        ("น้ำ", "nam3"), ("เกาะ", "kO1"), ("แสดง", "sa1~dxxN0"), ("ปลา", "plaa0"), ("ทราย", "saaj0"),
    ],
)  # fmt: skip
def test_unknown_words_are_read_by_rule(word: str, expected: str) -> None:
    """TTS-001: the fallback knows clusters, leading consonants, implied vowels and silenced letters."""
    assert "~".join(map(str, spelling.pronounce(word))) == expected


def test_the_rules_read_most_of_the_lexicon_as_it_is_written() -> None:
    """TTS-001: an unknown word has a fair chance; four fifths of the known ones come out letter for
    letter."""
    words = list(lexicon().items())[::20]
    same = sum(spelling.pronounce(word) == entry.pronunciation for word, entry in words)
    assert same / len(words) > 0.75


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("๒๕", "ยี่สิบห้า"),
        ("ลด 50%", "ลด ห้าสิบ เปอร์เซ็นต์"),
        ("อุณหภูมิ -5 องศา", "อุณหภูมิ ลบ ห้า องศา"),
        ("081-234-5678", "ศูนย์แปดหนึ่ง สองสามสี่ ห้าหกเจ็ดแปด"),
        ("฿100", "หนึ่งร้อย บาท"),
    ],
)
def test_numbers_and_signs_are_spoken(written: str, spoken: str) -> None:
    """TTS-029: as the words that stand for them."""
    assert reading(written) == reading(spoken)


def test_words_for_signs_are_whole() -> None:
    """TTS-029: loanwords of no lexicon are not cut."""
    assert reading("@") == ["?xxt1"]
    assert reading("#") == ["hxxt2~thxk3"]


def test_mai_yamok_repeats_the_word() -> None:
    """TTS-001: also after a space; without a word before it there is nothing to repeat."""
    assert reading("ต่างๆ") == reading("ต่าง ๆ") == ["taaN1", "taaN1"]
    assert reading("ๆ") == []


def test_other_scripts_and_pauses_are_handed_on() -> None:
    """TTS-001: Latin text stays whole, in its place; neighbouring pauses are one."""
    chunks = pronounce_text("ดู iPhone,  ใหม่")
    assert [type(chunk) for chunk in chunks] == [ThaiWord, Pause, ForeignText, Pause, ThaiWord]
    assert chunks[2] == ForeignText("iPhone")


@given(THAI_TEXT)
@settings(max_examples=300, deadline=None)
def test_any_thai_string_can_be_pronounced(text: str) -> None:
    """TTS-001: whatever the letters, each word has syllables that the notation can express."""
    for notation in reading(text):
        assert parse(notation)


@given(st.text(st.sampled_from("กขคงจชซดตทนบปพมยรลวสหอ"), min_size=1, max_size=12))
@settings(max_examples=200, deadline=None)
def test_any_consonants_are_heard(text: str) -> None:
    """TTS-001: letters that form no word are still spoken."""
    assert spelling.pronounce(text)


def test_features_do_not_depend_on_loudness() -> None:
    """ASR-051: the gain of a microphone is no matter."""
    audio = np.random.default_rng(1).normal(0, 0.05, 16_000).astype(np.float32)
    loud, faint = normalise(log_mel(audio)), normalise(log_mel(audio * np.float32(0.1)))
    assert loud.shape == (frames_of(16_000), MELS)
    np.testing.assert_allclose(loud, faint, atol=0.01)


@pytest.mark.parametrize("samples", [0, 1, 399, 400, 401, 5000])
def test_features_of_any_length(samples: int) -> None:
    """ASR-014: the shortest windows give at least one frame, of numbers."""
    features = normalise(log_mel(np.zeros(samples, np.float32)))
    assert features.shape == (frames_of(samples), MELS)
    assert np.isfinite(features).all()


def test_a_window_scores_alike_alone_and_in_a_batch() -> None:
    """ASR-005: batching streams together changes nobody's result, whatever the lengths."""
    rng = np.random.default_rng(2)
    windows = [rng.normal(0, 0.05, samples).astype(np.float32) for samples in (25_600, 9_000, 0, 400, 47_123)]
    for together, window in zip(acoustic_model().log_probs(windows), windows, strict=True):
        (alone,) = acoustic_model().log_probs([window])
        np.testing.assert_allclose(together, alone, atol=1e-3)
        np.testing.assert_allclose(np.exp(alone).sum(axis=1), 1, rtol=1e-3)


# --- search: words start with 1 or 2 and end with 4 or 5, so that the root may forget the last label.

LABELS = 6
EXACT = Search(
    beam=64, labels=LABELS - 1, endings=64, histories=64, language_weight=0.7, word_score=0.3, sure_blank=2.0
)


def random_words(rng: np.random.Generator) -> list[SpelledWord]:
    """Four to seven words; one continues another, two sound alike."""
    spellings = [(1, 4), (1, 4), (2, 5), (1, 4, 3, 5)]
    spellings += sorted({(int(rng.integers(1, 3)), 3, int(rng.integers(4, 6))) for _ in range(3)})
    counts = rng.integers(1, 50, len(spellings))
    chances = np.log(counts / counts.sum()).tolist()
    return [
        SpelledWord(f"w{i}", chance, spelled)
        for i, (chance, spelled) in enumerate(zip(chances, spellings, strict=True))
    ]


def random_case(seed: int) -> tuple[Decoder, NDArray[np.float32]]:
    """With a unigram model, under which the first pass loses nothing."""
    rng = np.random.default_rng(seed)
    words = random_words(rng)
    logits = rng.normal(0, 2, (7, LABELS))
    log_probs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    model = unigram_model([word.chance for word in words])
    return Decoder(build(words, LABELS), model, EXACT), log_probs.astype(np.float32)


def alignment_score(log_probs: NDArray[np.float32], labels: tuple[int, ...]) -> float:
    """Best CTC path of a label sequence, by the textbook recursion."""
    states = [BLANK, *itertools.chain.from_iterable((label, BLANK) for label in labels)]
    scores = [float(log_probs[0, s]) if i < 2 else -math.inf for i, s in enumerate(states)]
    for frame in log_probs[1:]:
        previous = scores
        scores = []
        for i, state in enumerate(states):
            sources = [previous[i], previous[i - 1] if i else -math.inf]
            if i > 1 and state != BLANK and state != states[i - 2]:
                sources.append(previous[i - 2])
            scores.append(max(sources) + float(frame[state]))
    return max(scores[-2:])


def best_words(log_probs: NDArray[np.float32], trie: Trie, *, final: bool) -> list[str]:
    """Every sequence of up to three words, and while not final every open word after it; of words that sound
    alike only the likeliest can win."""
    likeliest: dict[tuple[int, ...], SpelledWord] = {}
    for word in sorted(trie.words, key=lambda word: word.chance):
        likeliest[tuple(word.tokens)] = word
    words_of, prefixes = (
        list(likeliest.values()),
        {key[:n] for key in likeliest for n in range(1, len(key) + 1)},
    )
    best, found = -math.inf, list[str]()
    for words in itertools.chain.from_iterable(itertools.product(words_of, repeat=n) for n in range(4)):
        labels = tuple(itertools.chain.from_iterable(word.tokens for word in words))
        language = sum(EXACT.language_weight * w.chance + EXACT.word_score for w in words)
        for prefix in [(), *(() if final else prefixes)]:
            if len(labels) + len(prefix) > len(log_probs):
                continue
            below = [w for w in words_of if prefix and tuple(w.tokens[: len(prefix)]) == prefix]
            ahead = EXACT.language_weight * max((w.chance for w in below), default=0.0)
            score = alignment_score(log_probs, labels + prefix) + language + ahead
            if score > best:
                shown = [w.text for w in below if tuple(w.tokens) == prefix]
                best, found = score, [w.text for w in words] + shown
    return found


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=25, deadline=None)
def test_search_equals_trying_everything(seed: int, final: bool) -> None:
    """ASR-043, ASR-045: a wide beam finds the most likely words, an open one at the end included."""
    decoder, log_probs = random_case(seed)
    (hits,) = decode([log_probs], decoder, [final])
    assert [hit.text for hit in hits] == best_words(log_probs, decoder.trie, final=final)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_search_of_a_batch_equals_one_by_one(seed: int) -> None:
    """ASR-005: windows of different lengths do not touch one another."""
    decoder, log_probs = random_case(seed)
    windows, final = [log_probs[:n] for n in (7, 3, 1, 0, 6)], [True, False, True, False, False]
    together = decode(windows, decoder, final)
    alone = [decode([window], decoder, [last])[0] for window, last in zip(windows, final, strict=True)]
    for hits, expected in zip(together, alone, strict=True):
        assert [hit[:3] for hit in hits] == [hit[:3] for hit in expected]
        assert [hit.confidence for hit in hits] == pytest.approx([hit.confidence for hit in expected])


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_words_are_in_order_and_inside_the_window(seed: int) -> None:
    """ASR-048: hits neither overlap nor leave the frames, and a confidence is a share."""
    decoder, log_probs = random_case(seed)
    (hits,) = decode([log_probs], decoder, [True])
    edges = [edge for hit in hits for edge in (hit.first, hit.last)]
    assert edges == sorted(edges)
    assert all(0 <= hit.first <= hit.last < len(log_probs) and 0 <= hit.confidence <= 1 for hit in hits)
    assert all(before.last < after.first for before, after in itertools.pairwise(hits))


@pytest.mark.parametrize("spellings", [[(1, 1, 4)], [()], [(1, 4), (4, 5)]])
def test_spellings_that_the_search_would_confuse_are_refused(spellings: list[tuple[int, ...]]) -> None:
    """ASR-045: a lexicon that breaks the merging rule fails when it is built, not when it is used."""
    with pytest.raises(ValueError, match="token"):
        build([SpelledWord(str(number), -1.0, spelled) for number, spelled in enumerate(spellings)], LABELS)
