"""Which video a caller gets: the rules for the fields of a request (VID-002..010)."""

from __future__ import annotations

from dataclasses import dataclass

from serve_app.core.fields import LARGEST_SEED, either, one_line, one_of
from serve_app.errors import InvalidRequest

DISTILLED, FULL = "ltx23-distilled", "ltx23-full"
"""Public model names of the two variants."""
VARIANTS = {
    "ltx23-standard": DISTILLED,
    "ltx23-standard-fast": DISTILLED,
    "ltx23-standard-quality": FULL,
    "ltx23-standard-full": FULL,
    "ltx23-standard-distilled": DISTILLED,
    "ltx23": DISTILLED,
    "ltx-2.3": DISTILLED,
}
"""The variant behind each name that callers know (VID-002, VID-003); the first one is the default."""
SIZES = {
    ("720p", "16:9"): (1280, 720),
    ("720p", "9:16"): (720, 1280),
    ("720p", "1:1"): (720, 720),
    ("480p", "16:9"): (854, 480),
    ("480p", "9:16"): (480, 854),
    ("480p", "1:1"): (480, 480),
}
"""Width and height of each resolution and aspect ratio; the first of both are the defaults."""
RESOLUTIONS = tuple(dict.fromkeys(resolution for resolution, _ in SIZES))
ASPECT_RATIOS = tuple(dict.fromkeys(ratio for _, ratio in SIZES))
SHORTEST_S, LONGEST_S, DEFAULT_S = 2, 10, 5
"""VID-007."""
LONGEST_PROMPT = 2000
"""Code points (VID-004)."""
RANDOM = -1
"""The seed of callers who want another video each time (VID-010)."""
FRAME_RATE = 24
"""Frames per second, the rate that the model was trained at."""


@dataclass(frozen=True, slots=True)
class VideoFields:
    """A request as it was sent, but for its picture; an empty field was not given."""

    prompt: str
    model: str = ""
    duration: int | None = None
    aspect_ratio: str = ""
    aspectRatio: str = ""
    """Alias of `aspect_ratio` (VID-008)."""
    resolution: str = ""
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class VideoJob:
    """A request after all rules: what was left open is chosen."""

    prompt: str
    alias: str
    """The name by which the caller knows the model (VID-013)."""
    model: str
    """Public model name of the variant."""
    width: int
    height: int
    duration: int
    """Seconds."""
    aspect_ratio: str
    resolution: str
    seed: int
    image: str = ""
    """Path of the picture, once it is stored."""


def resolve(asked: VideoFields, *, random_seed: int) -> VideoJob:
    """The video that is asked for. Raises InvalidRequest, which names the field."""
    alias = one_of("model", asked.model, tuple(VARIANTS))
    ratio = either("aspect_ratio", asked.aspect_ratio, "aspectRatio", asked.aspectRatio)
    ratio = one_of("aspect_ratio", ratio, ASPECT_RATIOS)
    resolution = one_of("resolution", asked.resolution, RESOLUTIONS)
    width, height = SIZES[resolution, ratio]
    return VideoJob(
        prompt=prompt_of(asked.prompt),
        alias=alias,
        model=VARIANTS[alias],
        width=width,
        height=height,
        duration=duration_of(asked.duration),
        aspect_ratio=ratio,
        resolution=resolution,
        seed=seed_of(asked.seed, random_seed),
    )


def prompt_of(text: str) -> str:
    """The prompt on one line, as text encoders see it. Raises InvalidRequest."""
    prompt = one_line(text)
    if not 1 <= len(prompt) <= LONGEST_PROMPT:
        raise InvalidRequest(f"prompt: It must have 1 to {LONGEST_PROMPT} characters, not {len(prompt)}.")
    return prompt


def duration_of(asked: int | None) -> int:
    """The length in seconds. Raises InvalidRequest."""
    seconds = DEFAULT_S if asked is None else asked
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise InvalidRequest(f"duration: It must be {SHORTEST_S} to {LONGEST_S} whole seconds.")
    return seconds


def seed_of(asked: int | None, random_seed: int) -> int:
    """The seed, clamped to what engines take (VID-010). Raises InvalidRequest for one below -1."""
    if asked is None or asked == RANDOM:
        return random_seed
    if asked < RANDOM:
        raise InvalidRequest(f"seed: It must be {RANDOM} for a random one, or 0 to {LARGEST_SEED}.")
    return min(asked, LARGEST_SEED)
