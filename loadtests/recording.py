"""What is said to the server and what is written down of its answers. Pure: no sockets, no clock."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SAMPLE_RATE = 16_000
"""Hz of everything the load tests stream."""
BYTES_PER_MS = SAMPLE_RATE * 2 // 1000
FRAME_MS = 20
"""The contract's default frame (ASR-012)."""
ENDS_UTTERANCE = ("final", "error")
START, END, RESET = (json.dumps({"type": kind}) for kind in ("start", "end", "reset"))


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something to say: PCM16LE mono at 16 kHz and what it means."""

    speaker: str
    reference: str
    pcm: bytes = field(repr=False)
    decided_ms: float | None = None
    """Audio heard when a voice detector first decides that this is speech (`loadtests.onset`)."""

    @property
    def audio_ms(self) -> float:
        """Length in milliseconds."""
        return len(self.pcm) / BYTES_PER_MS

    def frames(self, frame_ms: int = FRAME_MS) -> Iterator[bytes]:
        """The audio as a microphone delivers it; the last frame may be shorter."""
        size = frame_ms * BYTES_PER_MS
        return (self.pcm[at : at + size] for at in range(0, len(self.pcm), size))


@dataclass(frozen=True, slots=True)
class Event:
    """A server event with its arrival on the client's monotonic clock, in nanoseconds."""

    at_ns: int
    body: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """The event's `type`."""
        return str(self.body["type"])


@dataclass(slots=True)
class Recording:
    """One utterance as it went over the wire. Times are nanoseconds of the client's monotonic clock."""

    utterance: Utterance
    config: Mapping[str, Any] = field(default_factory=dict)
    """The session's effective config (`started`)."""
    due_ns: int = 0
    """When the first frame was due; frame `i` was due `i` frames later."""
    sent_ns: list[int] = field(default_factory=list)
    """Send time of every frame."""
    end_sent_ns: int | None = None
    events: list[Event] = field(default_factory=list)
    failure: str = ""
    """Why there is no final; empty when there is one."""

    @property
    def frame_ms(self) -> int:
        """Length of a frame."""
        return int(self.config.get("frame_ms", FRAME_MS))

    @property
    def final(self) -> Event | None:
        """The authoritative caption (ASR-049)."""
        return next(iter(self.of("final")), None)

    def of(self, kind: str) -> list[Event]:
        """Events of one type, in order of arrival."""
        return [event for event in self.events if event.kind == kind]

    def sent_at(self, audio_ms: float) -> int:
        """Send time of the frame that brought the stream to `audio_ms` of audio."""
        frame = math.ceil(audio_ms / self.frame_ms) - 1
        return self.sent_ns[min(max(frame, 0), len(self.sent_ns) - 1)]
