"""A private, real Redis server that a test may kill, pause and start again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.conftest import free_port

START_S = 20.0
"""A loaded two-core machine may take seconds to start a process that needs milliseconds."""


def require_redis() -> None:
    """Skip the test where Redis is missing; CI must have it."""
    if shutil.which("redis-server") is None:
        missing = "redis-server is not installed (apt install redis-server)"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)


class PrivateRedis:
    """One server process on a free port, its files in `folder`; ends with `stop`.

    `appendfsync` turns the append-only file on: "always" or "everysec".
    """

    def __init__(self, folder: Path, *, appendfsync: str | None = None) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._appendfsync = appendfsync
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, or start again on the same port and files; returns when it answers."""
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self._folder, "save": ""}
        options |= {"appendonly": "yes", "appendfsync": self._appendfsync} if self._appendfsync else {}
        command = ["redis-server", *(str(word) for name in options for word in (f"--{name}", options[name]))]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_S
        while not self._answers():
            assert self._process.poll() is None, "redis-server ended at start"
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.01)

    def kill(self) -> None:
        """SIGKILL: the server has no chance to write anything more."""
        self._signal(signal.SIGKILL)
        self._reap()

    def pause(self) -> None:
        """SIGSTOP: connections stay open, nobody answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the process, whatever state it is in."""
        if self._process is not None:
            self.kill()

    def flush(self) -> None:
        """Forget all keys and scripts."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()
            client.script_flush()

    def keys(self) -> list[str]:
        """All keys that exist now."""
        with redis.Redis.from_url(self.url, decode_responses=True) as client:
            return sorted(client.keys("*"))

    def info(self, section: str) -> dict[str, Any]:
        """What the server says about itself."""
        with redis.Redis.from_url(self.url) as client:
            found: dict[str, Any] = client.info(section)
            return found

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "redis-server is not running"
        self._process.send_signal(number)

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait()
            self._process = None
