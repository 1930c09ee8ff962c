"""The job verbs of the Redis store."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from serve_app.core.jobs import LOST, Job, JobState
from serve_app.errors import QueueFull
from serve_app.stores.encoding import dump, micros
from serve_app.stores.job_protocol import Backlog, Beat
from serve_app.stores.job_record import decode, encode
from serve_app.stores.protocols import JsonObject
from serve_app.stores.redis import job_scripts as scripts
from serve_app.stores.redis.server import RedisServer


class RedisJobs:
    """Each argument and error as in `job_protocol.Jobs`.

    Where an answer is lost with its connection the verb is sent again, which changes nothing that was done.
    Only `claim` is not.
    """

    _server: RedisServer

    async def submit(self, job: Job, *, bound: int) -> Job:
        record = {name: value for name, value in encode(job).items() if value is not None}
        pairs = chain.from_iterable(record.items())
        due_at = micros(job.due_at)
        found = await self._server.repeatable(scripts.SUBMIT, [], job.id, job.kind, bound, due_at, *pairs)
        if not found:
            raise QueueFull
        return _job(found)

    async def claim(
        self, kinds: Sequence[str], *, lease_s: float, attempts: int, keep_s: float
    ) -> Job | None:
        """Sent once. A job whose claim was never heard of waits for the end of its lease and has lost an
        attempt; asking again would take the next job, and with a second loss that one too. Dispatchers ask
        again by themselves a few milliseconds later."""
        limits = (micros(lease_s), attempts, micros(keep_s))
        found = await self._server.once(scripts.CLAIM, [], *limits, LOST, *kinds)
        return _job(found) if found else None

    async def heartbeat(self, claimed: Job, *, lease_s: float, progress: JsonObject | None = None) -> Beat:
        shown = [] if progress is None else [dump(progress)]
        attempt = (claimed.id, claimed.attempt)
        return Beat(await self._server.repeatable(scripts.HEARTBEAT, [], *attempt, micros(lease_s), *shown))

    async def retry(self, claimed: Job, *, error: str, delay_s: float, spent: bool = True) -> bool:
        """Sent again it finds the job given back and says False; it never gives back another attempt."""
        attempt = (claimed.id, claimed.attempt)
        given = (error, micros(delay_s), 0 if spent else 1)
        return bool(await self._server.repeatable(scripts.RETRY, [], *attempt, *given))

    async def finish(
        self,
        claimed: Job,
        state: JobState,
        *,
        keep_s: float,
        result: JsonObject | None = None,
        error: str = "",
    ) -> bool:
        end = (claimed.id, claimed.attempt, state, micros(keep_s), error)
        made = [] if result is None else [dump(result)]
        return bool(await self._server.repeatable(scripts.FINISH, [], *end, *made))

    async def cancel(self, job_id: str, *, keep_s: float) -> Job | None:
        found = await self._server.repeatable(scripts.CANCEL, [], job_id, micros(keep_s))
        return _job(found) if found else None

    async def job(self, job_id: str) -> Job | None:
        found = await self._server.repeatable(scripts.FIND, [], job_id)
        return _job(found) if found else None

    async def backlog(self, kind: str) -> Backlog:
        return Backlog(*await self._server.repeatable(scripts.BACKLOG, [], kind))


def _job(flat: Sequence[str]) -> Job:
    """A Redis hash: names and values by turns."""
    return decode(dict(zip(flat[::2], flat[1::2], strict=True)))
