"""How good live captions are apart from any machine's speed: from recordings in audio time to a row. Pure.

The figures are those of `loadtests.words` with audio time for the clock, so they compare with a live run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from loadtests import words
from loadtests.intervals import ratio_interval
from loadtests.metrics import Distribution, decoded_ms
from loadtests.recording import Recording
from loadtests.report import Cell
from loadtests.transcripts import character_errors, tokens

HEAD = (
    "unstable per word",
    "false commits %",
    "95 % interval",
    "commit p50 ms",
    "commit p95 ms",
    "correct p50 ms",
    "correct p95 ms",
    "before final %",
    "decoded / sent",
)


@dataclass(frozen=True, slots=True)
class Quality:
    """All recordings of one method with one setting."""

    recordings: Sequence[Recording]

    def row(self) -> tuple[Cell, ...]:
        """The cells below HEAD; `commit` and `correct` are the latencies of `loadtests.words`."""
        latencies = list(self._latencies())
        correct, commit = (_percentiles([pair[which] for pair in latencies]) for which in (0, 1))
        return (
            _share(map(words.unstable, self.recordings)),
            100 * self.false_commit_rate,
            self._interval(),
            *commit,
            *correct,
            100 * _share(map(early, self.recordings)),
            self.redecode_ratio,
        )

    @property
    def false_commit_rate(self) -> float:
        """Committed words that the final does not have, per committed word."""
        return _share(map(words.false_commits, self.recordings))

    @property
    def redecode_ratio(self) -> float:
        """Audio decoded, finals too, per audio sent."""
        return _share((decoded_ms(each), each.utterance.audio_ms) for each in self.recordings)

    @property
    def character_error_rate(self) -> float:
        """Of the finals: which recogniser the figures belong to."""
        return _share(
            character_errors(each.utterance.reference, each.final.body["text"])
            for each in self.recordings
            if each.final
        )

    def _latencies(self) -> Iterator[tuple[float, float]]:
        for recording in self.recordings:
            yield from words.latencies(recording)

    def _interval(self) -> str:
        return "{:.1f}-{:.1f}".format(*(100 * end for end in interval(self.recordings)))


def early(recording: Recording) -> tuple[int, int]:
    """Words of the final that were committed before it came, rightly, and words of the final."""
    stabilised, final = recording.of("stabilized_partial"), recording.final
    if final is None:
        return 0, 0
    wanted = tokens(final.body)
    missing = words.false_commits(recording)[0]
    promised = len(tokens(stabilised[-1].body)) if stabilised else 0
    return promised - missing, len(wanted)


def interval(recordings: Sequence[Recording], seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of the false-commit rate; utterances are drawn, for words of one are alike."""
    return ratio_interval([words.false_commits(recording) for recording in recordings], seed)


def _percentiles(values: Sequence[float]) -> tuple[Cell, Cell]:
    """The median and the 95th; nothing of nothing, when no word was recognised."""
    found = Distribution("", tuple(values))
    return (found.percentile(50), found.percentile(95)) if values else (None, None)


def _share(counts: Iterable[tuple[float, float]]) -> float:
    pairs = list(counts)
    whole = sum(whole for _, whole in pairs)
    return sum(part for part, _ in pairs) / (whole or 1)
