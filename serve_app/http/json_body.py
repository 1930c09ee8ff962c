"""JSON that callers send."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, model_validator
from pydantic_core import from_json

from serve_app.errors import InvalidRequest
from serve_app.http.body_limit import JSON_BYTES

MOST_COMMAS = 4_000
"""In a body above JSON_BYTES: some fields and one long string without any; a prompt has 2000 characters.
Without a bound 34 MB of `[],[],` take seconds and 700 MB. The parser itself bounds how deep lists nest."""


class JsonBody(BaseModel):
    """An object that callers send. A member that is null is one left out, since typed clients write what they
    do not set as null (ERR-021). What a field takes as it is (`dict`, `Any`) keeps its nulls."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, sent: Any) -> Any:
        if not isinstance(sent, dict):
            return sent
        return {name: value for name, value in sent.items() if value is not None}


def parsed(body: bytes) -> Any:
    """The value, by the letter of RFC 8259: no NaN, nor half a surrogate pair, which no answer can carry.

    Not for a thread, which would hold the interpreter all the while: 30 ms for 34 MB of one string. Raises
    InvalidRequest.
    """
    if len(body) > JSON_BYTES and body.count(b",") > MOST_COMMAS:
        raise InvalidRequest("The body is not valid JSON: it has too many members.")
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as wrong:
        raise InvalidRequest(f"The body is not valid JSON: {wrong}.") from wrong
