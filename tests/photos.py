"""Pictures for tests: honest ones, and those that do their worst."""

from __future__ import annotations

import base64
import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from serve_app.engines import Picture

FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
RED, GREEN, BLUE, YELLOW = (250, 10, 10), (10, 250, 10), (10, 10, 250), (250, 250, 10)
NAMES = {"red": RED, "green": GREEN, "blue": BLUE, "yellow": YELLOW, "white": (255, 255, 255)}


def quarters(width: int, height: int) -> Image.Image:
    """Red and green above blue and yellow."""
    pixels = np.array([[RED, GREEN], [BLUE, YELLOW]], np.uint8)
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.NEAREST)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """A file; without losses where the format allows that."""
    file = BytesIO()
    image.save(file, kind, **{"WEBP": {"lossless": True}, "JPEG": {"quality": 95}}.get(kind, {}) | options)
    return file.getvalue()


def as_data_url(content: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def corners(picture: Picture) -> list[str]:
    """The names of the colours in its four quarters, read like a page."""
    height, width, _ = picture.shape
    spots = [(y, x) for y in (height // 4, height * 3 // 4) for x in (width // 4, width * 3 // 4)]
    return [
        min(NAMES, key=lambda name: np.abs(picture[spot].astype(int) - NAMES[name]).sum()) for spot in spots
    ]


def png_of(width: int, height: int, pixels: bytes = b"", after: bytes = b"") -> bytes:
    """A PNG that announces a size, whatever there is of pixels; `after` stands behind them."""
    return _png((width, height), 8, 2, _chunk(b"IDAT", zlib.compress(pixels)) + after)


def png_row(pixels: bytes, width: int, *, depth: int = 8, colour: int = 2, **chunks: bytes) -> bytes:
    """A PNG of one row, as its samples stand in the file, behind `chunks` such as tRNS; `colour` is the
    standard's number of its kind: 0 grey, 2 RGB, 6 RGB with alpha."""
    before = b"".join(_chunk(name.encode(), data) for name, data in chunks.items())
    return _png((width, 1), depth, colour, before + _chunk(b"IDAT", zlib.compress(b"\0" + pixels)))


def grey_row(values: NDArray[Any], depth: int, **chunks: bytes) -> bytes:
    """A PNG of one row of grey in so many bits."""
    bits = np.unpackbits(values.astype(">u2").view(np.uint8)).reshape(-1, 16)[:, -depth:]
    return png_row(np.packbits(bits).tobytes(), len(values), depth=depth, colour=0, **chunks)


def _png(size: tuple[int, int], depth: int, colour: int, chunks: bytes) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunks + _chunk(b"IEND", b"")


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG of eight pixels whose header announces others."""
    small = bytearray(encoded(quarters(8, 8), "JPEG"))
    at = small.index(b"\xff\xc0") + 5
    small[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(small)


def webp_of(width: int, height: int) -> bytes:
    """A lossless WebP of eight pixels whose header announces others."""
    small = bytearray(encoded(quarters(8, 8), "WEBP"))
    at = small.index(b"VP8L") + 9
    small[at : at + 4] = struct.pack("<I", (width - 1) | (height - 1) << 14)
    return bytes(small)


def comment(size: int) -> bytes:
    """A PNG's comment of so many bytes, which takes a thousandth of them."""
    return _chunk(b"zTXt", b"x\x00\x00" + zlib.compress(bytes(size)))


def padded(content: bytes, size: int) -> bytes:
    """A PNG with a comment in it, so that it has exactly this size."""
    end = content.rindex(b"IEND") - 4
    return content[:end] + _chunk(b"prVt", bytes(size - len(content) - 12)) + content[end:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
