"""Plays the same speech to a WhisperLiveKit server whose recogniser is our `/v1/audio/transcriptions`.

The engine is the same on both sides, so that only the streaming layers differ. docs/measurements.md says how
to start the peer. `python -m loadtests.captions.peer --peer ws://127.0.0.1:48110/asr --streams 4`
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
import httpx

from loadtests import report, words
from loadtests.audio import as_wav, corpus
from loadtests.captions.client import PATIENCE_S
from loadtests.captions.speakers import Load, talk_together
from loadtests.captions.whisperlivekit import WhisperLiveKit, Words
from loadtests.metrics import Distribution, final_ms
from loadtests.recording import Recording, Utterance
from loadtests.team import load_test_team
from serve_app.cli.operation import FiniteRange

UTTERANCES = 16

Row = tuple[str, float, float | None]
"""Name, median or share, 95th percentile; times in milliseconds."""


class Transcriptions:
    """Our endpoint, asked directly: the words of each utterance, and how much audio was decoded so far."""

    def __init__(self, url: str, key: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, headers={"x-api-key": key}, timeout=PATIENCE_S)

    async def words(self, utterance: Utterance) -> Words:
        """The engine's words with their times. Raises httpx.HTTPError."""
        form = {"model": "whisper-1", "language": "th", "response_format": "verbose_json"}
        answer = await self._http.post(
            "/v1/audio/transcriptions",
            data={**form, "timestamp_granularities[]": "word"},
            files={"file": ("speech.wav", as_wav(utterance.pcm), "audio/wav")},
        )
        found = answer.raise_for_status().json()["words"]
        return [{"text": word["word"], "start": word["start"], "end": word["end"]} for word in found]

    async def decoded_s(self) -> float:
        """Seconds of audio that the key's team had decoded today. Raises httpx.HTTPError."""
        answer = await self._http.get("/api/thai-asr/config")
        return float(answer.raise_for_status().json()["limits"]["today_audio_seconds_used"])

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()


def figures(recordings: Sequence[Recording], decoded_s: float) -> list[Row]:
    """Rows of name, median (or share) and 95th percentile; times in milliseconds."""
    done = [recording for recording in recordings if not recording.failure]
    pairs = [pair for recording in done for pair in words.latencies(recording)]
    timed = {
        "word first correct": tuple(first for first, _ in pairs),
        "word committed": tuple(commit for _, commit in pairs),
        "final": tuple(map(final_ms, done)),
    }
    rows: list[Row] = []
    for name, values in timed.items():
        found = Distribution(name, values)
        rows.append((name, found.percentile(50), found.percentile(95)))
    sent_s = sum(recording.utterance.audio_ms for recording in recordings) / 1000
    rows.append(("false-commit rate", _share(words.false_commits(each) for each in done), None))
    rows.append(("unstable partial word ratio", _share(words.unstable(each) for each in done), None))
    return [
        *rows,
        ("audio decoded / sent", decoded_s / sent_s, None),
        ("failed", len(recordings) - len(done), None),
    ]


def _share(shares: Iterable[tuple[int, int]]) -> float:
    parts, wholes = map(sum, zip(*shares, strict=True))
    return parts / wholes if wholes else 0.0


async def measure(url: str, peer: str, data: Path, load: Load) -> list[Row]:
    """One run. The key that the peer was started with must belong to the load-test team."""
    said = corpus(data / "loadtest-audio", UTTERANCES)
    async with load_test_team(data) as team:
        ours = Transcriptions(url, team.key)
        try:
            service = WhisperLiveKit(peer, {each.pcm: await ours.words(each) for each in said})
            before = await ours.decoded_s()
            recordings = await talk_together(service, said, load)
            return figures(recordings, await ours.decoded_s() - before)
        finally:
            await ours.close()


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--peer", default="ws://127.0.0.1:48110/asr", show_default=True)
@click.option("--data", default=".kaleido", show_default=True, type=click.Path(path_type=Path))
@click.option("--streams", default=4, show_default=True, type=click.IntRange(1))
@click.option("--seconds", default=20.0, show_default=True, type=FiniteRange(1))
def main(url: str, peer: str, data: Path, streams: int, seconds: float) -> None:
    """Stream Thai speech in real time to a WhisperLiveKit server and print how it answered."""
    rows = asyncio.run(measure(url, peer, data, Load(streams, seconds)))
    print(f"{streams} streams, {seconds:g} s, on {report.machine()}\n")
    print(report.table(("metric", "p50 or share", "p95"), rows))


if __name__ == "__main__":
    main()
