"""Clients that leave in the middle of an answer: does the engine stop, and are their places free?

python -m loadtests.llm.leavers --url http://127.0.0.1:8000 --data .kaleido --clients 200

Runs on the machine of a cluster that `make serve` started: only the engine itself knows what it generates.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import click
import psutil

from loadtests import report
from loadtests.llm.client import Target
from loadtests.processes import NoServer, listening_at
from loadtests.team import NoServerData, load_test_team

POLL_S = 0.01
PATIENCE_S = 30.0
LONG = {"messages": [{"role": "user", "content": "Count from one to a thousand."}], "max_tokens": 900}
HEAD = ("clients", "saw text", "refused (429)", "most at once in the engine", "nothing left after s")


async def leave(http: aiohttp.ClientSession, target: Target) -> int:
    """Ask for a long answer, and go once its first text is there; the status."""
    body = {**LONG, "model": target.model, "stream": True}
    headers = {"authorization": f"Bearer {target.key}"}
    async with http.post(f"{target.url}/chat/completions", json=body, headers=headers) as response:
        if response.status == 200:
            async for line in response.content:
                if b'"content":"' in line:
                    break
        response.close()  # the connection with it: nothing is read to the end
        return response.status


class Engine:
    """The model's application, seen from inside the cluster."""

    def __init__(self, url: str, data: Path, model: str) -> None:
        gateway = listening_at(url)
        if gateway is None:
            raise NoServer(f"Nobody listens at {url} on this machine.")
        raylet = next(each for each in gateway.parents() if "raylet" in each.name())
        address = re.search(r"--gcs-address=(\S+)", " ".join(raylet.cmdline()))
        assert address, "a raylet knows its cluster"
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN_PATH=str((data / "ray-token").resolve()))
        # Imported late: Ray reads its token's place when it is imported.
        import ray
        from ray import serve

        ray.init(address=address[1], namespace="serve", log_to_driver=False)
        self._handle = serve.get_app_handle(f"llm-{model}")

    async def idle(self) -> None:
        """Return once nothing is generated."""
        while await self.running():
            pass

    async def running(self) -> int:
        """Generations in it now."""
        return int(await self._handle.running.remote())


async def _main(url: str, data: Path, model: str, clients: int) -> report.Table:
    engine, most = Engine(url, data, model), 0
    async with load_test_team(data) as team, aiohttp.ClientSession() as http:
        target = Target("ours", f"{url}/api/llm/v1", team.key, model)
        leaving = asyncio.gather(*(leave(http, target) for _ in range(clients)))
        while not leaving.done():
            most = max(most, await engine.running())
            await asyncio.sleep(POLL_S)
        statuses, began = await leaving, time.perf_counter()
        await asyncio.wait_for(engine.idle(), PATIENCE_S)
        left_s = time.perf_counter() - began
    return HEAD, [(clients, statuses.count(200), statuses.count(429), most, left_s)]


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--data", default=".kaleido", show_default=True, type=click.Path(path_type=Path))
@click.option("--model", default="qwen3-4b", show_default=True)
@click.option("--clients", default=200, show_default=True, type=click.IntRange(1))
def main(**given: Any) -> None:
    """Leave many answers in the middle and wait until the engine has stopped."""
    try:
        table = asyncio.run(_main(**given))
    except (NoServer, NoServerData, TimeoutError, psutil.Error) as failure:
        sys.exit(f"loadtests: {failure or 'generations are left'}")
    report.show_tables({"left in the middle": table})


if __name__ == "__main__":
    main()
