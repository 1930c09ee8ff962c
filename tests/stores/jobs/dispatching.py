"""Real dispatcher processes that tests kill: `python -m tests.stores.jobs.dispatching ADDRESS WITNESS`.

This process imports everything once and forks a dispatcher for each line it reads, and says its pid: a fresh
interpreter would take longer to start than it is given to live. At the end of its input it kills them all.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from pydantic import SecretStr

from deployments.bootstrap import build_backends
from deployments.jobs.dispatcher import Dispatcher
from deployments.local import LocalModels
from serve_app.backends import Backends
from serve_app.core.jobs import Job, JobState
from serve_app.errors import StoreUnavailable
from serve_app.flows.jobs.flow import Report
from serve_app.settings import Settings
from serve_app.stores import JsonObject, Store

KIND = "test"
CONCURRENCY = 4
LEASE_S = 1.0
ATTEMPTS = 1000
"""Kills alone never use them up."""


class Witness:
    """A file of JSON lines that all processes add to; a line is out once `tell` returns."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def tell(self, deed: str, job: Job | None = None) -> None:
        known = {"job": job.id, "attempt": job.attempt} if job else {}
        line = {"deed": deed, "by": os.getpid(), "at": time.time(), **known}
        os.write(self._file, json.dumps(line).encode() + b"\n")


class WitnessedStore:
    """A store that tells which ends were accepted, and that it was away."""

    def __init__(self, store: Store, witness: Witness) -> None:
        self._store = store
        self._witness = witness

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._store, name)

        async def told(*args: Any, **kwargs: Any) -> Any:
            try:
                return await verb(*args, **kwargs)
            except StoreUnavailable:
                self._witness.tell("away")
                raise

        return told

    async def finish(self, claimed: Job, state: JobState, **end: Any) -> bool:
        accepted: bool = await self.__getattr__("finish")(claimed, state, **end)
        self._witness.tell("accepted" if accepted else "refused", claimed)
        return accepted


async def dispatch(address: str, witness: Witness) -> None:
    """Run jobs until SIGTERM, then drain."""
    settings = Settings(
        data=Path(address).parent if "://" not in address else Path(),
        store_url=address if "://" in address else "",
        pepper=SecretStr("a pepper for tests"),
        job_lease_s=LEASE_S,
        job_attempts=ATTEMPTS,
    )

    async def work(backends: Backends, job: Job, report: Report) -> JsonObject:
        witness.tell("began", job)
        await asyncio.sleep(job.payload["seconds"])
        return {"by": os.getpid(), "attempt": job.attempt}

    backends = build_backends(settings, LocalModels({}))
    backends = replace(backends, store=cast(Store, WitnessedStore(backends.store, witness)))
    dispatcher = Dispatcher(backends, {KIND: work}, {KIND: CONCURRENCY})
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    dispatcher.start()
    await stop.wait()
    await dispatcher.drain(30.0)
    await backends.store.close()


def fork(address: str, witness: Witness) -> int:
    """The pid of a new dispatcher."""
    pid = os.fork()
    if pid == 0:
        asyncio.run(dispatch(address, witness))
        os._exit(0)
    return pid


def main(address: str, path: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever ends is gone at once
    witness = Witness(path)
    pids: list[int] = []
    for _ in sys.stdin:
        pids.append(fork(address, witness))
        sys.stdout.write(f"{pids[-1]}\n")
        sys.stdout.flush()
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main(*sys.argv[1:])
