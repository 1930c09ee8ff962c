"""The conversation of one caption socket: messages in, captions out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from serve_app.api.thai_asr.events import Identity, Started, event_of
from serve_app.api.thai_asr.messages import Audio, SessionConfig, Start, parse
from serve_app.backends import Backends
from serve_app.core.audio.pcm import PcmDecoder
from serve_app.engines import SpeechRecognizer
from serve_app.errors import InvalidMessage, InvalidRequest, StartRequired, WavHeader
from serve_app.flows.captions.events import Event, Partial, StabilizedPartial
from serve_app.flows.captions.live_transcript import LiveTranscript
from serve_app.sockets.socket import Socket

log = logging.getLogger(__name__)

FEED_MS = 100
"""A long message is fed in parts, so that its voice detection does not hold up the other sockets."""


class Conversation:
    """Speaks the protocol of contracts section 4 on one socket."""

    def __init__(
        self,
        socket: Socket,
        session: SessionConfig,
        identity: Identity,
        backends: Backends,
        recognizer: SpeechRecognizer,
        count_audio: Callable[[float], None],
    ) -> None:
        self._socket = socket
        self._session = session
        self._identity = identity
        self._backends = backends
        self._recognizer = recognizer
        self._count_audio = count_audio
        self._pcm = PcmDecoder()
        self._config = session
        self._live: LiveTranscript | None = None
        self._may_start = True

    async def run(self) -> None:
        """Answer messages until the client goes. Raises Disconnected and TooLarge."""
        while True:
            message = await self._socket.receive()
            try:
                if isinstance(message, bytes):
                    await self._hear(message)
                else:
                    await self._answer(message)
            except InvalidRequest as mistake:  # the client's own, which does not end the stream (ASR-037)
                self._socket.tell(mistake)

    async def close(self) -> None:
        """Cancel what is being decoded."""
        if self._live is not None:
            await self._live.close()
            log.info("stream %s: %s", self._socket.session_id, self._live.statistics)

    async def _answer(self, text: str) -> None:
        message = parse(text)
        if isinstance(message, Start):
            await self._start(message)
        elif isinstance(message, Audio):
            await self._hear(message.frame())
        else:
            self._command(message.type)

    async def _start(self, start: Start) -> None:
        if not self._may_start:
            raise InvalidMessage("The stream has started; a reset allows a new start.")
        config = start.over(self._session)
        if self._live is not None:
            await self._live.caught_up(0)
            await self._live.close()
        self._config, self._may_start = config, False
        self._pcm.reset()
        self._live = LiveTranscript(
            config.stream(self._backends.settings.asr_silence_ms),
            self._recognizer,
            self._backends.new_detector(),
            self._backends.clock,
            emit=self._emit,
            fail=self._socket.fail,
        )
        self._socket.send(Started(session_id=self._socket.session_id, config=config))

    async def _hear(self, frame: bytes) -> None:
        if self._live is None:
            raise StartRequired
        if frame.startswith(b"RIFF"):
            raise WavHeader
        self._may_start = False
        samples = self._pcm.samples(frame)
        self._count_audio(len(samples) / self._config.sample_rate)
        part = self._config.sample_rate * FEED_MS // 1000
        for start in range(0, len(samples), part):
            if start:
                await asyncio.sleep(0)
            self._live.feed(samples[start : start + part])
            if self._live.backlogged:
                await self._live.caught_up()

    def _command(self, command: str) -> None:
        if self._live is None:
            raise StartRequired(f"Send a start message before {command}.")
        if command == "flush":
            self._live.flush()
            return
        self._pcm.reset()
        if command == "reset":
            self._may_start = True
            self._live.reset()
        else:
            self._live.end_utterance()

    def _emit(self, told: Event) -> None:
        # A newer partial says all that an unsent older one does.
        replace = isinstance(told, Partial | StabilizedPartial)
        self._socket.send(event_of(told, self._socket.session_id, self._identity), replace=replace)
