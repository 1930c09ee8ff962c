"""What a socket that takes audio holds of its team while it is open: a slot, a meter, a live key."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from serve_app.auth import Caller
from serve_app.backends import Backends
from serve_app.concurrency import first_to_end
from serve_app.flows.accounts.audio_meter import AudioMeters
from serve_app.flows.accounts.session_slot import SessionSlot, session_slot, watch_key
from serve_app.sockets.socket import Socket


@dataclass(frozen=True, slots=True)
class AudioSession:
    """The admission of one socket."""

    count_audio: Callable[[float], None]
    """Takes the seconds of audio that were accepted."""
    slot: SessionSlot
    caller: Caller
    backends: Backends

    async def run(self, conversation: Coroutine[Any, Any, None]) -> None:
        """Talk until somebody ends it, the slot is lost (TooManySessions), or the key dies (Unauthorized)."""
        watch = watch_key(self.backends.keys, self.caller, self.backends.settings.key_recheck_s)
        await first_to_end(conversation, self.slot.keep(), watch)


async def open_session(
    socket: Socket, caller: Caller, backends: Backends, meters: AudioMeters
) -> AudioSession:
    """Meter the audio of a caller and take a slot, both until the socket closes. Raises TooManySessions."""
    # In this order, so that the slot is free before the last seconds of audio are counted.
    count_audio = await socket.cleanup.enter_async_context(meters.metered(caller, socket.fail))
    slot = session_slot(backends.limits, caller, backends.settings.session_lease_s)
    held = await socket.cleanup.enter_async_context(slot)
    return AudioSession(count_audio, held, caller, backends)
