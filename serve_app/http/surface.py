"""The router of a public surface: gates before bodies, strict bodies, one form of errors."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import FormData

from serve_app.http.body_limit import JSON_BYTES
from serve_app.http.dependencies import Gate
from serve_app.http.error_forms import STANDARD, ErrorForm
from serve_app.http.forms import multipart, with_plain_names
from serve_app.http.json_body import parsed


class StrictRequest(Request):
    """Reads JSON strictly (`json_body`), and forms with all spellings of names (`forms`)."""

    async def json(self) -> Any:
        return parsed(await self.body())

    async def _get_form(self, **limits: Any) -> FormData:
        """What `form()` gives. Raises InvalidRequest."""
        if self._form is None:
            content_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
            files = content_type == "multipart/form-data"
            form = await (multipart(self, **limits) if files else super()._get_form(**limits))
            self._form = with_plain_names(form)
        return self._form


class GuardedRoute(APIRoute):
    """Passes the route's gates before the body is read.

    FastAPI alone parses the body first: a stranger could upload, and learn what is valid, before the 401.
    """

    body_bytes: ClassVar[int] = JSON_BYTES
    """Most bytes of a JSON body; a subclass declares more (`BodyLimit`)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        gates = [needed.call for needed in self.dependant.dependencies if isinstance(needed.call, Gate)]

        async def admit_then_handle(request: Request) -> Response:
            for gate in gates:
                await gate(request)
            return await handle(StrictRequest(request.scope, request.receive))

        return admit_then_handle


class Surface(APIRouter):
    """The routes of one public surface, and the form that errors below its prefix have, also of unknown
    paths; a surface further down may declare another."""

    def __init__(self, prefix: str, tag: str, error_form: ErrorForm) -> None:
        errors: dict[int | str, dict[str, Any]] = {"default": dict(error_form.documented)}
        super().__init__(prefix=prefix, tags=[tag], route_class=GuardedRoute, responses=errors)
        self.error_forms = {prefix: error_form}

    def add(self, other: Surface) -> None:
        """Serve the routes of another one too."""
        self.routes.extend(other.routes)
        self.error_forms.update(other.error_forms)


def surface(prefix: str, tag: str, error_form: ErrorForm = STANDARD) -> Surface:
    """The router of one public surface."""
    return Surface(prefix, tag, error_form)
