"""Containers of recordings, opened by ffmpeg within bounds of files, code and memory (OUT-002)."""

from __future__ import annotations

import ctypes
import re
from typing import BinaryIO

import av
import av._core
from av.container import InputContainer
from av.stream import Discard

from serve_app.errors import InvalidAudio

DEMUXERS = {
    "wav": ("wav", rb"(RIFF|RF64)....WAVE"),
    "mp3": ("mp3", rb"ID3|\xff[\xe2-\xe5\xf2-\xf5\xfa-\xfd]"),  # a tag, or a frame of layer II or III
    "flac": ("flac", rb"fLaC"),
    "ogg": ("ogg", rb"OggS"),
    "m4a": ("mov", rb"....ftyp"),
    "webm": ("matroska", rb"\x1a\x45\xdf\xa3"),
}
"""ffmpeg's demuxer of each format, and the first bytes of such a file. Left to guess, ffmpeg would also
follow playlists, SDP and lists of other files."""
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
UNREADABLE = f"The file is not a readable recording; send one of {', '.join(sorted(DEMUXERS))}."

ctypes.CDLL(av._core.__file__).av_max_alloc(ctypes.c_size_t(MAX_ALLOCATION))  # for the whole process


def open_recording(file: BinaryIO) -> tuple[InputContainer, av.AudioStream]:
    """A seekable file's container and its first audio stream, the only one that will be read.

    The container is told by its first bytes, never by a name. Raises InvalidAudio when it is none of
    these, is broken, or has no audio that may be decoded.
    """
    demuxer = _demuxer(file)
    try:
        container = av.open(file, "r", demuxer, LIMITS, metadata_errors="ignore")
    except av.FFmpegError as broken:
        raise InvalidAudio(UNREADABLE) from broken
    for stream in container.streams:
        stream.discard = Discard.all
    for audio in container.streams.audio[:1]:
        if audio.codec_context and audio.codec_context.name in CODECS.split(","):
            audio.discard = Discard.default
            return container, audio
    container.close()
    raise InvalidAudio(UNREADABLE)


def _demuxer(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(12)
    file.seek(0)
    for demuxer, first_bytes in DEMUXERS.values():
        if re.match(first_bytes, head, re.DOTALL):
            return demuxer
    raise InvalidAudio(UNREADABLE)
