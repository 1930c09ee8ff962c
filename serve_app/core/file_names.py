"""The name of an uploaded file, by each of the ways in which clients write it (OUT-004)."""

from __future__ import annotations

import re
import unicodedata
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import collapse_rfc2231_value

LONGEST = 255
"""Characters: what file systems take."""
ESCAPED = {"%22": '"', "%0D": "\r", "%0A": "\n"}
"""All that browsers escape (https://html.spec.whatwg.org, multipart/form-data encoding algorithm)."""


def file_name(disposition: str) -> str | None:
    """The name in a Content-Disposition, without folders; None where there is none: the part is a field.

    `filename*` (RFC 8187) wins over `filename`, which may be an encoded word (RFC 2047).
    """
    header = Message()
    header["content-disposition"] = disposition
    params = header.get_params([], "content-disposition")
    named = [value for key, value in params if key.lower() == "filename"]
    extended = [collapse_rfc2231_value(value) for value in named if isinstance(value, tuple)]
    names = extended or [_decoded(value) for value in named if isinstance(value, str)]
    return _bare(names[0]) if names else None


def _decoded(name: str) -> str:
    for escape, character in ESCAPED.items():
        name = re.sub(escape, character, name, flags=re.IGNORECASE)
    try:
        return str(make_header(decode_header(name))) if name.startswith("=?") else name
    except (HeaderParseError, LookupError, ValueError):  # no encoded word, or one of an unknown charset
        return name


def _bare(name: str) -> str:
    """Without folders and control characters; it is shown back and never used as a path (OUT-002)."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(character for character in last if unicodedata.category(character) != "Cc")[:LONGEST]
