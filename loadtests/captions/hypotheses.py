"""What a recogniser says of the stretches of one utterance, each asked once, however many ask for it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import TypeVar

from deployments.asr.replica import MAX_BATCH_ITEMS, Recognizer, Window
from serve_app.core.audio.pcm import Pcm16, as_float
from serve_app.engines import Transcription
from serve_app.flows.captions.utterance_audio import Decode

Outcome = TypeVar("Outcome")
Listener = Generator[Decode, Transcription, Outcome]
"""Yields what it wants decoded, is sent what was heard there, and returns what came of it."""


class Hypotheses:
    """Answers from memory, else from the engine, in batches as a replica makes them."""

    def __init__(self, engine: Recognizer, samples: Pcm16) -> None:
        """`samples` are the whole utterance at 16 kHz."""
        self._engine = engine
        self._samples = samples
        self._heard: dict[Decode, Transcription] = {}

    def __getitem__(self, decode: Decode) -> Transcription:
        """What was heard; it must have been asked for."""
        return self._heard[decode]

    def ask(self, decodes: Iterable[Decode]) -> None:
        """Decode what is not known yet; partials and finals apart, like with like in length."""
        new = sorted({*decodes} - self._heard.keys(), key=_batching)
        for exact in (False, True):
            lane = [decode for decode in new if decode.exact == exact]
            for first in range(0, len(lane), MAX_BATCH_ITEMS):
                batch = lane[first : first + MAX_BATCH_ITEMS]
                self._heard |= zip(batch, self._engine.recognize(self._windows(batch)), strict=True)

    def _windows(self, decodes: Sequence[Decode]) -> list[Window]:
        return [Window(as_float(self._samples[slice(*each.stretch)]), each.exact) for each in decodes]


def listen_together(listeners: Sequence[Listener[Outcome]], hypotheses: Hypotheses) -> list[Outcome]:
    """Run listeners of one utterance side by side, so that their decodes are shared and batched."""
    outcomes: dict[int, Outcome] = {}
    asked: dict[int, Decode] = {}

    def resume(index: int, heard: Transcription | None) -> None:
        asked.pop(index, None)
        try:
            # A generator that was not started takes nothing but None.
            asked[index] = listeners[index].send(heard)  # type: ignore[arg-type]
        except StopIteration as end:
            outcomes[index] = end.value

    for index in range(len(listeners)):
        resume(index, None)
    while asked:
        hypotheses.ask(asked.values())
        for index, decode in list(asked.items()):
            resume(index, hypotheses[decode])
    return [outcomes[index] for index in range(len(listeners))]


def _batching(decode: Decode) -> tuple[int, int]:
    start, end = decode.stretch
    return end - start, start
