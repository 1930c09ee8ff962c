"""Finds cuBLAS 12 for CTranslate2, which opens it by name at its first matrix product on a GPU.

PyTorch and onnxruntime bring CUDA 13 by now, so version 12 comes from its own package, in a folder where the
system's loader does not look. A library that is loaded already is found by its name.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from pathlib import Path

from serve_app.errors import EngineNotInstalled

LIBRARIES = ("libcublasLt.so.12", "libcublas.so.12")
"""In this order: the second needs the first."""
PACKAGE_FOLDER = "nvidia/cublas/lib"
"""Where nvidia-cublas-cu12 puts them, under a folder of `sys.path`."""


def load_cublas() -> None:
    """Load cuBLAS 12 into the process. Raises EngineNotInstalled when it is nowhere."""
    for name in LIBRARIES:
        try:
            ctypes.CDLL(find(name, sys.path), mode=ctypes.RTLD_GLOBAL)
        except OSError:
            raise EngineNotInstalled(
                f"Whisper on a GPU needs {name}: pip install 'kaleido-serve[whisper-gpu]'"
            ) from None


def find(name: str, folders: Sequence[str]) -> str:
    """The package's file; without the package the bare name, which the system's loader may know."""
    files = (Path(folder, PACKAGE_FOLDER, name) for folder in folders)
    return next((str(file) for file in files if file.is_file()), name)
