"""rtx4090x8.yaml on a faked cluster: a head without GPUs and two nodes of four cards each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cluster.placement import RECOGNIZERS
from tests.cluster.running import ROOT
from tests.conftest import free_port

pytestmark = pytest.mark.timeout(270)


def test_production_config_places_its_models(tmp_path: Path) -> None:
    """RT-44: recognisers, voices and a language model share cards, videos have their own; each GPU node has
    one gateway."""
    env = {**os.environ, "KALEIDO_DATA": str(tmp_path), "KALEIDO_PORT": str(free_port())}
    command = [sys.executable, "-m", "tests.cluster.placement"]
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=260, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    gpu_nodes = set(found["gpu_nodes"])
    placed: dict[str, Sequence[tuple[str, int]]] = found["placed"]
    recognizers = dict(placed["asr-typhoon"])
    assert recognizers.keys() <= gpu_nodes
    assert sum(recognizers.values()) == RECOGNIZERS
    assert dict(placed["asr-whisper"]).keys() <= gpu_nodes
    others = [application for application in placed if application.startswith(("tts-", "llm-", "video-"))]
    assert all(dict(placed[application]).keys() <= gpu_nodes for application in others)
    assert found["gpu_used"] == pytest.approx(RECOGNIZERS * 0.2 + 0.25 + 3 * 0.25 + 2 * 0.45 + 0.1 + 0.45 + 2)
    assert dict(placed["api"]) == dict.fromkeys(gpu_nodes, 1)
