"""The network of hibari as the neural voice uses it: with a duration for each phoneme, and with sounds
between those of English.

Both are changes of a few bytes in the file of the package, whose version is therefore exact.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deployments.tts.embedded.neural.syllables import BLENDS
from serve_app.errors import EngineNotInstalled

_EMBEDDINGS = {"m.text.emb.weight": 128, "pn.text.emb.weight": 192}
"""Of spectrum and prosody: 178 symbols times so many float32."""
_SYMBOLS = 178
_DURATIONS = "/Sub_output_0"
"""The tensor of durations, frames of 25 ms, before the speed divides it; pitch has two values a frame."""
_LEAST_FRAMES = 0.6
"""What the network takes for nearly nothing is not divided by: rounding makes it one frame."""


class Network:
    """Phonemes to durations, spectrum and pitch; safe to share between threads."""

    def __init__(self) -> None:
        """Raises EngineNotInstalled without the package hibari-tts."""
        assets = _assets()
        self.numbers: dict[str, int] = json.loads((assets / "vocab.json").read_text("utf-8"))
        self._session = _session((assets / "hibari.onnx").read_bytes(), self.numbers)

    def durations(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Frames of each phoneme as in English; `ids` has shape (1, phonemes)."""
        (frames,) = self._session.run([_DURATIONS], {"ids": ids, "speed": np.ones(1, np.float32)})
        return np.maximum(frames, _LEAST_FRAMES)

    def spectrum(
        self, ids: NDArray[np.int64], speed: NDArray[np.float32]
    ) -> tuple[list[NDArray[np.float32]], NDArray[np.float32]]:
        """Five parts of the spectrum, each (bins, values), and the pitch in Hz (values), two values a frame.

        `speed` divides the durations of the phonemes, shape (phonemes,).
        """
        names = ["lh", "theta", "ln", "lr", "phi", "f0"]
        *parts, pitch = (each[0] for each in self._session.run(names, {"ids": ids, "speed": speed}))
        return parts, pitch


def _assets() -> Path:
    try:
        import hibari
    except ImportError as error:
        raise EngineNotInstalled("hibari-tts is missing; install kaleido-serve[embedded].") from error
    return Path(str(hibari.__file__)).parent / "assets"


def _session(model: bytes, numbers: dict[str, int]) -> Any:
    """The network with blended phonemes, a speed for each phoneme, and durations among its outputs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    model = _with_blends(_with_speeds(model), numbers) + _output(_DURATIONS.encode())
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _with_speeds(model: bytes) -> bytes:
    """The input `speed` of any length, no longer of one number: its dimension in the protocol buffer,
    `dim_value: 1`, becomes an unnamed one, which is as many bytes. The network divides by it anyhow."""
    at = model.index(b"\n\x02\x08\x01", model.rindex(b"\n\x05speed"))
    return model[:at] + b"\n\x02\x12\x00" + model[at + 4 :]


def _with_blends(model: bytes, numbers: dict[str, int]) -> bytes:
    """Rows of symbols that English never uses overwritten with the blends: same length, so that nothing else
    moves."""
    for name, width in _EMBEDDINGS.items():
        size = 4 * _SYMBOLS * width
        begin = model.index(name.encode() + b"J") + len(name) + 4  # tag and length of raw_data: 1 + 3 bytes
        rows = np.frombuffer(model[begin : begin + size], np.float32).reshape(_SYMBOLS, width)
        changed = rows.copy()
        for symbol, shares in BLENDS.items():
            mixed = [share * rows[numbers[each]] for each, share in shares.items()]
            changed[numbers[symbol]] = np.sum(mixed, axis=0)
        model = model[:begin] + changed.tobytes() + model[begin + size :]
    return model


def _output(name: bytes) -> bytes:
    """A protocol buffer that adds one float32 output to the graph: concatenated messages are merged."""
    kind = _field(2, _field(1, b"\x08\x01"))
    return _field(7, _field(12, _field(1, name) + kind))


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content
