"""What callers send to speak a text (TTS-002..017)."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, StrictInt, StrictStr

from serve_app.core.speech.rules import SpeechFields
from serve_app.http.json_body import JsonBody


class SpeechBody(JsonBody):
    """A text and how to speak it. A field that is blank is one that is not given."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text": "สวัสดีครับ", "language": "th", "model": "omnivoice", "seed": 12345}]
        }
    )

    text: StrictStr
    """200 characters at most."""
    language: StrictStr | None = None
    model: StrictStr | None = None
    seed: StrictInt | None = None
    speaker: StrictStr | None = None
    instruct: StrictStr | None = None
    f5_thai_variant: StrictStr | None = None
    vieneu_expression: StrictStr | None = None
    f5_sample: StrictStr | None = None
    clone_audio: StrictStr | None = None
    clone_text: StrictStr | None = None
    qwen3_clone_audio: StrictStr | None = None
    qwen3_clone_text: StrictStr | None = None

    def fields(self) -> SpeechFields:
        """The fields as the rules take them."""
        given: dict[str, Any] = self.model_dump(exclude_none=True)
        trimmed = {name: value.strip() for name, value in given.items() if isinstance(value, str)}
        return SpeechFields(**{**given, **trimmed})
