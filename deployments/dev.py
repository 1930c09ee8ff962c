"""`make dev`: the API, its models and what runs its jobs in this one process, without a cluster.

`python -m deployments.dev configs/embedded.yaml`
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import uvloop

from deployments.bootstrap import build_backends
from deployments.checkpoints.startup import bring_weights
from deployments.config import DispatcherArgs, api_row, dispatcher_rows, model_rows, read_config
from deployments.demo_key import demo_key
from deployments.gateway.listener import Listener, check_port_free
from deployments.jobs.dispatcher import Dispatcher
from deployments.local import LocalModels
from deployments.logs import log_to_stderr
from serve_app.app import create_app
from serve_app.errors import EngineNotInstalled
from serve_app.flows.job_registry import FLOWS
from serve_app.settings import Settings


@click.command()
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(config: Path) -> None:
    """Serve the models and the API of CONFIG in this process."""
    log_to_stderr()
    rows = read_config(config)
    settings = api_row(rows).build_settings()
    try:
        check_port_free(settings.host, settings.port)
        bring_weights(config)
        models = LocalModels.load(model_rows(rows))
    except (OSError, ValueError, EngineNotInstalled) as problem:
        sys.exit(f"kaleido: {problem}")
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = demo_key(settings)
    # As in a Serve replica, whose event loop is uvloop too.
    uvloop.run(serve(settings, models, dispatcher_rows(rows), key))


async def serve(
    settings: Settings, models: LocalModels, dispatchers: Sequence[DispatcherArgs], key: str
) -> None:
    """Serve until Ctrl-C or SIGTERM, then drain."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as cleanup:
        cleanup.callback(models.close)
        await models.start()
        backends = build_backends(settings, models)
        cleanup.push_async_callback(backends.close)
        for row in dispatchers:
            dispatcher = Dispatcher(backends, FLOWS, row.concurrency)
            dispatcher.start()
            cleanup.push_async_callback(dispatcher.drain, row.drain_s)
        listener = Listener.of(create_app(backends), settings)
        await listener.start()
        cleanup.push_async_callback(listener.drain, settings.drain_s)
        click.echo(f"Kaleido Serve (one process) is up: http://{settings.host}:{settings.port}")
        click.echo(f"Demo key: {key}")
        await stop.wait()


if __name__ == "__main__":
    main()
