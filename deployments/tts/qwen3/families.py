"""The public models of Qwen3-TTS (TTS-009).

Published checkpoints: Qwen/Qwen3-TTS-12Hz-1.7B-CustomVoice for `speakers`, -Base for `clone`.
"""

from __future__ import annotations

from typing import ClassVar

from deployments.tts.qwen3.engine import Family, Qwen3Synthesizer


class CosyTtsSynthesizer(Qwen3Synthesizer):
    """English, Chinese, Japanese and Korean. Without a `speaker`, one who speaks the language as her own, as
    the checkpoint's card says."""

    family: ClassVar[Family] = Family(
        engine="cosytts",
        languages={"en": "English", "zh": "Chinese", "ja": "Japanese", "ko": "Korean"},
        speakers={"en": "ryan", "zh": "vivian", "ja": "ono_anna", "ko": "sohee"},
        example="Good morning.",
    )


class QwenVietSynthesizer(Qwen3Synthesizer):
    """Checkpoints trained further for Vietnamese. Without a `speaker`, Yen Nhi. The original has no
    Vietnamese: a checkpoint that did not add it by name hears the language from the text."""

    family: ClassVar[Family] = Family(
        engine="qwen_viet_tts",
        languages={"vi": "Vietnamese"},
        speakers={"vi": "yen_nhi"},
        example="Xin chào.",
    )
