"""Pictures that callers send: JPEG, PNG and WebP, decoded to what a video begins with (VID-005, VID-006)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, PngImagePlugin, UnidentifiedImageError

from serve_app.core.data_url import Content
from serve_app.core.video.crop import Size, centre_cut, shrunk, size_of
from serve_app.engines import Picture
from serve_app.errors import InvalidRequest
from serve_app.media.picture_colours import LARGEST_PROFILE, in_srgb
from serve_app.media.picture_modes import on_white, scale_transparency, smooth

MEDIA_TYPE = "image/png"
"""Of the pictures that are kept."""
MEDIA_TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
"""By Pillow's names of the formats; MPO is a JPEG with more pictures behind the first, as telephones write
them."""
OTHER_NAMES = {
    **dict.fromkeys(
        (
            "jpg",
            "jpe",
            "jfif",
            "pjpeg",
            "pjpg",
            "pipeg",
            "x-jpeg",
            "x-jpg",
            "x-pjpeg",
            "x-citrix-jpeg",
            "mpo",
        ),
        "image/jpeg",
    ),
    **dict.fromkeys(("x-png", "x-citrix-png", "apng", "x-apng", "vnd.mozilla.apng"), "image/png"),
    "x-webp": "image/webp",
}
"""What browsers, gateways and telephones have called the same types, behind `image/`."""
READ = ("JPEG", "PNG", "WEBP")
TELL_NOTHING = ("", "image/*", "application/octet-stream", "binary/octet-stream")
"""Declared types that contradict no content; the last is what S3 says by default."""
BROKEN = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, struct.error, zlib.error)
"""What Pillow raises where a picture is not what it should be."""
START_OF_SCAN, MOST_SCANS = b"\xff\xda", 100
"""A progressive JPEG is written in ten scans or so. Each costs the time of a pass over all pixels, so that
25 MB of small ones would keep a processor busy for hours."""
START_OF_IMAGE, END_OF_IMAGE = b"\xff\xd8", b"\xff\xd9"
NOISE = bytes(range(254, -1, -1)) * 4
"""No marker of a JPEG is in it, and it begins with ones: decoders make up zeros."""
BIT_DEPTH_AT = 24
"""In a PNG: behind the signature and the sizes in its header."""
REDUCING_GAP = 3.0
"""Whole blocks of pixels are averaged first, down to three times the size: no eye sees it (Pillow's manual),
and large pictures take a third of the time."""


class Turn(NamedTuple):
    """What makes a picture upright."""

    method: Image.Transpose
    sideways: bool


TURNS = {
    2: Turn(Image.Transpose.FLIP_LEFT_RIGHT, False),
    3: Turn(Image.Transpose.ROTATE_180, False),
    4: Turn(Image.Transpose.FLIP_TOP_BOTTOM, False),
    5: Turn(Image.Transpose.TRANSPOSE, True),
    6: Turn(Image.Transpose.ROTATE_270, True),
    7: Turn(Image.Transpose.TRANSVERSE, True),
    8: Turn(Image.Transpose.ROTATE_90, True),
}
"""By the values of EXIF's `Orientation` (CIPA DC-008, 4.6.5)."""

Image.MAX_IMAGE_PIXELS = None
"""Pillow's own bound warns first and cannot be set per call; `read_picture` has one."""
PngImagePlugin.MAX_TEXT_CHUNK = LARGEST_PROFILE
"""What a PNG's profile or comment may unpack to; a quarter of it refuses profiles that scanners write."""


def read_picture(sent: Content, ratio: Size, *, max_pixels: int) -> Picture:
    """The centre of a picture in this ratio, upright, in sRGB, opaque on white, with no side above
    `LONGEST_SIDE`; of an animation the first frame. Only pixels are left of it: no EXIF, where a telephone
    notes its place.

    Its content alone tells what it is. Raises InvalidRequest for another format, a broken picture, one of
    more than `max_pixels` (known before any is decoded), and a declared type that contradicts the content.
    """
    try:
        return _decoded(sent, ratio, max_pixels)
    except UnidentifiedImageError as unknown:
        raise InvalidRequest("It is not a JPEG, PNG or WebP picture.") from unknown
    except BROKEN as broken:
        if (picture := _without_end(sent, ratio, max_pixels)) is None:
            raise InvalidRequest("The picture is broken.") from broken
        return picture


def png(picture: Picture) -> bytes:
    """A lossless file of a picture."""
    file = BytesIO()
    Image.fromarray(picture).save(file, "PNG", compress_level=1)  # a third of the time of the default
    return file.getvalue()


def read_png(location: Path) -> Picture:
    """A picture that `png` wrote."""
    with Image.open(location, formats=("PNG",)) as image:
        return np.array(image)


def _decoded(sent: Content, ratio: Size, max_pixels: int) -> Picture:
    with Image.open(BytesIO(sent.data), formats=READ) as image:
        _check(image, sent, max_pixels)
        if image.format == "PNG":
            scale_transparency(image, sent.data[BIT_DEPTH_AT])
        return _read(image, ratio)


def _without_end(sent: Content, ratio: Size, max_pixels: int) -> Picture | None:
    """A JPEG that lacks nothing but its end marker, as frames of cameras do; None for any other picture.

    Decoders fill what is missing from what follows. So it is decoded with two ends: if a part of the picture
    were missing too, the outcomes would differ.
    """
    if not sent.data.startswith(START_OF_IMAGE):
        return None
    body = sent.data.rstrip(b"\xff")
    ends = (END_OF_IMAGE, NOISE + END_OF_IMAGE)
    try:
        quiet, noisy = (_decoded(replace(sent, data=body + end), ratio, max_pixels) for end in ends)
    except BROKEN:
        return None
    return quiet if np.array_equal(quiet, noisy) else None


def _check(image: Image.Image, sent: Content, max_pixels: int) -> None:
    """Nothing is decoded yet."""
    found = MEDIA_TYPES[image.format or ""]
    declared = OTHER_NAMES.get(sent.media_type.removeprefix("image/"), sent.media_type)
    if declared not in (found, *TELL_NOTHING):
        raise InvalidRequest(f"It is declared as {sent.media_type}, but is {found}.")
    if image.width * image.height > max_pixels:
        raise InvalidRequest(
            f"The picture has {image.width} x {image.height} pixels; it may have {max_pixels} in all."
        )
    if found == MEDIA_TYPES["JPEG"] and sent.data.count(START_OF_SCAN) > MOST_SCANS:
        raise InvalidRequest(f"The picture has more than {MOST_SCANS} scans.")


def _read(image: Image.Image, ratio: Size) -> Picture:
    turn = TURNS.get(_orientation(image))
    if turn and turn.sideways:
        ratio = ratio[::-1]
    # A JPEG is decoded at half, a quarter or an eighth of its size for a fraction of the work.
    image.draft(None, shrunk(image.size, size_of(centre_cut(image.size, ratio))))
    box = centre_cut(image.size, ratio)
    size = shrunk(size_of(box), size_of(box))
    part = smooth(image).resize(size, Image.Resampling.LANCZOS, box, REDUCING_GAP)
    # What is kept has a few megapixels, the picture up to 64. Both are averaged as they are encoded, so that
    # colours come out the same within an area, and no eye tells the order apart at an edge.
    part = in_srgb(part, image.info)
    return np.array(on_white(part.transpose(turn.method) if turn else part))


def _orientation(image: Image.Image) -> int:
    """Broken EXIF is passed over, as browsers do."""
    if image.format == "PNG":
        image.load()  # its EXIF may stand behind the pixels
    try:
        told: int = image.getexif().get(ExifTags.Base.Orientation, 1)
    except BROKEN:
        return 1
    return told
