"""Which part of a picture a video shows, and how large that has to be."""

from __future__ import annotations

LONGEST_SIDE = 2560
"""Pixels: twice the longest side of any video, so that an engine may still choose a size of its own."""

Size = tuple[int, int]
"""Width and height."""
Box = tuple[int, int, int, int]
"""Left, top, right and bottom."""


def centre_cut(size: Size, ratio: Size) -> Box:
    """The largest part of a picture in this ratio, from its centre; never empty."""
    width = max(1, min(size[0], size[1] * ratio[0] // ratio[1]))
    height = max(1, min(size[1], size[0] * ratio[1] // ratio[0]))
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return left, top, left + width, top + height


def size_of(box: Box) -> Size:
    """Width and height of a part."""
    return box[2] - box[0], box[3] - box[1]


def shrunk(size: Size, part: Size) -> Size:
    """A size as it is once `part`, which is some or all of it, has no side above LONGEST_SIDE; never larger
    than before."""
    longest = max(*part, LONGEST_SIDE)
    return max(1, size[0] * LONGEST_SIDE // longest), max(1, size[1] * LONGEST_SIDE // longest)
