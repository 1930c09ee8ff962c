"""The rules for the fields of a video request: VID-002..010, GT-12."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.video.rules import (
    ASPECT_RATIOS,
    RESOLUTIONS,
    VARIANTS,
    VideoFields,
    VideoJob,
    resolve,
)
from serve_app.errors import InvalidRequest

RANDOM_SEED = 77
LARGEST = 2**31 - 1


def order(**fields: Any) -> VideoJob:
    return resolve(VideoFields(**{"prompt": "A slow zoom.", **fields}), random_seed=RANDOM_SEED)


def refused(**fields: Any) -> str:
    with pytest.raises(InvalidRequest) as refusal:
        order(**fields)
    return refusal.value.message


def test_defaults() -> None:
    """VID-002, VID-007, VID-008, VID-009, VID-010."""
    assert order() == VideoJob(
        prompt="A slow zoom.",
        alias="ltx23-standard",
        model="ltx23-distilled",
        width=1280,
        height=720,
        duration=5,
        aspect_ratio="16:9",
        resolution="720p",
        seed=RANDOM_SEED,
    )


@pytest.mark.parametrize(
    ("alias", "model"),
    [
        ("ltx23-standard", "ltx23-distilled"),
        ("ltx23-standard-fast", "ltx23-distilled"),
        ("ltx23-standard-distilled", "ltx23-distilled"),
        ("ltx23-standard-quality", "ltx23-full"),
        ("ltx23-standard-full", "ltx23-full"),
        ("ltx23", "ltx23-distilled"),
        ("ltx-2.3", "ltx23-distilled"),
    ],
)
def test_names_of_the_model(alias: str, model: str) -> None:
    """VID-002, VID-003, VID-013: two variants behind seven names; the caller's own name is kept."""
    found = order(model=alias)
    assert (found.alias, found.model) == (alias, model)
    assert len(VARIANTS) == 7


@pytest.mark.parametrize("name", ["ltx23-full", "ltx23-distilled", "LTX23", "ltx-23", "sora"])
def test_other_names(name: str) -> None:
    """VID-002: the names of the variants are ours, not the callers'."""
    assert refused(model=name).startswith("model: ")


def test_prompts() -> None:
    """VID-004: 1 to 2000 code points after trimming, on one line; nothing hidden counts."""
    assert order(prompt="ก" * 2000).prompt == "ก" * 2000
    assert order(prompt=f"  {'👍' * 2000}\n").prompt == "👍" * 2000
    assert order(prompt="one\r\ntwo\u202e\x00").prompt == "one  two"
    for prompt in ("", " \n\t", "\x00\u200f", "a" * 2001):
        assert refused(prompt=prompt).startswith("prompt: ")


def test_durations() -> None:
    """GT-12, VID-007."""
    assert [order(duration=seconds).duration for seconds in range(2, 11)] == list(range(2, 11))
    for seconds in (1, 11, 0, -5, 10**400):
        assert refused(duration=seconds).startswith("duration: ")


def test_aspect_ratios() -> None:
    """GT-12, VID-008, LEG-006: under both names, which may both be given when they agree."""
    assert order(aspectRatio="1:1").aspect_ratio == "1:1"
    assert order(aspect_ratio="9:16", aspectRatio="9:16").aspect_ratio == "9:16"
    assert refused(aspect_ratio="9:16", aspectRatio="1:1").startswith("aspectRatio: ")
    for ratio in ("4:3", "16x9", "1:1 ", "auto"):
        assert refused(aspect_ratio=ratio).startswith("aspect_ratio: ")


@pytest.mark.parametrize(
    ("resolution", "ratio", "size"),
    [
        ("720p", "16:9", (1280, 720)),
        ("720p", "9:16", (720, 1280)),
        ("720p", "1:1", (720, 720)),
        ("480p", "16:9", (854, 480)),
        ("480p", "9:16", (480, 854)),
        ("480p", "1:1", (480, 480)),
    ],
)
def test_sizes(resolution: str, ratio: str, size: tuple[int, int]) -> None:
    """VID-008, VID-009: what callers are promised, in even numbers, as H.264 wants them."""
    found = order(resolution=resolution, aspect_ratio=ratio)
    assert (found.width, found.height) == size
    assert (found.width % 2, found.height % 2) == (0, 0)
    assert found.resolution == resolution


def test_resolutions() -> None:
    """VID-009."""
    assert RESOLUTIONS == ("720p", "480p")
    for resolution in ("1080p", "720", "720P"):
        assert refused(resolution=resolution).startswith("resolution: ")


def test_seeds() -> None:
    """VID-010: random for -1 and none, clamped above, refused below."""
    assert [order(seed=seed).seed for seed in (None, -1)] == [RANDOM_SEED] * 2
    assert [order(seed=seed).seed for seed in (0, 7, LARGEST)] == [0, 7, LARGEST]
    assert [order(seed=seed).seed for seed in (LARGEST + 1, 10**400)] == [LARGEST] * 2
    for seed in (-2, -(10**400)):
        assert refused(seed=seed).startswith("seed: ")


given_fields = st.fixed_dictionaries(
    {},
    optional={
        "model": st.sampled_from(["", *VARIANTS]) | st.text(max_size=5),
        "duration": st.none() | st.integers(-3, 14),
        "aspect_ratio": st.sampled_from(["", *ASPECT_RATIOS]) | st.text(max_size=5),
        "aspectRatio": st.sampled_from(["", *ASPECT_RATIOS]),
        "resolution": st.sampled_from(["", *RESOLUTIONS]) | st.text(max_size=5),
        "seed": st.none() | st.integers(),
    },
)


@given(prompt=st.text(max_size=50), fields=given_fields)
def test_any_fields(prompt: str, fields: dict[str, Any]) -> None:
    """VID-002..010: an order that keeps every promise, or a refusal that names a field."""
    try:
        found = order(prompt=prompt, **fields)
    except InvalidRequest:
        assert refused(prompt=prompt, **fields).split(":")[0] in VideoFields.__slots__
        return
    assert 1 <= len(found.prompt) <= 2000
    assert 2 <= found.duration <= 10
    assert 0 <= found.seed <= LARGEST
    across, down = map(int, found.aspect_ratio.split(":"))
    assert abs(found.width * down - found.height * across) < max(across, down)
