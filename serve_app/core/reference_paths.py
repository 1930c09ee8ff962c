"""The names by which callers point at files that are kept here: voices to clone (TTS-011, TTS-016, TTS-018),
and pictures (VID-005)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from serve_app.errors import InvalidRequest

CUSTOM_VOICES = "custom_voices"
OPERATOR = "F5-TTS"
UPLOADS = "uploads"
FORMS = f"{CUSTOM_VOICES}/..., /{UPLOADS}/..., {OPERATOR}/... or an https:// URL"


class Place(Enum):
    """Where a voice to clone is looked for."""

    STORED = "stored"
    """Among the files of the team, by its path below `/uploads/`."""
    OPERATOR = "operator"
    """In the folder of the operator, by its path in it."""
    URL = "url"


@dataclass(frozen=True, slots=True)
class ReferencePath:
    """A name taken apart."""

    place: Place
    name: str


def reference_path(value: str, *, field: str) -> ReferencePath:
    """Take a name apart; nothing is looked up.

    Raises InvalidRequest, which names `field`, for any other form.
    """
    if value.lower().startswith("https://"):
        return ReferencePath(Place.URL, value)
    if path := uploaded_path(value):
        return ReferencePath(Place.STORED, path)
    parts = _parts(value)
    if parts[:1] == [CUSTOM_VOICES]:
        return ReferencePath(Place.STORED, "/".join(parts))
    if parts[:1] == [OPERATOR]:
        return ReferencePath(Place.OPERATOR, "/".join(parts[1:]))
    raise InvalidRequest(f"{field}: Send {FORMS}.")


def uploaded_path(value: str) -> str:
    """The path below `/uploads/` that a URL of this site names; empty for any other name. A signed URL of an
    output is such a URL too."""
    parts = _parts(value.removeprefix("/"))
    return "/".join(parts[1:]) if parts[:1] == [UPLOADS] and len(parts) > 2 else ""


def _parts(value: str) -> list[str]:
    """The parts of a path without its query, at least two; none if one of them is not plain."""
    parts = value.split("?")[0].split("/")
    return parts if len(parts) > 1 and all(map(_plain, parts)) else []


def _plain(part: str) -> bool:
    return part not in ("", ".", "..") and part.isprintable() and not set(part) & set("\\:")
