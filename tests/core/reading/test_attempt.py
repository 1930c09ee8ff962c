"""Which attempt is scored: RS-070..076."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.reading.attempt import Attempt, best_attempt
from serve_app.core.reading.windows import STARTS
from serve_app.core.reading.word_alignment import Status, align, mispronounced

Weight = tuple[int, int, int]
"""Two for each correct token and one for each other that is paired; correct ones; mispronounced ones."""
PERFECT = ["สวัสดีครับ", "วันนี้", "เรา", "จะ", "เรียน", "ภาษาไทย"]
BAD = ["สวัสดีครับ", "วันนี้", "เรียน", "ภาษาใจ"]
tokens = st.sampled_from("abcd")
readings = (st.lists(tokens, min_size=1, max_size=5), st.lists(tokens, max_size=11))
likenesses = st.sampled_from(["กาแฟ", "กาแก", "แมวกา", "แมว", "แม", "แมว่า"])


def windows(reference: Sequence[str], spoken: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Every candidate, as RS-074 words it."""
    size = len(reference)
    for length in range(ceil(Fraction(size, 2)), floor(Fraction(8 * size, 5)) + 2):
        yield from ((start, start + length) for start in range(len(spoken) - length + 1))


def judged(reference: Sequence[str], spoken: Sequence[str]) -> tuple[Fraction, int]:
    """Similarity and correct words of a window. No two words of these tests are alike."""
    statuses = [pair.status for pair in align(reference, spoken)]
    correct = statuses.count(Status.CORRECT)
    return 1 - Fraction(len(statuses) - correct, max(len(reference), len(spoken))), correct


@pytest.mark.parametrize(
    ("spoken", "start", "end"), [(PERFECT + BAD, 0, 6), (BAD + PERFECT, 4, 10)], ids=["first", "last"]
)
def test_the_perfect_attempt_is_taken(spoken: list[str], start: int, end: int) -> None:
    """GT-08, RS-070, RS-076."""
    found = best_attempt(PERFECT, spoken)
    # 3 to 10 of 10 tokens: 8 + 7 + ... + 1 windows.
    assert found == Attempt(start, end, candidates=36, several=True, applied=True)


def test_nothing_is_cut_from_a_plain_reading() -> None:
    """GT-01, RS-072, RS-075: neither a last word that was said badly nor a first one."""
    assert best_attempt(PERFECT, BAD) == Attempt(0, 4, candidates=3, several=False, applied=False)
    assert best_attempt(PERFECT[::-1], BAD[::-1]) == Attempt(0, 4, candidates=3, several=False, applied=False)


def test_talk_before_and_after_is_cut() -> None:
    """RS-074: other words beside a reading are no words of it."""
    found = best_attempt(PERFECT, ["แมว", *BAD, "แล้วก็"])
    assert (found.start, found.end, found.applied) == (1, 5, True)


@pytest.mark.parametrize(("spoken", "candidates"), [([], 0), (["เรา"], 1), (["เรา", "จะ"], 1)])
def test_what_is_too_short_for_a_window_is_taken_whole(spoken: list[str], candidates: int) -> None:
    """RS-074: all that was said is the only candidate."""
    whole = Attempt(0, len(spoken), candidates, several=False, applied=False)
    assert best_attempt(PERFECT, spoken) == whole


@given(*readings)
def test_no_window_is_better(reference: list[str], spoken: list[str]) -> None:
    """RS-074: against every window by itself; `candidateCount` is the number of these."""
    candidates = list(windows(reference, spoken))
    found = best_attempt(reference, spoken)
    if candidates:
        best = min(
            (-similarity, -correct, end - start, start)
            for start, end in candidates
            for similarity, correct in [judged(reference, spoken[start:end])]
        )
        assert (found.end - found.start, found.start) == best[2:]
        assert found.candidates == len(candidates)
    assert found.applied == (found.end - found.start < len(spoken))


