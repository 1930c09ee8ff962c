"""Starts a cluster with the real start-up code, in processes of its own, and operates it as people do."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import yaml

ROOT = Path(__file__).parent.parent.parent
START_S = 180.0
STOP_S = 60.0
GATEWAY = "ServeReplica:api"
RECOGNIZER = "ServeReplica:asr-typhoon"
ENGINES = {
    *("typhoon", "whisper", "thai", "qwen3-4b"),
    *("ltx23-distilled", "ltx23-full"),
    *("f5", "vieneu_v2", "cosytts", "qwen_viet_tts", "omnivoice"),
}
"""Public names in the embedded profile."""
TINY = {
    "asr": "tests.engines.tiny:TinyRecognizer",
    "tts": "tests.engines.tiny:TinySynthesizer",
    "align": "tests.engines.align.tiny_aligner:TinyAligner",
    "llm": "tests.engines.llm.tiny_chat:TinyChat",
    "video": "tests.engines.video.tiny_video:TinyRenderer",
}


def tiny(name: str) -> dict[str, Any]:
    """A shipped config with every engine replaced by a tiny one."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "configs" / name).read_text(encoding="utf-8"))
    for row in config["applications"]:
        if row["import_path"] == "deployments.apps:model":
            row["args"].update(engine=TINY[row["args"]["task"]], options={})
    return config


def until(condition: Callable[[], object], seconds: float, what: str, *, every_s: float = 0.1) -> None:
    """Poll until the condition is true. Who asks with a key asks less often: its requests are counted."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(every_s)


class RunningCluster:
    """`python -m deployments.serve` on a config of the test's."""

    def __init__(
        self,
        config: dict[str, Any],
        folder: Path,
        port: int,
        *,
        module: str = "deployments.serve",
        **settings: object,
    ) -> None:
        self.config = config
        self.url = f"http://127.0.0.1:{port}"
        self.data = folder / "data"
        path = folder / "config.yaml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        self._output = folder / "output.txt"
        own = {f"KALEIDO_{name.upper()}": str(value) for name, value in settings.items()}
        self._env = {**os.environ, **own, "KALEIDO_PORT": str(port), "KALEIDO_DATA": str(self.data)}
        self._process = self._python(module, str(path))
        self._operator: subprocess.Popen[str] | None = None

    def wait_until_up(self) -> None:
        """Wait for the line that says so."""
        until(lambda: "is up" in self.output or self._process.poll() is not None, START_S, "start")
        assert self._process.poll() is None, self.output

    @property
    def pid(self) -> int:
        """Of the driver."""
        return self._process.pid

    def wait(self) -> int:
        """Wait for the driver to end by itself; the exit code."""
        return self._process.wait(START_S)

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self._output.read_text(encoding="utf-8") if self._output.exists() else ""

    @property
    def key(self) -> str:
        """The demo key."""
        return (self.data / "demo-key").read_text(encoding="ascii").strip()

    def remove_what_a_crash_left(self) -> None:
        """A killed driver cannot remove Ray's temporary files itself."""
        for found in re.findall(r"Logs: (/tmp/kaleido-\w+)/", self.output):
            shutil.rmtree(found, ignore_errors=True)

    def health(self) -> dict[str, Any]:
        """The body of GET /health."""
        body: dict[str, Any] = httpx.get(f"{self.url}/health", timeout=10).raise_for_status().json()
        return body

    def engines(self) -> set[str]:
        """Public names of the engines that answer."""
        return {engine["engine"] for engine in self.health()["engines"]}

    def processes(self) -> list[psutil.Process]:
        """The driver and everything it started."""
        driver = psutil.Process(self._process.pid)
        return [driver, *driver.children(recursive=True)]

    def replicas(self, title: str) -> list[int]:
        """Pids of the replicas whose process title contains this."""
        return [process.pid for process in self.processes() if title in " ".join(_title(process))]

    def operate(self, command: str, *arguments: Any) -> Any:
        """Run a command of `tests.cluster.operator` against this cluster."""
        if self._operator is None:
            self._operator = self._python("tests.cluster.operator", self._address(), pipes=True)
        assert self._operator.stdin is not None
        assert self._operator.stdout is not None
        self._operator.stdin.write(json.dumps([command, *arguments]) + "\n")
        self._operator.stdin.flush()
        answer = self._operator.stdout.readline()
        assert answer, "the operator died"
        return json.loads(answer)

    def stop(self, signal_number: int) -> int:
        """Signal the driver and wait for it; the exit code."""
        self.dismiss_operator()
        self._process.send_signal(signal_number)
        return self._process.wait(STOP_S)

    def dismiss_operator(self) -> None:
        """End the operator's process."""
        if self._operator is not None:
            self._operator.communicate(timeout=STOP_S)
            self._operator = None

    def _address(self) -> str:
        commands = " ".join(part for process in self.processes() for part in _title(process))
        found = re.search(r"--gcs-address=(\S+)", commands)
        assert found, commands
        return found[1]

    def _python(self, module: str, *arguments: str, pipes: bool = False) -> subprocess.Popen[str]:
        env = dict(self._env)
        if pipes:
            env.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN_PATH=str(self.data / "ray-token"))
        with self._output.open("a") as output:
            return subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=env,
                text=True,
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else output,
                stderr=output,
            )


def _title(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
