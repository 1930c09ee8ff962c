"""The demo with a recording of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from demo.__main__ import main
from demo.cluster import DemoFailed
from demo.own_recording import LONGEST_S, utterance
from tests.recordings import encode, tone


def test_any_container_is_played_as_a_microphone_would(tmp_path: Path) -> None:
    """VP-001: 16 kHz mono, whatever it was."""
    path = tmp_path / "me.flac"
    path.write_bytes(encode("flac", tone(1.5)))
    said = utterance(path)
    assert said.audio_ms == pytest.approx(1500, abs=30)
    assert said.speaker == "me.flac"


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"no audio at all", "me.wav"), (encode("mp3", tone(LONGEST_S + 2)), "120")],
    ids=["text", "too long"],
)
def test_what_cannot_be_played_is_told(tmp_path: Path, content: bytes, reason: str) -> None:
    """ERR-010: by name, before anything is streamed."""
    path = tmp_path / "me.wav"
    path.write_bytes(content)
    with pytest.raises(DemoFailed, match=reason):
        utterance(path)


def test_a_file_that_is_not_there_is_told_before_a_cluster_starts() -> None:
    """ERR-010: a typing mistake costs no minute."""
    result = CliRunner().invoke(main, ["nowhere.wav"])
    assert result.exit_code == 2
    assert "nowhere.wav" in result.output
