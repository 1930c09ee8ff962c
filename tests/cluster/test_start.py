"""Starting and stopping: clear refusals, the plain way behind Serve's proxy, and a crash of the driver."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest
from click.testing import CliRunner

from deployments.demo_key import demo_key
from deployments.serve import main, prepare
from serve_app.settings import Settings
from tests.cluster.captions import caption, open_stream
from tests.cluster.running import ENGINES, ROOT, RunningCluster, tiny
from tests.conftest import free_port

pytestmark = pytest.mark.timeout(240)
AGENTS = ("DashboardAgent", "RuntimeEnvAgent")
"""Ray's own node agents first try for a minute to report the crash."""


def test_a_taken_port_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No half-started cluster: the message names the address and the setting."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("KALEIDO_PORT", str(port))
        monkeypatch.setenv("KALEIDO_DATA", str(tmp_path))
        result = CliRunner().invoke(main, [str(ROOT / "configs/embedded.yaml")])
    assert result.exit_code == 1
    assert f"127.0.0.1:{port}" in result.output
    assert "KALEIDO_PORT" in result.output


def test_every_process_finds_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replicas inherit the environment and run in other folders."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KALEIDO_DATA", "data")
    monkeypatch.delenv("KALEIDO_MODELS")
    assert prepare(ROOT / "configs/embedded.yaml").data == tmp_path / "data"
    assert os.environ["KALEIDO_MODELS"] == str(tmp_path / "data" / "models")


def test_demo_key_is_kept_while_it_works(tmp_path: Path) -> None:
    """KEY-003: made once, private on disk; replaced only when it no longer opens this store."""
    settings = Settings(data=tmp_path)
    key = demo_key(settings)
    assert demo_key(settings) == key
    assert (tmp_path / "demo-key").stat().st_mode & 0o077 == 0
    (tmp_path / "demo-key").write_text("kvid_aaaaaaaa_" + "x" * 32)
    assert demo_key(settings) != key


def test_a_broken_engine_is_reported_and_leaves_nothing(tmp_path: Path) -> None:
    """The operator reads which application failed and why; exit code 1."""
    config = tiny("embedded.yaml")
    config["applications"] = config["applications"][:1]
    config["applications"][0]["args"]["engine"] = "tests.engines.tiny:NoSuchEngine"
    config["applications"].append(tiny("embedded.yaml")["applications"][-1])
    broken = RunningCluster(config, tmp_path, free_port())
    children = psutil.Process(broken.pid)
    assert broken.wait() == 1
    assert "application asr-typhoon does not start" in broken.output
    assert "no class NoSuchEngine" in broken.output
    assert not children.is_running()
    assert list((broken.data / "logs-of-failed-start").glob("serve/controller*.log"))


async def test_the_same_api_behind_serves_proxy_and_a_crash_of_the_driver(tmp_path: Path) -> None:
    """RT-44: the plain way serves the same routes; SIGKILL of the driver takes Ray and the models along."""
    plain = RunningCluster(tiny("behind_proxy.yaml"), tmp_path, free_port())
    everything: list[psutil.Process] = []
    try:
        plain.wait_until_up()
        everything = plain.processes()
        limits_off = {"x-request-timeout-seconds": "0.0001"}
        async with httpx.AsyncClient() as http:
            assert (await http.get(f"{plain.url}/health", headers=limits_off)).status_code == 200
        stream = await open_stream(plain, vad=False)
        assert (await caption(stream, 2))["type"] == "final"
        await stream.close()
    finally:
        plain.stop(signal.SIGKILL)
        heirs = [process for process in everything if not _is_agent(process)]
        _, left = psutil.wait_procs(heirs, timeout=30)
        for process in everything:
            if process.is_running():
                process.kill()
        plain.remove_what_a_crash_left()
    assert not left, f"left running: {left}"


def test_make_dev_serves_in_one_process(tmp_path: Path) -> None:
    """RT-44: the same app with in-process models, ended by SIGTERM with exit code 0."""
    config = tiny("embedded.yaml")
    running = RunningCluster(config, tmp_path, free_port(), module="deployments.dev", drain_s=0)
    try:
        running.wait_until_up()
        assert running.engines() == ENGINES
        assert len(running.processes()) == 1
    finally:
        code = running.stop(signal.SIGTERM)
    assert code == 0


def test_importing_the_start_up_code_does_not_import_ray() -> None:
    """A taken port is reported in a moment, and Ray reads its environment when it is imported."""
    script = "import sys, deployments.serve, deployments.dev; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def _is_agent(process: psutil.Process) -> bool:
    try:
        return any(agent in " ".join(process.cmdline()) for agent in AGENTS)
    except psutil.NoSuchProcess:
        return False
