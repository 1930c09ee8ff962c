"""A real browser, headless, that opens a page and says what it sees there (Chrome DevTools Protocol)."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import websocket

from tests.cluster.running import until

START_S = 60.0
PATIENCE_S = 60.0
WHERE = "`${location.href} ${document.readyState}`"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--remote-allow-origins=*"),
    "--autoplay-policy=no-user-gesture-required",
)


@contextmanager
def browser(profile: Path, url: str) -> Iterator[Browser]:
    """A browser with this page open, and an empty profile in a folder of its own."""
    if (program := shutil.which("chromium")) is None:
        pytest.skip("chromium is not installed")
    command = [program, *FLAGS, f"--user-data-dir={profile}", url]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port = profile / "DevToolsActivePort"
        until(lambda: port.exists() and port.read_text(), START_S, "the browser has started")
        pages = httpx.get(f"http://127.0.0.1:{port.read_text().split()[0]}/json").json()
        address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        connection = websocket.create_connection(address, timeout=PATIENCE_S)
        opened = Browser(connection)
        ready = f"{url} complete"
        until(lambda: opened.evaluate(WHERE) == ready, START_S, "the page is there")
        yield opened
        connection.close()
    finally:
        process.kill()
        process.wait()


class Browser:
    """One page."""

    def __init__(self, connection: websocket.WebSocket) -> None:
        self._connection = connection

    def evaluate(self, script: str) -> Any:
        """The value of an expression, or of its promise."""
        call = {"expression": script, "awaitPromise": True, "returnByValue": True}
        self._connection.send(json.dumps({"id": 1, "method": "Runtime.evaluate", "params": call}))
        while (answer := json.loads(self._connection.recv())).get("id") != 1:
            pass
        return answer["result"]["result"]["value"]
