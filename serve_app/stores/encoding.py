"""How both stores write values, so that either reads back exactly what was put in."""

from __future__ import annotations

import json
import math
from typing import Any

from serve_app.stores.protocols import JsonObject, WindowHit

MICROS = 1_000_000
"""Times are whole microseconds: exact as SQLite INTEGER and as Lua number."""
LONGEST_S = 4e9
"""A time to live may last until 2096: two such times still add up to less than Lua counts exactly (2**53)."""
SUB_WINDOWS = 60
"""A rate window is counted in this many pieces: at most 61 numbers per counter whatever the limit is, and
room comes back at most 1/60 of the window late (1 s of a minute), never early (QUO-008)."""
SWEEP_LIMIT = 64
"""Expired rows removed by one write: more than a write adds, so they cannot pile up, yet no write is slow."""


def micros(seconds: float) -> int:
    """Whole microseconds. Raises ValueError beyond `LONGEST_S` or for NaN."""
    if not abs(seconds) <= LONGEST_S:
        raise ValueError(f"A time must be within {LONGEST_S:.0f} seconds.")
    return round(seconds * MICROS)


def window_micros(window_s: float) -> int:
    """Whole microseconds of a rate window. Raises ValueError when too short to be counted in pieces."""
    if (window := micros(window_s)) < SUB_WINDOWS:
        raise ValueError(f"A rate window must last at least {SUB_WINDOWS} microseconds.")
    return window


def finite(amount: float) -> float:
    """The amount as float. Raises ValueError when infinite or NaN: one such add would spoil the total."""
    if not math.isfinite(amount):
        raise ValueError("An amount must be a finite number.")
    return float(amount)


def dump(body: JsonObject) -> str:
    """JSON in ASCII: even a lone surrogate survives. Raises TypeError or ValueError for anything not JSON."""
    return json.dumps(dict(body), allow_nan=False, separators=(",", ":"))


def load(text: str) -> dict[str, Any]:
    """The object of `dump`, always a fresh one."""
    body: dict[str, Any] = json.loads(text)
    return body


def window_hit(allowed: bool, limit: int, used: int, reset: int) -> WindowHit:
    """The answer to a hit: `used` of `limit` are in the window now, `reset` is in microseconds."""
    return WindowHit(allowed, limit, max(limit - used, 0), reset / MICROS)
