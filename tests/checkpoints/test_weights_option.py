"""Engines find weights by name, and nothing but the right bytes."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from deployments.checkpoints import files
from deployments.config import ModelArgs, build_engine
from deployments.local import LocalModels
from deployments.serving.loader import EngineConfigError, load_engine
from tests.checkpoints.conftest import CONFIG, MODEL, catalogue, facts, in_parts
from tests.checkpoints.test_pull import pull
from tests.checkpoints.web_host import COMMIT, WebHost

TINY = "tests.checkpoints.weighty_engine:WeightyRecognizer"
ROW = ModelArgs(
    task="asr",
    name="whisper",
    engine=TINY,
    options={"model": {"weights": "tiny"}},
    fallback={"engine": "tests.engines.tiny:TinyRecognizer"},
)


def load(**options: Any) -> Any:
    return load_engine(TINY, {"model": {"weights": "tiny"}, **options})


@pytest.fixture
def pulled(models: Path, host: WebHost) -> Path:
    """A machine with the weights `tiny`."""
    catalogue(models, tiny={"licence": "MIT", "sources": [in_parts(host, "one")]})
    pull()
    return models / "tiny"


def test_a_name_becomes_a_path(pulled: Path) -> None:
    """Also that of one file, and deep inside an option."""
    engine = load(parts={"v1": {"vocab": {"weights": "tiny", "file": "config.json"}}, "list": [1, "x"]})
    assert engine.model == str(pulled)
    assert engine.parts == {"v1": {"vocab": str(pulled / "config.json")}, "list": [1, "x"]}


def test_missing_weights_say_what_to_run(models: Path) -> None:
    """The row's engine, the name, the place, the command."""
    catalogue(models, tiny={"licence": "MIT", "sources": [{"hub": "us/tiny", "revision": "main"}]})
    with pytest.raises(EngineConfigError) as missing:
        load()
    assert str(missing.value) == f"{TINY}: the weights tiny are not in {models}: kaleido models pull tiny"


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ({"weights": "none"}, "no weights are called 'none': one of tiny"),
        ({"weights": "tiny", "file": "none.bin"}, "have no none.bin"),
        ({"weights": "tiny", "fil": "x"}, "weights are named as"),
        ({"weights": "tiny", "file": "../../etc"}, "weights are named as"),
    ],
)
def test_a_wrong_name(pulled: Path, option: dict[str, str], text: str) -> None:
    """Read by operators only."""
    with pytest.raises(EngineConfigError, match=text):
        load(model=option)


def test_other_bytes_are_refused(pulled: Path) -> None:
    """Of another size at a glance; of the same size since their time differs."""
    (pulled / "model.bin").write_bytes(MODEL[:-1])
    with pytest.raises(
        EngineConfigError, match=r"model.bin has 299999 bytes, not 300000: kaleido models pull"
    ):
        load()
    (pulled / "model.bin").write_bytes(MODEL[::-1])
    with pytest.raises(EngineConfigError, match=r"model.bin has the SHA-256"):
        load()
    (pulled / "model.bin").unlink()
    with pytest.raises(EngineConfigError, match=r"model.bin is missing"):
        load()


def test_large_files_are_hashed_once(pulled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start looks at sizes and times; a copy with other times is hashed by its first start only."""
    hashed: list[str] = []
    original = files.sha256_of
    monkeypatch.setattr(files, "sha256_of", lambda path: hashed.append(path.name) or original(path))
    load()
    assert hashed == []
    os.utime(pulled / "model.bin", ns=(1, 1))
    load()
    load()
    assert hashed == ["model.bin"]


def test_the_catalogue_has_the_last_word(models: Path, host: WebHost, pulled: Path) -> None:
    """Weights of a source that it no longer names, or with another hash, are not the right ones."""
    source = in_parts(host, "one")
    source["files"]["model.bin"] |= facts(MODEL[::-1])
    catalogue(models, tiny={"licence": "MIT", "sources": [source]})
    with pytest.raises(EngineConfigError, match=r"model.bin has the SHA-256"):
        load()
    catalogue(models, tiny={"licence": "MIT", "sources": [in_parts(host, "two")]})
    with pytest.raises(EngineConfigError, match="which the catalogue no longer names"):
        load()


def test_a_pin_that_is_written_down_later(models: Path, host: WebHost) -> None:
    """The commit that was recorded may be pinned without another pull; another one may not."""
    host.repository("us/tiny", {"model.bin": MODEL, "config.json": CONFIG})
    for revision in ("main", COMMIT):
        catalogue(models, tiny={"licence": "MIT", "sources": [{"hub": "us/tiny", "revision": revision}]})
        assert pull() == [] or revision == "main"
    load()
    catalogue(models, tiny={"licence": "MIT", "sources": [{"hub": "us/tiny", "revision": "0a" * 20}]})
    with pytest.raises(EngineConfigError, match=f"it is revision {COMMIT}"):
        load()


def test_a_folder_filled_by_hand(models: Path, tmp_path: Path) -> None:
    """Taken as it is until a pull records it; what the catalogue knows of it must hold."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "config.json").write_bytes(CONFIG)
    source = {"folder": str(mine), "files": {"config.json": facts(CONFIG)}}
    catalogue(models, tiny={"licence": "MIT", "sources": [source]})
    assert load().model == str(mine)
    (mine / "config.json").write_bytes(b"{}")
    with pytest.raises(EngineConfigError, match=r"config.json has 2 bytes, not 22"):
        load()


def test_half_a_folder_is_not_weights(models: Path, host: WebHost) -> None:
    """Without a record nobody knows what belongs to it."""
    catalogue(models, tiny={"licence": "MIT", "sources": [in_parts(host, "one")]})
    (models / "tiny").mkdir(parents=True)
    with pytest.raises(EngineConfigError, match="was not pulled as a whole"):
        load()
    (models / "tiny" / "weights.lock.json").write_text(json.dumps({"files": 1}))
    with pytest.raises(EngineConfigError, match="is no record of ours"):
        load()


async def test_a_row_without_its_weights_runs_its_fallback(
    models: Path, host: WebHost, caplog: pytest.LogCaptureFixture
) -> None:
    """What runs is on the card (/health), and the log says why; with its weights the row's engine runs."""
    catalogue(models, tiny={"licence": "MIT", "sources": [in_parts(host, "one")]})
    with caplog.at_level(logging.WARNING):
        assert await _implementations() == ["tiny"]
    assert "asr-whisper runs tests.engines.tiny:TinyRecognizer" in caplog.text
    assert "kaleido models pull tiny" in caplog.text
    pull()
    assert await _implementations() == ["weighty"]


def test_a_fallback_is_for_missing_weights_only(pulled: Path) -> None:
    """A wrong option is an error, and so are missing weights of a row without one."""
    with pytest.raises(EngineConfigError, match="its options"):
        build_engine(ROW.model_copy(update={"options": {"nothing": 1}}))
    (pulled / "model.bin").unlink()
    with pytest.raises(EngineConfigError, match="is missing"):
        build_engine(ROW.model_copy(update={"fallback": None}))


async def _implementations() -> list[str]:
    models = LocalModels.load([ROW])
    await models.start()
    try:
        return [card.impl for card in await models.cards()]
    finally:
        models.close()
