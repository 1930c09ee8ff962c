"""The server's processes as the operating system sees them; local servers only."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psutil

LOCAL_HOSTS = {"127.0.0.1", "localhost", "::1", "0.0.0.0"}
LOOK_S = 0.01
"""Pause between two looks: what is measured lasts a hundred times as long."""


class NoServer(Exception):
    """Nobody listens there on this machine; the message is for the operator."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a process holds."""

    rss_mib: float
    files: int
    threads: int
    sockets: int
    """Established connections on the public port."""


def listening_at(url: str) -> psutil.Process | None:
    """The process that listens on the URL's port; None for another host or when nobody does."""
    address = urlsplit(url)
    if address.hostname not in LOCAL_HOSTS:
        return None
    for connection in psutil.net_connections("tcp"):
        listens = connection.status == psutil.CONN_LISTEN and connection.laddr.port == address.port
        if listens and connection.pid:
            return psutil.Process(connection.pid)
    return None


def footprint(process: psutil.Process, port: int) -> Footprint:
    """What the process that listens on `port` holds now."""
    connections = process.net_connections("tcp")
    return Footprint(
        process.memory_info().rss / 2**20,
        process.num_fds(),
        process.num_threads(),
        sum(each.status == psutil.CONN_ESTABLISHED and each.laddr.port == port for each in connections),
    )


class CpuMeter:
    """CPU seconds of a process since the meter was made."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._cpu_s = self._used()
        self._began = time.monotonic()

    def seconds(self) -> float:
        """User and system time."""
        return self._used() - self._cpu_s

    def cores(self) -> float:
        """CPU seconds per second of wall time."""
        return self.seconds() / (time.monotonic() - self._began)

    def _used(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


@dataclass(slots=True)
class Memory:
    """Resident memory of a process in MiB, looked at again and again."""

    process: psutil.Process
    base: float = field(init=False)
    peak: float = field(init=False)

    def __post_init__(self) -> None:
        self.base = self.peak = self.now()

    def now(self) -> float:
        """At this moment."""
        return float(self.process.memory_info().rss) / 2**20

    async def watch(self) -> None:
        """Keep the peak, until cancelled."""
        while True:
            self.peak = max(self.peak, self.now())
            await asyncio.sleep(LOOK_S)


def titled(title: str) -> list[psutil.Process]:
    """Processes of this machine whose title contains this, as Ray names its replicas."""
    found = psutil.process_iter(["cmdline"])
    return [process for process in found if title in " ".join(process.info["cmdline"] or ())]
