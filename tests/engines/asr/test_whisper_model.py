"""Which Whisper models load, and what is said about those that do not."""

from __future__ import annotations

import _ctypes
import sys
from pathlib import Path

import pytest

from deployments.asr.whisper.cublas import LIBRARIES, PACKAGE_FOLDER, find, load_cublas
from deployments.asr.whisper.engine import WhisperRecognizer
from deployments.serving.loader import EngineConfigError, load_engine
from serve_app.errors import EngineNotInstalled
from tests.engines.asr.whisper_lines import CHINESE, ENGLISH, ask, texts


def test_a_quantised_model_with_beams_finds_the_same_line(whisper_checkpoint: Path) -> None:
    """ASR-045: the wider search of production rows."""
    wide = WhisperRecognizer(str(whisper_checkpoint), compute_type="int8", beam_size=5, cpu_threads=1)
    assert texts(wide.recognize([ask(ENGLISH), ask(CHINESE)])) == ["Hello, world. It works!", "你好，世界。"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"compute_type": "float15"}, "'float15': cpu has .*int8"),
        ({"device": "tpu"}, "'tpu': one of auto, cpu, cuda"),
        ({"model": "no-such-size"}, "'no-such-size': neither"),
        ({"model": "nobody/nothing", "local_files_only": True}, "'nobody/nothing': neither"),
        ({"beams": 3}, "its options: model, device, compute_type, beam_size"),
    ],
)
def test_a_wrong_row_is_told_plainly(whisper_checkpoint: Path, options: dict[str, object], says: str) -> None:
    """A configuration row that cannot work stops the replica with a sentence for the operator."""
    row = {"model": str(whisper_checkpoint), "device": "cpu", **options}
    with pytest.raises(EngineConfigError, match=says):
        load_engine("deployments.asr.whisper.engine:WhisperRecognizer", row)


def test_cublas_is_found_in_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU needs cuBLAS 12 from its own package; without it the message names the package."""
    monkeypatch.setattr(sys, "path", [str(tmp_path / "empty"), str(tmp_path)])
    assert find(LIBRARIES[0], sys.path) == LIBRARIES[0]
    package = tmp_path / PACKAGE_FOLDER
    package.mkdir(parents=True)
    for name in LIBRARIES:
        (package / name).write_bytes(b"no library")
    assert find(LIBRARIES[1], sys.path) == str(package / LIBRARIES[1])
    with pytest.raises(EngineNotInstalled, match="whisper-gpu"):
        load_cublas()
    for name in LIBRARIES:
        (package / name).unlink()
        (package / name).symlink_to(_ctypes.__file__)
    load_cublas()
