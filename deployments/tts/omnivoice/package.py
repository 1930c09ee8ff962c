"""The classes of omnivoice, without the warnings of the pydub that it imports."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # Of a module that Python 3.13 drops, of ffmpeg, which is for files in other formats, and of its own code.
    warnings.filterwarnings("ignore", module=r"pydub\.")
    warnings.filterwarnings("ignore", "invalid escape sequence")
    from omnivoice import OmniVoice, OmniVoiceGenerationConfig, VoiceClonePrompt
    from omnivoice.utils.audio import trim_long_audio

__all__ = ["OmniVoice", "OmniVoiceGenerationConfig", "VoiceClonePrompt", "trim_long_audio"]
