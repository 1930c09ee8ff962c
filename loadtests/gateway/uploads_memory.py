"""What many large uploads at once cost the gateway: they are to go to disk, not into its memory (OUT-002).

python -m loadtests.gateway.uploads_memory --url http://127.0.0.1:8000 --data .kaleido [--clients 50] [--mib
10]
"""

from __future__ import annotations

import asyncio
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import httpx

from loadtests import report
from loadtests.audio import as_wav
from loadtests.processes import Memory, listening_at
from loadtests.team import NoServerData, load_test_team
from serve_app.errors import KaleidoError

TEXT = "สวัสดีครับ"
PATIENCE_S = 300.0
SETTLE_S = 5.0


async def upload(http: httpx.AsyncClient, wav: bytes) -> float:
    """Hand in one reading, not waiting for its score; seconds until it is queued."""
    started = time.perf_counter()
    answer = await http.post(
        "/api/reading-score",
        data={"reference_text": TEXT, "include_pronunciation": "false"},
        files={"student_audio": ("reading.wav", io.BytesIO(wav), "audio/wav")},
        headers={"prefer": "respond-async"},
    )
    answer.raise_for_status()
    return time.perf_counter() - started


async def measure(
    http: httpx.AsyncClient, memory: Callable[[], Memory], clients: int, wav: bytes
) -> report.Table:
    """All at once, after one alone that takes what a first upload costs."""
    await upload(http, wav)
    watched = memory()
    watching = asyncio.create_task(watched.watch())
    seconds = await asyncio.gather(*(upload(http, wav) for _ in range(clients)))
    watching.cancel()
    await asyncio.sleep(SETTLE_S)
    rows: list[tuple[report.Cell, ...]] = [
        ("uploads, MiB each", f"{clients}, {len(wav) / 2**20:.0f}"),
        ("before, MiB", watched.base),
        ("peak, MiB", watched.peak),
        ("growth, MiB", watched.peak - watched.base),
        (f"after {SETTLE_S:g} s, MiB", watched.now()),
        ("last one queued after s", max(seconds)),
    ]
    return ("gateway", "value"), rows


async def _main(url: str, data: Path, clients: int, mib: int) -> dict[str, report.Table]:
    process = listening_at(url)
    if process is None:
        raise NoServerData(f"nobody listens at {url} on this machine")
    silence = as_wav(bytes(mib * 2**20))  # nobody has to recognise it; a gateway does not listen
    async with (
        load_test_team(data) as team,
        httpx.AsyncClient(
            base_url=url,
            headers={"x-api-key": team.key},
            timeout=PATIENCE_S,
            limits=httpx.Limits(max_connections=clients),
        ) as http,
    ):
        return {"memory": await measure(http, lambda: Memory(process), clients, silence)}


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--data", default=".kaleido", show_default=True, type=click.Path(path_type=Path))
@click.option("--clients", default=50, show_default=True, type=click.IntRange(1))
@click.option("--mib", default=10, show_default=True, type=click.IntRange(1))
@click.option("--json", type=click.Path(path_type=Path, dir_okay=False))
def main(url: str, data: Path, clients: int, mib: int, json: Path | None) -> None:
    """Upload large recordings at once and print the memory of the gateway."""
    try:
        tables = asyncio.run(_main(url, data, clients, mib))
    except (NoServerData, httpx.HTTPError, KaleidoError) as failure:
        sys.exit(f"loadtests: {failure}")
    report.publish(tables, json)


if __name__ == "__main__":
    main()
