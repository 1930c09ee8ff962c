"""The turns of a conversation as the embedded model reads them: texts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from deployments.llm.embedded.openai_objects import refused_part
from serve_app.core.validation import CANNOT_DO


class TextPart(BaseModel):
    type: Literal["text"]
    text: StrictStr

    @field_validator("type", mode="before")
    @classmethod
    def _is_text(cls, kind: object) -> object:
        if kind != "text":
            raise _cannot(refused_part(kind))
        return kind


class Message(BaseModel):
    """One turn; what else clients put into it says nothing to a model."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[StrictStr | list[TextPart] | None, Field(validate_default=True)] = None
    """None, an empty turn, of an assistant only: OpenAI's have none beside calls of tools."""

    @field_validator("role", mode="before")
    @classmethod
    def _speaks(cls, role: object) -> object:
        if role in ("tool", "function"):
            raise _cannot("call tools")
        return role

    @field_validator("content")
    @classmethod
    def _says_something(cls, content: object, info: ValidationInfo) -> object:
        if content is None and info.data.get("role") != "assistant":
            raise PydanticCustomError("missing", "Field required")
        return content

    @property
    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or ())


def _cannot(do: str) -> PydanticCustomError:
    return PydanticCustomError(CANNOT_DO, f"cannot {do}")
