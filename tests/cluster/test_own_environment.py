"""An engine whose packages conflict with ours, in an environment of its own, behind the same public API."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cluster.running import ROOT, RunningCluster, tiny, until
from tests.conftest import free_port
from tests.recordings import encode, tone

PYTHON = ROOT / ".venv-qwen-tts/bin/python"
BUILD = """
import pathlib, sys
from tests.engines.tts.tiny_qwen3_tts import build
build(pathlib.Path(sys.argv[1]), "custom_voice")
"""
SPEECH = "/api/tts/v1/audio/speech"
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not PYTHON.exists(), reason="no .venv-qwen-tts: make test-qwen-tts"),
]


def config(checkpoint: Path) -> dict[str, Any]:
    """The embedded profile, with the real `cosytts` instead of its other models."""
    shipped = tiny("embedded.yaml")
    rows = {row["name"]: row for row in shipped["applications"]}
    row = rows["tts-embedded"]
    engine = "deployments.tts.qwen3.families:CosyTtsSynthesizer"
    options = {"speakers": str(checkpoint), "device": "cpu"}
    row["name"] = "tts-cosytts"
    row["args"] = {"task": "tts", "name": "cosytts", "engine": engine, "options": options}
    row["deployments"][0]["ray_actor_options"]["runtime_env"] = {"py_executable": str(PYTHON)}
    del rows["asr-typhoon"], rows["asr-whisper"]
    return {**shipped, "applications": list(rows.values())}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RunningCluster]:
    subprocess.run([PYTHON, "-c", BUILD, tmp_path / "tiny"], cwd=ROOT, check=True, capture_output=True)
    running = RunningCluster(config(tmp_path / "tiny"), tmp_path, free_port(), drain_s=1)
    try:
        running.wait_until_up()
        yield running
    finally:
        running.stop(signal.SIGTERM)


def test_an_engine_runs_in_an_environment_of_its_own(cluster: RunningCluster) -> None:
    """TTS-001/010/014: requests, speech and errors travel between the two; ours lacks the package."""
    assert importlib.util.find_spec("qwen_tts") is None
    with httpx.Client(base_url=cluster.url, headers={"x-api-key": cluster.key}, timeout=30) as api:

        def ended(**fields: object) -> dict[str, Any]:
            asked = {"text": "Hello there.", "language": "en", "model": "cosytts", "seed": 1, **fields}
            job = api.post(SPEECH, json=asked).raise_for_status().json()["taskId"]
            until(lambda: api.get(f"{SPEECH}/{job}").json()["ready"], 60, "the job has ended")
            body: dict[str, Any] = api.get(f"{SPEECH}/{job}").json()
            return body

        first, again = (ended(speaker="Vivian")["result"] for _ in range(2))
        assert first["metadata"]["speaker"].lower() == "vivian"
        assert api.get(first["url"]).content == api.get(again["url"]).content
        unknown = {"text": "Hello.", "language": "en", "model": "cosytts", "speaker": "Nobody"}
        assert "it has ryan, vivian" in api.post(SPEECH, json=unknown).json()["error"]
        voice = {"audio_file": ("voice.wav", encode("wav", tone(2.0)))}
        fields = {"name": "voice", "model": "cosytts", "language": "en", "transcript": "Hello."}
        added = api.post("/api/tts/v1/custom-voices", files=voice, data=fields).raise_for_status().json()
        assert "there are built-in speakers only here" in ended(**added["ttsRequest"])["error"]
