"""Names that people give, made fit for a path (TTS-021)."""

from __future__ import annotations

import re
import unicodedata

from serve_app.errors import InvalidRequest

LONGEST = 64


def slug(name: str, *, field: str) -> str:
    """`[A-Za-z0-9_-]{1,64}`: accents are dropped, all else that does not fit becomes `_`.

    Raises InvalidRequest, which names `field`, when no letter or digit is left.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    fitting = re.sub(r"[^A-Za-z0-9-]+", "_", plain).strip("_-")[:LONGEST].rstrip("_-")
    if not fitting:
        raise InvalidRequest(f"{field}: It needs a letter from A to Z or a digit.")
    return fitting
