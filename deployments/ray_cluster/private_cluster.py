"""A private Ray on this machine with one Serve config on it."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import ray
from ray import serve
from ray.serve.context import _get_global_client
from ray.serve.schema import ApplicationStatus, ServeDeploySchema

OBJECT_STORE_BYTES = 100 * 1024 * 1024
"""Only speech and long utterances pass through it, a few megabytes each."""
START_TIMEOUT_S = 180.0
"""A first start on a slow disk reads a few hundred megabytes; a warm laptop needs about 10 s."""
POLL_S = 0.1
CAUSES = ("Error", "NotInstalled", "Unavailable")
FAILED = {ApplicationStatus.DEPLOY_FAILED, ApplicationStatus.UNHEALTHY}


class StartFailed(Exception):
    """The cluster did not come up; the message is for the operator."""


def serve_config(config: dict[str, Any], port: int) -> ServeDeploySchema:
    """A config file as Serve knows it. `port` matters only where the API stands behind Serve's own proxy."""
    schema = ServeDeploySchema.model_validate(config)
    schema.http_options.port = port
    return schema


class PrivateCluster:
    """Starts Ray for this process alone and deploys a native Serve config, as `serve deploy` would."""

    def __init__(self, config: ServeDeploySchema, *, dashboard: bool = False) -> None:
        self._config = config
        self._dashboard = dashboard
        self.dashboard_url = ""
        # Unix socket paths are limited to about 100 characters, so this cannot live in the data folder.
        self._temp = Path(tempfile.mkdtemp(prefix="kaleido-", dir="/tmp"))

    @property
    def logs(self) -> Path:
        """Where Ray and Serve write their logs while the cluster lives."""
        return self._temp / "session_latest" / "logs"

    def start(self) -> None:
        """Start Ray and hand the config to Serve; returns before the applications run."""
        logging.getLogger("ray.serve").setLevel(logging.WARNING)
        context = ray.init(
            address="local",
            _temp_dir=str(self._temp),
            include_dashboard=self._dashboard,
            log_to_driver=False,
            logging_level=logging.WARNING,
            object_store_memory=OBJECT_STORE_BYTES,
        )
        self.dashboard_url = (self._dashboard and context.dashboard_url) or ""
        serve.start(
            proxy_location=self._config.proxy_location,
            http_options=self._config.http_options.model_dump(),
            logging_config=self._config.logging_config,
        )
        # What `serve run` calls; the public `serve deploy` needs Ray's dashboard.
        client = _get_global_client()
        assert client is not None, "serve.start connects"
        client.deploy_apps(self._config)

    def wait_until_running(self, answers: Callable[[], bool]) -> None:
        """Wait for every application to run and for the API to answer. Raises StartFailed."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            waiting = self._waiting_for()
            if not waiting and answers():
                return
            time.sleep(POLL_S)
        missing = ", ".join(waiting) or "the API"
        raise StartFailed(f"not up after {START_TIMEOUT_S:.0f} s, waiting for {missing}")

    def save_logs(self, folder: Path) -> None:
        """Copy the logs to a folder that outlives the cluster; replaces what is there."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.logs, folder, ignore_dangling_symlinks=True)

    def stop(self) -> None:
        """Drain the gateway, stop everything, remove Ray's temporary files."""
        # Ray reports every actor that Serve stops on purpose as failed: nothing an operator should read.
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
            if ray.is_initialized():
                serve.shutdown()
                ray.shutdown()
        shutil.rmtree(self._temp, ignore_errors=True)

    def _waiting_for(self) -> list[str]:
        applications = serve.status().applications
        for name, application in applications.items():
            if application.status in FAILED:
                texts = [application.message, *(d.message for d in application.deployments.values())]
                raise StartFailed(f"application {name} does not start: {_reason(texts)}")
        wanted = [application.name for application in self._config.applications]
        running = {name for name, a in applications.items() if a.status == ApplicationStatus.RUNNING}
        return [name for name in wanted if name not in running]


def _reason(texts: list[str]) -> str:
    """The line of a remote stack trace that says what was wrong."""
    lines = [line.strip() for text in texts for line in text.splitlines() if line.strip()]
    causes = [line for line in lines if line.partition(":")[0].endswith(CAUSES)]
    return (causes or lines or ["no reason given"])[-1]
