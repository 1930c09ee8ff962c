"""The embedded renderer: a camera that moves over the picture as the prompt says, with sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from deployments.video.embedded.engine import EmbeddedRenderer
from serve_app.engines import Picture, VideoRequest
from tests.engines.reports import Reports
from tests.engines.video.films import Film, watch
from tests.engines.video.renderer_suite import CHECKS, Trial, first_frame_shows_the_picture

ENGINE = EmbeddedRenderer()
SIZES = {"16:9": (128, 72), "9:16": (72, 128)}
PROMISED = [(854, 480), (480, 854), (480, 480), (1280, 720)]


def landscape(width: int, height: int) -> Picture:
    """A sky, a sun, hills and a temple, with lines as fine as pixels."""
    ramp = np.linspace(0, 1, height)[:, None, None]
    image = Image.fromarray(
        (ramp * (250, 180, 120) + (1 - ramp) * (40, 90, 190)).repeat(width, 1).astype(np.uint8)
    )
    draw = ImageDraw.Draw(image)
    draw.ellipse((width * 0.7, height * 0.1, width * 0.8, height * 0.1 + width * 0.1), fill=(255, 240, 200))
    draw.rectangle((0, height * 0.65, width, height), fill=(40, 90, 40))
    draw.polygon(
        [(width * 0.3, height * 0.8), (width * 0.5, height * 0.25), (width * 0.7, height * 0.8)],
        (150, 60, 30),
    )
    for x in range(0, width, max(4, width // 40)):
        draw.line((x, height * 0.7, x, height), fill=(90, 150, 60))
    return np.asarray(image)


def ask(
    prompt: str, size: tuple[int, int] = (128, 72), picture: Picture | None = None, **changes: Any
) -> VideoRequest:
    about: dict[str, Any] = {"model": "ltx23-distilled", "seconds": 1, "frame_rate": 24, "seed": 5} | changes
    shown = landscape(*size) if picture is None else picture
    return VideoRequest(shown, prompt, width=size[0], height=size[1], **about)


@pytest.fixture(scope="module", params=SIZES)
def trial(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    return Trial(ENGINE, ask("A temple at dawn", SIZES[request.param]), tmp_path_factory.mktemp("videos"))


@pytest.mark.parametrize("check", [*CHECKS, first_frame_shows_the_picture], ids=lambda check: check.__name__)
def test_does_what_every_engine_must(check: Callable[[Trial], None], trial: Trial) -> None:
    """VID-005, VID-007, VID-008, VID-009, VID-010, VID-014, VID-016: the checks of all engines."""
    check(trial)


def made(folder: Path, request: VideoRequest) -> Film:
    path = folder / "made.mp4"
    ENGINE.render(request, path, Reports())
    return watch(path)


@pytest.mark.parametrize("size", PROMISED, ids=str)
def test_makes_every_promised_size(tmp_path: Path, size: tuple[int, int]) -> None:
    """VID-008, VID-009: widths that are no multiple of 16 too; white stays white to the edges."""
    film = made(
        tmp_path,
        ask("roll left, pan right and crane up", size, np.full((90, 160, 3), 255, np.uint8)),
    )
    assert film.frames.shape == (24, size[1], size[0], 3)
    assert film.frames.min() > 245


def test_a_static_camera_stands_still(tmp_path: Path) -> None:
    """VID-004: but for what the codec does to it; the whole picture is shown."""
    frames = made(tmp_path, ask("static shot of a temple")).frames.astype(int)
    assert np.abs(frames[1:] - frames[0]).mean() < 1.5
    assert np.abs(frames[0] - landscape(128, 72)).mean() < 8


def test_fine_lines_do_not_shimmer(tmp_path: Path) -> None:
    """VID-014: a pattern finer than the pixels of the video is grey, in all of them."""
    board = (np.indices((1440, 2560)).sum(axis=0) % 2 * 255).astype(np.uint8)
    frames = made(tmp_path, ask("pan left", (256, 144), board[..., None].repeat(3, axis=2))).frames
    assert frames.std() < 2


def test_a_small_picture_is_enlarged_smoothly(tmp_path: Path) -> None:
    """VID-005: without the steps of its pixels."""
    ramp = np.linspace(0, 255, 16).astype(np.uint8)
    picture = np.broadcast_to(ramp[None, :, None], (9, 16, 3)).copy()
    row = made(tmp_path, ask("static", picture=picture)).frames[0, 36, :, 1].astype(int)
    assert np.abs(np.diff(row)).max() < 8
    assert np.ptp(row) > 200


def test_tells_what_was_understood(tmp_path: Path) -> None:
    """VID-014: the motions and the place, in the words of this engine."""
    told = ENGINE.render(ask("Pan left, then zoom in, in the rain"), tmp_path / "a.mp4", Reports())
    assert told == {"has_audio": True, "camera": ["pan left", "zoom in"], "ambience": "rain"}
