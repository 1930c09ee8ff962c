"""What every video engine must do; each engine's test file calls these on a small model and small sizes.

A check takes a `Trial` and fails with an assertion.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from deployments.video.mp4 import BT709, SOUND_RATE
from deployments.video.replica import Renderer
from serve_app.engines import Picture, VideoRequest
from tests.engines.reports import Reports, Stopped
from tests.engines.video.films import Film, open_files, seconds_of, watch

SOUND_SLACK = 1024
"""Samples: AAC comes in frames of so many, and a decoder gives the last one whole."""


@dataclass
class Trial:
    """An engine, a request that it can do, and what it makes of it; films are made once."""

    engine: Renderer
    request: VideoRequest
    folder: Path
    reports: Reports = field(default_factory=Reports)
    extras: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def path(self) -> Path:
        """The file of the request."""
        path = self.folder / "first.mp4"
        self.extras = dict(self.engine.render(self.request, path, self.reports))
        return path

    @cached_property
    def film(self) -> Film:
        """The video of the request."""
        return watch(self.path)

    def another(self, **changes: Any) -> Film:
        """The video of a changed request."""
        path = self.folder / "another.mp4"
        path.unlink(missing_ok=True)
        self.engine.render(replace(self.request, **changes), path, Reports())
        return watch(path)


def has_the_exact_size_and_length(trial: Trial) -> None:
    """VID-007, VID-009: `seconds * frame_rate` frames, and a sound track that ends with them."""
    with av.open(str(trial.path)) as file:
        (video,), (audio,) = file.streams.video, file.streams.audio
        request = trial.request
        assert (video.width, video.height) == (request.width, request.height)
        assert video.frames == request.frames
        assert video.average_rate == request.frame_rate
        assert (video.start_time, audio.start_time) == (0, 0)
        assert seconds_of(video) == seconds_of(audio) == request.seconds
        assert file.duration == request.seconds * av.time_base
    assert trial.film.frames.shape == (request.frames, request.height, request.width, 3)
    expected = request.seconds * SOUND_RATE
    assert expected <= trial.film.sound.shape[1] < expected + SOUND_SLACK


def plays_in_a_browser(trial: Trial) -> None:
    """VID-014: H.264 and AAC in an MP4 whose table comes first, with the colours of HD video."""
    with av.open(str(trial.path)) as file:
        (video,), (audio,) = file.streams.video, file.streams.audio
        assert "mp4" in file.format.name
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert video.codec_context.pix_fmt == "yuv420p"
        assert video.codec_context.colorspace == video.codec_context.color_primaries == BT709
    content = trial.path.read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def has_sound(trial: Trial) -> None:
    """VID-014: something is heard, and nothing is out of range."""
    sound = trial.film.sound
    assert np.isfinite(sound).all()
    assert 0 < float(np.abs(sound).max()) <= 1


def tells_plain_values(trial: Trial) -> None:
    """VID-014: what is told beside the file can be stored."""
    assert trial.path.exists()
    assert json.loads(json.dumps(trial.extras)) == trial.extras
    assert trial.extras["has_audio"] is True
    assert trial.engine.card.impl


def same_seed_same_frames(trial: Trial) -> None:
    """VID-010: whatever was made in between."""
    trial.another(seed=trial.request.seed + 1)
    again = trial.another()
    np.testing.assert_array_equal(trial.film.frames, again.frames)
    np.testing.assert_array_equal(trial.film.sound, again.sound)


def another_seed_another_video(trial: Trial) -> None:
    """VID-010: the seed is used, up to the largest."""
    other = trial.another(seed=2**31 - 1)
    assert not np.array_equal(trial.film.frames, other.frames)
    assert not np.array_equal(trial.film.sound, other.sound)


def progress_never_falls(trial: Trial) -> None:
    """VID-014: within a stage steps only grow, to the end of a total that does not change; a stage never
    returns."""
    assert trial.path.exists()
    seen = trial.reports.seen
    stages = list(dict.fromkeys(progress.stage for progress in seen))
    assert seen == sorted(seen, key=lambda progress: (stages.index(progress.stage), progress.step))
    for stage in stages:
        steps = [progress.step for progress in seen if progress.stage == stage]
        (total,) = {progress.steps for progress in seen if progress.stage == stage}
        assert total is None or total - 1 <= steps[-1] <= total
    assert len(seen) > 3


def stops_when_the_caller_goes(trial: Trial) -> None:
    """VID-016: what a report raises passes through at once, wherever; no file stays open, and the next video
    is as good as any."""
    path = trial.folder / "stopped.mp4"
    assert trial.path.exists()
    for stop_at in (1, 2, len(trial.reports.seen)):
        reports = Reports(stop_at)
        with pytest.raises(Stopped):
            trial.engine.render(trial.request, path, reports)
        assert len(reports.seen) == stop_at
        assert str(path) not in open_files()
        path.unlink(missing_ok=True)
    np.testing.assert_array_equal(trial.film.frames, trial.another().frames)


def first_frame_shows_the_picture(trial: Trial) -> None:
    """VID-005: the video begins with the picture, give or take what a camera move needs at the edges. Not for
    models with random weights."""
    first, picture = _thumbnail(trial.film.frames[0]), _thumbnail(trial.request.picture)
    assert np.corrcoef(first, picture)[0, 1] > 0.9


CHECKS: tuple[Callable[[Trial], None], ...] = (
    has_the_exact_size_and_length,
    plays_in_a_browser,
    has_sound,
    tells_plain_values,
    same_seed_same_frames,
    another_seed_another_video,
    progress_never_falls,
    stops_when_the_caller_goes,
)
"""For `@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)`."""


def _thumbnail(picture: Picture) -> NDArray[np.float64]:
    return np.asarray(Image.fromarray(picture).resize((12, 12), Image.Resampling.BOX), float).reshape(-1)
