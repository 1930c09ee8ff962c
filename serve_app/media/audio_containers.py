"""Containers of recordings, opened by ffmpeg within bounds of files, code and memory (OUT-002)."""

from __future__ import annotations

import ctypes
from typing import BinaryIO

import av
import av._core
from av.container import InputContainer
from av.stream import Discard

from serve_app.errors import InvalidAudio
from serve_app.media.container_start import FORMATS, Rest, beginning
from serve_app.media.mono import check_channels

CODECS = (
    "aac,alac,adpcm_ima_wav,adpcm_ms,flac,gsm_ms,mp2float,mp3float,opus,vorbis,pcm_alaw,pcm_mulaw,pcm_f32le,"
    "pcm_f64le,pcm_s16be,pcm_s16le,pcm_s24le,pcm_s32le,pcm_u8"
)
"""What recorders, phones and browsers put into these containers. No other decoder of ffmpeg, pictures and
video included, runs on a stranger's bytes."""
LIMITS = {"codec_whitelist": CODECS, "protocol_whitelist": "none", "max_streams": "16"}
"""A file opens no other file, and has the streams of a film at most."""
MAX_ALLOCATION = 32 * 1024 * 1024
"""Bytes in one piece. The tables of an m4a may claim any number of frames: 10 kB took a gigabyte. This holds
1.4 million frames, eight hours of AAC."""
UNREADABLE = f"The file is not a readable recording; send one of {', '.join(FORMATS)}."
GUESSED = frozenset({"mp3", "wav"})
"""Demuxers whose length is worked out from bit rate and size."""

ctypes.CDLL(av._core.__file__).av_max_alloc(ctypes.c_size_t(MAX_ALLOCATION))  # for the whole process


def open_recording(file: BinaryIO) -> tuple[InputContainer, av.AudioStream]:
    """A seekable file's container and its first audio stream, the only one that will be read.

    The container is told by its first bytes, never by a name. Raises InvalidAudio when it is none of
    these, is broken, or has no audio that may be decoded.
    """
    if (begins := beginning(file)) is None:
        raise InvalidAudio(UNREADABLE)
    demuxer, start = begins
    try:
        container = av.open(Rest(file, start), "r", demuxer, LIMITS, metadata_errors="ignore")
    except av.FFmpegError as broken:
        raise InvalidAudio(UNREADABLE) from broken
    for stream in container.streams:
        stream.discard = Discard.all
    for audio in container.streams.audio[:1]:
        if audio.codec_context and audio.codec_context.name in CODECS.split(","):
            check_channels(audio.codec_context.layout.nb_channels)
            audio.discard = Discard.default
            return container, audio
    container.close()
    raise InvalidAudio(UNREADABLE)


def announced(container: InputContainer, audio: av.AudioStream) -> float | None:
    """Seconds of the audio as the head of a recording tells; None where it does not, or where that is a guess
    or may be the length of a picture."""
    if container.format.name in GUESSED:
        return None
    if audio.duration and audio.time_base:
        return float(audio.duration * audio.time_base)
    alone = len(container.streams) == 1
    return container.duration / av.time_base if alone and container.duration else None
