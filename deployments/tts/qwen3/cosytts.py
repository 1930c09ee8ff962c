"""The public model `cosytts`: Qwen3-TTS in English, Chinese, Japanese and Korean (TTS-009).

Published checkpoints: Qwen/Qwen3-TTS-12Hz-1.7B-CustomVoice for `speakers`, -Base for `clone`.
"""

from __future__ import annotations

from typing import ClassVar

from deployments.tts.qwen3.engine import Family, Qwen3Synthesizer


class CosyTtsSynthesizer(Qwen3Synthesizer):
    """Without a `speaker`, one who speaks the language as her own, as the checkpoint's card says."""

    family: ClassVar[Family] = Family(
        engine="cosytts",
        languages={"en": "English", "zh": "Chinese", "ja": "Japanese", "ko": "Korean"},
        speakers={"en": "ryan", "zh": "vivian", "ja": "ono_anna", "ko": "sohee"},
        example="Good morning.",
    )
