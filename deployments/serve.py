"""`make serve`: keeps a cluster up on this machine until Ctrl-C or SIGTERM, and leaves no process behind.
`python -m deployments.serve configs/embedded.yaml`
"""

from __future__ import annotations

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from deployments.checkpoints.catalogue import Place
from deployments.checkpoints.startup import bring_weights
from deployments.config import api_row, model_rows, read_config
from deployments.demo_key import demo_key
from deployments.gateway.listener import check_port_free
from deployments.ray_cluster import environment
from serve_app.settings import Settings

if TYPE_CHECKING:
    from deployments.ray_cluster.private_cluster import PrivateCluster

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@click.command()
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(config: Path) -> None:
    """Serve CONFIG on this machine."""
    settings = prepare(config)
    try:
        check_port_free(settings.host, settings.port)
    except OSError as taken:
        problem = f"{settings.host}:{settings.port}: {os.strerror(taken.errno or 0)}"
        sys.exit(f"kaleido: cannot listen on {problem}; choose another KALEIDO_PORT")
    bring_weights(config)
    environment.prepare(settings.data)
    sys.exit(keep_up(config, settings))


def prepare(config: Path) -> Settings:
    """The API's settings, with the data folder made; every process knows it, and the folder of weights, by
    its absolute path."""
    settings = api_row(read_config(config)).build_settings()
    data = settings.data.resolve()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ["KALEIDO_DATA"] = str(data)
    os.environ["KALEIDO_MODELS"] = str(Place().folder)
    return settings.model_copy(update={"data": data})


def keep_up(config: Path, settings: Settings) -> int:
    """Start, say where, wait for a signal, stop. The exit code."""
    # Imported late: Ray reads its environment on import.
    from deployments.ray_cluster.private_cluster import PrivateCluster, StartFailed, serve_config

    schema = serve_config(read_config(config), settings.port)
    cluster = PrivateCluster(schema, dashboard=os.environ.get("KALEIDO_DASHBOARD") == "1")
    try:
        names = sum(len(row.public_names) for row in model_rows(read_config(config)))
        _start(cluster, settings, names)
        while True:
            signal.pause()
    except KeyboardInterrupt:
        click.echo("Stopping: open streams may finish ...")
        return 0
    except StartFailed as failure:
        saved = settings.data / "logs-of-failed-start"
        cluster.save_logs(saved)
        click.echo(f"kaleido: {failure}\nLogs: {saved}", err=True)
        return 1
    finally:
        _on_signals(signal.SIG_IGN)
        cluster.stop()


def _start(cluster: PrivateCluster, settings: Settings, names: int) -> None:
    """Up means: every application runs and the public API lists every public name."""
    _on_signals(_interrupt)
    cluster.start()
    _on_signals(_interrupt)
    cluster.wait_until_running(lambda: _engines(settings) >= names)
    _announce(settings, cluster)


def _announce(settings: Settings, cluster: PrivateCluster) -> None:
    url, key = f"http://{settings.host}:{settings.port}", demo_key(settings)
    click.echo(f"Kaleido Serve is up: {url}  (health: {url}/health, API: {url}/docs)")
    click.echo(f"Demo key: {key}  (in {settings.data / 'demo-key'})")
    click.echo(f"Logs: {cluster.logs}")
    if cluster.dashboard_url:
        click.echo(f"Ray dashboard: http://{cluster.dashboard_url}  (token: {settings.data / 'ray-token'})")
    sys.stdout.flush()


def _engines(settings: Settings) -> int:
    """How many engines the public API lists; -1 when it does not answer."""
    try:
        with urllib.request.urlopen(f"http://{settings.host}:{settings.port}/health", timeout=2) as answer:
            return len(json.load(answer)["engines"])
    except (OSError, ValueError, KeyError):
        return -1


def _on_signals(handler: signal.Handlers | object) -> None:
    for number in SIGNALS:
        signal.signal(number, handler)  # type: ignore[arg-type]


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """One way out for both signals. ray.init installs its own SIGTERM handler: set again after it."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
