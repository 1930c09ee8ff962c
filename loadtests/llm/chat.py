"""Time to first token, time between tokens, tokens and requests per second, and what an overload is told.

python -m loadtests.llm.chat --url http://127.0.0.1:8000 --data .kaleido --clients 1 --clients 8 --clients 32
    [--peer bare=http://127.0.0.1:8001/v1] [--peer litellm=http://127.0.0.1:4000/v1]

Peers serve the same model and are measured in turn with ours, so that all see the same machine.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import click

from loadtests import report
from loadtests.llm.client import Answer, Target, ask
from loadtests.metrics import Distribution
from loadtests.team import NoServerData, load_test_team
from serve_app.errors import KaleidoError

PROMPT = "Write a short story about a school in the mountains of northern Thailand."
HEAD = (
    "server", "clients", "requests", "requests / s", "tokens / s", "first token p50 ms", "p95",
    "between tokens p50 ms", "p95", "429", "failed", "longest wait s",
)  # fmt: skip
SHOWN = (50, 95)
PATIENCE = aiohttp.ClientTimeout(total=None, sock_read=120)


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    url: str
    data: Path
    model: str
    peers: Mapping[str, str]
    peer_key: str
    clients: Sequence[int]
    requests: int
    max_tokens: int
    rounds: int
    json: Path | None

    @property
    def body(self) -> dict[str, Any]:
        """What every request asks for: as many tokens as may be, where the server lets it go on."""
        messages = [{"role": "user", "content": PROMPT}]
        return {"messages": messages, "max_tokens": self.max_tokens, "temperature": 0.8}


@dataclass(frozen=True, slots=True)
class Run:
    """All answers of one server to one number of clients."""

    target: str
    clients: int
    seconds: float
    answers: Sequence[Answer]

    def row(self) -> tuple[report.Cell, ...]:
        """The cells below HEAD."""
        done = [answer for answer in self.answers if answer.complete]
        told = [
            answer for answer in done if answer.arrivals_ms
        ]  # a random model may end before its first text
        statuses = Counter(answer.status for answer in self.answers)
        times = [answer.first_token_ms for answer in told], [answer.inter_token_ms for answer in told]
        shown = [
            Distribution("", tuple(found)).percentile(q) if told else None for found in times for q in SHOWN
        ]
        tokens = sum(answer.tokens for answer in done)
        failed = len(self.answers) - len(done) - statuses[429]
        longest = max(answer.longest_wait_ms for answer in self.answers) / 1000
        per_second = len(done) / self.seconds, tokens / self.seconds
        return self.target, self.clients, len(done), *per_second, *shown, statuses[429], failed, longest


async def measure(target: Target, clients: int, options: Options) -> Run:
    """Let `clients` ask again and again, each as soon as it has its answer."""
    turns = iter(range(max(options.requests, 2 * clients)))
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=PATIENCE) as http:
        await ask(http, target, options.body)  # opens what is opened once

        async def client() -> list[Answer]:
            return [await ask(http, target, options.body) for _ in turns]

        started = time.perf_counter()
        answers = await asyncio.gather(*(client() for _ in range(clients)))
        seconds = time.perf_counter() - started
    return Run(target.name, clients, seconds, [answer for each in answers for answer in each])


async def _main(options: Options) -> report.Table:
    async with load_test_team(options.data) as team:
        ours = Target("ours", f"{options.url}/api/llm/v1", team.key, options.model)
        peers = [Target(name, url, options.peer_key, options.model) for name, url in options.peers.items()]
        runs = [
            await measure(target, clients, options)
            for clients in options.clients
            for _ in range(options.rounds)
            for target in (ours, *peers)
        ]
    return HEAD, [run.row() for run in runs]


def _peers(context: click.Context, parameter: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    return dict(peer.split("=", 1) for peer in given)


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--data", default=".kaleido", show_default=True, type=click.Path(path_type=Path))
@click.option("--model", default="qwen3-4b", show_default=True)
@click.option("--peer", "peers", multiple=True, callback=_peers, help="NAME=BASE_URL of another server.")
@click.option("--peer-key", default="none", help="Bearer token for the peers.")
@click.option("--clients", multiple=True, default=(1, 8, 32), show_default=True, type=click.IntRange(1))
@click.option("--requests", default=64, show_default=True, type=click.IntRange(1))
@click.option("--max-tokens", default=64, show_default=True, type=click.IntRange(1))
@click.option("--rounds", default=1, show_default=True, type=click.IntRange(1))
@click.option("--json", type=click.Path(path_type=Path, dir_okay=False))
def main(**given: Any) -> None:
    """Stream answers from a running server and print how fast they came."""
    options = Options(**given)
    try:
        table = asyncio.run(_main(options))
    except (NoServerData, KaleidoError) as failure:
        sys.exit(f"loadtests: {failure}")
    report.publish({"streamed answers": table}, options.json)


if __name__ == "__main__":
    main()
