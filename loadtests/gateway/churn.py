"""Opens and drops sessions at random points, then looks whether the server has forgotten them.

    python -m loadtests.gateway.churn --url http://127.0.0.1:8000 --data .kaleido --sessions 1000

Afterwards the team holds no session slot within the lease time (QUO-009), the gateway no socket, and no more
files and threads than before; its memory has stopped growing.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import click
import psutil

from loadtests import report
from loadtests.audio import corpus
from loadtests.captions.client import StreamFailed, ThaiAsr
from loadtests.gateway.drops import churn, drops
from loadtests.processes import Footprint, NoServer, footprint, listening_at
from loadtests.recording import Utterance
from loadtests.team import LoadTestTeam, NoServerData, load_test_team
from serve_app.errors import KaleidoError

WARM_UP = 100
"""Sessions before the first look: caches, thread pools and the allocator reach their working size."""
LEASE_S = 30.0
"""A slot must be free within the lease time (QUO-009)."""
SLACK = 8
"""Files and threads: a thread pool may still grow a little, and Ray holds a few connections of its own."""
ROUNDS = 10
"""Memory is read after each: an allocator reaches a plateau, a leak keeps its slope."""
LEAKED_KIB = 16.0
"""Growth per session over the last half. A session that stays behind keeps at least its audio buffer of
32 KiB (serve_app.core.audio.pcm), so this is every second session."""
POLL_S = 0.2
HEAD = ("held by the server", "before", "after", "allowed", "held")


@dataclass(frozen=True, slots=True)
class Gateway:
    """The server process under test."""

    process: psutil.Process
    port: int

    def footprint(self) -> Footprint:
        """What it holds now."""
        return footprint(self.process, self.port)


@dataclass(frozen=True, slots=True)
class Settled:
    """The server after its last client has gone."""

    footprint: Footprint
    slots: int
    seconds: float
    """How long it took to let everything go, at most the lease time."""


async def settled(team: LoadTestTeam, gateway: Gateway) -> Settled:
    """Wait until no slot and no socket is held, or the lease time is over."""
    began = time.monotonic()
    while True:
        slots, held, seconds = await team.sessions_held(), gateway.footprint(), time.monotonic() - began
        if seconds >= LEASE_S or (not slots and not held.sockets):
            return Settled(held, slots, seconds)
        await asyncio.sleep(POLL_S)


def rows(rounds: Sequence[Settled], sessions: int) -> list[tuple[report.Cell, ...]]:
    """What is held, before and after, what is allowed, and whether that was kept."""
    before, after = rounds[0], rounds[-1]
    then, now = before.footprint, after.footprint
    limits = (
        ("session slots", before.slots, after.slots, 0),
        ("sockets", then.sockets, now.sockets, 0),
        ("files", then.files, now.files, then.files + SLACK),
        ("threads", then.threads, now.threads, then.threads + SLACK),
        ("memory KiB per session, last half", None, growth_kib(rounds, sessions), LEAKED_KIB),
        ("seconds until all was let go", before.seconds, after.seconds, LEASE_S),
    )
    return [(*row, row[2] <= row[3]) for row in limits]


def growth_kib(rounds: Sequence[Settled], sessions: int) -> float:
    """Resident memory gained per session over the last half of the sessions.

    The median slope between any two rounds (Theil 1950, Sen 1968): one round in which the allocator took or
    gave back a few megabytes does not look like a leak, nor hide one.
    """
    memory = [each.footprint.rss_mib for each in rounds[len(rounds) // 2 :]]
    slopes = [(memory[b] - memory[a]) / (b - a) for a, b in combinations(range(len(memory)), 2)]
    return median(slopes) * 1024 * ROUNDS / sessions


async def run(url: str, key: str, said: Sequence[Utterance], count: int, seed: int) -> Mapping[str, int]:
    """Some drops with a client of their own, so that no kept connection of ours is counted."""
    async with ThaiAsr(url, key) as api:
        return await churn(api, said, drops(count, seed))


async def _main(url: str, data: Path, sessions: int) -> dict[str, report.Table]:
    process, port = listening_at(url), urlsplit(url).port
    if process is None or port is None:
        raise NoServer(f"nobody listens at {url} on this machine, so its memory cannot be read")
    gateway, said = Gateway(process, port), corpus(data / "loadtest-audio", 4)
    async with load_test_team(data) as team:
        await run(url, team.key, said, WARM_UP, seed=0)
        rounds, surprises = [await settled(team, gateway)], Counter[str]()
        began = time.monotonic()
        for seed in range(1, ROUNDS + 1):
            surprises.update(await run(url, team.key, said, sessions // ROUNDS, seed))
            rounds.append(await settled(team, gateway))
        took_s = time.monotonic() - began
    memory = [(f"memory MiB after round {at}", each.footprint.rss_mib) for at, each in enumerate(rounds)]
    counted = [("sessions", sessions), ("seconds", took_s), *memory, *surprises.items()]
    return {"leaks": (HEAD, rows(rounds, sessions)), "run": (("what", "value"), counted)}


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--data", default=".kaleido", show_default=True, type=click.Path(path_type=Path))
@click.option("--sessions", default=1000, show_default=True, type=click.IntRange(1))
@click.option("--json", type=click.Path(path_type=Path, dir_okay=False))
def main(url: str, data: Path, sessions: int, json: Path | None) -> None:
    """Print what the server still holds after many dropped sessions."""
    try:
        tables = asyncio.run(_main(url, data, sessions))
    except (NoServerData, NoServer, StreamFailed, KaleidoError) as failure:
        sys.exit(f"loadtests: {failure}")
    report.publish(tables, json)
    sys.exit(0 if all(row[-1] for row in tables["leaks"][1]) else 1)


if __name__ == "__main__":
    main()
