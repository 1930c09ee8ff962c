"""Where in a file a recording begins, and in which container it is (VP-008)."""

from __future__ import annotations

import io
import re
from typing import BinaryIO

from serve_app.core.audio.mpeg_audio import first_frame

SIGNATURES = {
    "wav": ("wav", rb"(RIFF|RF64)....WAVE"),
    "flac": ("flac", rb"fLaC"),
    "ogg": ("ogg", rb"OggS"),
    "m4a": ("mov", rb"....ftyp"),
    "webm": ("matroska", rb"\x1a\x45\xdf\xa3"),
}
"""ffmpeg's demuxer of each format, and the first bytes of such a file. Left to guess, ffmpeg would also
follow playlists, SDP and lists of other files. An mp3 has none: it is told by its frames."""
FORMATS = tuple(sorted([*SIGNATURES, "mp3"]))
"""Names shown in errors."""
MOST_TAGS = 4
"""Programs that do not know each other's tags put one before the other."""
TAG = re.compile(rb"ID3[^\xff][^\xff](.)([\0-\x7f]{4})", re.DOTALL)
"""Of ID3v2 (id3.org, 2.4.0, 3.1): flags, and the bytes that follow in four times seven bits."""
FOOTER = 0x10
"""The flag of ten more bytes at the end."""
PADDING = re.compile(rb"(\xef\xbb\xbf|[\0\t\r\n ])*")
"""What scripts send before a file by mistake, and zeros as encoders and recorders leave them."""
WINDOW = 64 * 1024
"""Bytes in which a recording has to begin, behind its tags: more than the page or the headers that a server
may have put before a stream, or the rest of a frame where a listener came in."""


def beginning(file: BinaryIO) -> tuple[str, int] | None:
    """The demuxer of a seekable file and the byte from which it reads; None for what is no recording."""
    start = _behind_tags(file)
    file.seek(start)
    window = file.read(WINDOW)
    padding = PADDING.match(window)
    for skipped in (0, padding.end() if padding else 0):
        for demuxer, first_bytes in SIGNATURES.values():
            if re.match(first_bytes, window[skipped : skipped + 12], re.DOTALL):
                return demuxer, start + skipped
    frame = first_frame(window)
    return None if frame is None else ("mp3", start + frame)


def _behind_tags(file: BinaryIO) -> int:
    start = 0
    for _ in range(MOST_TAGS):
        file.seek(start)
        tag = TAG.match(file.read(10))
        if not tag:
            break
        flags, size = tag[1][0], 0
        for seven_bits in tag[2]:
            size = size << 7 | seven_bits
        start += 10 + size + (10 if flags & FOOTER else 0)
    return start


class Rest(io.RawIOBase):
    """A seekable file from one byte on, as if it began there; it stays open."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file = file
        self._start = start
        file.seek(start)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        moved = self._start + max(0, offset) if whence == io.SEEK_SET else offset
        return self._file.seek(moved, whence) - self._start

    def tell(self) -> int:
        return self._file.tell() - self._start
