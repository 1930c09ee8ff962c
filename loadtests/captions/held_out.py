"""Held-out sentences in held-out voices: alone, and joined by pauses into longer utterances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loadtests.recording import SAMPLE_RATE, Utterance

LEAD_S = 0.3
"""As in `loadtests.audio`: nobody speaks in the very millisecond in which the microphone opens."""
TAIL_S = 1.0
"""Long enough for every rule to commit the last word by itself: an earlier final would hide a slow rule."""
PAUSE_S = (0.2, 1.2)
"""Between sentences of one speaker: from hardly a breath to past the second after which words are settled."""
JOINED = (3, 5)
"""Sentences of a joined utterance."""

Samples = NDArray[np.float64]


def groups(lines: Sequence[str], rng: np.random.Generator) -> Iterator[Sequence[str]]:
    """Every line alone, then all lines again in runs of JOINED; a short rest at the end is left out."""
    yield from ([line] for line in lines)
    first, (fewest, most) = 0, JOINED
    while len(lines) - first >= fewest:
        size = int(rng.integers(fewest, most, endpoint=True))
        yield lines[first : first + size]
        first += size


def held_out(path: Path, condition: str = "clean", *, seed: int = 7) -> list[Utterance]:
    """The sentences of a file (one a line) in one of the conditions of
    `training.thai_speech.spoken_sentences`.

    The speech is made by `training`, so this needs scipy and the extra `embedded`.
    """
    # Imported late: the rest of the load tests runs without what training needs.
    from training.thai_speech.spoken_sentences import CONDITIONS
    from training.thai_speech.voices import HELD_OUT

    # Two generators, so that the noisy speech is the clean speech.
    speech, room = np.random.default_rng(seed).spawn(2)
    utterances = []
    for lines, voice in zip(groups(_lines(path), speech), cycle(HELD_OUT), strict=False):
        audio = _spoken(lines, voice, speech)
        heard = CONDITIONS[condition](audio, room)
        utterances.append(Utterance(voice, "".join(lines), pcm16_bytes(heard)))
    return utterances


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split()


def _spoken(lines: Sequence[str], voice: str, rng: np.random.Generator) -> Samples:
    from training.thai_speech.spoken_sentences import speak

    return joined([speak(line, voice, "clean", rng).audio.astype(np.float64) for line in lines], rng)


def joined(spoken: Sequence[Samples], rng: np.random.Generator) -> Samples:
    """Sentences with LEAD_S before, pauses of PAUSE_S between and TAIL_S after them."""
    parts = [_silence(LEAD_S)]
    for sentence in spoken:
        parts += [sentence, _silence(rng.uniform(*PAUSE_S))]
    return np.concatenate([*parts[:-1], _silence(TAIL_S)])


def pcm16_bytes(samples: Samples) -> bytes:
    """PCM16LE of samples in [-1, 1]."""
    return bytes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE))
