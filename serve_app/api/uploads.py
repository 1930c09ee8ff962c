"""Generated files: `GET` and `HEAD /uploads/generations/...` (RT-42, OUT-001, KEY-015)."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from serve_app.edge import error_response
from serve_app.errors import InvalidRequest, NotFound, RangeNotSatisfiable, Unauthorized
from serve_app.outputs import signature_opens
from serve_app.stores import StoredFile
from serve_app.wire import API_KEY, BEARER, BackendsDep, CallerGate, Gate, backends_of, credential, surface

SERVED = "generations/"
"""Only outputs: recordings that callers uploaded, and voices made of them, are not given out here."""


class OutputGate(Gate):
    """The id of the team whose key was sent; None where a signature opens the file to whoever holds its URL.

    A key is looked at first, so that a lapsed URL still opens for its team. A bad or lapsed signature is
    answered like a bad key, 401, before the file is looked up: it tells nothing about what exists. Keys are
    counted in the polling bucket, as a browser plays one file in many ranges; a signature has no bucket.
    """

    def __init__(self) -> None:
        self._by_key = CallerGate(polling=True)

    async def __call__(
        self,
        request: Request,
        _key: Annotated[object, Security(API_KEY)] = None,
        _bearer: Annotated[object, Security(BEARER)] = None,
    ) -> str | None:
        signature = request.query_params.get("sig")
        if signature is None or credential(request):
            return (await self._by_key(request)).team_id
        expiry = request.query_params.get("exp", "")
        if not signature_opens(backends_of(request), request.path_params["path"], expiry, signature):
            raise Unauthorized("The signature of this URL is wrong or has expired.")
        return None


class OutputFile(FileResponse):
    """A file, streamed, with byte ranges (RFC 9110, 14); its refusals have our own body (ERR-016)."""

    def __init__(self, file: StoredFile) -> None:
        super().__init__(
            file.location,
            headers={"cache-control": "private", "x-content-type-options": "nosniff"},
            media_type=file.media_type,
            filename=PurePosixPath(file.path).name,
            content_disposition_type="inline",
        )
        self._size = file.size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            if message.get("status", 200) >= InvalidRequest.status:
                raise RangeNotSatisfiable
            await send(message)

        try:
            await super().__call__(scope, receive, watched)
        except RangeNotSatisfiable as refused:
            whole = {"content-range": f"bytes */{self._size}"}
            await error_response(refused, scope, whole)(scope, receive, send)


router = surface("/uploads", "uploads")


@router.get("/{path:path}", response_class=FileResponse)
@router.head("/{path:path}", response_class=FileResponse)
async def output(
    path: str, team: Annotated[str | None, Depends(OutputGate())], backends: BackendsDep
) -> FileResponse:
    """An output of the caller's team, or of any team when the URL is signed."""
    if not path.startswith(SERVED):
        raise NotFound
    return OutputFile(await backends.files.find(path, team=team))
