"""The bigram model, the search in the word lattice, and the probability of a word."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deployments.asr.embedded.thai import word_trie
from deployments.thai_speech.beam import Search, search_words
from deployments.thai_speech.confidence import Evidence, confidence
from deployments.thai_speech.decode import Decoder, decode
from deployments.thai_speech.language_model import (
    PATH,
    STEP,
    LanguageModel,
    language_model,
    pack,
    unigram_model,
    unpack,
)
from deployments.thai_speech.lattice import Lattice, arcs_of, rescore
from deployments.thai_speech.lexicon import lexicon
from deployments.thai_speech.phonemes import BLANK, TOKENS, tokens
from deployments.thai_speech.posterior import SCALE, posteriors
from deployments.thai_speech.trie import SpelledWord, build

SEARCH = Search(labels=5, endings=64, histories=64, language_weight=0.7, word_score=0.3, sure_blank=2.0)
SPELLINGS = [(1, 4), (1, 4), (2, 5), (1, 3, 5)]
"""Two words that sound alike, and two others."""


def random_model(rng: np.random.Generator, words: int) -> LanguageModel:
    """Every second pair is seen."""
    chances = rng.dirichlet(np.ones(words))
    pairs = np.arange(words**2, dtype=np.uint32)[::2]
    seen = np.append(rng.uniform(-4, -0.1, len(pairs)), 0).astype(np.float32)
    backoff = rng.uniform(-2, 0, words + 1).astype(np.float32)
    unigram = np.log(np.maximum(chances, 1e-6)).astype(np.float32)
    return LanguageModel(unigram, backoff, np.append(pairs, np.uint32(2**32 - 1)), seen)


def random_lattice(seed: int) -> tuple[Lattice, LanguageModel, NDArray[np.float64]]:
    """The lattice of five frames, its model and the probability of each of its arcs."""
    rng = np.random.default_rng(seed)
    model = random_model(rng, len(SPELLINGS))
    chances = model.unigram.tolist()
    words = [
        SpelledWord(f"w{i}", chance, s) for i, (chance, s) in enumerate(zip(chances, SPELLINGS, strict=True))
    ]
    logits = rng.normal(0, 2, (1, 5, 6))
    log_probs = (logits - np.logaddexp.reduce(logits, axis=2, keepdims=True)).astype(np.float32)
    trie, silence = build(words, 6), log_probs[:, :, BLANK]
    paths, endings = search_words(log_probs, trie, SEARCH)
    lattice = rescore(silence, arcs_of(endings, trie, SEARCH), model, SEARCH)
    return lattice, model, posteriors(lattice, silence, endings, paths, np.array([False])).arc


def sentences(lattice: Lattice, before: int = 0) -> list[tuple[int, ...]]:
    """Every sequence of arcs that do not overlap."""
    arcs = lattice.arcs
    following = [arc for arc in range(len(arcs.word)) if arcs.first[arc] >= before]
    longer = [(arc, *rest) for arc in following for rest in sentences(lattice, int(arcs.last[arc]) + 1)]
    return [(), *longer]


def silence_score(lattice: Lattice, sentence: tuple[int, ...], log_blank: NDArray[np.float32]) -> float:
    """Of the frames that no word covers."""
    covered = {f for arc in sentence for f in range(lattice.arcs.first[arc], lattice.arcs.last[arc] + 1)}
    return float(sum(score for frame, score in enumerate(log_blank) if frame not in covered))


def blanks_of(seed: int) -> NDArray[np.float32]:
    """Log probability of blank in each frame of `random_lattice`."""
    rng = np.random.default_rng(seed)
    random_model(rng, len(SPELLINGS))
    logits = rng.normal(0, 2, (5, 6))
    return np.asarray(logits[:, BLANK] - np.logaddexp.reduce(logits, axis=1), np.float32)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_rescoring_equals_trying_every_sentence_of_the_lattice(seed: int) -> None:
    """ASR-043, ASR-045: with room for all histories the most likely words under the bigram are found."""
    lattice, model, _ = random_lattice(seed)
    blanks, best, found = blanks_of(seed), -math.inf, list[int]()
    for sentence in sentences(lattice):
        words = [int(lattice.arcs.word[arc]) for arc in sentence]
        score = silence_score(lattice, sentence, blanks) + float(lattice.arcs.sound[list(sentence)].sum())
        for history, word in itertools.pairwise([model.start, *words]):
            chance = float(model.score(np.array(history, np.int32), np.array(word, np.int32)))
            score += SEARCH.language_weight * chance + SEARCH.word_score
        if score > best:
            best, found = score, words
    assert [spoken.word for spoken in lattice.words(0, 5)] == found
    assert float(lattice.histories.score[0, -1].max()) == pytest.approx(best, abs=1e-3)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_a_word_is_as_likely_as_the_sentences_that_hold_it(seed: int) -> None:
    """ASR-045: forward-backward equals the sum over all sentences of the lattice."""
    lattice, _, probable = random_lattice(seed)
    blanks, every = blanks_of(seed), sentences(lattice)
    scores = (lattice.arcs.sound + lattice.language).astype(float)
    weights = np.exp([SCALE * (silence_score(lattice, s, blanks) + scores[list(s)].sum()) for s in every])
    for arc, probability in enumerate(probable):
        held = sum(weight for sentence, weight in zip(every, weights, strict=True) if arc in sentence)
        assert probability == pytest.approx(held / weights.sum(), abs=1e-4)


def test_packing_rounds_and_loses_nothing_else() -> None:
    """ASR-045: the file gives the model back, each log probability within half a step."""
    model = random_model(np.random.default_rng(3), 9)
    again = unpack(pack(model))
    assert (again.pairs == model.pairs).all()
    for before, after in (
        (model.unigram, again.unigram),
        (model.backoff, again.backoff),
        (model.seen, again.seen),
    ):
        np.testing.assert_allclose(np.maximum(before, -255 * STEP), after, atol=STEP / 2 + 1e-5)


def test_a_pair_that_was_never_seen_backs_off() -> None:
    """ASR-045: the weight of its history times the unigram."""
    model = unigram_model([-1.0, -2.0])
    assert model.score(np.array([0, 1, 2], np.int32), np.array([1, 1, 0], np.int32)).tolist() == [
        -2.0,
        -2.0,
        -1.0,
    ]


def test_the_shipped_model_is_small_and_made_for_the_lexicon() -> None:
    """ASR-045: at most 3 MB; words that are written often are likely; chances add up to one."""
    model, entries = language_model(), list(lexicon().values())
    assert PATH.stat().st_size < 3_000_000
    assert len(model.unigram) == len(entries)
    written = np.argsort([-entry.frequency for entry in entries])
    assert model.unigram[written[:1000]].min() > np.median(model.unigram)
    assert np.exp(model.unigram).sum() == pytest.approx(1, abs=0.05)
    everything = np.arange(model.start, dtype=np.int32)
    for history in written[:20]:
        assert np.exp(model.score(np.array(history, np.int32), everything)).sum() == pytest.approx(
            1, abs=0.05
        )


def clearly_spoken(words: list[str]) -> NDArray[np.float32]:
    """Log probabilities of a model that is sure of every token."""
    sounds = [token for word in words for token in tokens(lexicon()[word].pronunciation)]
    log_probs = np.full((2 * len(sounds) + 1, len(TOKENS)), math.log(1e-4), np.float32)
    log_probs[::2, BLANK] = math.log(0.98)
    log_probs[np.arange(len(sounds)) * 2 + 1, sounds] = math.log(0.98)
    return log_probs


@pytest.mark.parametrize("words", [["มี", "ค่า"], ["ถูก", "ฆ่า"], ["กิน", "หญ้า"], ["ขึ้น", "ศาล"]])
def test_words_that_sound_alike_are_told_apart_by_what_comes_before(words: list[str]) -> None:
    """ASR-045: value and kill are both /khaa2/; grass and grandmother are both /jaa2/."""
    decoder = Decoder(word_trie(), language_model())
    first, second = (decode([clearly_spoken(words)], decoder, [True])[0] for _ in range(2))
    assert [hit.text for hit in first] == words
    assert first == second


def test_without_context_the_frequent_one_is_written() -> None:
    """ASR-043, ASR-045: a unigram model has no other reason to choose, at the open end of a window either."""
    words = [SpelledWord("rare", -3.0, (1, 4)), SpelledWord("common", -1.0, (1, 4))]
    decoder = Decoder(build(words, 6), unigram_model([word.chance for word in words]), SEARCH)
    log_probs = np.log(np.array([[0.05, 0.75, *[0.05] * 4], [*[0.05] * 4, 0.75, 0.05]], np.float32))
    for final in (True, False):
        assert [hit.text for hit in decode([log_probs], decoder, [final])[0]] == ["common"]


@given(
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(1, 20),
    st.integers(0, 5),
)
def test_more_evidence_is_more_confidence(posterior: float, more: float, length: int, longer: int) -> None:
    """ASR-045: confidence is a probability and rises with each part of what speaks for a word."""
    little = confidence(Evidence(min(posterior, more), length))
    much = confidence(Evidence(max(posterior, more), length + longer))
    assert 0 < little <= much < 1
