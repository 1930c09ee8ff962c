"""One answer and one job for a request that is sent twice: the `Idempotency-Key` header (JOB-005)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from serve_app.clock import Clock
from serve_app.errors import (
    Conflict,
    IdempotencyConflict,
    IdempotencyInProgress,
    InvalidRequest,
    KaleidoError,
    StoreUnavailable,
)
from serve_app.stores import Document, Documents, JsonObject

COLLECTION = "idempotency"
KEPT_S = 86_400.0
"""JOB-005."""
UNDER_WAY_S = 60.0
"""Whoever has not answered by then has died: a submission takes seconds, with a voice to fetch as well."""
KEY = re.compile(r"[\x21-\x7e]{1,255}")
INVALID_KEY = "Idempotency-Key must be 1 to 255 visible ASCII characters."


def fingerprint(body: JsonObject) -> str:
    """Tells one JSON body from another, whatever the order of its members."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


@asynccontextmanager
async def once(
    documents: Documents, clock: Clock, team: str, route: str, key: str | None, body_fingerprint: str
) -> AsyncIterator[str]:
    """Gives the id under which the job of this request is to be submitted, the same for each repeat.

    The id is kept before anything is submitted, so a repeat after a crash finds the job of the first request.
    Without a key each request has an id of its own and nothing is kept. A request that is refused leaves no
    trace. Raises InvalidRequest for a malformed key, IdempotencyConflict for another body, and
    IdempotencyInProgress while the first request is not answered.
    """
    if key is None:
        yield str(uuid4())
        return
    if not KEY.fullmatch(key):
        raise InvalidRequest(INVALID_KEY)
    name = hashlib.sha256("\n".join((team, route, key)).encode()).hexdigest()
    entry = Entry(documents, clock, await _enter(documents, clock, name, body_fingerprint))
    try:
        yield entry.job_id
    except KaleidoError as error:
        await entry.fail(refused=error.status < KaleidoError.status)
        raise
    except BaseException:  # the caller left, or worse: the job may have been submitted or not
        await entry.fail(refused=False)
        raise
    await entry.answer()


async def _enter(documents: Documents, clock: Clock, name: str, body_fingerprint: str) -> Document:
    """Make the entry of a key, or join the one that is there."""
    found = await documents.get(COLLECTION, name)
    job_id = found.body["job"] if found else str(uuid4())
    if found and found.body["fingerprint"] != body_fingerprint:
        raise IdempotencyConflict
    if found and found.body["answered"]:
        return found
    if found and clock.now() < found.body["until"]:
        raise IdempotencyInProgress
    until = clock.now() + UNDER_WAY_S
    body = {"fingerprint": body_fingerprint, "job": job_id, "until": until, "answered": False}
    version = found.version if found else 0
    try:
        return await documents.put(COLLECTION, name, body, expected_version=version, ttl_s=KEPT_S)
    except Conflict:  # another one entered at the same moment
        raise IdempotencyInProgress from None


class Entry:
    """The trace of one request under its key."""

    def __init__(self, documents: Documents, clock: Clock, entered: Document) -> None:
        self._documents = documents
        self._clock = clock
        self._entered = entered
        self.job_id: str = entered.body["job"]

    async def answer(self) -> None:
        """From now on repeats are answered alike."""
        if not self._entered.body["answered"]:
            await self._change(answered=True)

    async def fail(self, *, refused: bool) -> None:
        """Let a repeat begin at once: with nothing behind it, or, if there may be a job, with its id."""
        if self._entered.body["answered"] or self._clock.now() >= self._entered.body["until"]:
            return  # not ours, or no longer
        if refused and self._entered.version == 1:
            with suppress(StoreUnavailable):
                await self._documents.delete(COLLECTION, self._entered.key)
        else:
            await self._change(until=0.0)

    async def _change(self, **changes: object) -> None:
        """Best effort: without it a repeat finds the same job, a minute later."""
        body = {**self._entered.body, **changes}
        with suppress(Conflict, StoreUnavailable):
            await self._documents.put(
                COLLECTION, self._entered.key, body, expected_version=self._entered.version, ttl_s=KEPT_S
            )
