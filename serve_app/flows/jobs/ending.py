"""Writes how an attempt at a job ended: its result, its last error, or that it is to be tried again."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress

from serve_app.backends import Backends
from serve_app.core.jobs import Job, JobState
from serve_app.core.keys import redact
from serve_app.errors import EngineUnavailable, KaleidoError, RateLimited, StoreUnavailable
from serve_app.stores import JsonObject

STORE_RETRY_S = 0.2
"""Pause between two tries while the store is away; a try itself takes up to seconds."""
HANDED_BACK = "The process that ran the job was stopped."
"""The error of a job that waits because its process was told to stop."""

log = logging.getLogger("kaleido.jobs")


class Ending:
    """The one write that ends an attempt. It is fenced: of an attempt that lost its job nothing counts."""

    def __init__(self, backends: Backends, job: Job) -> None:
        self._store = backends.store
        self._files = backends.files
        self._clock = backends.clock
        self._settings = backends.settings
        self._job = job

    async def write(self, work: asyncio.Future[JsonObject]) -> None:
        """End as the flow ended: with its result, or by its error failed or tried again (JOB-004)."""
        failure = EngineUnavailable() if work.cancelled() else work.exception()
        if failure is None:
            await self._succeed(work.result())
            return
        error = _public(failure, self._job)
        text = redact(error.message)
        if is_final(failure) or self._job.spent >= self._settings.job_attempts:
            await self._finish(JobState.FAILURE, result={"code": error.code}, error=text)
        else:
            await self._retry(text)

    async def _succeed(self, result: JsonObject) -> None:
        """A file that the result of a lost attempt names is nobody's: it goes."""
        if not await self._finish(JobState.SUCCESS, result=result) and (path := result.get("path")):
            await self._files.delete(path)

    async def revoke(self) -> None:
        """End as the caller wished."""
        await self._finish(JobState.REVOKED)

    async def hand_back(self) -> None:
        """Let another process begin at once. Tried once: else it begins when the lease has passed."""
        with suppress(StoreUnavailable):
            await self._store.retry(self._job, error=HANDED_BACK, delay_s=0.0, spent=False)

    async def _finish(self, state: JobState, *, result: JsonObject | None = None, error: str = "") -> bool:
        keep_s = self._settings.job_keep_s
        counts = await self._persist(
            lambda: self._store.finish(self._job, state, keep_s=keep_s, result=result, error=error)
        )
        if counts:
            await self._expire_uploads()
        return counts

    async def _expire_uploads(self) -> None:
        """Files that came with the job outlive its end by a day (JOB-006). While the store is away nothing is
        done: they then go as the one who submitted the job said."""
        with suppress(StoreUnavailable):
            for path in self._job.uploads:
                await self._files.keep(path, keep_s=self._settings.upload_keep_s)

    async def _retry(self, error: str) -> None:
        pauses = (0.0, *self._settings.job_retry_delays_s)
        delay_s = pauses[min(self._job.spent, len(pauses) - 1)]
        await self._persist(lambda: self._store.retry(self._job, error=error, delay_s=delay_s))

    async def _persist(self, write: Callable[[], Awaitable[bool]]) -> bool:
        """Try until the store takes it, or the lease has certainly passed, so that others may begin. False
        only when the store says that this attempt no longer counts."""
        give_up_at = self._clock.monotonic() + self._settings.job_lease_s
        while True:
            try:
                if await write():
                    return True
                log.warning("job %s: attempt %d no longer counts", self._job.id, self._job.attempt)
                return False
            except StoreUnavailable:
                if self._clock.monotonic() >= give_up_at:
                    log.error("job %s: the end of attempt %d is lost", self._job.id, self._job.attempt)
                    return True
                await asyncio.sleep(STORE_RETRY_S)


def is_final(failure: BaseException) -> bool:
    """Whether another attempt would fail alike: the caller's mistake, but not a full engine (JOB-004)."""
    if not isinstance(failure, KaleidoError):
        return False
    return failure.status < KaleidoError.status and failure.status != RateLimited.status


def _public(failure: BaseException, job: Job) -> KaleidoError:
    """What the caller may read; an unexpected failure is written down, without keys (KEY-013, ERR-020)."""
    if not isinstance(failure, KaleidoError) or failure.status == KaleidoError.status:
        trace = "".join(traceback.format_exception(failure))
        log.error("job %s: attempt %d failed\n%s", job.id, job.attempt, redact(trace))
    return failure if isinstance(failure, KaleidoError) else KaleidoError()
