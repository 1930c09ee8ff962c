"""Speech encoded while it is made, into the formats of OpenAI's route (OAI-008)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import av

from serve_app.engines import Speech
from serve_app.media.wav import pcm16_of

RATE = 24_000
"""Hz of all answers: that of most engines, and the one OpenAI promises for `pcm`."""


@dataclass(frozen=True, slots=True)
class SpeechFormat:
    """One value of `response_format`, in ffmpeg's terms."""

    media_type: str
    muxer: str
    encoder: str
    options: dict[str, str] = field(default_factory=dict)
    """Of the muxer."""


FORMATS = {
    # A Xing header would tell the length, which is not known yet.
    "mp3": SpeechFormat("audio/mpeg", "mp3", "libmp3lame", {"write_xing": "0"}),
    # A page waits for a second by default; a listener does not.
    "opus": SpeechFormat("audio/ogg", "ogg", "libopus", {"page_duration": "100000"}),
    "aac": SpeechFormat("audio/aac", "adts", "aac"),
    "flac": SpeechFormat("audio/flac", "flac", "flac"),
    # Its header says 4 GiB, as streaming servers do: the length is not known yet.
    "wav": SpeechFormat("audio/wav", "wav", "pcm_s16le", {"fflags": "+bitexact"}),
    "pcm": SpeechFormat("audio/pcm", "s16le", "pcm_s16le"),
}


class SpeechEncoder:
    """One answer: speech in, bytes out as soon as they are sure. Blocks the thread it is used in."""

    def __init__(self, speech_format: SpeechFormat) -> None:
        self._pipe = _Pipe()
        self._container = av.open(self._pipe, "w", speech_format.muxer, speech_format.options)
        stream: Any = self._container.add_stream(speech_format.encoder, rate=RATE)
        stream.layout = "mono"
        stream.codec_context.open()  # from now on it knows its frame size
        self._stream = stream
        self._fitting = av.AudioResampler(
            stream.format, "mono", RATE, stream.codec_context.frame_size or RATE // 10
        )

    def feed(self, speech: Speech) -> bytes:
        """The next bytes; the encoder keeps back less than 0.1 s. All speech of an answer has one rate."""
        frame = av.AudioFrame.from_ndarray(pcm16_of(speech.samples).reshape(1, -1), "s16", "mono")
        frame.sample_rate = speech.sample_rate
        self._encode(frame)
        return self._pipe.taken()

    def finish(self) -> bytes:
        """The last bytes."""
        self._encode(None)
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._pipe.taken()

    def _encode(self, frame: av.AudioFrame | None) -> None:
        for fitted in self._fitting.resample(frame):
            self._container.mux(self._stream.encode(fitted))


class _Pipe:
    """What ffmpeg writes to; it has no `seek`, so that no muxer goes back to mend its header."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, content: bytes) -> int:
        """Called by ffmpeg."""
        self._written += content
        return len(content)

    def taken(self) -> bytes:
        """What was written since the last time."""
        content = bytes(self._written)
        self._written.clear()
        return content
