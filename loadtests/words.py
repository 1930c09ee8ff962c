"""How steady and how quick captions are, word by word. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from loadtests.recording import Event, Recording
from loadtests.transcripts import Token, found_in, tokens


def latencies(recording: Recording) -> Iterator[tuple[float, float]]:
    """(first-correct, commit) in milliseconds for every word of the final.

    First-correct: arrival of the first caption that has the word and after which no caption loses it.
    Commit: arrival of the first `stabilized_partial` with the word, else of the final. Both count from the
    send time of the frame in which the word ends; words without a time in the final are left out.
    """
    final = recording.final
    if final is None:
        return
    wanted = tokens(final.body)
    correct = _right_since(wanted, _captions(recording))
    committed = _first_with(wanted, [*recording.of("stabilized_partial"), final])
    for word, token in enumerate(wanted):
        if token.end_ms is not None:
            spoken_ns = recording.sent_at(token.end_ms)
            yield (correct[word] - spoken_ns) / 1e6, (committed[word] - spoken_ns) / 1e6


def unstable(recording: Recording) -> tuple[int, int]:
    """Words of partials that the next caption took back, and words of the final (arXiv 2006.01416)."""
    heard = [tokens(event.body) for event in _captions(recording)]
    taken_back = sum(len(now) - len(found_in(now, later)) for now, later in pairwise(heard))
    return taken_back, len(heard[-1])


def false_commits(recording: Recording) -> tuple[int, int]:
    """Stabilised words that the final does not have, by alignment, and stabilised words."""
    stabilised, final = recording.of("stabilized_partial"), recording.final
    if not stabilised or final is None:
        return 0, 0
    promised = tokens(stabilised[-1].body)
    return len(promised) - len(found_in(promised, tokens(final.body))), len(promised)


def _captions(recording: Recording) -> list[Event]:
    return [*recording.of("partial"), *recording.of("final")]


def _right_since(wanted: Sequence[Token], captions: Sequence[Event]) -> list[int]:
    """Arrival, for each word, of the first caption of the unbroken run that has it up to the final."""
    since = [captions[-1].at_ns] * len(wanted)
    kept = set(range(len(wanted)))
    for event in reversed(captions):
        kept &= found_in(wanted, tokens(event.body))
        for word in kept:
            since[word] = event.at_ns
    return since


def _first_with(wanted: Sequence[Token], captions: Sequence[Event]) -> list[int]:
    """Arrival, for each word, of the first caption that has it; the last caption is known to."""
    first = [captions[-1].at_ns] * len(wanted)
    for event in reversed(captions):
        for word in found_in(wanted, tokens(event.body)):
            first[word] = event.at_ns
    return first
