"""Names and addresses that people type: what is kept, and when two are the same (KEY-016, KEY-017)."""

from __future__ import annotations

import re
import unicodedata

from serve_app.errors import InvalidRequest

LONGEST_NAME = 100
LONGEST_ADDRESS = 254
"""Characters (RFC 5321, erratum 1690)."""
LONGEST_SLUG = 64
MAILBOX = re.compile(r"[^@\s]+@[^@\s]+")
UNSEEN = ("Cc", "Cf", "Cs")
"""Unicode's categories of characters that nobody sees: controls, marks of direction, halves of characters."""
JOINERS = "\u200c\u200d"
"""Unseen too, but scripts and emoji need them in the middle of a word."""


def label(text: str, *, field: str) -> str:
    """What is kept of a name: composed, without what nobody sees, single spaces between words; may be empty.

    Raises InvalidRequest, which names `field`, for more than `LONGEST_NAME` characters.
    """
    kept = "".join(character for character in text if _is_seen(character) or character in JOINERS)
    kept = " ".join(unicodedata.normalize("NFC", kept).split()).strip(f" {JOINERS}")
    if len(kept) > LONGEST_NAME:
        raise InvalidRequest(f"{field}: It may have {LONGEST_NAME} characters.")
    return kept


def name(text: str, *, field: str) -> str:
    """A label that is not empty. Raises InvalidRequest, which names `field`."""
    kept = label(text, field=field)
    if not comparable(kept):
        raise InvalidRequest(f"{field}: It needs a character that can be seen.")
    return kept


def slug(name: str, *, field: str) -> str:
    """`[A-Za-z0-9_-]{1,64}`: accents are dropped, all else that does not fit becomes `_`.

    Raises InvalidRequest, which names `field`, when no letter or digit is left.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    fitting = re.sub(r"[^A-Za-z0-9-]+", "_", plain).strip("_-")[:LONGEST_SLUG].rstrip("_-")
    if not fitting:
        raise InvalidRequest(f"{field}: It needs a letter from A to Z or a digit.")
    return fitting


def comparable(text: str) -> str:
    """Alike for texts that people take for the same: case, width and what nobody sees do not count."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join("".join(filter(_is_seen, folded)).split())


def address(text: str, *, field: str) -> str:
    """What is kept of an e-mail address: as it was typed, without spaces around it and what nobody sees.

    Raises InvalidRequest, which names `field`, for what is no address of a mailbox on a host.
    """
    kept = unicodedata.normalize("NFC", "".join(filter(_is_seen, text))).strip()
    try:
        if len(kept) > LONGEST_ADDRESS or not MAILBOX.fullmatch(kept):
            raise InvalidRequest(f"{field}: It is not an e-mail address.")
        comparable_address(kept)
    except UnicodeError as wrong:
        raise InvalidRequest(f"{field}: Its host cannot exist.") from wrong
    return kept


def comparable_address(kept: str) -> str:
    """Alike for addresses of one mailbox: no provider tells letters by their case, and a host has one name in
    the DNS, however it is written (RFC 3490). Raises UnicodeError for a host that can have none."""
    mailbox, _, host = kept.rpartition("@")
    return f"{comparable(mailbox)}@{comparable(host).rstrip('.').encode('idna').decode()}"


def _is_seen(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) not in UNSEEN
