"""A picture to set in motion: hills behind a temple at a lake, drawn here."""

from __future__ import annotations

import io
import math
import random

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
DAWN: tuple[Colour, Colour] = (66, 96, 150), (247, 190, 132)
LAKE: tuple[Colour, Colour] = (214, 166, 130), (38, 66, 92)
HILLS: tuple[tuple[float, Colour], ...] = (
    (0.34, (138, 132, 160)),
    (0.42, (98, 108, 132)),
    (0.50, (56, 82, 84)),
)
"""Where each ridge lies, in heights from the top, and its colour."""
SHORE = 0.62
ROOF: Colour = (150, 62, 36)
GOLD: Colour = (226, 178, 72)
SPIRE = ((0.06, 0.0), (0.045, 0.12), (0.02, 0.24), (0.0, 0.5))
"""Half its width at each height, both in heights of the temple."""


def landscape(width: int = 1600, height: int = 900, seed: int = 1) -> Image.Image:
    """The same picture for the same arguments."""
    chance = random.Random(seed)
    picture = _gradient(width, height, *DAWN)
    draw = ImageDraw.Draw(picture)
    sun = height * 0.07
    draw.ellipse(_around(width * 0.7, height * 0.28, sun, sun), (255, 236, 190))
    for at, colour in HILLS:
        _ridge(draw, width, height, at, colour, chance)
    shore = int(height * SHORE)
    picture.paste(_gradient(width, height - shore, *LAKE), (0, shore))
    _temple(draw, width * 0.36, shore, height * 0.3)
    for _ in range(160):  # ripples, wider in front
        y = chance.uniform(shore + 4, height)
        nearness = (y - shore) / (height - shore)
        x, length = chance.uniform(0, width), (10 + 80 * nearness) * width / 1600
        draw.line((x, y, x + length, y), (236, 204, 160), max(1, round(3 * nearness)))
    for _ in range(40):
        _reed(draw, chance.uniform(0, width), height, height * chance.uniform(0.06, 0.16), chance)
    return picture.filter(ImageFilter.GaussianBlur(0.6))


def jpeg(picture: Image.Image) -> bytes:
    """As a camera would send it."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=92)
    return file.getvalue()


def _gradient(width: int, height: int, top: Colour, bottom: Colour) -> Image.Image:
    mask = Image.linear_gradient("L").resize((width, height))
    return Image.composite(
        Image.new("RGB", (width, height), bottom), Image.new("RGB", (width, height), top), mask
    )


def _ridge(
    draw: ImageDraw.ImageDraw, width: int, height: int, at: float, colour: Colour, chance: random.Random
) -> None:
    waves = [(chance.uniform(1, 7), chance.uniform(0, 6.3), chance.uniform(0.01, 0.05)) for _ in range(5)]
    top = [
        (x, height * (at + sum(a * math.sin(f * x * 3 / width + p) for f, p, a in waves)))
        for x in range(0, width + 8, 8)
    ]
    draw.polygon([*top, (width, height), (0, height)], fill=colour)


def _temple(draw: ImageDraw.ImageDraw, x: float, ground: float, size: float) -> None:
    """Three roofs above each other, a spire of gold on top."""
    for level in range(3):
        half, base = size * (0.55 - 0.14 * level), ground - size * 0.24 * level
        draw.rectangle((x - half * 0.8, base - size * 0.14, x + half * 0.8, base), fill=(232, 222, 200))
        for step in range(7):
            door = x + half * 0.7 * (step - 3) / 3
            draw.rectangle((door - size * 0.012, base - size * 0.1, door + size * 0.012, base), fill=ROOF)
        eaves = base - size * 0.12
        draw.polygon([(x - half, eaves), (x, base - size * 0.34), (x + half, eaves)], fill=ROOF)
    spire = ground - size * 0.8
    left = [(x - size * wide, spire - size * high) for wide, high in SPIRE]
    right = [(2 * x - at, y) for at, y in reversed(left)]
    draw.polygon([*left, *right], fill=GOLD)


def _reed(draw: ImageDraw.ImageDraw, x: float, ground: float, length: float, chance: random.Random) -> None:
    lean = chance.uniform(-0.3, 0.3) * length
    draw.line((x, ground, x + lean / 3, ground - length * 0.6, x + lean, ground - length), (24, 44, 30), 4)


def _around(x: float, y: float, half_width: float, half_height: float) -> tuple[float, float, float, float]:
    return x - half_width, y - half_height, x + half_width, y + half_height
