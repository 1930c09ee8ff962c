"""Writes a checkpoint as the ONNX model of the package: `python -m training.export_onnx acoustic.pt`."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import torch

from deployments.thai_speech import features
from training.model import AcousticModel

TARGET = Path(features.__file__).with_name("acoustic_model.onnx")


def export(model: AcousticModel, target: Path) -> None:
    """Inputs `features` (batch, frames, 64) and `lengths` (batch,); output `log_probs` (batch, frames / 3,
    tokens)."""
    example = (torch.randn(2, 90, features.MELS), torch.tensor([90, 60]))
    axes = {
        "features": {0: "batch", 1: "frames"},
        "lengths": {0: "batch"},
        "log_probs": {0: "batch", 1: "output_frames"},
    }
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # the tracing exporter writes the smaller, faster graph
        torch.onnx.export(
            model, example, str(target), input_names=["features", "lengths"], output_names=["log_probs"],
            dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    options = parser.parse_args()
    model = AcousticModel()
    model.load_state_dict(torch.load(options.checkpoint, weights_only=True))
    export(model.eval(), TARGET)
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
