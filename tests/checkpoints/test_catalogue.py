"""The catalogue of weights: the shipped one, and what an operator reads of a wrong one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deployments.checkpoints.catalogue import Place, read_catalogue
from deployments.checkpoints.errors import CheckpointError
from deployments.checkpoints.options import named_weights
from deployments.checkpoints.sources.folder import Folder
from deployments.checkpoints.sources.hub import Hub
from deployments.config import model_rows, read_config
from tests.checkpoints.conftest import catalogue

CONFIGS = Path(__file__).parents[2] / "configs"
SHIPPED = read_catalogue(CONFIGS / "models.yaml")


@pytest.mark.parametrize("config", ["embedded", "behind_proxy", "rtx4090x8"])
def test_every_name_of_a_config_is_in_it(config: str) -> None:
    """And production rows name weights, not paths that somebody must fill by hand."""
    rows = model_rows(read_config(CONFIGS / f"{config}.yaml"))
    names = [name for row in rows for name in named_weights(row.options)]
    assert all(SHIPPED[name] for name in names)
    if config == "rtx4090x8":
        assert len(set(names)) == 17
        assert all(isinstance(SHIPPED[name].sources[0], Folder) for name in names)


def test_branches_are_told_from_commits() -> None:
    """A hub's revision that nobody could look up is not presented as one."""
    hubs = [source for name in SHIPPED for source in SHIPPED[name].sources if isinstance(source, Hub)]
    assert {hub.revision for hub in hubs} == {"main"}
    assert not any(hub.pinned for hub in hubs)
    assert hubs[0].model_copy(update={"revision": "0a" * 20}).pinned


def test_what_a_laptop_fetches_is_pinned_and_free() -> None:
    """By hash, under MIT, from two uploaders."""
    base = SHIPPED["whisper-base"]
    assert base.commercial
    assert [source.pinned for source in base.sources] == [True, True, False]
    assert len({source.expected["model.bin"].sha256 for source in base.sources[:2]}) == 2


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "typo": ({"licence": "MIT", "sources": [{"hub": "a/b", "revison": "x"}]}, "tiny.sources.0.hub.revison"),
    "kind": ({"licence": "MIT", "sources": [{"ftp": "x"}]}, "folder, packages, hub, url"),
    "none": ({"licence": "MIT", "sources": []}, "tiny.sources: "),
    "licence": ({"sources": [{"folder": "/x"}]}, "tiny.licence: Field required"),
    "outside": (
        {"licence": "MIT", "sources": [{"folder": "/x", "files": {"../y": {}}}]},
        "no path inside a folder",
    ),
    "hash": (
        {"licence": "MIT", "sources": [{"folder": "/x", "files": {"y": {"sha256": "12"}}}]},
        "tiny.sources.0.folder.files.y.sha256",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_mistakes_are_named(tmp_path: Path, wrong: str) -> None:
    """By their place in the file."""
    entry, text = WRONG[wrong]
    catalogue(tmp_path / "models", tiny=entry)
    with pytest.raises(CheckpointError) as refused:
        read_catalogue(tmp_path / "models.yaml")
    assert text in str(refused.value)


def test_names_are_names_of_folders(tmp_path: Path) -> None:
    """Nothing is written outside the folder of weights."""
    catalogue(tmp_path / "models", **{"../x": {"licence": "MIT", "sources": [{"folder": "/x"}]}})
    with pytest.raises(CheckpointError, match="should match pattern"):
        read_catalogue(tmp_path / "models.yaml")


def test_a_missing_catalogue(tmp_path: Path) -> None:
    """A node is told which setting names it."""
    with pytest.raises(CheckpointError, match="KALEIDO_CATALOGUE"):
        read_catalogue(tmp_path / "none.yaml")


def test_where_weights_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In the data folder, unless a folder is named; absolute, since replicas run elsewhere."""
    monkeypatch.setenv("KALEIDO_DATA", str(tmp_path))
    monkeypatch.delenv("KALEIDO_MODELS")
    assert Place().folder == tmp_path / "models"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KALEIDO_MODELS", "weights")
    assert Place().folder == tmp_path / "weights"
