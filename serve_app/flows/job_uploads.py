"""Files that came with a job outlive its end by a day (JOB-006)."""

from __future__ import annotations

from contextlib import suppress

from serve_app.core.jobs import Job
from serve_app.errors import StoreUnavailable
from serve_app.stores import Files


async def expire_uploads(files: Files, job: Job, keep_s: float) -> None:
    """Count the time that the files are kept from now, the end of the job.

    While the store is away nothing is done: they then go as `submit_reading` said.
    """
    with suppress(StoreUnavailable):
        for path in job.uploads:
            await files.keep(path, keep_s=keep_s)
