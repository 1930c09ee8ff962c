"""One cluster per test session, started by the code behind `make serve`; its end is a test as well."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import psutil
import pytest

from tests.cluster.running import RunningCluster, tiny
from tests.conftest import free_port


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCluster]:
    """RT-44: every surface on one port. On SIGTERM it ends with exit code 0 and leaves no process."""
    folder = tmp_path_factory.mktemp("cluster")
    running = RunningCluster(tiny("embedded.yaml"), folder, free_port(), drain_s=3)
    try:
        running.wait_until_up()
        yield running
    finally:
        everything = running.processes()
        code = running.stop(signal.SIGTERM)
        _, left = psutil.wait_procs(everything, timeout=10)
        for process in left:
            process.kill()
    assert code == 0, running.output
    assert not left, f"left running: {left}"
