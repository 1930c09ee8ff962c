"""Eight real processes that start each piece of work at the same moment."""

from __future__ import annotations

import asyncio
import mmap
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from serve_app.auth import KeyRing, Policy
from serve_app.clock import SystemClock
from serve_app.errors import AlreadyExists, Conflict
from serve_app.flows.accounts.teams import Teams
from serve_app.stores import Store
from tests.stores.opening import open_address

SIZE = 8
START_S = 60.0
"""Eight interpreters on two busy cores take a while to start."""
HOLD_S = 0.001
"""Long against taking a slot, so that the slots are full most of the time and the others really race."""
_start: Barrier


class Crew:
    """Runs a function in all processes at once."""

    def __init__(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(SIZE, spawn, _enter, (spawn.Barrier(SIZE),))

    def run(self, work: Callable[..., Any], *args: Any) -> list[Any]:
        """What `work(number, *args)` gives in each process, number 0 to 7."""
        futures = [self._pool.submit(_together, work, number, *args) for number in range(SIZE)]
        return [future.result() for future in futures]

    def close(self) -> None:
        self._pool.shutdown()


def _enter(barrier: Barrier) -> None:
    global _start
    _start = barrier


def _together(work: Callable[..., Any], number: int, *args: Any) -> Any:
    _start.wait(START_S)  # no process can take two pieces: the first waits here for eight
    return asyncio.run(work(number, *args))


async def open_and_write(number: int, addresses: list[str]) -> int:
    """Be among the first to open each of these stores; gives how many writes went well."""
    for address in addresses:
        store = open_address(address)
        await store.put("members", str(number), {})
        await store.close()
    return len(addresses)


async def count_requests(number: int, address: str, calls: int, limit: int) -> int:
    """How many of `calls` were let through."""
    store = open_address(address)
    hits = [await store.hit("requests", limit=limit, window_s=60) for _ in range(calls)]
    await store.close()
    return sum(hit.allowed for hit in hits)


async def race_for_slots(number: int, address: str, rounds: int, witness: str) -> tuple[int, int]:
    """The most holders ever seen at once, and how often this process held a slot."""
    store = open_address(address)
    with shared_bytes(Path(witness)) as flags:
        seen = [await _hold(store, number, flags) for _ in range(rounds)]
    await store.close()
    return max(seen), sum(map(bool, seen))


@contextmanager
def shared_bytes(path: Path) -> Iterator[mmap.mmap]:
    """The first bytes of a file, which all processes see at once."""
    with path.open("r+b") as file, mmap.mmap(file.fileno(), SIZE) as flags:
        yield flags


async def _hold(store: Store, number: int, flags: mmap.mmap) -> int:
    if not await store.acquire("slots", str(number), limit=3, ttl_s=60):
        return 0
    flags[number] = 1  # each process writes a byte of its own, so the witness itself has no race
    await asyncio.sleep(HOLD_S)
    holders = sum(flags[:])
    flags[number] = 0
    await store.release("slots", str(number))
    return holders


async def increment(number: int, address: str, times: int) -> list[int]:
    """The versions this process won, adding one to a shared number each time."""
    store = open_address(address)
    won: list[int] = []
    while len(won) < times:
        found = await store.get("numbers", "n")
        assert found is not None
        try:
            body = {"n": found.body["n"] + 1}
            won.append((await store.put("numbers", "n", body, expected_version=found.version)).version)
        except Conflict:
            continue
    await store.close()
    return won


async def create(number: int, address: str, keys: list[str]) -> list[str]:
    """The documents this process was the first to create."""
    store = open_address(address)
    created: list[str] = []
    for key in keys:
        try:
            await store.put("firsts", key, {"by": number}, expected_version=0)
            created.append(key)
        except Conflict:
            continue
    await store.close()
    return created


async def make_teams(number: int, address: str, names: list[str]) -> list[str]:
    """The teams this process was the first to make, under the same names in another case."""
    store = open_address(address)
    teams = Teams(store, KeyRing(store, b"pepper", SystemClock()))
    made: list[str] = []
    for name in names:
        try:
            await teams.create(name.upper() if number % 2 else name, "o@x.example", "default", Policy())
            made.append(name)
        except AlreadyExists:
            continue
    await store.close()
    return made


async def add_up(number: int, address: str, times: int) -> None:
    """Adds of its own, and events that all processes report."""
    store = open_address(address)
    for event in range(times):
        await store.add("audio", 0.02, ttl_s=60)
        await store.add("usage", 1.5, ttl_s=60, once=str(event))
    await store.close()
