"""The job verbs of the SQLite store."""

from __future__ import annotations

from collections.abc import Sequence

from serve_app.core.jobs import Job, JobState
from serve_app.stores.encoding import micros
from serve_app.stores.job_protocol import Backlog, Beat
from serve_app.stores.protocols import JsonObject
from serve_app.stores.sqlite import job_verbs as verbs
from serve_app.stores.sqlite.connection import SqliteFile


class SqliteJobs:
    """Each argument and error as in `job_protocol.Jobs`."""

    _file: SqliteFile

    async def submit(self, job: Job, *, bound: int) -> Job:
        return await self._file.write(verbs.submit, job, bound)

    async def claim(
        self, kinds: Sequence[str], *, lease_s: float, attempts: int, keep_s: float
    ) -> Job | None:
        """Idle dispatchers ask many times a second: as long as nothing is due they take no lock."""
        if await self._file.read(verbs.next_due, kinds) is None:
            return None
        return await self._file.write(verbs.claim, kinds, lease_s, attempts, micros(keep_s))

    async def heartbeat(self, claimed: Job, *, lease_s: float, progress: JsonObject | None = None) -> Beat:
        return await self._file.write(verbs.heartbeat, claimed, lease_s, progress)

    async def retry(self, claimed: Job, *, error: str, delay_s: float, spent: bool = True) -> bool:
        return await self._file.write(verbs.retry, claimed, error, delay_s, spent)

    async def finish(
        self,
        claimed: Job,
        state: JobState,
        *,
        keep_s: float,
        result: JsonObject | None = None,
        error: str = "",
    ) -> bool:
        return await self._file.write(verbs.finish, claimed, state, micros(keep_s), result, error)

    async def cancel(self, job_id: str, *, keep_s: float) -> Job | None:
        return await self._file.write(verbs.cancel, job_id, micros(keep_s))

    async def job(self, job_id: str) -> Job | None:
        return await self._file.read(verbs.find, job_id)

    async def backlog(self, kind: str) -> Backlog:
        return await self._file.read(verbs.backlog, kind)
