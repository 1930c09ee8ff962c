"""A tiny video engine for tests of what stands around engines: its file says what was asked."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployments.serving.tracked_call import Report
from serve_app.engines import EngineCard, Progress, VideoRequest

STEPS = 4
SLOW = "slow"
"""A prompt that starts so takes half a second for each step."""
FATAL = "die"
"""A prompt that starts so kills the process."""


class TinyRenderer:
    """Writes the prompt, once for each frame."""

    def __init__(self) -> None:
        self.card = EngineCard("unnamed", "tiny-film", embedded=True)
        self.gate = threading.Event()
        self.gate.set()

    def warm_up(self) -> None:
        """Nothing is slow."""

    def render(self, request: VideoRequest, path: Path, report: Report) -> Mapping[str, Any]:
        if request.prompt.startswith(FATAL):
            os._exit(9)
        path.touch()
        for step in range(STEPS):
            report(Progress("render", step, STEPS))
            time.sleep(0.5 if request.prompt.startswith(SLOW) else 0)
            assert self.gate.wait(30)
        path.write_bytes(film(request.prompt, request.frames))
        return {"has_audio": False}


def film(prompt: str, frames: int) -> bytes:
    """What is written."""
    return f"{prompt}\n".encode() * frames
