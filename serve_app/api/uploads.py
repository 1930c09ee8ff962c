"""Generated files: `GET /uploads/generations/...` (RT-42, OUT-001, KEY-015)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import Depends, Request, Response, Security
from fastapi.responses import FileResponse
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from serve_app.core.conditional import Validators, outcome, spans
from serve_app.errors import NotFound, PreconditionFailed, RangeNotSatisfiable, Unauthorized
from serve_app.http.dependencies import (
    API_KEY,
    BEARER,
    BackendsDep,
    CallerGate,
    Gate,
    backends_of,
    credential,
)
from serve_app.http.error_responses import error_response
from serve_app.http.surface import surface
from serve_app.output_files import signature_opens
from serve_app.stores import StoredFile

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
    """A file, streamed, with preconditions and byte ranges (OUT-003); its refusals have our own body."""

    def __init__(self, file: StoredFile, stat: os.stat_result) -> None:
        super().__init__(
            file.location,
            headers={"cache-control": "private", "x-content-type-options": "nosniff"},
            media_type=file.media_type,
            filename=PurePosixPath(file.path).name,
            stat_result=stat,
            content_disposition_type="inline",
        )
        self._size = stat.st_size
        self._validators = Validators(self.headers["etag"], int(stat.st_mtime))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = {name: ", ".join(Headers(scope=scope).getlist(name)) for name in Headers(scope=scope)}
        match outcome(asked, self._validators):
            case "failed":
                raise PreconditionFailed
            case "not_modified":
                await self._unchanged()(scope, receive, send)
            case "send":
                await self._send(scope, asked, receive, send)

    def _unchanged(self) -> Response:
        kept = ("etag", "last-modified", "cache-control")
        return Response(status_code=304, headers={name: self.headers[name] for name in kept})

    async def _send(self, scope: Scope, asked: Mapping[str, str], receive: Receive, send: Send) -> None:
        """The whole, or what of its `Range` there is."""
        found = spans(asked, self._size, self._validators)
        if found == []:
            whole = {"content-range": f"bytes */{self._size}"}
            await error_response(RangeNotSatisfiable(), scope, whole)(scope, receive, send)
            return
        headers = [pair for pair in scope["headers"] if pair[0].lower() not in (b"range", b"if-range")]
        if found:
            told = ",".join(f"{first}-{end - 1}" for first, end in found)
            headers.append((b"range", f"bytes={told}".encode()))
        await super().__call__({**scope, "headers": headers}, receive, send)


router = surface("/uploads", "uploads")


@router.get("/{path:path}", response_class=FileResponse)
async def output(
    path: str, team: Annotated[str | None, Depends(OutputGate())], backends: BackendsDep
) -> FileResponse:
    """An output of the caller's team, or of any team when the URL is signed."""
    if not path.startswith(SERVED):
        raise NotFound
    file = await backends.files.find(path, team=team)
    return OutputFile(file, await asyncio.to_thread(file.location.stat))
