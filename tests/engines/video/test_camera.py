"""The virtual camera: its ways, and what it sees of the picture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from deployments.video.embedded import projection
from deployments.video.embedded.camera import MOVES, UNNAMED, Move, Phase, path_of
from deployments.video.embedded.camera_words import phases_of
from deployments.video.embedded.cells import CELLS, corners
from deployments.video.embedded.projection import TIGHTEST, Points, fitted, seen, window_of

ASPECTS = [16 / 9, 1.0, 9 / 16]


def every_way() -> Iterator[tuple[Phase, ...]]:
    yield (UNNAMED,)
    yield from (((Move(name, 1.5),),) for name in MOVES)
    yield ((Move("handheld", 1.5), Move("pan left", 1.5), Move("crane up", 1.5), Move("dolly out", 1.5)),)
    yield ((Move("dolly in"), Move("fly over", 1.5), Move("zoom in", 1.5)),) * 4
    yield ((Move("orbit left"), Move("truck left"), Move("pan right", 1.5), Move("roll left")),) * 4
    yield (Move("truck left", 1.5), Move("dolly in", 1.5)), (Move("tilt up", 1.5), Move("roll right"))


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("phases", list(every_way()), ids=str)
def test_the_camera_never_looks_past_the_picture(phases: tuple[Phase, ...], aspect: float) -> None:
    """VID-014: over the whole of the longest way, while the frame shows a fair part of the picture, neither
    mirrored nor folded anywhere."""
    size = (int(720 * aspect), 720)
    points = corners(*size)
    path, window = fitted(path_of(phases, 80, 8, seed=3), points, aspect)
    places = seen(path, points, window, aspect)
    assert np.abs(places).max() < 1
    assert window.magnification <= TIGHTEST
    grid = places.reshape(len(path), CELLS + 1, CELLS + 1, 2)
    assert (np.diff(grid[..., 0], axis=2) > 0).all()
    assert (np.diff(grid[..., 1], axis=1) > 0).all()


def test_the_search_for_places_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """VID-014: more iterations would move nothing by a twentieth of a pixel."""
    path, points = (
        path_of(((Move("orbit left", 1.5), Move("dolly in", 1.5)),), 240, 24, seed=3),
        corners(1280, 720),
    )
    places = seen(path, points, window_of(path, points, 16 / 9), 16 / 9)
    window = window_of(path, points, 16 / 9)
    monkeypatch.setattr(projection, "ITERATIONS", 40)
    assert np.abs(seen(path, points, window, 16 / 9) - places).max() * 640 < 0.05


def moved(name: str) -> tuple[Points, Points]:
    """Places in the first and in the last frame, as rows and columns of corners."""
    path, points = path_of(((Move(name),),), 120, 24, seed=3), corners(1280, 720)
    places = seen(path, points, window_of(path, points, 16 / 9), 16 / 9)
    first, last = places[[0, -1]].reshape(2, CELLS + 1, CELLS + 1, 2)
    return first, last


@pytest.mark.parametrize(
    ("name", "axis", "sign"),
    [
        ("pan left", 0, -1), ("pan right", 0, 1), ("truck left", 0, -1), ("truck right", 0, 1),
        ("tilt up", 1, -1), ("tilt down", 1, 1), ("crane up", 1, -1), ("crane down", 1, 1),
    ],
)  # fmt: skip
def test_moves_go_where_their_names_say(name: str, axis: int, sign: int) -> None:
    """VID-004: the camera sees more of the side to which it turns or goes."""
    first, last = moved(name)
    assert sign * (last - first)[..., axis].mean() > 0.05
    assert abs((last - first)[..., 1 - axis].mean()) < 0.03


@pytest.mark.parametrize(("name", "sign"), [("in", 1), ("out", -1)])
@pytest.mark.parametrize("kind", ["zoom", "dolly"])
def test_zoom_and_dolly_come_closer(kind: str, name: str, sign: int) -> None:
    """VID-004: and back; only a dolly changes how near and far things compare."""
    first, last = moved(f"{kind} {name}")
    shown = [np.ptp(places[..., 0], axis=1) for places in (first, last)]
    grown = shown[0] / shown[1]
    assert (sign * np.log(grown) > 0.08).all()
    assert (np.ptp(grown) > 0.02) == (kind == "dolly")


def test_what_is_near_moves_more() -> None:
    """VID-004: parallax; the lower edge is near, the upper one far."""
    first, last = moved("truck right")
    shift = (last - first)[..., 0].mean(axis=1)
    assert shift[-1] > 1.2 * shift[0] > 0


def test_moves_start_and_stop_softly() -> None:
    """VID-004: one after the other, without a jerk between."""
    path = path_of(phases_of("pan left, then pan right"), 120, 24, seed=0)
    speed = np.abs(np.diff(path[:, 3]))
    ends = speed[[0, 58, 60, -1]]
    assert ends.max() < 0.15 * speed.max()
    assert np.abs(np.diff(speed)).max() < 0.2 * speed.max()
    assert abs(path[-1, 3]) < 0.2 * np.abs(path[:, 3]).max()
