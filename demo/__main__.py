"""Start the embedded cluster: live captions, subtitles, speech, reading scores, chats and a video."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import click

from demo import chat, own_recording, reading, speech, video
from demo.cluster import CONFIG, DemoFailed, Running, demo_cluster
from demo.file import subtitles
from demo.screen import CaptionLine
from deployments.checkpoints.startup import bring_weights
from loadtests import report
from loadtests.audio import utterance, wav_path
from loadtests.captions.client import StreamFailed, ThaiAsr
from loadtests.metrics import final_ms, first_partial_ms
from loadtests.recording import Recording, Utterance
from loadtests.transcripts import character_errors
from serve_app.errors import EngineNotInstalled

SCRIPT: tuple[tuple[str, str, float | None], ...] = (
    ("malee", "สวัสดีค่ะ วันนี้เราจะเรียนภาษาไทย", None),
    ("somchai", "เด็กนักเรียนอ่านหนังสือในห้องสมุด", None),
    ("malee", "พรุ่งนี้เช้าเราจะไปเที่ยวทะเลด้วยกัน", 15.0),
    ("somchai", "ขอบคุณมากครับ แล้วพบกันใหม่สัปดาห์หน้า", None),
)
"""Speaker, sentence, signal-to-noise ratio in dB. The recogniser never heard these voices in training."""
HEAD = ("speaker", "first partial ms", "final ms", "CER %", "said", "recognised")
TEXTS = (0, 4, 5)
NEXT = """\
Next:
  make serve                      keep the cluster up on port {port}, with a demo key in {data}/demo-key
  curl -s -X POST http://127.0.0.1:{port}/api/thai-asr/sessions -H "x-api-key: $(cat {data}/demo-key)"
  README.md "First call"          the same stream from your own code; docs/streaming.md has every event
  make load                       measure a running cluster; docs/measurements.md says what to expect"""


async def demo(data: Path, own: Path | None = None) -> bool:
    """The whole show, `own` a recording of the user's; True when every stream got its final.

    Raises DemoFailed, EngineNotInstalled.
    """
    spoken = own and await asyncio.to_thread(own_recording.utterance, own)
    click.echo(
        "Starting a Ray Serve cluster on this machine, and making Thai speech with the embedded voices ..."
    )
    async with demo_cluster(data) as starting:
        audio = data / "audio"
        said = await asyncio.to_thread(
            lambda: [utterance(audio, text, who, snr_db=db) for who, text, db in SCRIPT]
        )
        running = await starting
        _introduce(running)
        recordings = await _stream_all(running, said)
        if own and spoken:
            await _hear_own(running, own, spoken)
        click.echo("\nThe same speech as one file, through /v1/audio/transcriptions, as subtitles:")
        click.echo(textwrap.indent(await subtitles(running, said), "  "))
        click.echo("\nSpeech the other way round: jobs of the text-to-speech API, one in a cloned voice:")
        said_by_us = await speech.speak_all(running, data / "speech")
        click.echo(report.table(speech.HEAD, [each.row() for each in said_by_us], texts=speech.TEXTS))
        click.echo(f"\nReading scores: four pupils read {reading.REFERENCE}")
        scored = await reading.read_all(running, audio)
        click.echo(report.table(reading.HEAD, scored, texts=reading.TEXTS))
        click.echo("\nThe language model, as OpenAI's clients call it, in streams:")
        click.echo(report.table(chat.HEAD, await chat.ask_all(running), texts=chat.TEXTS))
        click.echo("\nA picture set in motion, as a job of the video API:")
        filmed, sheet = await video.film(running, data / "video")
        click.echo(report.table(video.HEAD, [filmed], texts=video.TEXTS))
        click.echo(f"Its frames: {sheet}")
        _conclude(recordings, audio)
        click.echo("\nStopping the cluster ...")
    return not any(recording.failure for recording in recordings)


async def _hear_own(running: Running, path: Path, said: Utterance) -> None:
    """As live captions, then as a file."""
    click.echo(f"\n{path} ({said.audio_ms / 1000:.1f} s), as live captions in Thai:")
    try:
        await own_recording.caption(running, said)
    except StreamFailed as failure:
        raise DemoFailed(f"{path} was not captioned: {failure}") from failure
    click.echo("The same as a file, its language found out:")
    click.echo(f"  {await own_recording.transcript(running, path)}")


async def _stream_all(running: Running, said: Sequence[Utterance]) -> list[Recording]:
    recordings = []
    async with ThaiAsr(running.url, running.key) as api:
        for each, (_, _, snr_db) in zip(said, SCRIPT, strict=True):
            noise = "" if snr_db is None else f", with noise at {snr_db:g} dB"
            click.echo(f"\n{each.speaker} says ({each.audio_ms / 1000:.1f} s{noise}): {each.reference}")
            recordings.append(await _stream(api, each))
            if recordings[-1].failure:
                click.echo(f"  failed: {recordings[-1].failure}", err=True)
    return recordings


async def _stream(api: ThaiAsr, said: Utterance) -> Recording:
    try:
        async with api.stream({"benchmark_label": "demo"}) as stream:
            return await stream.say(said, CaptionLine().show)
    except StreamFailed as failure:
        return Recording(said, failure=str(failure))


def _introduce(running: Running) -> None:
    click.echo(f"Up at {running.url}. What really runs:")
    for card in running.engines:
        click.echo(f"  {card['engine']}: {card['impl']}{f' ({note})' if (note := card['note']) else ''}")
    click.echo("The speech is synthesised too. Captions below come over the public WebSocket, in real time:")
    click.echo("words in front ([...] without a terminal) are stable, the tail may still change, = is final.")


def _conclude(recordings: Sequence[Recording], audio: Path) -> None:
    click.echo(f"\n{report.table(HEAD, map(_row, recordings), texts=TEXTS)}\n")
    click.echo(f"Measured on {report.machine()}, client and cluster together.")
    click.echo("What was streamed:")
    for who, text, snr_db in SCRIPT:
        click.echo(f"  {wav_path(audio, text, who, snr_db)}")
    port, data = os.environ.get("KALEIDO_PORT", "8000"), os.environ.get("KALEIDO_DATA", ".kaleido")
    click.echo("\n" + NEXT.format(port=port, data=data))


def _row(recording: Recording) -> tuple[report.Cell, ...]:
    said, final = recording.utterance, recording.final
    if final is None:
        return said.speaker, None, None, None, said.reference, recording.failure
    edits, characters = character_errors(said.reference, final.body["text"])
    rate = round(100 * edits / characters, 1)
    timing = (f"{latency_ms:.0f}" for latency_ms in (first_partial_ms(recording), final_ms(recording)))
    return said.speaker, *timing, rate, said.reference, final.body["text"]


async def _until_signalled(data: Path, own: Path | None) -> bool:
    """SIGTERM and a closed terminal end the demo as Ctrl-C does: in order."""
    task = asyncio.ensure_future(demo(data, own))
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


@click.command()
@click.argument("audio", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(audio: Path | None) -> None:
    """Show what the embedded cluster does; AUDIO, a recording of yours, goes through it too.

    Exit code 0 only when every stream got its final.
    """
    data = Path(os.environ.get("KALEIDO_DATA", ".kaleido")).resolve() / "demo"
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        bring_weights(CONFIG)
        sys.exit(0 if asyncio.run(_until_signalled(data, audio)) else 1)
    except (DemoFailed, EngineNotInstalled) as failure:
        sys.exit(f"demo: {failure}")
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)


if __name__ == "__main__":
    main()
