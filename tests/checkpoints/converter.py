"""Converters for the tests: what `convert` of a catalogue may call."""

from __future__ import annotations

from pathlib import Path

from tests.checkpoints.conftest import CONFIG


def unpack(archive: Path, folder: Path) -> None:
    """A checkpoint of two files."""
    folder.mkdir()
    (folder / "model.bin").write_bytes(archive.read_bytes())
    (folder / "config.json").write_bytes(CONFIG)


def refuse(archive: Path, folder: Path) -> None:
    """As converters do."""
    raise ValueError("not an archive")
