"""What Ray must find in the environment of every node, before it is imported.

The same table stands in `cluster.yaml`; a test compares them.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

RAY_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # One event loop per replica: no thread switch between uvicorn, our code and Serve's router. Our code
    # never blocks it: engines run in their own thread.
    "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
    "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "0",
    # A log line per call, written at once, would cost more than the call.
    "RAY_SERVE_REQUEST_PATH_LOG_BUFFER_SIZE": "1000",
    "RAY_SERVE_LOG_TO_STDERR": "0",
    # Autoscaling hears of a new load within 2 s instead of 10 s; `look_back_period_s` must stay above it.
    "RAY_SERVE_HANDLE_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "2",
    "RAY_SERVE_REPLICA_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "2",
    # Where Serve's own proxy is used: its clients must not switch its limits off.
    "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": "deployments.gateway.http_guards:proxy_middlewares",
}


def prepare(data: Path) -> None:
    """Set what is not set yet; `data` keeps the cluster's token."""
    for name, value in RAY_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    _use_own_token(data / "ray-token")


def _use_own_token(path: Path) -> None:
    """Ray asks clients for a token. Left alone it keeps that in the user's home, readable by everyone."""
    if {"RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys():
        return
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), encoding="ascii")
    os.environ["RAY_AUTH_MODE"] = "token"
    os.environ["RAY_AUTH_TOKEN_PATH"] = str(path)
