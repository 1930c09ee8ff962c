"""Steps of a generation on their way to becoming an answer: one object, or the chunks of a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deployments.llm.embedded.ctranslate2_model import EmbeddedModel
from deployments.llm.embedded.logprobs import Logprobs, token_logprob
from deployments.llm.embedded.openai_objects import Envelope, delta, message
from deployments.llm.embedded.request import Asked
from deployments.llm.embedded.steps import Step
from deployments.llm.embedded.text import AnswerText

ROLE = {"role": "assistant", "content": ""}
"""What the first chunk of a choice says."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one or more steps added to one choice."""

    choice: int
    text: str
    logprobs: tuple[Logprobs, ...] = ()
    """Of the tokens that begin in this text."""
    reason: str | None = None
    """`stop` or `length` when the choice has ended."""


class Choice:
    """One answer of several as its tokens come."""

    def __init__(self, index: int, model: EmbeddedModel, asked: Asked) -> None:
        self._index, self._tokenizer, self._end = index, model.tokenizer, model.end
        self._text = AnswerText(model.tokenizer, asked.stops)
        self._top = asked.top_logprobs or 0
        self._untold: list[tuple[int, Logprobs]] = []
        """With where in the text each token begins."""
        self.tokens = 0
        """That were generated, with the one that ends the answer."""

    def add(self, step: Step) -> Piece:
        """What can be told now."""
        self.tokens += 1
        if step.token_id == self._end:
            return self._piece(self._text.end(), "stop")
        if step.logits is not None:
            likelihood = token_logprob(self._tokenizer, step.logits, step.token_id, self._top)
            self._untold.append((self._text.length, likelihood))
        text = self._text.add(step.token_id)
        if self._text.stopped:
            return self._piece(text, "stop")
        return self._piece(text + self._text.end(), "length") if step.is_last else self._piece(text)

    def _piece(self, text: str, reason: str | None = None) -> Piece:
        """What stands in a stop, or in half a character, was not said, nor how likely it was."""
        told = [likelihood for begin, likelihood in self._untold if begin < self._text.told]
        del self._untold[: len(told)]
        return Piece(self._index, text, tuple(told), reason)


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    """One piece for each choice, in the order of the choices."""
    found: dict[int, Piece] = {}
    for piece in pieces:
        before = found.get(piece.choice, Piece(piece.choice, ""))
        logprobs = before.logprobs + piece.logprobs
        found[piece.choice] = Piece(piece.choice, before.text + piece.text, logprobs, piece.reason)
    return [found[choice] for choice in sorted(found)]


def deltas(pieces: Sequence[Piece], wants_logprobs: bool) -> list[dict[str, Any]]:
    """Choices of chunks: a text, and an ending of its own."""
    found = []
    for piece in joined(pieces):
        if piece.text:
            logprobs = piece.logprobs if wants_logprobs else None
            found.append(delta(piece.choice, {"content": piece.text}, logprobs))
        if piece.reason:
            found.append(delta(piece.choice, {}, reason=piece.reason))
    return found


def messages(pieces: Sequence[Piece], wants_logprobs: bool) -> list[dict[str, Any]]:
    """Choices of a whole answer."""
    return [
        message(piece.choice, piece.text, piece.logprobs if wants_logprobs else None, piece.reason or "stop")
        for piece in joined(pieces)
    ]


def chunks(envelope: Envelope, choices: Sequence[dict[str, Any]], asked: Asked) -> tuple[str, ...]:
    """With `include_usage` every chunk but the last says that it does not know."""
    more = {"usage": None} if asked.wants_usage else {}
    return tuple(envelope.chunk([choice], **more) for choice in choices)
