"""What the web framework refuses, in our own terms: invalid fields, unknown paths, wrong methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from serve_app.core.faults import Fault, faults
from serve_app.core.validation import worded
from serve_app.errors import (
    InvalidRequest,
    KaleidoError,
    MethodNotAllowed,
    NotFound,
    TooLarge,
    UnsupportedMediaType,
)
from serve_app.http.error_responses import error_response

SHOWN_PROBLEMS = 3
"""Enough to mend a request; a body with a thousand wrong fields gets no answer of a thousand lines."""
BY_STATUS: dict[int, type[KaleidoError]] = {error.status: error for error in (TooLarge, UnsupportedMediaType)}


def answer_for_framework_errors(app: FastAPI) -> None:
    """Replace the framework's own error answers (ERR-010, ERR-016)."""
    app.exception_handlers[HTTPException] = _http_exception
    app.exception_handlers[RequestValidationError] = _validation_error


async def _http_exception(request: Request, refusal: HTTPException) -> Response:
    if isinstance(refusal.__cause__, KaleidoError):  # ours, raised while FastAPI read the body
        return error_response(refusal.__cause__, request.scope)
    if refusal.status_code == NotFound.status:
        return error_response(NotFound(f"There is nothing at {request.scope['path'][:100]}."), request.scope)
    if refusal.status_code == MethodNotAllowed.status:
        allowed = _allowed(request)
        refused = MethodNotAllowed(f"{request.method[:20]} is not allowed here; use {allowed}.")
        return error_response(refused, request.scope, {"allow": allowed})
    if known := BY_STATUS.get(refusal.status_code):
        return error_response(known(), request.scope)
    if refusal.status_code < KaleidoError.status:
        return error_response(InvalidRequest(str(refusal.detail)), request.scope)
    return error_response(KaleidoError(), request.scope)


def _allowed(request: Request) -> str:
    """Every method of the path, also when several routes share it."""
    sharing = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
    methods = set[str]().union(*(getattr(route, "methods", None) or () for route in sharing))
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


async def _validation_error(request: Request, invalid: RequestValidationError) -> Response:
    problems = invalid.errors()
    if any(isinstance(problem.get("input"), bytes) for problem in problems):
        # FastAPI hands a body that is not declared as JSON to validation as bytes.
        return error_response(UnsupportedMediaType(), request.scope)
    sent = {"query": request.query_params, "path": request.path_params, "header": request.headers}
    return error_response(InvalidRequest(told(problems, {**sent, "body": invalid.body})), request.scope)


def told(problems: Sequence[Mapping[str, Any]], sent: Mapping[str, Any]) -> str:
    """Each field of what was sent, by its source (`body`, `query`, ...), and what is wrong with it (ERR-022,
    ERR-024)."""
    found = dict.fromkeys(map(_problem, faults(worded(problems), sent)))
    return "; ".join([*found][:SHOWN_PROBLEMS])


def _problem(problem: Fault) -> str:
    field = ".".join(str(part) for part in problem.place[1:] or problem.place)
    return f"{field[:100]}: {problem.text}"
