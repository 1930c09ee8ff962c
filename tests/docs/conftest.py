"""What the samples of the documentation take for granted: a running server, two variables, some files."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from serve_app.engines import SAMPLE_RATE
from tests.clients.node import node_client
from tests.cluster.running import ROOT, RunningCluster, tiny
from tests.conftest import free_port
from tests.photos import encoded
from tests.recordings import babble, encode

__all__ = ["node_client"]
RECORDINGS = ("speech.wav", "pupil.wav", "lesson.mp3", "audio.mp3", "reading.m4a", "teacher.m4a")
PHOTOS = ("garden.jpg", "lake.jpg")
SHORT_OF_A_PHOTO = 128 * 1024
"""Bytes that Linux takes as one argument of a command."""
STRICT_CURL = '#!/bin/sh\nexec /usr/bin/env PATH="$REAL_PATH" curl --fail-with-body "$@"\n'
"""A sample says `-s`; here an error status is a failure."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCluster]:
    """`make dev` with the shipped config and tiny engines."""
    folder = tmp_path_factory.mktemp("server")
    running = RunningCluster(tiny("embedded.yaml"), folder, free_port(), module="deployments.dev")
    try:
        running.wait_until_up()
        yield running
    finally:
        running.stop(signal.SIGTERM)


@pytest.fixture(scope="session")
def folder(server: RunningCluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader stands: the server's data, recordings and photos of their own."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / ".kaleido").symlink_to(server.data)
    speech = (babble() * 32767).astype(np.int16)
    for name in RECORDINGS:
        (folder / name).write_bytes(encode(name[-3:], speech, SAMPLE_RATE))
    noise = np.random.default_rng(7).integers(0, 256, (400, 400, 3), np.uint8)
    for name in PHOTOS:
        (folder / name).write_bytes(encoded(Image.fromarray(noise), "JPEG"))
        assert (folder / name).stat().st_size > SHORT_OF_A_PHOTO
    return folder


@pytest.fixture(scope="session")
def environment(server: RunningCluster, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The variables of the README's first sample, the tools, and an operator's settings."""
    tools = tmp_path_factory.mktemp("tools")
    (tools / "curl").write_text(STRICT_CURL)
    (tools / "curl").chmod(0o755)
    real = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {
        **os.environ,
        "PATH": f"{tools}{os.pathsep}{real}",
        "REAL_PATH": real,
        "PYTHONPATH": str(ROOT),
        "BASE": server.url,
        "KEY": server.key,
        "KALEIDO_PORT": server.url.rpartition(":")[2],
        "KALEIDO_DATA": str(server.data),
        "KALEIDO_PLANS": str(ROOT / "configs/plans.yaml"),
    }
