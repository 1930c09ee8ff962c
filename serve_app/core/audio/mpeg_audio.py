"""Where the frames of MPEG audio, layer II and III, begin in bytes that hold something else too (VP-008)."""

from __future__ import annotations

import re

IN_A_ROW = 3
"""Headers, each where the one before it says, or as many as there are to the end. Random bytes look like one
every few kB, and like three in a row in one of 10^9 files."""
SYNC = re.compile(rb"\xff[\xe2-\xe5\xf2-\xf5\xfa-\xfd]")
SAME = 0xFFFE0C00
"""Bits of a header that all frames share: sync, version, layer, sample rate."""
RATES = (44_100, 48_000, 32_000)
KBITS = {
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""By version and layer (ISO/IEC 11172-3 and 13818-3, 2.4.2.3); 2 is 2.5 too."""


def first_frame(content: bytes) -> int | None:
    """The first byte of the first frame that others follow."""
    return next(
        (found.start() for found in SYNC.finditer(content) if _followed(content, found.start())), None
    )


def _followed(content: bytes, start: int) -> bool:
    first = _header(content, start)
    for _ in range(IN_A_ROW):
        header = _header(content, start)
        if (header ^ first) & SAME or not (size := _size(header)):
            return False
        start += size
        if start == len(content):
            break
    return True


def _header(content: bytes, start: int) -> int:
    return int.from_bytes(content[start : start + 4].ljust(4, b"\0"))


def _size(header: int) -> int:
    """Bytes of a frame; 0 for what is none, and for one of a free bit rate."""
    version, layer = header >> 19 & 3, 4 - (header >> 17 & 3)
    bits, rate = header >> 12 & 15, header >> 10 & 3
    if header >> 21 != 0x7FF or version == 1 or layer not in (2, 3) or bits in (0, 15) or rate == 3:
        return 0
    hertz = RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    kbits = KBITS[1 if version == 3 else 2, layer][bits - 1]
    samples_8 = 72 if layer == 3 and version != 3 else 144
    return samples_8 * kbits * 1000 // hertz + (header >> 9 & 1)
