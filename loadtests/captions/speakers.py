"""Many people talking at once, in real time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from itertools import cycle
from typing import Protocol

import click
import psutil

from loadtests.captions.client import StreamFailed
from loadtests.metrics import Summary, summarise
from loadtests.processes import CpuMeter, listening_at
from loadtests.recording import Recording, Utterance
from loadtests.search import largest

STAGGER_S = 3.0
"""Streams begin spread over one utterance, so that their finals do not all fall on the same moment."""
PAUSE_S = 0.5
"""Between two utterances of one speaker, and before a failed stream comes back."""


@dataclass(frozen=True, slots=True)
class Load:
    """How many speak for how long."""

    streams: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    load: Load
    summary: Summary
    generator_cores: float
    """CPU of this process; near 1 it measures itself."""
    gateway_cores: float | None


class Stream(Protocol):
    """One socket on which utterance after utterance is said."""

    async def say(self, utterance: Utterance) -> Recording:
        """Stream an utterance in real time and wait for its end."""
        ...

    async def reset(self) -> None:
        """Make ready for the next one."""
        ...


class CaptionService(Protocol):
    """A server of live captions: ours, or a peer."""

    def stream(self) -> AbstractAsyncContextManager[Stream]:
        """A stream that is ready for audio. Raises StreamFailed."""
        ...


class Speaker:
    """One caller: utterance after utterance on one socket; a lost socket is written down and opened again."""

    def __init__(self, api: CaptionService, said: Sequence[Utterance], until_ns: int) -> None:
        self._api = api
        self._said = cycle(said)
        self._until_ns = until_ns
        self.recordings: list[Recording] = []

    async def talk(self, delay_s: float) -> None:
        """Talk until the time is up."""
        await asyncio.sleep(delay_s)
        while self._has_time:
            try:
                async with self._api.stream() as stream:
                    await self._converse(stream)
            except StreamFailed as failure:
                self.recordings.append(Recording(next(self._said), failure=str(failure)))
            await asyncio.sleep(PAUSE_S)

    async def _converse(self, stream: Stream) -> None:
        while self._has_time:
            self.recordings.append(await stream.say(next(self._said)))
            if self.recordings[-1].failure:
                return
            await stream.reset()
            await asyncio.sleep(PAUSE_S)

    @property
    def _has_time(self) -> bool:
        return time.monotonic_ns() < self._until_ns


async def run(api: CaptionService, url: str, said: Sequence[Utterance], load: Load) -> Outcome:
    """What many speakers got, and what it cost the processes here and at `url`."""
    generator, gateway = CpuMeter(psutil.Process()), _gateway_meter(url)
    recordings = await talk_together(api, said, load)
    return Outcome(load, summarise(recordings), generator.cores(), gateway.cores() if gateway else None)


async def talk_together(api: CaptionService, said: Sequence[Utterance], load: Load) -> list[Recording]:
    """Let `load.streams` speakers talk until `load.seconds` after the last one began.

    Gives the utterances that were begun under the full load.
    """
    stagger_s = min(STAGGER_S, load.seconds)
    full_ns = time.monotonic_ns() + int(stagger_s * 1e9)
    until_ns = full_ns + int(load.seconds * 1e9)
    speakers = [
        Speaker(api, [*said[turn % len(said) :], *said[: turn % len(said)]], until_ns)
        for turn in range(load.streams)
    ]
    delays = (index * stagger_s / load.streams for index in range(load.streams))
    await asyncio.gather(*(speaker.talk(delay_s) for speaker, delay_s in zip(speakers, delays, strict=True)))
    recordings = [recording for speaker in speakers for recording in speaker.recordings]
    return [each for each in recordings if each.failure or each.due_ns >= full_ns]


async def search(measure: Callable[[Load], Awaitable[Outcome]], seconds: float) -> list[Outcome]:
    """Every step towards the largest number of streams that holds all targets."""
    steps: list[Outcome] = []

    async def holds(streams: int) -> bool:
        steps.append(await measure(Load(streams, seconds)))
        held = steps[-1].summary.held
        click.echo(f"{streams:5d} streams: {'held' if held else 'not held'}", err=True)
        return held

    await largest(holds)
    return steps


def best(steps: Sequence[Outcome]) -> Outcome:
    """The largest load that held; the smallest that was tried when none did."""
    held = [step for step in steps if step.summary.held]
    return max(held, key=_streams) if held else min(steps, key=_streams)


def _streams(outcome: Outcome) -> int:
    return outcome.load.streams


def _gateway_meter(url: str) -> CpuMeter | None:
    process = listening_at(url)
    return CpuMeter(process) if process else None