def heaviest(reference: Sequence[str], spoken: Sequence[str]) -> Weight:
    """The heaviest common subsequence by its recurrence, one pair of tokens at a time."""
    row: list[Weight] = [(0, 0, 0)] * (len(reference) + 1)
    for said in spoken:
        above, row = row, [(0, 0, 0)]
        for corner, up, word in zip(above, above[1:], reference, strict=False):
            gain = (2, 1, 0) if word == said else (1, 0, int(mispronounced(word, said)))
            paired = (corner[0] + gain[0], corner[1] + gain[1], corner[2] + gain[2])
            row.append(max(paired, up, row[-1]))
    return row[-1]


@given(st.lists(likenesses, min_size=1, max_size=6), st.lists(likenesses, max_size=12))
def test_mispronounced_words_are_counted(reference: list[str], spoken: list[str]) -> None:
    """RS-074: every window by itself, with words that are like others."""
    merits = []
    for start, end in windows(reference, spoken):
        common, correct, alike = heaviest(reference, spoken[start:end])
        longer = max(len(reference), end - start)
        similarity = Fraction(longer - len(reference) - (end - start) + common, longer)
        merits.append((-similarity, -correct, -alike, end - start, start))
    found = best_attempt(reference, spoken)
    if merits:
        assert (found.end - found.start, found.start) == min(merits)[3:]


@given(st.integers(1, 3), st.integers(0, 2 * STARTS + 3))
def test_windows_that_do_not_grow_at_once(repeated: int, silence: int) -> None:
    """RS-074: a reading far behind the start is found as well as one near it."""
    found = best_attempt(PERFECT, ["อืม"] * silence + PERFECT * repeated)
    assert (found.start, found.end, found.several) == (silence, silence + len(PERFECT), repeated > 1)


def test_many_words_that_are_like_each_other() -> None:
    """RS-074: with more tokens than 32 bits can weigh, the best attempt is the same."""
    reference = [f"กาแฟ{number}" for number in range(1300)]
    found = best_attempt(reference, ["อืม", *reference, "อืม"])
    assert (found.start, found.end) == (1, 1301)


@pytest.mark.parametrize(
    ("spoken", "several"),
    [
        (PERFECT, False),
        ([*PERFECT[:3], "อืม", *PERFECT[3:]], False),
        (PERFECT[:3] + PERFECT, True),
        (BAD + BAD[:2] + PERFECT[1:5], True),
        (PERFECT + PERFECT[:2], False),
    ],
    ids=["once", "with a pause", "begun again", "badly twice", "stopped early"],
)
def test_attempts_are_told_from_halves_of_one(spoken: list[str], several: bool) -> None:
    """RS-075: each matches half of the reference, and together they match more than it has."""
    assert best_attempt(PERFECT, spoken).several == several


@given(*readings)
def test_several_attempts_are_disjoint_windows(reference: list[str], spoken: list[str]) -> None:
    """RS-075: against every two windows."""
    size = len(reference)
    counts = {window: judged(reference, spoken[slice(*window)])[1] for window in windows(reference, spoken)}
    half = {window: count for window, count in counts.items() if 2 * count >= size}
    assert best_attempt(reference, spoken).several == any(
        first[1] <= second[0] and half[first] + half[second] > size for first, second in product(half, half)
    )


@given(*readings, st.lists(tokens, max_size=11))
def test_a_perfect_attempt_wins_wherever_it_is(
    reference: list[str], before: list[str], after: list[str]
) -> None:
    """RS-076."""
    spoken = before + reference + after
    found = best_attempt(reference, spoken)
    assert spoken[found.start : found.end] == reference


def test_ten_minutes_of_talk() -> None:
    """RS-074: 1,500 tokens and 300 of the reference, with a bad attempt, a perfect one and chatter."""
    reference = [f"คำ{number}" for number in range(300)]
    chatter = [f"พูด{number}" for number in range(400)]
    found = best_attempt(reference, chatter + reference[:200] + chatter + reference + chatter[:200])
    assert (found.start, found.end, found.several) == (1000, 1300, True)
