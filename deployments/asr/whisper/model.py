"""Loads a Whisper model, or says plainly why this machine cannot."""

from __future__ import annotations

import ctranslate2
from faster_whisper import WhisperModel

from deployments.asr.whisper.cublas import load_cublas
from deployments.serving.loader import EngineConfigError

DEVICES = ("auto", "cpu", "cuda")
BY_ITSELF = {"auto", "default"}
"""Compute types that CTranslate2 resolves on any device."""


def load_whisper(
    model: str, device: str, compute_type: str, cpu_threads: int, local_files_only: bool
) -> WhisperModel:
    """The model of a folder, a size name or a hub id.

    Raises EngineConfigError for a device or compute type that this machine lacks and for a model that is
    nowhere, EngineNotInstalled when cuBLAS 12 is missing on a GPU.
    """
    device = _device(device)
    _check_compute_type(compute_type, device)
    if device == "cuda":
        load_cublas()
    try:
        return WhisperModel(
            model,
            device,
            compute_type=compute_type,
            cpu_threads=cpu_threads,
            local_files_only=local_files_only,
        )
    except (FileNotFoundError, ValueError) as missing:
        raise EngineConfigError(f"model {model!r}: neither a converted model nor on the hub") from missing


def device_of(whisper: WhisperModel) -> str:
    """Where a model runs, as torch would name it."""
    model = whisper.model
    return "cpu" if model.device == "cpu" else f"{model.device}:{model.device_index[0]}"


def _device(device: str) -> str:
    if device not in DEVICES:
        raise EngineConfigError(f"device {device!r}: one of {', '.join(DEVICES)}")
    has_gpu = ctranslate2.get_cuda_device_count() > 0
    if device == "cuda" and not has_gpu:
        raise EngineConfigError("device 'cuda': there is no CUDA device")
    return "cuda" if has_gpu and device != "cpu" else "cpu"


def _check_compute_type(compute_type: str, device: str) -> None:
    supported = ctranslate2.get_supported_compute_types(device) | BY_ITSELF
    if compute_type not in supported:
        raise EngineConfigError(f"compute_type {compute_type!r}: {device} has {', '.join(sorted(supported))}")
