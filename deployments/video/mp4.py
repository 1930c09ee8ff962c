"""MP4 files of H.264 pictures and AAC sound, written frame by frame in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from numpy.typing import NDArray

from serve_app.engines import Picture

Sound = NDArray[np.float32]
"""Samples in [-1, 1], shape (channels, samples), one or two channels at `SOUND_RATE`."""
SOUND_RATE = 48_000
"""Hz. What film uses; 2000 samples for each frame at 24 a second."""
X264 = {
    # 48 dB in camera moves over a landscape: no blocks in its sky, even at four times the contrast.
    "crf": "19",
    # 13 ms of a core for a frame of 720p; the next slower one takes 23 and gives 1 dB.
    "preset": "veryfast",
    # With it x264 reads memory that nobody wrote: at some sizes one file in ten differs for the same frames.
    "mbtree": "0",
    # More bits for dark and flat parts, where blocks are seen first.
    "aq-mode": "3",
}
KEYFRAME_S = 2
"""Seconds between pictures that a player may jump to."""
THREADS = 2
"""Fixed, since x264 divides its work by it: else the same frames would give other files with other cores."""
SOUND_BITS = 192_000
"""Per second, where ffmpeg's encoder of AAC is hard to tell from its source."""
BT709 = 1
"""Primaries, curve and matrix of HD video in ITU-T H.273; told, since players guess it from the height."""
LAYOUTS = {1: "mono", 2: "stereo"}


class Mp4Writer:
    """A file that starts to play before it has come whole: its table goes ahead of its pictures.

    A context manager. What an exception leaves on the disk is the caller's to remove.
    """

    def __init__(self, path: Path, width: int, height: int, frame_rate: int, channels: int = 2) -> None:
        """An even `width` and `height`; a `frame_rate` that divides `SOUND_RATE`. Raises OSError."""
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self._video = _video_stream(self._container, width, height, frame_rate)
        self._audio: Any = self._container.add_stream("aac", SOUND_RATE, bit_rate=SOUND_BITS)
        self._audio.layout = LAYOUTS[channels]
        self._size, self._shape = (width, height), (channels, SOUND_RATE // frame_rate)
        self._frame_time, self._frames = Fraction(1, frame_rate), 0

    def __enter__(self) -> Self:
        return self

    def write(self, frame: Picture | av.VideoFrame, sound: Sound) -> None:
        """The next frame, as RGB or in yuv420p of BT.709 already, and what is heard during it: exactly
        `SOUND_RATE / frame_rate` samples, so that both end together. Raises ValueError, OSError."""
        picture = frame if isinstance(frame, av.VideoFrame) else yuv(frame)
        if (picture.width, picture.height) != self._size:
            raise ValueError(f"a frame has the size {self._size}, not {(picture.width, picture.height)}")
        if sound.shape != self._shape:
            raise ValueError(f"sound of a frame has the shape {self._shape}, not {sound.shape}")
        picture.pts, picture.time_base = self._frames, self._frame_time
        self._container.mux(self._video.encode(picture))
        self._container.mux(self._audio.encode(self._heard(sound)))
        self._frames += 1

    def _heard(self, sound: Sound) -> av.AudioFrame:
        channels, each = self._shape
        samples = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), "fltp", LAYOUTS[channels])
        samples.sample_rate, samples.time_base = SOUND_RATE, Fraction(1, SOUND_RATE)
        samples.pts = self._frames * each
        return samples

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file, or only let go of it. Raises OSError."""
        if error is not None:
            with suppress(av.FFmpegError):  # the first error is the one to tell
                self._container.close()
            return
        try:
            for stream in (self._video, self._audio):
                self._container.mux(stream.encode(None))
        finally:
            self._container.close()


def yuv(picture: Picture) -> av.VideoFrame:
    """A picture in yuv420p and the limited range, by the matrix of BT.709."""
    return av.VideoFrame.from_ndarray(picture).reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )


def sound_of_frames(sound: Sound, frames: int, frame_rate: int) -> Iterator[Sound]:
    """The sound of each frame; what is missing at the end is silence, what is left over is dropped."""
    each = SOUND_RATE // frame_rate
    missing = max(0, frames * each - sound.shape[1])
    padded = np.pad(sound, ((0, 0), (0, missing)))
    return (padded[:, n * each : (n + 1) * each] for n in range(frames))


def _video_stream(container: Any, width: int, height: int, frame_rate: int) -> Any:
    stream = container.add_stream("libx264", frame_rate, options=X264)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    context = stream.codec_context
    context.gop_size, context.thread_count = KEYFRAME_S * frame_rate, THREADS
    context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    context.colorspace, context.color_range = BT709, ColorRange.MPEG
    return stream
