"""What every event on a WebSocket has."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class Event(BaseModel):
    """What a server sends (ASR-048)."""

    type: str
    session_id: str


class ErrorEvent(Event):
    """ASR-046."""

    type: Literal["error"] = "error"
    code: str
    error: str
