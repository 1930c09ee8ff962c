"""From the colours that a picture's file means to those of sRGB, in which videos are made (VID-019)."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageCms

LARGEST_PROFILE = 4 * 1024 * 1024
"""Bytes; profiles of printers have up to three million."""
CHAINS = b"mpet"
"""The type of tags that are chains of steps: 80 kB of them keep a processor busy for a minute. No camera
writes them, and no browser reads them."""
MODES = {"GRAY": "L", "RGB ": "RGB", "CMYK": "CMYK"}
"""Pillow's names of the spaces that profiles are made for."""
UNSEEN = 2
"""Of 255: profiles that say sRGB in their own words differ by rounding, and change no pixel."""
USUAL_GAMMA, TOLERANCE = 1 / 2.2, 0.05
"""Of PNGs in sRGB; libpng takes the same difference for none."""
SRGB = ImageCms.createProfile("sRGB")


def in_srgb(picture: Image.Image, told: Mapping[Any, Any]) -> Image.Image:
    """A picture (mode L, LA, RGB, RGBA or CMYK) with the colours that `told`, Pillow's `info` of its file,
    gives them: its ICC profile, else PNG's gamma, else none. Transparency stays as it is.

    A profile that is broken, too large or made for other pictures is passed over, as browsers do.
    """
    opaque = picture.mode.removesuffix("A")
    colours = picture.convert(opaque)
    if profile := told.get("icc_profile"):
        colours = _by_profile(colours, profile)
    elif "srgb" not in told and (gamma := told.get("gamma")):
        colours = _by_gamma(colours, gamma)
    if picture.mode != opaque:
        colours.putalpha(picture.getchannel("A"))
    return colours


def _by_profile(colours: Image.Image, profile: bytes) -> Image.Image:
    if len(profile) > LARGEST_PROFILE or CHAINS in profile:
        return colours
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        mode = MODES.get(source.profile.xcolor_space, "")
        if mode not in (colours.mode, {"L": "RGB"}.get(colours.mode)):
            return colours
        transform = ImageCms.buildTransform(source, SRGB, mode, "RGB")
    except (OSError, ImageCms.PyCMSError):
        return colours
    shown = colours.convert(mode)
    return _unless_alike(shown.convert("RGB"), transform.apply(shown))


def _unless_alike(before: Image.Image, after: Image.Image) -> Image.Image:
    most = np.asarray(ImageChops.difference(before, after)).max()
    return before if most <= UNSEEN else after


def _by_gamma(colours: Image.Image, gamma: float) -> Image.Image:
    """`gamma` as PNG has it: light to the power of it was written (gAMA)."""
    if abs(gamma / USUAL_GAMMA - 1) <= TOLERANCE:
        return colours
    table = [round(255 * _srgb((value / 255) ** (1 / gamma))) for value in range(256)]
    return colours.point(table * len(colours.getbands()))


def _srgb(light: float) -> float:
    """IEC 61966-2-1."""
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
