"""What is counted of a team's day besides recordings, by the names it is stored under (QUO-005, QUO-014)."""

from __future__ import annotations

SPEECH_SECONDS = "tts"
"""Of speech made."""
READING_SECONDS = "reading"
"""Of readings scored."""
VIDEO_SECONDS = "video"
"""Of video made."""
PROMPT_TOKENS = "llm_prompt_tokens"
"""Read by language models."""
COMPLETION_TOKENS = "llm_completion_tokens"
"""Written by them."""
