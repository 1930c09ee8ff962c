"""The public model `qwen_viet_tts`: Qwen3-TTS checkpoints trained further for Vietnamese (TTS-009)."""

from __future__ import annotations

from typing import ClassVar

from deployments.tts.qwen3.engine import Family, Qwen3Synthesizer


class QwenVietSynthesizer(Qwen3Synthesizer):
    """Without a `speaker`, Yen Nhi. The original has no Vietnamese: a checkpoint that did not add it by name
    hears the language from the text."""

    family: ClassVar[Family] = Family(
        engine="qwen_viet_tts",
        languages={"vi": "Vietnamese"},
        speakers={"vi": "yen_nhi"},
        example="Xin chào.",
    )
