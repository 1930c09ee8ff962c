"""What a prompt says about the camera."""

from __future__ import annotations

from collections.abc import Iterator

from deployments.video.embedded.camera import UNNAMED, Move, Phase
from deployments.video.embedded.camera_lexicon import SENTENCE, SPEEDS, TABLES, THEN
from deployments.video.embedded.prompt_words import plain

MOST = 4
"""Phases: ten seconds have room for no more."""


def phases_of(prompt: str) -> tuple[Phase, ...]:
    """The motions that the prompt names, in its order; `UNNAMED` where it names none."""
    phases = (tuple(dict.fromkeys(_moves(part))) for part in THEN.split(plain(prompt)))
    named = tuple(_without_rest(phase) for phase in phases if phase)
    return named[:MOST] or (UNNAMED,)


def _moves(text: str) -> Iterator[Move]:
    """Of one phase."""
    for sentence in SENTENCE.split(text):
        speed = next((speed for speed, words in SPEEDS.items() if words.search(sentence)), 1.0)
        for _, motion in sorted(_found(sentence).items()):
            yield Move(motion, speed)


def _found(sentence: str) -> dict[tuple[int, int], str]:
    """Where motions are named; no letter is read twice."""
    found: dict[tuple[int, int], str] = {}
    for table in TABLES:
        spans = sorted(
            (match.span(), motion) for motion, words in table for match in words.finditer(sentence)
        )
        for (start, end), motion in spans:
            if all(end <= other[0] or start >= other[1] for other in found):
                found[start, end] = motion
    return found


def _without_rest(phase: Phase) -> Phase:
    """Who names a motion beside "static" wants the motion."""
    return tuple(move for move in phase if move.name != "static") or phase
