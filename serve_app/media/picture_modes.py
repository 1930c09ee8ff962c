"""The kinds of pixels that files hold, and the one that videos begin with: RGB, opaque, of 8 bits."""

from __future__ import annotations

import numpy as np
from PIL import Image


def scale_transparency(image: Image.Image, depth: int) -> None:
    """Pillow tells PNG's transparent colour in the file's bits, of which each sample has `depth`; its pixels
    have eight, but for grey with 16. Before anything is decoded."""
    match image.mode, image.info.get("transparency"):
        case "L", int(grey) if depth < 8:
            image.info["transparency"] = grey * 255 // (2**depth - 1)
        case "RGB", tuple(colour) if depth == 16:
            image.info["transparency"] = tuple(band >> 8 for band in colour)


def smooth(image: Image.Image) -> Image.Image:
    """In a mode whose values can be averaged, with 8 bits. Grey stays grey: its profile is one of grey."""
    if image.mode.startswith("I;16"):
        return _grey_of_16_bits(image)
    grey = image.mode in ("1", "L", "LA")
    if image.has_transparency_data:
        return image.convert("LA" if grey else "RGBA")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("L" if grey else "RGB")


def _grey_of_16_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    grey = Image.fromarray((values >> 8).astype(np.uint8))
    if image.has_transparency_data:
        grey.putalpha(Image.fromarray(values != image.info["transparency"]).convert("L"))
    return grey


def on_white(image: Image.Image) -> Image.Image:
    """Opaque, in RGB."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")
