"""What OpenAI clients send to go on with a conversation (LLM-003, LLM-006)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StrictBool, StrictStr

from serve_app.engines import ChatRequest
from serve_app.errors import InvalidRequest
from serve_app.http.json_body import JsonBody

Message = dict[str, Any]
"""Its fields are the engine's to judge."""


class ChatBody(JsonBody):
    """What the front looks at; OpenAI's other fields go to the engine as they are, and it judges them."""

    model_config = ConfigDict(extra="allow")

    model: StrictStr
    messages: Annotated[list[Message], Field(min_length=1)]
    stream: StrictBool | None = None
    n: Annotated[int, Field(strict=True, ge=1)] | None = None

    def request(self, team: str, max_choices: int) -> ChatRequest:
        """As engines take it. Raises InvalidRequest."""
        if self.n and self.n > max_choices:
            raise InvalidRequest(f"n: At most {max_choices} answers at once.")
        body = self.model_dump(exclude_unset=True, exclude={"stream"})
        return ChatRequest(self.model, body, bool(self.stream), team)
