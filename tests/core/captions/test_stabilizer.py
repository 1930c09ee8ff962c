"""The committed prefix: ASR-044."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.captions.stabilizer import Stabilizer, without_loops
from serve_app.engines import Word


def said(*words: tuple[str, float, float]) -> list[Word]:
    return [Word(text, start, end, 0.9) for text, start, end in words]


def texts(words: list[Word]) -> list[str]:
    return [word.text for word in words]


ONE = ("หนึ่ง", 0.0, 0.4)
TWO = ("สอง", 0.4, 0.8)


def test_two_decodes_240_ms_apart_commit_a_word() -> None:
    """ASR-044: agreement counts audio time."""
    stabilizer = Stabilizer()
    assert not stabilizer.accept(said(ONE, TWO), 0.8)
    assert stabilizer.accept(said(ONE, TWO), 1.04)
    assert texts(stabilizer.committed) == ["หนึ่ง", "สอง"]


def test_many_decodes_of_little_audio_commit_nothing() -> None:
    """ASR-044: ten decodes within 200 ms are no agreement, at whatever `partial_interval_ms`."""
    stabilizer = Stabilizer()
    for step in range(11):
        stabilizer.accept(said(ONE, TWO), 0.8 + step * 0.02)
    assert stabilizer.committed == []


def test_one_decode_commits_nothing_however_long() -> None:
    """ASR-044: at least two decodes."""
    stabilizer = Stabilizer()
    assert not stabilizer.accept(said(ONE, TWO), 9.0)


def test_last_word_waits_for_audio_after_it() -> None:
    """ASR-044: the end of the audio may cut a word in half."""
    stabilizer = Stabilizer()
    stabilizer.accept(said(ONE, TWO), 0.7)
    stabilizer.accept(said(ONE, ("สอง", 0.4, 0.95)), 1.0)
    assert texts(stabilizer.committed) == ["หนึ่ง"]


def test_a_changed_or_moved_word_starts_its_agreement_anew() -> None:
    """ASR-044: text and start must stay."""
    for changed in (("สาม", 0.4, 0.8), ("สอง", 0.7, 0.9)):
        stabilizer = Stabilizer()
        stabilizer.accept(said(ONE, TWO), 0.9)
        stabilizer.accept(said(ONE, changed), 1.2)
        assert texts(stabilizer.committed) == ["หนึ่ง"]
        assert texts(stabilizer.tail) == [changed[0]]


def test_words_before_the_commit_time_are_not_repeated() -> None:
    """ASR-044: the window overlaps what is committed; its words are known by their middle or text."""
    stabilizer = Stabilizer()
    stabilizer.accept(said(ONE, TWO), 0.8)
    stabilizer.accept(said(ONE, TWO), 1.1)
    stabilizer.accept(said(("สอง", 0.5, 0.7), ("สาม", 0.9, 1.2)), 1.3)
    assert texts(stabilizer.tail) == ["สาม"]
    stabilizer.accept(said(("สอง", 0.7, 1.0), ("สาม", 1.0, 1.3)), 1.4)
    assert texts(stabilizer.tail) == ["สาม"], "the second word was heard late, not said twice"
    stabilizer.accept(said(("สอง", 0.95, 1.2)), 1.5)
    assert texts(stabilizer.tail) == ["สอง"], "said again after the commit time"


def test_a_loop_is_never_committed() -> None:
    """ASR-044: a decoder in a loop agrees with itself."""
    loop = said(*((text, i / 10, i / 10 + 0.1) for i, text in enumerate(["ก", "ข"] * 10)))
    assert texts(without_loops(loop)) == ["ก", "ข"]
    stabilizer = Stabilizer()
    stabilizer.accept(loop, 2.0)
    stabilizer.accept(loop, 3.0)
    assert texts(stabilizer.committed) == ["ก", "ข"]


def test_four_times_the_same_word_is_speech() -> None:
    """ASR-044: "0000" is read as four words."""
    zeros = said(*(("ศูนย์", float(i), i + 0.9) for i in range(4)))
    assert without_loops(zeros) == zeros


def test_force_cuts_at_a_word_gap_of_the_older_half() -> None:
    """ASR-044, ASR-015: the window is bounded; a forced commit prefers a real gap."""
    stabilizer = Stabilizer()
    words = said(("ก", 0.0, 3.0), ("ข", 3.0, 6.0), ("ค", 6.2, 9.0), ("ง", 9.0, 13.0))
    stabilizer.accept(words, 14.0)
    assert stabilizer.force(14.0)
    assert texts(stabilizer.committed) == ["ก", "ข"]
    assert texts(stabilizer.tail) == ["ค", "ง"]


def test_force_without_a_gap_keeps_the_last_word_open() -> None:
    """ASR-044, ASR-015."""
    stabilizer = Stabilizer()
    stabilizer.accept(said(("ก", 0.0, 5.0), ("ข", 5.0, 10.0), ("ค", 10.0, 14.0)), 14.0)
    stabilizer.force(14.0)
    assert texts(stabilizer.committed) == ["ก", "ข"]


def test_force_moves_on_when_nothing_is_recognised() -> None:
    """ASR-015: noise for ever does not grow the window for ever."""
    stabilizer = Stabilizer()
    assert not stabilizer.force(14.0)
    assert stabilizer.time == 7.0


def test_settle_commits_what_a_pause_has_ended() -> None:
    """ASR-044: after a long pause nothing before it changes."""
    stabilizer = Stabilizer()
    stabilizer.accept(said(ONE, TWO), 0.9)
    stabilizer.settle(2.0)
    assert texts(stabilizer.committed) == ["หนึ่ง", "สอง"]
    assert stabilizer.time == 2.0


seconds = st.floats(0, 40, allow_nan=False)
word = st.builds(Word, st.sampled_from(["ก", "ข", "ค", "", " ", "ครับ"]), seconds, seconds, st.just(0.5))
hypothesis_ = st.tuples(st.lists(word, max_size=12), seconds, st.sampled_from(["accept", "force", "settle"]))


@given(st.lists(hypothesis_, max_size=30))
def test_the_prefix_never_shrinks_or_changes(history: list[tuple[list[Word], float, str]]) -> None:
    """ASR-044: whatever the recogniser says, in whatever order of times."""
    stabilizer = Stabilizer()
    for words, now, action in history:
        before, time = list(stabilizer.committed), stabilizer.time
        if action == "accept":
            grew = stabilizer.accept(words, now)
        elif action == "force":
            grew = stabilizer.force(now)
        else:
            grew = bool(stabilizer.tail)
            stabilizer.settle(now)
        assert stabilizer.committed[: len(before)] == before
        assert grew == (len(stabilizer.committed) > len(before))
        assert stabilizer.time >= time
    times = [time for word in stabilizer.committed for time in (word.start, word.end)]
    assert times == sorted(times)


@given(st.lists(st.tuples(st.lists(word, max_size=12)), max_size=40))
def test_forcing_bounds_the_open_audio(history: list[tuple[list[Word]]]) -> None:
    """ASR-015: forced at 14 s again and again, the commit time or the words always move on."""
    stabilizer, now = Stabilizer(), 0.0
    for (words,) in history:
        now += 1.0
        stabilizer.accept(words, now)
        if now - stabilizer.time >= 14.0:
            before = (stabilizer.time, len(stabilizer.committed))
            stabilizer.force(now)
            assert (stabilizer.time, len(stabilizer.committed)) > before
