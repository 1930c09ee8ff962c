"""A user's folder: tiny recordings with a manifest, and a config with a recogniser that hears by script."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import yaml

from serve_app.engines import SAMPLE_RATE
from tests.recordings import babble, encode


def recording(path: Path) -> Path:
    """Two seconds of syllables, of which `TinyRecognizer` makes one word a second."""
    path.write_bytes(encode("wav", (babble() * 32767).astype(np.int16), SAMPLE_RATE))
    return path


def manifest(folder: Path, lines: Sequence[Mapping[str, object]], name: str = "manifest.jsonl") -> Path:
    """With a recording for each file that is named."""
    for line in lines:
        recording(folder / str(line["file"]))
    path = folder / name
    path.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    return path


def config(folder: Path) -> Path:
    """One recogniser, `tiny`, and a voice that nobody asks for."""
    args = [
        {"task": "asr", "name": "tiny", "engine": "tests.engines.tiny:TinyRecognizer"},
        {"task": "tts", "name": "absent", "engine": "no.such.module:Voice"},
    ]
    rows = [{"import_path": "deployments.apps:model", "name": each["name"], "args": each} for each in args]
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump({"applications": rows}), "utf-8")
    return path
