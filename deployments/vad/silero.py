"""Silero v6 voice activity detector, from the ONNX file inside the faster-whisper wheel."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from serve_app.engines import Audio
from serve_app.errors import EngineNotInstalled

FRAME = 512
CONTEXT = 64
"""The model sees the last 4 ms of the frame before."""
STATE = (1, 1, 128)


class SileroDetector:
    """`serve_app.engines.VoiceActivityDetector` for one stream; all streams of a process share the weights.

    Raises EngineNotInstalled when onnxruntime or the wheel that carries the model is missing.
    """

    name = "silero_vad_v6"

    def __init__(self) -> None:
        self._run = _session().run
        self._input = np.zeros((1, CONTEXT + FRAME), np.float32)
        self.reset()

    def speech_probability(self, frame: Audio) -> float:
        """Probability of voice in one frame of exactly 512 samples at 16 kHz."""
        window = self._input
        window[0, :CONTEXT] = window[0, -CONTEXT:]
        window[0, CONTEXT:] = frame
        probability, self._h, self._c = self._run(None, {"input": window, "h": self._h, "c": self._c})
        return float(probability[0])

    def reset(self) -> None:
        """Forget the stream so far."""
        self._input.fill(0.0)
        self._h = np.zeros(STATE, np.float32)
        self._c = np.zeros(STATE, np.float32)


@lru_cache(1)
def _session() -> Any:
    """The weights, loaded once per process (1.2 MB)."""
    try:
        import onnxruntime
    except ModuleNotFoundError as missing:
        raise EngineNotInstalled("The voice detector needs onnxruntime: pip install onnxruntime") from missing
    options = onnxruntime.SessionOptions()
    # One frame is far too little work to share between threads, and it runs in the process of the sockets.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Keeps memory at the size of the model: there is one small input shape.
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(_weights(), options, providers=["CPUExecutionProvider"])


def _weights() -> str:
    """Path of the model file; finds the package without importing it, which would load CTranslate2."""
    package = find_spec("faster_whisper")
    for folder in package.submodule_search_locations or [] if package else []:
        path = Path(folder) / "assets" / "silero_vad_v6.onnx"
        if path.is_file():
            return str(path)
    raise EngineNotInstalled("The voice detector needs its model: pip install 'faster-whisper>=1.2.1'")
