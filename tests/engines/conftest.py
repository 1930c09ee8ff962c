"""Engines that several test files share, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.asr.whisper import WhisperRecognizer
from tests.engines.tiny_whisper import build
from tests.engines.whisper_lines import LINES


@pytest.fixture(scope="session")
def whisper_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("whisper") / "tiny-scripted", LINES)


@pytest.fixture(scope="session")
def whisper(whisper_checkpoint: Path) -> WhisperRecognizer:
    return WhisperRecognizer(str(whisper_checkpoint), device="cpu", beam_size=1, cpu_threads=1)
