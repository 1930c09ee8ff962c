"""One attempt at a claimed job: run its flow, keep its lease, write its end once (JOB-002..004)."""

from __future__ import annotations

import asyncio

from serve_app.backends import Backends
from serve_app.core.jobs import Job
from serve_app.flows.jobs.ending import Ending
from serve_app.flows.jobs.flow import JobFlow
from serve_app.flows.jobs.heartbeat import Heartbeat
from serve_app.stores import Beat


async def execute(backends: Backends, job: Job, flow: JobFlow) -> None:
    """Run a claimed job until its end is written, or another attempt has it.

    Cancelling this stops the flow, hands the job back, due at once, and raises CancelledError.
    """
    heartbeat, ending = Heartbeat(backends, job), Ending(backends, job)
    work = asyncio.ensure_future(flow(backends, job, heartbeat.report))
    watch = asyncio.create_task(heartbeat.until_stopped())
    try:
        await asyncio.wait((work, watch), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            await ending.write(work)
        elif watch.result() is Beat.CANCEL:
            work.cancel()
            await ending.revoke()
    except asyncio.CancelledError:
        if not work.done():
            work.cancel()
            await ending.hand_back()
        raise
    finally:
        work.cancel()
        watch.cancel()
        # Also takes note of an error that a flow raises while it is being cancelled.
        await asyncio.gather(work, watch, return_exceptions=True)
