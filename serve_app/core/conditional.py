"""Whether a caller's copy of a file is still good, and which bytes of it are wanted (RFC 9110, 13 and 14)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal

MOST_RANGES = 16
"""A player asks for one range, a resumed download for one, a PDF reader for a few; each costs a head of its
own, and for more of them the whole file is the answer, as a server may choose (RFC 9110, 14.2)."""
TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
RANGE = re.compile(r"\s*(\d*)-(\d*)\s*")

Outcome = Literal["send", "not_modified", "failed"]
Span = tuple[int, int]
"""First byte, and the one after the last."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one state of a file from another."""

    tag: str
    """A strong entity tag, in its quotes."""
    modified: int
    """Unix seconds."""


def outcome(asked: Mapping[str, str], file: Validators) -> Outcome:
    """What the preconditions of a GET say, in the order of RFC 9110, 13.2.2. `asked` has lower-case names; a
    date that cannot be read is no condition."""
    if "if-match" in asked:
        if not _tagged(asked["if-match"], file.tag, weak=False):
            return "failed"
    elif (since := _date(asked.get("if-unmodified-since"))) is not None and file.modified > since:
        return "failed"
    if "if-none-match" in asked:
        return "not_modified" if _tagged(asked["if-none-match"], file.tag, weak=True) else "send"
    since = _date(asked.get("if-modified-since"))
    return "not_modified" if since is not None and file.modified <= since else "send"


def spans(asked: Mapping[str, str], size: int, file: Validators) -> list[Span] | None:
    """The parts of a file that are wanted, each within `size` bytes; None for the whole of it, also where the
    unit is unknown or the file another one; nothing where a range is malformed, or none of them holds a byte
    of it (RFC 9110, 14.2 and 15.5.17)."""
    unit, _, listed = asked.get("range", "").partition("=")
    wanted = [RANGE.fullmatch(each) for each in listed.split(",")]
    same = _same(asked["if-range"], file) if "if-range" in asked else True
    if unit.strip().lower() != "bytes" or not same or len(wanted) > MOST_RANGES:
        return None
    found: list[Span] = []
    for each in wanted:
        if each is None or not any(each.groups()):
            return []
        first, last = each.groups()
        if first and last and _number(last) < _number(first):
            return []
        first, end = _bounds(first, last, size)
        if first < end:
            found.append((first, end))
    return found


def _bounds(first: str, last: str, size: int) -> Span:
    if not first:  # the last bytes
        return max(0, size - _number(last)), size
    return _number(first), min(size, _number(last) + 1 if last else size)


def _number(digits: str) -> int:
    return int(digits) if len(digits) < 20 else 10**19  # beyond any file


def _tagged(listed: str, tag: str, *, weak: bool) -> bool:
    """Whether a list names the tag; a weak one counts in the weak comparison only (RFC 9110, 8.8.3.2)."""
    if listed.strip() == "*":
        return True
    return any(named == tag and (weak or not mark) for mark, named in TAG.findall(listed))


def _same(condition: str, file: Validators) -> bool:
    """`If-Range`: a strong tag, or exactly the date (RFC 9110, 13.1.5)."""
    if '"' in condition:
        return condition.strip() == file.tag
    return _date(condition) == file.modified


def _date(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None
