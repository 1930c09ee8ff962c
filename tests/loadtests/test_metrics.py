"""The figures that are published: computed on hand-made recordings (ASR-020, ASR-042..045, ASR-049)."""

from __future__ import annotations

import math
from typing import Any

import pytest

from loadtests import metrics, words
from loadtests.metrics import Distribution, summarise
from loadtests.recording import BYTES_PER_MS, Event, Recording, Utterance

MS = 1_000_000
T0 = 5_000 * MS
"""The first frame leaves here; frames of 20 ms leave on time."""


def recording(*events: tuple[float, dict[str, Any]], ms: int = 2000, decided_ms: float = 352) -> Recording:
    """Frames sent on time, `end` with the last one's end; events at milliseconds after the first frame."""
    said = Utterance("malee", "แมวกินปลา", bytes(ms * BYTES_PER_MS), decided_ms)
    sent = [T0 + at * MS for at in range(0, ms, 20)]
    arrived = [Event(T0 + round(at * MS), body) for at, body in events]
    return Recording(said, {"frame_ms": 20, "min_decode_audio_ms": 240}, T0, sent, T0 + ms * MS, arrived)


def speech_start(offset_ms: int = 290) -> dict[str, Any]:
    return {"type": "speech_start", "offset_ms": offset_ms, "latency_ms": 1}


def caption(
    kind: str, text: str, *segments: tuple[float, float, str], audio_ms: int = 1000
) -> dict[str, Any]:
    timed = [{"start": start, "end": end, "text": said} for start, end, said in segments]
    return {
        "type": kind,
        "text": text,
        "segments": timed,
        "audio_ms": audio_ms,
        "queue_ms": 2,
        "decode_ms": 7,
        "latency_ms": 9,
    }


def words_of(kind: str, *said: tuple[float, float, str]) -> dict[str, Any]:
    return caption(kind, "".join(text for _, _, text in said), *said)


CAT, EATS, FISH = (0.3, 0.6, "แมว"), (0.6, 1.0, "กิน"), (1.0, 1.5, "ปลา")
DOG = (0.3, 0.6, "หมา")


def test_percentiles_are_nearest_rank() -> None:
    """ASR-020: a 95th percentile is a value that really occurred."""
    twenty = Distribution("final_ms", tuple(float(n) for n in range(20, 0, -1)))
    assert [twenty.percentile(q) for q in (1, 50, 95, 96, 100)] == [1, 10, 19, 20, 20]
    assert Distribution("x", (7.0,)).percentile(50) == 7


def test_speech_detected_counts_from_the_deciding_frame() -> None:
    """ASR-042: 352 ms of audio are complete with the frame that leaves at 340 ms."""
    assert metrics.speech_detected_ms(recording((351.5, speech_start()))) == pytest.approx(11.5)


def test_speech_never_detected_is_infinitely_late() -> None:
    """ASR-042: a lost event cannot improve a percentile."""
    assert metrics.speech_detected_ms(recording()) == math.inf


@pytest.mark.parametrize(
    ("decided_ms", "enabling_frame_ms"),
    [(352, 520), (640, 620)],  # 290 + 240 = 530 ms are complete with the frame of 520; speech known later
)
def test_first_partial_counts_from_the_frame_that_allows_a_decode(
    decided_ms: float, enabling_frame_ms: int
) -> None:
    """ASR-043: both speech and min_decode_audio_ms must be there."""
    heard = recording(
        (360, speech_start(290)),
        (700, words_of("partial", CAT)),
        (900, words_of("partial", CAT, EATS)),
        decided_ms=decided_ms,
    )
    assert metrics.first_partial_ms(heard) == 700 - enabling_frame_ms


def test_first_caption_counts_from_the_onset_and_skips_empty_ones() -> None:
    """ASR-049: what a viewer sees."""
    heard = recording(
        (360, speech_start(290)), (400, caption("partial", "")), (700, words_of("partial", CAT))
    )
    assert metrics.first_caption_from_onset_ms(heard) == 700 - 280


def test_final_counts_from_end() -> None:
    """ASR-045."""
    assert metrics.final_ms(recording((2130, words_of("final", CAT)))) == pytest.approx(130)
    assert metrics.final_ms(recording()) == math.inf


def test_word_latencies_count_from_the_frame_in_which_the_word_ends() -> None:
    """ASR-044: first-correct is the last time a word became right; commit is its first stabilised caption."""
    heard = recording(
        (700, words_of("partial", DOG)),
        (900, words_of("partial", CAT)),
        (1100, words_of("partial", DOG, EATS)),
        (1300, words_of("partial", CAT, EATS)),
        (1400, words_of("stabilized_partial", CAT)),
        (2100, words_of("final", CAT, EATS, FISH)),
    )
    cat, eats, fish = words.latencies(heard)
    assert cat == (1300 - 580, 1400 - 580)
    assert eats == (1100 - 980, 2100 - 980)
    assert fish == (2100 - 1480, 2100 - 1480)


def test_unstable_words_are_those_the_next_caption_takes_back() -> None:
    """ASR-043: arXiv 2006.01416."""
    heard = recording(
        (700, words_of("partial", DOG)),
        (900, words_of("partial", CAT, EATS)),
        (1100, words_of("partial", CAT)),
        (2100, words_of("final", CAT, EATS, FISH)),
    )
    assert words.unstable(heard) == (2, 3)


def test_false_commits_are_stabilised_words_missing_from_the_final() -> None:
    """ASR-044, ASR-049: the final is authoritative."""
    heard = recording(
        (900, words_of("stabilized_partial", DOG)),
        (1100, words_of("stabilized_partial", DOG, EATS)),
        (2100, words_of("final", CAT, EATS, FISH)),
    )
    assert words.false_commits(heard) == (1, 2)
    assert words.false_commits(recording((2100, words_of("final", CAT)))) == (0, 0)


def test_a_run_adds_up() -> None:
    """ASR-020: the three targets, ratios over all utterances, no failure."""
    good = recording(
        (360, speech_start(290)),
        (700, words_of("partial", CAT)),
        (2100, words_of("final", CAT, EATS, FISH)),
    )
    summary = summarise([good, good])
    assert summary.held
    assert summary.ratios["character_error_rate"] == 0
    assert summary.ratios["partials_per_second"] == pytest.approx(0.5)
    assert summary.ratios["redecode_ratio"] == pytest.approx((1000 + 1000) / 2000)
    assert summary.distributions["partial_decode_ms"].values == (7.0, 7.0)
    assert set(summary.distributions["generator_lag_ms"].values) == {0.0}


def test_a_failure_is_counted_and_breaks_the_targets() -> None:
    """ASR-046: a stream without a final is never left out."""
    failed = recording((360, speech_start()))
    failed.failure = "closed 1011"
    refused = Recording(failed.utterance, failure="closed 4429")
    summary = summarise([failed, refused])
    assert not summary.held
    assert summary.failures == {"closed 1011": 1, "closed 4429": 1}
    assert summary.distributions["final_ms"].values == (math.inf, math.inf)
