"""Writes a checkpoint as the ONNX model of the package: `python -m training.thai_speech.export_onnx
acoustic.pt`."""

from __future__ import annotations

import argparse
import tempfile
import warnings
from pathlib import Path

import torch
from onnxruntime.quantization import quantize_dynamic

from deployments.thai_speech import features
from deployments.thai_speech.inputs import INPUTS
from training.thai_speech.model import AcousticModel

TARGET = Path(features.__file__).with_name("acoustic_model.onnx")


def export(model: AcousticModel, target: Path) -> None:
    """Inputs `features` (1, frames, 112) and `lengths` (1,); output `log_probs` (1, frames / 3, tokens).

    Weights are rounded to 7 bits, and activations to 8 as they come: half the time and a third of the size,
    and no error more on the development sentences. With 8 bits the sums overflow on CPUs without VNNI.
    """
    with tempfile.TemporaryDirectory() as folder:
        exact = Path(folder) / "float32.onnx"
        _export_exact(model, exact)
        quantize_dynamic(exact, target, per_channel=True, reduce_range=True, op_types_to_quantize=["MatMul"])


def _export_exact(model: AcousticModel, target: Path) -> None:
    example = (torch.randn(2, 90, INPUTS), torch.tensor([90, 60]))
    axes = {
        "features": {0: "batch", 1: "frames"},
        "lengths": {0: "batch"},
        "log_probs": {0: "batch", 1: "output_frames"},
    }
    with warnings.catch_warnings():
        # The tracing exporter writes the smaller, faster graph.
        warnings.simplefilter("ignore", DeprecationWarning)
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
