"""Which words of a stream of changing hypotheses are safe to show for good (ASR-044).

Local agreement (Macháček et al. 2023, "Turning Whisper into Real-Time Transcription System"), with one
difference: agreement is measured in *audio time* and not in decodes. At one decode per 100 ms two decodes in
a row agree on half-heard words: counting them committed 30 % wrong words, against 10 % for 240 ms of audio.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from serve_app.core.text.thai import clean
from serve_app.engines import Word

AGREEMENT_S = 0.24
"""Audio that the agreeing decodes must span: about one syllable more was heard, and the word still stood."""
SAME_START_S = 0.25
"""Further apart, two equal words are two words: nobody speaks one within less than a quarter second."""
TAIL_S = 0.2
"""Audio after the last word before it may be committed: until then it may be half a word."""
WORD_GAP_S = 0.12
"""A gap this long between two words is a real one: a good place for a forced commit."""
SEAM_WORDS = 5
"""Longest repetition of committed words that is looked for at the seam of two windows."""
LOOP_REPEATS = 4
LOOP_WORDS = 4
"""Up to four words said more than four times in a row are a decoder's loop and no speech."""
EPSILON_S = 1e-6


@dataclass(slots=True)
class Stabilizer:
    """One utterance. All times are seconds from its start."""

    committed: list[Word] = field(default_factory=list)
    tail: list[Word] = field(default_factory=list)
    """Words of the newest hypothesis that are not committed."""
    time: float = 0.0
    """The commit time: hypotheses are believed from here on only."""
    agreement_s: float = AGREEMENT_S
    _first_seen: list[float] = field(default_factory=list)
    """How much audio had been heard when each tail word was first hypothesised."""

    def accept(self, words: Sequence[Word], heard: float) -> bool:
        """Take a hypothesis made from audio up to `heard`. True when the committed prefix grew."""
        fresh = without_loops(self._uncommitted(words))
        agreed = _agreement(self.tail, fresh)
        self._first_seen = self._first_seen[:agreed] + [heard] * (len(fresh) - agreed)
        self.tail = fresh
        return self._commit(self._stable(heard))

    def settle(self, time: float) -> None:
        """Commit everything: speech paused, and goes on at `time`."""
        self._commit(len(self.tail))
        self.time = max(self.time, time)

    def force(self, heard: float) -> bool:
        """Commit early, because the audio from the commit time to `heard` is as long as a window may be.

        Cuts at the last real word gap of the older half, else before the last word. The commit time always
        moves on, so the window stays bounded even when nothing is recognised.
        """
        half = (self.time + heard) / 2
        grew = self._commit(self._forced(half))
        self.time = max(self.time, min(half, self.tail[0].start) if self.tail and grew else half)
        return grew

    def _uncommitted(self, words: Sequence[Word]) -> list[Word]:
        """Words of a hypothesis after the commit time, by their middle, without the seam."""
        fresh = [word for word in words if clean(word.text) and (word.start + word.end) / 2 > self.time]
        seam = min(SEAM_WORDS, len(fresh), len(self.committed))
        for length in range(seam, 0, -1):
            again, before = fresh[:length], self.committed[-length:]
            # A word that begins before the commit time was heard twice, not said twice.
            if again[-1].start < self.time and all(map(_same_text, again, before)):
                return fresh[length:]
        return fresh

    def _stable(self, heard: float) -> int:
        """How many tail words may be committed."""
        for index, (word, seen) in enumerate(zip(self.tail, self._first_seen, strict=True)):
            ends = index == len(self.tail) - 1 and heard - word.end < TAIL_S - EPSILON_S
            if heard - seen < self.agreement_s - EPSILON_S or ends:
                return index
        return len(self.tail)

    def _forced(self, half: float) -> int:
        gaps = (
            index
            for index in range(len(self.tail) - 1, 0, -1)
            if self.tail[index - 1].end <= half
            and self.tail[index].start - self.tail[index - 1].end >= WORD_GAP_S
        )
        return next(gaps, max(0, len(self.tail) - 1))

    def _commit(self, count: int) -> bool:
        for word in self.tail[:count]:
            start = max(word.start, self.time)
            self.committed.append(replace(word, start=start, end=max(start, word.end)))
            self.time = self.committed[-1].end
        del self.tail[:count], self._first_seen[:count]
        return count > 0


def without_loops(words: Sequence[Word]) -> list[Word]:
    """The words up to where a loop shows itself, so that a stuck decoder never agrees with itself."""
    texts = [clean(word.text) for word in words]
    loops = (loop_at(texts, size, LOOP_REPEATS) for size in range(1, LOOP_WORDS + 1))
    return list(words[: next((at for at in loops if at is not None), len(words))])


def loop_at(texts: Sequence[str], size: int, repeats: int) -> int | None:
    """Where so many texts begin to be said again, so many times in a row; None when they are not."""
    run = 0
    for index in range(size, len(texts)):
        run = run + 1 if texts[index] == texts[index - size] else 0
        if run == size * repeats:
            return index - run + 1
    return None


def _agreement(old: Sequence[Word], new: Sequence[Word]) -> int:
    """Length of the common prefix of two hypotheses."""
    for index, (before, now) in enumerate(zip(old, new, strict=False)):
        if not _same_text(before, now) or abs(before.start - now.start) >= SAME_START_S:
            return index
    return min(len(old), len(new))


def _same_text(one: Word, other: Word) -> bool:
    return clean(one.text) == clean(other.text)
