"""From the URL of a caller's picture to its bytes (VID-005, NET-001)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from serve_app.backends import Backends
from serve_app.core.data_url import SCHEME, Content, data_url
from serve_app.core.reference_paths import uploaded_path
from serve_app.errors import InvalidRequest, NotFound, TooLarge

MAX_BYTES = 25 * 1024 * 1024
"""Of a picture (VID-006)."""
WEB = frozenset({"http", "https"})
LONGEST_URL = 2048
"""Characters; browsers hold URLs to about 2000."""
FORMS = "Send a data: URL, an /uploads/... path, or an http:// or https:// URL."
MISSING = "The picture does not exist."


@contextmanager
def naming(field: str) -> Iterator[None]:
    """Puts the name of the field before what is wrong with it."""
    try:
        yield
    except (InvalidRequest, NotFound, TooLarge) as refused:
        raise type(refused)(f"{field}: {refused.message}") from refused


async def sent_picture(backends: Backends, team: str, url: str) -> Content:
    """The bytes behind a URL, whatever they are, and the type that a `data:` URL declares.

    Raises InvalidRequest, UnsafeUrl, FetchFailed, TooLarge, and NotFound for a foreign path as for an unknown
    one (KEY-015).
    """
    if url[: len(SCHEME)].lower() == SCHEME:
        return await asyncio.to_thread(data_url, url, limit_bytes=MAX_BYTES)
    if len(url) > LONGEST_URL:
        raise InvalidRequest(f"It may have {LONGEST_URL} characters.")
    if path := uploaded_path(url):
        return Content(await _stored(backends, team, path))
    if not url.lower().startswith(("http://", "https://")):
        raise InvalidRequest(FORMS)
    return Content(await backends.fetch.get(url, limit_bytes=MAX_BYTES, schemes=WEB))


async def _stored(backends: Backends, team: str, path: str) -> bytes:
    try:
        found = await backends.files.find(path, team=team)
        if found.size > MAX_BYTES:
            raise TooLarge(f"It may have {MAX_BYTES} bytes.")
        return await asyncio.to_thread(found.location.read_bytes)
    except (NotFound, FileNotFoundError):  # the latter: deleted at this moment
        raise NotFound(MISSING) from None
