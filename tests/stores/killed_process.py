"""A process that tests kill: `python -m tests.stores.killed_process hold|write ADDRESS ...`; a line for each
deed."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time

from tests.stores.opening import open_address


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def hold(address: str, ttl_s: float) -> None:
    """Take the only slot, say between which times, and never give it back."""
    store = open_address(address)
    before = time.time()
    assert await store.acquire("slots", "victim", limit=1, ttl_s=ttl_s)
    say(json.dumps([before, time.time()]))
    await asyncio.Event().wait()


async def write(address: str) -> None:
    """Write documents without end, and say each key once its write is acknowledged."""
    store = open_address(address)
    for key in map(str, itertools.count()):
        await store.put("things", key, {"key": key, "text": "ก" * 200})
        say(key)


if __name__ == "__main__":
    match sys.argv[1:]:
        case "hold", address, ttl_s:
            asyncio.run(hold(address, float(ttl_s)))
        case "write", address:
            asyncio.run(write(address))
