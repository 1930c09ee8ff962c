"""From tokens to text that may be shown: whole characters only, and nothing of a stop (LLM-006)."""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream


class AnswerText:
    """The text of one choice as its tokens come; what is given out is never taken back."""

    def __init__(self, tokenizer: Tokenizer, stops: Sequence[str]) -> None:
        self._tokenizer = tokenizer
        # A Thai letter is three bytes and may be split between tokens.
        self._characters = DecodeStream(skip_special_tokens=True)
        self._stops = stops
        self._held = ""
        self.told = 0
        """Characters that were given out."""
        self.stopped = False
        """A stop has come; what follows is not told."""

    @property
    def length(self) -> int:
        """Whole characters so far, with those that are held back."""
        return self.told + len(self._held)

    def add(self, token: int) -> str:
        """What can be told now."""
        self._held += self._characters.step(self._tokenizer, token) or ""
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            return self._give(min(found))
        return self._give(len(self._held) - self._possible_stop())

    def end(self) -> str:
        """What was held back, when no token follows. Half a character is left out."""
        return "" if self.stopped else self._give(len(self._held))

    def _give(self, count: int) -> str:
        given, self._held = self._held[:count], self._held[count:]
        self.told += count
        return given

    def _possible_stop(self) -> int:
        """Characters at the end that a stop may begin with."""
        longest = min(len(self._held), max((len(stop) - 1 for stop in self._stops), default=0))
        ends = (count for count in range(longest, 0, -1) if self._may_begin(self._held[-count:]))
        return next(ends, 0)

    def _may_begin(self, text: str) -> bool:
        return any(stop.startswith(text) for stop in self._stops)
