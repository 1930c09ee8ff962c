"""The names by which callers point at a voice to clone (TTS-011, TTS-016, TTS-018)."""

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
    """Take a name apart; nothing is looked up. A signed URL of an output is one of its names.

    Raises InvalidRequest, which names `field`, for any other form.
    """
    if value.lower().startswith("https://"):
        return ReferencePath(Place.URL, value)
    parts = value.split("?")[0].removeprefix(f"/{UPLOADS}/").removeprefix(f"{UPLOADS}/").split("/")
    uploaded = value.removeprefix("/").startswith(f"{UPLOADS}/")
    if len(parts) > 1 and all(map(_plain, parts)):
        if uploaded or parts[0] == CUSTOM_VOICES:
            return ReferencePath(Place.STORED, "/".join(parts))
        if parts[0] == OPERATOR:
            return ReferencePath(Place.OPERATOR, "/".join(parts[1:]))
    raise InvalidRequest(f"{field}: Send {FORMS}.")


def _plain(part: str) -> bool:
    return part not in ("", ".", "..") and part.isprintable() and not set(part) & set("\\:")
