"""Requests on kept connections, as fast as the server answers: wrk where it is installed, else httpx."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from loadtests.metrics import Distribution

TO_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
P50 = re.compile(r"^\s+50%\s+([\d.]+)(us|ms|s)$", re.MULTILINE)
PER_SECOND = re.compile(r"^Requests/sec:\s+([\d.]+)$", re.MULTILINE)
REFUSED = re.compile(r"^\s+Non-2xx or 3xx responses: (\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked for."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """How it was answered."""

    p50_ms: float
    per_second: float
    refused: int


async def load(target: Target, connections: int, seconds: int) -> Answered:
    """Keep `connections` busy for `seconds`."""
    if wrk := shutil.which("wrk"):
        return await _wrk(wrk, target, connections, seconds)
    return await _httpx(target, connections, seconds)


def parse_wrk(text: str) -> Answered:
    """wrk's report. Raises ValueError when it is none."""
    p50, per_second, refused = P50.search(text), PER_SECOND.search(text), REFUSED.search(text)
    if p50 is None or per_second is None:
        raise ValueError(f"wrk did not report: {text}")
    return Answered(float(p50[1]) * TO_MS[p50[2]], float(per_second[1]), int(refused[1]) if refused else 0)


async def _wrk(wrk: str, target: Target, connections: int, seconds: int) -> Answered:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f"wrk.method = '{target.method}'\nwrk.body = [[{target.body}]]\n")
        script.flush()
        headers = [part for name, value in target.headers.items() for part in ("-H", f"{name}: {value}")]
        command = [wrk, "--latency", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script.name]
        process = await asyncio.create_subprocess_exec(
            *command, *headers, target.url, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
    return parse_wrk(output.decode())


async def _httpx(target: Target, connections: int, seconds: int) -> Answered:
    """Its own cost is most of what it measures: good for comparing two servers, not for absolute figures."""
    took: list[float] = []
    refused = 0
    until = time.monotonic() + seconds

    async def one(client: httpx.AsyncClient) -> None:
        nonlocal refused
        while (began := time.monotonic()) < until:
            reply = await client.request(target.method, target.url, content=target.body or None)
            took.append((time.monotonic() - began) * 1000)
            refused += not reply.is_success

    async with httpx.AsyncClient(headers=dict(target.headers)) as client:
        await asyncio.gather(*(one(client) for _ in range(connections)))
    return Answered(Distribution("http", tuple(took)).percentile(50), len(took) / seconds, refused)
