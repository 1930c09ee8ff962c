"""What test files of several engines share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.asr.whisper.engine import WhisperRecognizer
from tests.engines.asr.tiny_whisper import build
from tests.engines.asr.whisper_lines import LINES


@pytest.fixture(scope="session")
def whisper_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("whisper") / "tiny-scripted", LINES)


@pytest.fixture(scope="session")
def whisper(whisper_checkpoint: Path) -> WhisperRecognizer:
    return WhisperRecognizer(str(whisper_checkpoint), device="cpu", beam_size=1, cpu_threads=1)


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Threads of torch spin while they wait for one another, for seconds on a machine with other work."""
    import torch  # not in every environment

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
