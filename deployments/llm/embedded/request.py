"""What a caller asks of the embedded model, checked: what it cannot do is refused (LLM-006)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError

from deployments.llm.embedded.messages import Message
from serve_app.core.faults import faults
from serve_app.core.validation import CANNOT_DO, worded
from serve_app.errors import InvalidRequest

MAX_CHOICES = 8
"""Each is a generation of its own, though the request took one place."""
MAX_STOPS = 16
LONGEST_STOP = 200
"""Characters; a text is held back while it may be the beginning of a stop."""
HARMLESS = frozenset(
    {"model", "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"}
    | {"prompt_cache_retention", "parallel_tool_calls"}
)
"""Fields that change nothing in an answer."""
OFF: Mapping[str, tuple[Any, ...]] = {
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "logit_bias": ({},),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "repetition_penalty": (1,),
    "min_p": (0,),
    "reasoning_effort": ("none",),
}
"""Values of a field that ask for nothing."""
CANNOT = {
    "tools": "call tools",
    "tool_choice": "call tools",
    "functions": "call functions",
    "function_call": "call functions",
    "response_format": "keep to a format",
    "modalities": "answer in anything but text",
    "audio": "speak",
    "logit_bias": "weigh tokens",
    "presence_penalty": "penalise tokens",
    "frequency_penalty": "penalise tokens",
    "repetition_penalty": "penalise tokens",
    "reasoning_effort": "reason",
    "prediction": "use a prediction",
    "web_search_options": "search the web",
}


class StreamOptions(BaseModel):
    include_usage: StrictBool | None = None
    include_obfuscation: StrictBool | None = None
    """OpenAI's padding against guesses by length; there is none here."""


class TemplateOptions(BaseModel):
    """vLLM's `chat_template_kwargs`."""

    model_config = ConfigDict(extra="forbid")
    enable_thinking: Literal[False] | None = None


Stop = Annotated[StrictStr, Field(min_length=1, max_length=LONGEST_STOP)]
Count = Annotated[StrictInt, Field(ge=1)]


class Asked(BaseModel):
    """The fields that the embedded model minds; None stands for a field that was left out."""

    model_config = ConfigDict(extra="allow")

    messages: Annotated[list[Message], Field(min_length=1)]
    max_tokens: Count | None = None
    max_completion_tokens: Count | None = None
    temperature: Annotated[float, Field(strict=True, ge=0, le=2, allow_inf_nan=False)] | None = None
    """0, the default, always takes the likeliest token: a small model has nothing better to say."""
    top_p: Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)] | None = None
    top_k: Annotated[StrictInt, Field(ge=-1)] | None = None
    """vLLM's; 0 and -1 stand for all tokens."""
    n: Annotated[StrictInt, Field(ge=1, le=MAX_CHOICES)] | None = None
    stop: Stop | Annotated[list[Stop], Field(max_length=MAX_STOPS)] | None = None
    seed: StrictInt | None = None
    logprobs: StrictBool | None = None
    top_logprobs: Annotated[StrictInt, Field(ge=0, le=20)] | None = None
    stream_options: StreamOptions | None = None
    chat_template_kwargs: TemplateOptions | None = None

    @property
    def stops(self) -> tuple[str, ...]:
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    @property
    def wants_usage(self) -> bool:
        """Whether a stream shall end with a chunk that says how much was used."""
        return bool(self.stream_options and self.stream_options.include_usage)


def asked(body: Mapping[str, Any]) -> Asked:
    """Raises InvalidRequest, with a text that begins with the field."""
    for field, value in body.items():
        if field not in Asked.model_fields and value is not None:
            _refuse_unless_off(field, value)
    try:
        found = Asked.model_validate(body)
    except ValidationError as invalid:
        raise InvalidRequest(_first_fault(invalid, body)) from None
    if found.top_logprobs and not found.logprobs:
        raise InvalidRequest("top_logprobs: only with logprobs.")
    return found


def _refuse_unless_off(field: str, value: Any) -> None:
    if field in HARMLESS or (value in OFF.get(field, ()) and not isinstance(value, bool)):
        return
    raise InvalidRequest(f"{field[:60]}: The embedded model cannot {CANNOT.get(field, 'use this field')}.")


def _first_fault(invalid: ValidationError, body: Mapping[str, Any]) -> str:
    fault = faults(worded(invalid.errors(include_url=False)), body)[0]
    wrong = f"cannot take this: {fault.text[0].lower()}{fault.text[1:]}"
    return f"{fault.path}: The embedded model {fault.text if fault.kind == CANNOT_DO else wrong}."
