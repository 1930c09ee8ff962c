"""The two forms of error answers. Each surface declares its own (`serve_app.http.surface`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from serve_app.core.keys import redact
from serve_app.errors import KaleidoError, RateLimited


class ErrorBody(BaseModel):
    """ERR-016."""

    success: Literal[False]
    error: str
    code: str
    requestId: str


@dataclass(frozen=True, slots=True)
class ErrorForm:
    """How errors of a surface look."""

    body: Callable[[KaleidoError, str], dict[str, object]]
    """Of an error, and the id of the request."""
    documented: Mapping[str, Any]
    """As OpenAPI shows it."""


def openai_body(error: KaleidoError) -> dict[str, object]:
    """The body of ERR-017, which also ends a stream of events."""
    kind = "server_error" if error.status >= KaleidoError.status else "invalid_request_error"
    if error.status == RateLimited.status:
        kind = "rate_limit_error"
    body = {"message": redact(error.message), "type": kind, "param": None, "code": error.code}
    return {"error": body}


def _standard_body(error: KaleidoError, request_id: str) -> dict[str, object]:
    return {"success": False, "error": redact(error.message), "code": error.code, "requestId": request_id}


STANDARD = ErrorForm(_standard_body, {"model": ErrorBody, "description": "An error."})
"""ERR-016; of every path that no surface declares another for."""
OPENAI = ErrorForm(
    lambda error, _: openai_body(error), {"description": "An error as OpenAI tells it (ERR-017)."}
)
"""ERR-017."""


def form_of(declared: Mapping[str, ErrorForm], path: str) -> ErrorForm:
    """The form declared for the path, or else for the nearest path above it, by whole segments."""
    while path and path not in declared:
        path = path.rpartition("/")[0]
    return declared.get(path, STANDARD)
