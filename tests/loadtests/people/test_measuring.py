"""From a manifest to its report, through the API in this process (RT-48, VP-001)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from loadtests.people.__main__ import evenly, main
from loadtests.people.manifest import LabelledRecording
from tests.loadtests.people.recorded import config, manifest

LINES = [
    {"file": "a.wav", "text": "W0, w1!", "language": "en", "speaker": "1", "split": "dev"},
    {"file": "b.wav", "text": "w0 w2", "language": "en", "speaker": "2", "split": "dev"},
    {"file": "c.wav", "text": "w0", "language": "en", "speaker": "3", "split": "check"},
]


def run(folder: Path, path: Path, *more: str) -> Result:
    command = [str(path), "--config", str(config(folder)), "--engine", "tiny", *more]
    return CliRunner().invoke(main, command)


def test_a_manifest_becomes_a_report(tmp_path: Path) -> None:
    """RT-48, VP-001: two of four words are not those said, none of the first speaker's; the other split is
    not looked at."""
    written = tmp_path / "out.json"
    path = manifest(tmp_path, LINES)
    done = run(tmp_path, path, "--only", "split=dev", "--clients", "2", "--json", str(written))
    assert done.exit_code == 0, done.output
    assert "manifest.jsonl: as recorded, language told" in done.output
    result = json.loads(written.read_text("utf-8"))
    (row,) = result["error rates"]
    assert (row["impl"], row["recordings"], row["speakers"], row["WER"]) == ("tiny", 2, 2, 0.25)
    assert (row["WER 95 %"], row["drawn"], row["refused"]) == ("0.000-0.500", "speakers", 0)
    assert [each["heard"] for each in result["recordings"]] == ["w0 w1", "w0 w1"]


def test_a_changed_recording_is_sent_changed(tmp_path: Path) -> None:
    """VP-001: the syllables are still heard over a telephone, and languages are told apart where none is
    said."""
    path = manifest(tmp_path, LINES)
    done = run(tmp_path, path, "--telephone", "--snr", "20", "--noise", "babble", "--detect", "--limit", "1")
    assert done.exit_code == 0, done.output
    assert "babble noise at 20 dB, telephone, language found out" in done.output
    assert "languages found" in done.output


@pytest.mark.parametrize("telephone", [False, True])
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, telephone: bool) -> None:
    """VP-001: the others are measured all the same, and the reason is told once."""
    path = manifest(tmp_path, LINES)
    (tmp_path / "b.wav").write_bytes(b"no sound")
    done = run(tmp_path, path, *(["--telephone"] if telephone else []))
    assert done.exit_code == 0, done.output
    assert "refused" in done.output
    assert "not a readable recording" in done.output


def test_a_broken_manifest_runs_nothing(tmp_path: Path) -> None:
    """VP-004: the line and the field are told."""
    path = manifest(tmp_path, LINES)
    (tmp_path / "b.wav").unlink()
    done = run(tmp_path, path)
    assert done.exit_code == 1
    assert f"line 2, file: there is no {tmp_path / 'b.wav'}" in done.output


def test_an_engine_that_nobody_serves_is_named(tmp_path: Path) -> None:
    """RT-48: with those there are."""
    done = run(tmp_path, manifest(tmp_path, LINES), "--engine", "vosk")
    assert done.exit_code == 1
    assert "no recogniser vosk; there are: tiny" in done.output


def test_few_of_many_come_from_the_whole_list() -> None:
    """VP-001: the last speakers too; more than there are is all."""
    listed = [LabelledRecording(Path(f"{at}.wav"), "w0") for at in range(10)]
    assert [each.file.stem for each in evenly(listed, 4)] == ["0", "2", "5", "7"]
    assert evenly(listed, 11) == listed
