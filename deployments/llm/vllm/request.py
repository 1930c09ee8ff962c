"""A caller's request as vLLM reads it, without what could reach other requests or other machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest

from deployments.llm.embedded.openai_objects import refused_part
from serve_app.engines import ChatRequest
from serve_app.errors import InvalidRequest

REFUSED = (
    "cache_salt",
    "chat_template",
    "ec_transfer_params",
    "kv_transfer_params",
    "media_io_kwargs",
    "mm_processor_kwargs",
    "priority",
    "request_id",
    "session_id",
    "use_beam_search",
    "vllm_xargs",
)
"""Fields of vLLM that are not for public callers: they address other requests, other engines or the server's
own template, or, like a beam search, keep an engine busy out of all proportion."""
ROLES = ("system", "developer", "user", "assistant", "tool")
"""Templates leave a message of another role out without a word."""
MAX_CHOICES = 8
"""Each choice is a generation of its own, though the request took one place."""
LARGEST = 2**63 - 1
"""What vLLM tells its engine's process in; a larger number fails there."""
PENALTIES = (1e-6, 1e6)
"""Logits divided or multiplied by it stay finite in single precision."""


def completion_request(request: ChatRequest, name: str) -> ChatCompletionRequest:
    """Check what vLLM does not, and leave it the rest.

    Raises InvalidRequest, and what pydantic and vLLM raise.
    """
    body = dict(request.body)
    for field in REFUSED:
        if body.get(field) is not None:
            raise InvalidRequest(f"{field}: cannot be set here.")
    _check_numbers(body)
    if isinstance(body.get("top_k"), int):
        body["top_k"] = min(body["top_k"], LARGEST)  # all tokens, as any number above the vocabulary
    body["messages"] = _messages(body.get("messages"))
    # How much was used is always wanted; the caller hears of it only when the caller asked.
    body["stream_options"] = {"include_usage": True} if request.stream else None
    # What one team sent must not show in how soon another team is answered.
    body["cache_salt"] = request.team or None
    return ChatCompletionRequest(**body | {"model": name, "stream": request.stream})


def _check_numbers(body: Mapping[str, Any]) -> None:
    choices = 1 if body.get("n") is None else body["n"]
    if not isinstance(choices, int) or not 1 <= choices <= MAX_CHOICES:
        raise InvalidRequest(f"n: an integer from 1 to {MAX_CHOICES}.")
    penalty = body.get("repetition_penalty")
    if isinstance(penalty, int | float) and not PENALTIES[0] <= penalty <= PENALTIES[1]:
        raise InvalidRequest(f"repetition_penalty: a number from {PENALTIES[0]} to {PENALTIES[1]:.0f}.")
    for field, number in body.items():
        if isinstance(number, int) and abs(number) > LARGEST and field != "top_k":
            raise InvalidRequest(f"{field[:60]}: a number of 64 bits.")
        if isinstance(number, int) and number < 1 and field in ("max_tokens", "max_completion_tokens"):
            raise InvalidRequest(f"{field}: an integer from 1.")


def wants_usage(request: ChatRequest) -> bool:
    """Whether a stream shall end with a chunk that says how much was used."""
    options = request.body.get("stream_options")
    return isinstance(options, Mapping) and bool(options.get("include_usage"))


def _messages(messages: Any) -> list[dict[str, Any]]:
    if not isinstance(messages, list) or not messages:
        raise InvalidRequest("messages: a list of at least one message.")
    return [_message(f"messages[{index}]", message) for index, message in enumerate(messages)]


def _message(place: str, message: Any) -> dict[str, Any]:
    if not isinstance(message, Mapping):
        raise InvalidRequest(f"{place}: an object with role and content.")
    if (role := message.get("role")) not in ROLES:
        raise InvalidRequest(f"{place}.role: one of {', '.join(ROLES)}.")
    content = message.get("content")
    if not (isinstance(content, str | list) or (content is None and role == "assistant")):
        raise InvalidRequest(f"{place}.content: a text, or a list of parts of the type text.")
    _refuse_other_than_text(f"{place}.content", content)
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list) or not all(isinstance(call, Mapping) for call in calls):
        raise InvalidRequest(f"{place}.tool_calls: a list of objects.")
    # OpenAI's newer name, which the templates of other models do not know.
    return {**message, "role": "system" if role == "developer" else role}


def _refuse_other_than_text(place: str, content: Any) -> None:
    """Pictures and sounds would be fetched, from wherever their URL points."""
    for index, part in enumerate(content if isinstance(content, list) else ()):
        if not isinstance(part, Mapping):
            raise InvalidRequest(f"{place}[{index}]: an object with type and text.")
        if part.get("type") != "text":
            raise InvalidRequest(f"{place}[{index}].type: The model cannot {refused_part(part.get('type'))}.")
        if not isinstance(part.get("text"), str):
            raise InvalidRequest(f"{place}[{index}].text: a text.")
