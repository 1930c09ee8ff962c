"""The usual way to stabilise, to compare with: agreement counted in decodes. Pure.

LocalAgreement-n of Macháček, Dabre and Bojar 2023, "Turning Whisper into Real-Time Transcription System"
(arXiv 2307.14743): what n hypotheses in a row begin with is confirmed. Words that a hypothesis repeats of the
confirmed ones are known by their time, and by n-grams where that is unsure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from serve_app.engines import Word

TIME_SLACK_S = 0.1
"""A word may begin this long before the last confirmed one ends and still be new (as in the paper's code)."""
SEAM_S = 1.0
"""A first word further from the last confirmed one is no repetition of it (as in the paper's code)."""
SEAM_WORDS = 5
"""Longest repetition that is looked for (as in the paper's code)."""


@dataclass(slots=True)
class LocalAgreement:
    """One utterance. All times are seconds from its start."""

    n: int
    """Hypotheses in a row that must agree, at least 2."""
    committed: list[Word] = field(default_factory=list)
    tail: list[Word] = field(default_factory=list)
    """Words of the newest hypothesis that are not committed."""
    time: float = 0.0
    """Where the last committed word ends, or the last pause did."""
    _recent: list[list[Word]] = field(default_factory=list)
    """The newest hypotheses, n at most, without what is committed."""

    def accept(self, words: Sequence[Word]) -> None:
        """Take a hypothesis."""
        self.tail = self._uncommitted(words)
        self._recent = [*self._recent, self.tail][-self.n :]
        if len(self._recent) == self.n:
            self._commit(_common_prefix(self._recent))

    def settle(self, time: float) -> None:
        """Commit everything: speech paused, and goes on at `time`."""
        self._commit(len(self.tail))
        self._recent = []
        self.time = max(self.time, time)

    def _uncommitted(self, words: Sequence[Word]) -> list[Word]:
        fresh = [word for word in words if word.start > self.time - TIME_SLACK_S]
        if not fresh or abs(fresh[0].start - self.time) >= SEAM_S:
            return fresh
        said, again = _texts(self.committed), _texts(fresh)
        for length in range(1, min(SEAM_WORDS, len(said), len(again)) + 1):
            if said[-length:] == again[:length]:
                return fresh[length:]
        return fresh

    def _commit(self, count: int) -> None:
        if count:
            self.committed += self.tail[:count]
            self.time = self.committed[-1].end
        self.tail = self.tail[count:]
        self._recent = [words[count:] for words in self._recent]


def _common_prefix(hypotheses: Sequence[Sequence[Word]]) -> int:
    """In how many first words all agree."""
    length = 0
    for heard in zip(*map(_texts, hypotheses), strict=False):
        if len(set(heard)) > 1:
            break
        length += 1
    return length


def _texts(words: Sequence[Word]) -> list[str]:
    return [word.text for word in words]
