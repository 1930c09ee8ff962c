"""Any number of channels as one, in which nobody on any of them is lost (VP-005)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Channels = NDArray[np.float32]
"""Samples in -1..1, shape (channels, samples)."""
Mono = NDArray[np.float32]
"""Shape (samples,)."""

BLOCK_S = 0.1
"""How often signs are looked at: half a syllable is lost at most where channels turn against each other."""
RAMP_S = 0.01
"""New weights come in over this: shorter clicks, longer dampens what turns its sign."""
CHANGE_S = 0.0005
"""Channels are compared by what changes within this: at most around 1 kHz, where speech is told apart. A
constant offset vanishes so, and the hum of the mains, alike on all channels of a bad cable, is 22 dB down."""
OPPOSED = 0.5
"""Correlation against the others, at which a channel is turned around; it stays so until there is none.
Voices that have nothing to do with each other stay below it in 0.1 s: ordinary stereo is only added up."""
QUIETEST = 1e-5
"""-100 dBFS: the last bit of 16 is louder."""


class Downmix:
    """Adds channels up, each with the sign under which it does not cancel the others.

    Of two channels of which one is the other turned around, as a balanced cable into a stereo jack makes,
    the plain mean is silence. Here each channel, from the loudest on, is added to the sum of those before it
    and turned around when it takes away from it: the power of the sum is then that of all channels together,
    less what OPPOSED leaves (the aligned downmix of parametric stereo, Samsudin et al., ICASSP 2006, in one
    band). Two channels have half the weight each, so that their mean comes out as ever, and at worst 7.3 dB
    below the louder one (power times (1 - OPPOSED**2) / 4). Of more, the sum is divided by how many as loud
    as the loudest they amount to, as an automatic microphone mixer does (Dugan, JAES 23, 1975).
    """

    def __init__(self, channels: int, rate: int) -> None:
        """Two channels at least; `rate` in Hz."""
        self._block = round(BLOCK_S * rate)
        self._ramp = round(RAMP_S * rate)
        self._lag = max(1, round(CHANGE_S * rate))
        self._signs = np.ones(channels, np.float32)
        self._weights: NDArray[np.float32] | None = None
        self._waiting: list[Channels] = []

    def feed(self, samples: Channels) -> Iterator[Mono]:
        """Whole blocks as they are complete; the rest waits."""
        self._waiting.append(samples)
        if sum(part.shape[1] for part in self._waiting) >= self._block:
            held = np.concatenate(self._waiting, axis=1)
            whole = held.shape[1] // self._block * self._block
            self._waiting = [held[:, whole:]]
            for start in range(0, whole, self._block):
                yield self._mixed(held[:, start : start + self._block])

    def finish(self) -> Iterator[Mono]:
        """What waits; nothing comes after it."""
        if any(part.size for part in self._waiting):
            yield self._mixed(np.concatenate(self._waiting, axis=1))

    def _mixed(self, block: Channels) -> Mono:
        weights = self._judged(block)
        before = weights if self._weights is None else self._weights
        self._weights = weights
        mixed: Mono = weights @ block
        if not np.array_equal(before, weights):
            ramp = np.linspace(1, 0, self._ramp, dtype=np.float32)[: len(mixed)]
            mixed[: len(ramp)] += ramp * ((before - weights) @ block[:, : len(ramp)])
        return mixed

    def _judged(self, block: Channels) -> NDArray[np.float32]:
        """The weight of each channel; those of before where there is too little to judge by."""
        changes = block[:, self._lag :] - block[:, : -self._lag]
        levels = np.sqrt(np.square(changes).sum(axis=1) / max(1, changes.shape[1]))
        loudest = levels.max()
        if loudest < QUIETEST:
            return self._signs / np.float32(2) if self._weights is None else self._weights
        self._turn(changes, np.argsort(-levels, kind="stable"))
        return self._signs / np.float32(max(2.0, float(levels.sum() / loudest)))

    def _turn(self, changes: Channels, loudest_first: NDArray[np.intp]) -> None:
        """A channel has the sign of the loudest one; the other while that would take away from the sum, from
        where it takes away much."""
        sign, total = self._signs[loudest_first[0]], np.zeros(changes.shape[1], np.float32)
        for channel in loudest_first:
            added = sign * changes[channel]
            much = OPPOSED * np.sqrt((total @ total) * (added @ added))
            least = -much if self._signs[channel] == sign else 0.0
            self._signs[channel] = sign if total @ added >= least else -sign
            total += self._signs[channel] * changes[channel]


def mixed(channels: Channels, rate: int) -> Mono:
    """A whole recording, of one channel too."""
    if len(channels) == 1:
        return channels.reshape(-1)
    downmix = Downmix(len(channels), rate)
    return np.concatenate([*downmix.feed(channels), *downmix.finish()])
