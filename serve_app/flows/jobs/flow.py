"""What a kind of job does: the Protocol of its flow, and how the flow tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from serve_app.backends import Backends
from serve_app.core.jobs import Job
from serve_app.engines import Progress
from serve_app.stores import JsonObject

Report = Callable[[Progress], None]
"""Takes the newest progress; cheap, so a flow may call it for each step."""


class JobFlow(Protocol):
    """The work of one kind of job."""

    async def __call__(self, backends: Backends, job: Job, report: Report) -> JsonObject:
        """Do the job of `job.payload` and give its result, plain JSON.

        It may run more than once (JOB-002), so what it leaves behind is keyed by `job.id` and `job.attempt`.
        It is cancelled when the caller revoked the job or another attempt has it. An error below status 500
        is final, every other one is tried again (JOB-004).
        """
        ...
