"""The objects of OpenAI's chat completions, as JSON texts (LLM-003, LLM-006)."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from serve_app.engines import Usage

Json = dict[str, Any]
PARTS = {
    "image_url": "pictures",
    "input_image": "pictures",
    "input_audio": "sounds",
    "audio_url": "sounds",
    "video_url": "films",
    "file": "files",
    "input_file": "files",
}
"""What parts of a message bring, by their type, besides text."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What all objects of one answer have in common."""

    model: str
    system_fingerprint: str
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def chunk(self, choices: Sequence[Json], **more: Any) -> str:
        return self._object("chat.completion.chunk", choices, more)

    def completion(self, choices: Sequence[Json], usage: Usage) -> str:
        return self._object("chat.completion", choices, {"usage": counted(usage)})

    def _object(self, kind: str, choices: Sequence[Json], more: Json) -> str:
        head = {"id": self.id, "object": kind, "created": self.created, "model": self.model}
        body = {**head, "choices": choices, **more, "system_fingerprint": self.system_fingerprint}
        return json.dumps(body, ensure_ascii=False)


def refused_part(kind: object) -> str:
    """What a model that reads text cannot do with a part of this type."""
    return f"take {PARTS.get(str(kind), 'parts of a type other than text')}"


def counted(usage: Usage) -> Json:
    total = usage.prompt_tokens + usage.completion_tokens
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": total,
    }


def delta(index: int, said: Json, logprobs: Sequence[Json] | None = None, reason: str | None = None) -> Json:
    """A choice of a chunk."""
    return {"index": index, "delta": said, "logprobs": told(logprobs), "finish_reason": reason}


def message(index: int, text: str, logprobs: Sequence[Json] | None, reason: str) -> Json:
    """A choice of a completion."""
    said = {"role": "assistant", "content": text, "refusal": None}
    return {"index": index, "message": said, "logprobs": told(logprobs), "finish_reason": reason}


def told(logprobs: Sequence[Json] | None) -> Json | None:
    return None if logprobs is None else {"content": list(logprobs), "refusal": None}
