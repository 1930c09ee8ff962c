"""A caller's request as vLLM reads it, without what could reach other requests or other machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest

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


def completion_request(request: ChatRequest, name: str) -> ChatCompletionRequest:
    """Check what vLLM does not, and leave it the rest.

    Raises InvalidRequest, and what pydantic and vLLM raise.
    """
    body = dict(request.body)
    for field in REFUSED:
        if body.get(field) is not None:
            raise InvalidRequest(f"{field}: cannot be set here.")
    choices = 1 if body.get("n") is None else body["n"]
    if not isinstance(choices, int) or not 1 <= choices <= MAX_CHOICES:
        raise InvalidRequest(f"n: an integer from 1 to {MAX_CHOICES}.")
    body["messages"] = _messages(body.get("messages"))
    # How much was used is always wanted; the caller hears of it only when the caller asked.
    body["stream_options"] = {"include_usage": True} if request.stream else None
    # What one team sent must not show in how soon another team is answered.
    body["cache_salt"] = request.team or None
    return ChatCompletionRequest(**body | {"model": name, "stream": request.stream})


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
    if not (_is_text(content) or (content is None and role == "assistant")):
        raise InvalidRequest(f"{place}.content: a text, or a list of parts of the type text.")
    # OpenAI's newer name, which the templates of other models do not know.
    return {**message, "role": "system" if role == "developer" else role}


def _is_text(content: Any) -> bool:
    """Pictures and sounds would be fetched, from wherever their URL points."""
    if isinstance(content, list):
        return all(isinstance(part, Mapping) and part.get("type") == "text" for part in content)
    return isinstance(content, str)
