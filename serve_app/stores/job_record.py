"""How both stores write a job: a plain value for each of its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from serve_app.core.jobs import Job, JobState
from serve_app.stores.encoding import MICROS, dump, load, micros

FIELDS = tuple(field.name for field in fields(Job))
TIMES = frozenset({"created_at", "due_at", "lease_until", "started_at", "ended_at"})
OBJECTS = frozenset({"payload", "progress", "result"})


def encode(job: Job) -> dict[str, str | int | None]:
    """Times as whole microseconds, objects as JSON, flags as 0 and 1. Raises as `dump` and `micros` do."""
    return {name: _encoded(name, getattr(job, name)) for name in FIELDS}


def _encoded(name: str, value: Any) -> str | int | None:
    if value is None:
        return None
    if name in TIMES:
        return micros(value)
    if name in OBJECTS:
        return dump(value)
    return value if isinstance(value, str) else int(value)


def decode(record: Mapping[str, Any]) -> Job:
    """The job of `encode`; its numbers may have become text, its None may be left out."""
    known = {name: value for name in FIELDS if (value := record.get(name)) is not None}
    return Job(**{name: READ.get(name, str)(value) for name, value in known.items()})


def stored(job: Job) -> Job:
    """The job as a reader will find it: whole microseconds, nothing shared with the caller."""
    return decode(encode(job))


def _seconds(value: str | int) -> float:
    return int(value) / MICROS


def _flag(value: str | int) -> bool:
    return int(value) == 1


READ: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(TIMES, _seconds),
    **dict.fromkeys(OBJECTS, load),
    "state": JobState,
    "attempt": int,
    "unspent": int,
    "cancel_requested": _flag,
}
"""How a field is read that is no text."""
