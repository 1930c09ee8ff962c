"""One replica of a video model: one video at a time, rendered into a file and handed over in parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Protocol

from deployments.serving.batching import Batcher
from deployments.serving.engine_replica import EngineReplica
from deployments.serving.tracked_call import Report, TrackedCall
from serve_app.engines import EngineCard, Progress, Video, VideoRequest
from serve_app.errors import VideoFailed
from serve_app.stores.disk.blocking import disk_failures

PART_BYTES = 1024 * 1024
"""From this size on Ray's object store, which carries the parts, is faster than gRPC."""
STUCK_AFTER_S = 1800.0
"""Ten seconds of 720p take a full model on a 24 GB card, whose weights come and go, some minutes."""

Extras = Mapping[str, Any]
Rendered = tuple[Extras, BinaryIO]
"""What there is to tell, and the file, which has no name any more: nobody has to remove it."""


class Renderer(Protocol):
    """What an engine file offers; synchronous, called from one thread."""

    card: EngineCard

    def warm_up(self) -> None:
        """Do once what makes first calls slow; called once, before the first caller."""
        ...

    def render(self, request: VideoRequest, path: Path, report: Report) -> Extras:
        """Write an MP4 to `path`, where nothing is yet, and report each step; what a failure leaves there is
        removed by the caller. Gives what there is to tell of it. Raises InvalidRequest for what it cannot do,
        and lets pass what `report` raises."""
        ...


class VideoReplica(EngineReplica[TrackedCall[VideoRequest], Rendered]):
    """Implements `serve_app.engines.VideoGenerator` over one engine; more videos need more replicas."""

    def __init__(
        self, engine: Renderer, names: Sequence[str], *, stuck_after_s: float = STUCK_AFTER_S
    ) -> None:
        """`names` are the public model names. One call longer than `stuck_after_s` is a hung engine."""
        self._engine = engine
        batcher: Batcher[TrackedCall[VideoRequest], Rendered] = Batcher(self._render_all, failure=VideoFailed)
        cards = [replace(engine.card, engine=name) for name in names]
        super().__init__(cards, "video", batcher, stuck_after_s)
        engine.warm_up()

    async def generate(self, request: VideoRequest) -> AsyncGenerator[Progress | bytes | Video, None]:
        """Progress, the MP4 in parts, then its facts; closing the iterator cancels within one step. Raises
        InvalidRequest for what the engine cannot do, StorageFull for a full disk, VideoFailed else."""
        async with aclosing(TrackedCall(request).taken(self._batcher)) as items:
            async for item in items:
                if isinstance(item, Progress):
                    yield item
                    continue
                (extras, file), elapsed_ms = item
                with file:
                    while part := await asyncio.to_thread(file.read, PART_BYTES):
                        yield part
                yield Video(extras, elapsed_ms, self._card_of(request.model))

    def _render_all(self, turns: Sequence[TrackedCall[VideoRequest]]) -> list[Rendered]:
        return [self._render(turn) for turn in turns]

    def _render(self, turn: TrackedCall[VideoRequest]) -> Rendered:
        with disk_failures(), TemporaryDirectory(prefix="kaleido-video-") as folder:
            path = Path(folder, "video.mp4")
            extras = self._engine.render(turn.request, path, turn.report)
            return extras, path.open("rb")
