"""Files inside of URLs: `data:image/png;base64,...` (RFC 2397)."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from serve_app.errors import InvalidRequest, TooLarge

SCHEME = "data:"
HEAD = re.compile(r'data:([\w.+*/-]*)(?:; *[\w.+="-]*)*; *base64,', re.ASCII | re.IGNORECASE)
LONGEST_HEAD = 200
"""Characters before the file: a media type with a parameter or two. No expression runs over all of a URL."""
SLICE = 256 * 1024
"""Characters decoded at once, whole groups of four: a millisecond or so, in which no other thread runs."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file, and what its sender says that it is."""

    data: bytes
    media_type: str = ""
    """In lower case; empty when it was not declared."""


def data_url(url: str, *, limit_bytes: int) -> Content:
    """Take a `data:` URL apart. Strict: base64 with padding, no white space, no other characters (RFC 4648).

    Raises InvalidRequest, and TooLarge past `limit_bytes` before anything is decoded.
    """
    head = HEAD.match(url[:LONGEST_HEAD])
    if head is None:
        raise InvalidRequest("It must begin with data:<media type>;base64, and hold base64.")
    begin, end = head.end(), len(url)
    padding = url.count("=", max(begin, end - 2))
    if (end - begin) * 3 // 4 - padding > limit_bytes:
        raise TooLarge(f"It may have {limit_bytes} bytes.")
    if (end - begin) % 4 or url.find("=", begin, end - padding) >= 0:
        raise InvalidRequest("Its base64 is not valid.")
    try:
        parts = [
            binascii.a2b_base64(url[at : at + SLICE], strict_mode=True) for at in range(begin, end, SLICE)
        ]
    except ValueError as wrong:
        raise InvalidRequest("Its base64 is not valid.") from wrong
    return Content(b"".join(parts), head[1].lower())
