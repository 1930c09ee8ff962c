"""The MP4 writer: exact lengths, true colours, the same bytes, nothing left open."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from deployments.video.mp4 import SOUND_RATE, Mp4Writer, Sound, sound_of_frames, yuv
from serve_app.engines import Picture
from tests.engines.video.films import open_files, seconds_of, watch
from tests.stores.test_disk import disk_of

RATE = 24


def tone(seconds: float, channels: int) -> Sound:
    wave = np.sin(2 * np.pi * 440 * np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE)
    return np.tile(0.2 * wave, (channels, 1)).astype(np.float32)


def plain(colour: tuple[int, int, int], width: int = 64, height: int = 48) -> Picture:
    return np.full((height, width, 3), colour, np.uint8)


def write(path: Path, pictures: list[Picture], sound: Sound) -> None:
    height, width, _ = pictures[0].shape
    parts = sound_of_frames(sound, len(pictures), RATE)
    with Mp4Writer(path, width, height, RATE, len(sound)) as file:
        for picture, part in zip(pictures, parts, strict=True):
            file.write(picture, part)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("seconds", [0.5, 2.0, 2.5])
def test_sound_ends_with_the_picture(tmp_path: Path, channels: int, seconds: float) -> None:
    """VID-007: sound that is too short or too long is made to fit; its samples keep their places."""
    path, sound = tmp_path / "a.mp4", tone(seconds, channels)
    write(path, [plain((90, 90, 90))] * 48, sound)
    with av.open(str(path)) as file:
        (video,), (audio,) = file.streams.video, file.streams.audio
        assert seconds_of(video) == seconds_of(audio) == 2
        assert audio.codec_context.channels == channels
    heard, kept = watch(path).sound, min(sound.shape[1], 2 * SOUND_RATE) - 2048
    assert np.abs(heard[:, :kept] - sound[:, :kept]).max() < 0.02
    if seconds < 2:
        assert np.abs(heard[:, sound.shape[1] + 2048 :]).max() < 0.001


@pytest.mark.parametrize("colour", [(200, 40, 30), (20, 160, 60), (30, 60, 220), (255, 255, 255), (0, 0, 0)])
def test_colours_come_back(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    """VID-014: what the tags of the file say is what was done to the pixels, from RGB and from YUV."""
    path = tmp_path / "a.mp4"
    with Mp4Writer(path, 64, 48, RATE) as file:
        for frame in (plain(colour), yuv(plain(colour))):
            file.write(frame, np.zeros((2, 2000), np.float32))
    seen = watch(path).frames.reshape(2, -1, 3).mean(axis=1)
    assert np.abs(seen - colour).max() < 4


def test_the_same_frames_make_the_same_file(tmp_path: Path) -> None:
    """VID-010: no clock and no race leaves a trace."""
    pictures = list(np.random.default_rng(0).integers(0, 256, (12, 48, 64, 3), np.uint8))
    for name in ("a.mp4", "b.mp4"):
        write(tmp_path / name, pictures, tone(0.5, 2))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.parametrize(
    ("width", "samples", "says"), [(64, 24_000, "sound of a frame"), (66, 2000, "a frame has the size")]
)
def test_what_does_not_fit_is_refused(tmp_path: Path, width: int, samples: int, says: str) -> None:
    """VID-007, VID-009: the engine's mistake, told at once and not mended by stretching."""
    sound = np.zeros((2, samples), np.float32)
    with pytest.raises(ValueError, match=says), Mp4Writer(tmp_path / "a.mp4", 64, 48, RATE) as file:
        file.write(plain((0, 0, 0), width), sound)


@pytest.mark.parametrize("frames", [0, 40])
def test_an_exception_closes_the_file(tmp_path: Path, frames: int) -> None:
    """VID-016: it passes unchanged, before the first frame and after many."""
    path = tmp_path / "a.mp4"
    pictures = [plain((0, 0, 0))] * frames + [plain((0, 0, 0))[..., :2]]
    with pytest.raises(ValueError, match="array"):
        write(path, pictures, tone(2, 2))
    assert str(path) not in open_files()


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """ERR-005: as the OSError it is, and the file is closed."""
    path, noise = tmp_path / "a.mp4", np.random.default_rng(0).integers(0, 256, (48, 96, 128, 3), np.uint8)
    with disk_of(100_000), pytest.raises(OSError, match="large") as full:
        write(path, list(noise), tone(2, 2))
    assert full.value.errno
    assert str(path) not in open_files()


@pytest.mark.parametrize("dirt", ["85", "170"])
def test_what_lies_in_memory_does_not_show(tmp_path: Path, dirt: str) -> None:
    """VID-010: x264's macroblock tree reads memory before it is written; glibc fills it for us."""

    def rendered(value: str) -> str:
        env = {**os.environ, "MALLOC_MMAP_MAX_": "0", "MALLOC_PERTURB_": value}
        command = [sys.executable, "-m", "tests.engines.video.render_once", str(tmp_path / value)]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout

    assert rendered(dirt) == rendered("0")
