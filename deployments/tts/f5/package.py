"""The classes of f5-tts and vocos, without the trainer of f5-tts: it pulls in wandb and datasets, which
serving never uses."""

from __future__ import annotations

import sys
import types
import warnings

_TRAINER = types.ModuleType("f5_tts.model.trainer")
_TRAINER.__dict__["Trainer"] = None
sys.modules.setdefault(_TRAINER.__name__, _TRAINER)

with warnings.catch_warnings():
    # x_transformers scripts two functions when it is imported; we call neither.
    warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", DeprecationWarning)
    from f5_tts.model import CFM, DiT
    from vocos import Vocos

__all__ = ["CFM", "DiT", "Vocos"]
