"""Forms that callers send: names of files and of lists, however clients write them (OUT-004, OAI-012)."""

from __future__ import annotations

import re
from contextlib import aclosing
from typing import Any

from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from serve_app.core.file_names import file_name
from serve_app.errors import InvalidRequest

LIST_MARK = re.compile(r"\[\d*\]$")
"""PHP's `x[]` and `x[0]` for a field `x` that is sent several times."""
SEPARATORS = re.compile(r"[\s,\"'\[\]]+")
"""Of a list in one value: `a,b`, or JSON."""


class NamedParts(MultiPartParser):
    """Starlette's parser, which does not know `filename*`: to it such a file would be a field."""

    def on_headers_finished(self) -> None:
        """Begin a part."""
        part = self._current_part
        disposition = part.content_disposition or b""
        name = file_name(_text(disposition))
        if name is not None:
            part.content_disposition = disposition + b'; filename=""'  # a file, to the parser
        super().on_headers_finished()
        if part.file is not None:
            part.file.filename = name


async def multipart(request: Request, **limits: float) -> FormData:
    """A form with files. Raises InvalidRequest for what is none."""
    try:
        async with aclosing(request.stream()) as stream:
            return await NamedParts(request.headers, stream, **limits).parse()  # type: ignore[arg-type]
    except MultiPartException as wrong:
        raise InvalidRequest(wrong.message) from wrong


def with_plain_names(form: FormData) -> FormData:
    """The same, with each list under its field's own name."""
    return FormData([(LIST_MARK.sub("", name), value) for name, value in form.multi_items()])


def listed(values: list[Any]) -> list[Any]:
    """The members of a field that is a list: sent several times, with commas, or as JSON. What is no text, a
    file, is a member too, for the field to refuse."""
    split = [SEPARATORS.split(value) if isinstance(value, str) else [value] for value in values]
    return [member for members in split for member in members if member]


def _text(header: bytes) -> str:
    """Browsers write UTF-8, some old clients Latin-1."""
    try:
        return header.decode()
    except UnicodeDecodeError:
        return header.decode("latin-1")
