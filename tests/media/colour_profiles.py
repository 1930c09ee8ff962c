"""ICC profiles for tests, made here: no file of the project is one (ICC.1:2010)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

Curve = float | Sequence[float]
"""A gamma, or values of a table between 0 and 1."""
SRGB_CURVE = [
    v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (n / 1023 for n in range(1024))
]
PRIMARIES = {
    "sRGB": ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.7141)),
    "Display P3": ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407)),
    "Adobe RGB": ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)),
}
"""XYZ of red, green and blue, adapted to D50."""
D50 = (0.9642, 1.0, 0.8249)


def rgb_profile(primaries: Sequence[Sequence[float]], curve: Curve = 2.2) -> bytes:
    """Of a screen or a camera."""
    colours = {f"{name}XYZ".encode(): _xyz(at) for name, at in zip("rgb", primaries, strict=True)}
    return icc_profile(b"RGB ", {**colours, **{f"{name}TRC".encode(): _curve(curve) for name in "rgb"}})


def grey_profile(curve: Curve) -> bytes:
    return icc_profile(b"GRAY", {b"kTRC": _curve(curve)})


def cmyk_profile(ink: Sequence[int]) -> bytes:
    """Of a press with one coloured ink (Lab in bytes) in all places but that of black; paper is white."""
    black, white = (0, 128, 128), (255, 128, 128)
    corners = [black if corner & 1 else tuple(ink) if corner else white for corner in range(16)]
    ramp = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 if n % 4 == 0 else 0 for n in range(9)))
    table = b"".join(map(bytes, corners))
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + matrix + ramp * 4 + table + ramp * 3
    return icc_profile(b"CMYK", {b"A2B0": lut}, kind=b"prtr", connection=b"Lab ")


def icc_profile(
    space: bytes, tags: dict[bytes, bytes], kind: bytes = b"mntr", connection: bytes = b"XYZ "
) -> bytes:
    """Any profile: a header, a table of tags, and the tags."""
    tags = {b"wtpt": _xyz(D50), **tags}
    at, table, body = 132 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        padded = content + bytes(-len(content) % 4)
        table += name + struct.pack(">II", at + len(body), len(content))
        body += padded
    head = struct.pack(">I4xI4s4s4s12x4s", at + len(body), 0x02400000, kind, space, connection, b"acsp")
    head = head.ljust(68, b"\0") + struct.pack(">3i", *(round(65536 * value) for value in D50))
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _xyz(colour: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * value) for value in colour))


def _curve(curve: Curve) -> bytes:
    if isinstance(curve, float):
        return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(256 * curve))
    values = [round(65535 * value) for value in curve]
    return b"curv\0\0\0\0" + struct.pack(f">I{len(values)}H", len(values), *values)
