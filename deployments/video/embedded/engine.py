"""The embedded renderer: a virtual camera in front of the picture, on a CPU with nothing to download."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from deployments.serving.tracked_call import Report
from deployments.video.embedded.ambience import ambience_of, sound_of
from deployments.video.embedded.camera import Phase, path_of
from deployments.video.embedded.camera_words import phases_of
from deployments.video.embedded.cells import corners
from deployments.video.embedded.plate import Plate
from deployments.video.embedded.projection import Points, fitted, seen
from deployments.video.mp4 import Mp4Writer, sound_of_frames
from deployments.video.replica import Extras
from serve_app.engines import EngineCard, Progress, VideoRequest

Item = TypeVar("Item")
Done = TypeVar("Done")

WORKERS = 2
"""Threads: with the encoder's own they keep two cores busy, and more would only hold more frames."""


class EmbeddedRenderer:
    """Camera moves and sounds for all public models, as the prompt names them; deterministic."""

    card = EngineCard(
        engine="embedded",
        impl="kaleido-embedded-camera",
        embedded=True,
        languages=("en", "th", "vi"),
        note="Moves a camera over the picture, whose depth is guessed; nothing in it moves by itself. Of the "
        "prompt it knows words for camera moves and places in English, Thai and Vietnamese; the sound is "
        "synthesised. For development.",
    )

    def warm_up(self) -> None:
        """Nothing is slow the first time."""

    def render(self, request: VideoRequest, path: Path, report: Report) -> Extras:
        """Write an MP4 of `frames` frames and as much stereo sound, reporting each frame."""
        phases, ambience = phases_of(request.prompt), ambience_of(request.prompt)
        places = _places(request, phases)
        plate = Plate(request.picture, request.width, request.height, places)
        sound = sound_of(ambience, request.seconds, request.seed)
        sounds = sound_of_frames(sound, request.frames, request.frame_rate)
        report(Progress("render", 0, request.frames))
        with (
            Mp4Writer(path, request.width, request.height, request.frame_rate) as file,
            closing(_done_ahead(plate.frame, places)) as frames,
        ):
            for done, (frame, heard) in enumerate(zip(frames, sounds, strict=True), 1):
                file.write(frame, heard)
                report(Progress("render", done, request.frames))
            report(Progress("mux"))
        return {"has_audio": True, "camera": _names(phases), "ambience": ambience}


def _places(request: VideoRequest, phases: tuple[Phase, ...]) -> Points:
    """Where in the picture each frame has its corners."""
    points, aspect = corners(request.width, request.height), request.width / request.height
    path = path_of(phases, request.frames, request.frame_rate, request.seed)
    path, window = fitted(path, points, aspect)
    return seen(path, points, window, aspect)


def _names(phases: tuple[Phase, ...]) -> list[str]:
    return [move.name for phase in phases for move in phase]


def _done_ahead(work: Callable[[Item], Done], items: Iterable[Item]) -> Generator[Done, None, None]:
    """`map(work, items)`, one or two items ahead. Closing it ends the threads."""
    waiting: deque[Future[Done]] = deque()
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="warp") as pool:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
