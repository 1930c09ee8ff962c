"""Recordings through engines: read, changed by a channel, sent, scored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

import click
import numpy as np

from loadtests.audio import as_wav
from loadtests.people.channel import Channel
from loadtests.people.manifest import LabelledRecording
from loadtests.people.recogniser import Heard, Transcriptions
from loadtests.people.scoring import score
from loadtests.people.tables import Result
from serve_app.core.audio.pcm import as_float
from serve_app.engines import Audio
from serve_app.errors import InvalidAudio
from serve_app.media.audio_file import AudioFile
from serve_app.media.wav import pcm16_of

LONGEST_S = 7200.0
"""As `/v1/audio/transcriptions` takes them."""
PROGRESS_EVERY = 20
"""Recordings: on one core about as many seconds."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run."""

    recordings: Sequence[LabelledRecording]
    channel: Channel
    tell_language: bool
    clients: int

    async def results(self, client: Transcriptions, engines: Sequence[str]) -> list[Result]:
        """Every recording through every engine, `clients` at a time, in order."""
        asked = list(product(engines, range(len(self.recordings))))
        waiting, done = iter(enumerate(asked)), dict[int, Result]()

        async def work() -> None:
            for turn, (engine, index) in waiting:
                done[turn] = await self._result(client, engine, index)
                if len(done) % PROGRESS_EVERY == 0:
                    click.echo(f"{len(done)} of {len(asked)}", err=True)

        await asyncio.gather(*(work() for _ in range(self.clients)))
        return [done[turn] for turn in range(len(asked))]

    async def _result(self, client: Transcriptions, engine: str, index: int) -> Result:
        recording = self.recordings[index]
        language = recording.language if self.tell_language else ""
        try:
            content = await asyncio.to_thread(self._content, index)
            heard = await client.transcribe(recording.file.name, content, engine, language)
        except InvalidAudio as unreadable:
            heard = Heard("", "", 0.0, 0.0, str(unreadable))
        return Result(engine, recording, heard, score(recording.text, heard.text, recording.language))

    def _content(self, index: int) -> bytes:
        """The file as it is, where the channel changes nothing."""
        recording = self.recordings[index]
        if self.channel.clear:
            return recording.file.read_bytes()
        voices = list(self._others(recording)) if self.channel.noise == "babble" else []
        heard = self.channel.heard_through(samples_of(recording.file), voices, seed=index)
        return as_wav(pcm16_of(heard).tobytes())

    def _others(self, recording: LabelledRecording) -> Iterator[Audio]:
        """What other people say; where there is one alone, what else is said."""
        elsewhere = [each for each in self.recordings if each.file != recording.file] or [recording]
        others = [each for each in elsewhere if each.speaker != recording.speaker] or elsewhere
        yield from (samples_of(each.file) for each in others)


@cache
def samples_of(file: Path) -> Audio:
    """16 kHz mono. Raises InvalidAudio."""
    with file.open("rb") as opened:
        recording = AudioFile(opened, max_seconds=LONGEST_S)
        try:
            return as_float(np.concatenate(list(recording.blocks())))
        finally:
            recording.close()
