"""Both stores against the simplest model: dictionaries, with the time each entry ends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from serve_app.errors import Conflict
from tests.stores.manual_clock import ManualClock
from tests.stores.opening import open_address

COLLECTIONS = st.sampled_from(["a", "a:b"])
KEYS = st.sampled_from(["", "b", "b:c", "ก"])
HOLDERS = st.sampled_from("wxyz")
TTLS = st.sampled_from([0.0, 0.5, 3.0, 40.0])
BODIES = st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=2)
FOREVER = float("inf")
MODEL = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,  # a busy machine is slow, not wrong
    suppress_health_check=list(HealthCheck),
    database=None,
)


@dataclass
class Model:
    """What a store should hold; every value comes with the time it ends."""

    documents: dict[tuple[str, str], tuple[int, dict[str, Any], float]] = field(default_factory=dict)
    leases: dict[tuple[str, str], float] = field(default_factory=dict)
    totals: dict[str, tuple[float, set[str], float]] = field(default_factory=dict)

    def drop_expired(self, now: float) -> None:
        self.documents = {at: found for at, found in self.documents.items() if found[2] > now}
        self.leases = {at: ends for at, ends in self.leases.items() if ends > now}
        self.totals = {name: found for name, found in self.totals.items() if found[2] > now}

    def held(self, name: str) -> int:
        return sum(lease[0] == name for lease in self.leases)


class StoreMachine(RuleBasedStateMachine):
    """Does the same to a store and to its model and compares every answer."""

    address: str
    start: float

    @initialize()
    def open(self) -> None:
        self.runner = asyncio.Runner()
        # Each run begins far after the one before, in a world of its own: everything old has expired.
        type(self).start += 1e5
        self.clock = ManualClock(type(self).start)
        self.store = open_address(self.address, self.clock)
        self.model = Model()
        self.run = self.runner.run
        for collection in ("a", "a:b"):
            for document in self.run(self.store.list(collection)):
                self.run(self.store.delete(collection, document.key))

    def teardown(self) -> None:
        self.run(self.store.close())
        self.runner.close()

    @rule(seconds=st.sampled_from([0.25, 1.0, 10.0, 100.0]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.model.drop_expired(self.clock.time)

    @rule(
        collection=COLLECTIONS,
        key=KEYS,
        body=BODIES,
        ttl=st.none() | TTLS,
        expected=st.none() | st.integers(0, 3),
    )
    def put(
        self, collection: str, key: str, body: dict[str, Any], ttl: float | None, expected: int | None
    ) -> None:
        version = self.model.documents.get((collection, key), (0, {}, 0.0))[0]
        writing = self.store.put(collection, key, body, expected_version=expected, ttl_s=ttl)
        if expected not in (None, version):
            with pytest.raises(Conflict):
                self.run(writing)
            return
        assert self.run(writing).version == version + 1
        ends = FOREVER if ttl is None else self.clock.time + ttl
        self.model.documents[collection, key] = (version + 1, body, ends)
        self.model.drop_expired(self.clock.time)

    @rule(collection=COLLECTIONS, key=KEYS)
    def get(self, collection: str, key: str) -> None:
        found = self.run(self.store.get(collection, key))
        expected = self.model.documents.get((collection, key))
        assert (found and (found.version, found.body)) == (expected and expected[:2])

    @rule(collection=COLLECTIONS, key=KEYS)
    def delete(self, collection: str, key: str) -> None:
        removed = self.run(self.store.delete(collection, key))
        assert removed == (self.model.documents.pop((collection, key), None) is not None)

    @rule(collection=COLLECTIONS)
    def list_documents(self, collection: str) -> None:
        found = [(document.key, document.version) for document in self.run(self.store.list(collection))]
        documents = self.model.documents.items()
        assert found == sorted((at[1], version) for at, (version, _, _) in documents if at[0] == collection)

    @rule(name=COLLECTIONS, holder=HOLDERS, limit=st.integers(0, 3), ttl=TTLS)
    def acquire(self, name: str, holder: str, limit: int, ttl: float) -> None:
        allowed = (name, holder) in self.model.leases or self.model.held(name) < limit
        assert self.run(self.store.acquire(name, holder, limit=limit, ttl_s=ttl)) == allowed
        if allowed:
            self.model.leases[name, holder] = self.clock.time + ttl
        self.model.drop_expired(self.clock.time)

    @rule(name=COLLECTIONS, holder=HOLDERS, ttl=TTLS)
    def renew(self, name: str, holder: str, ttl: float) -> None:
        kept = (name, holder) in self.model.leases
        assert self.run(self.store.renew(name, holder, ttl_s=ttl)) == kept
        if kept:
            self.model.leases[name, holder] = self.clock.time + ttl
        self.model.drop_expired(self.clock.time)

    @rule(name=COLLECTIONS, holder=HOLDERS)
    def release(self, name: str, holder: str) -> None:
        self.run(self.store.release(name, holder))
        self.model.leases.pop((name, holder), None)

    @rule(name=COLLECTIONS)
    def held(self, name: str) -> None:
        assert self.run(self.store.held(name)) == self.model.held(name)

    @rule(name=COLLECTIONS, amount=st.sampled_from([0.1, 2.0]), ttl=TTLS, once=st.none() | HOLDERS)
    def add(self, name: str, amount: float, ttl: float, once: str | None) -> None:
        total, events, ends = self.model.totals.get(name, (0.0, set(), self.clock.time + ttl))
        total += 0.0 if once in events else amount
        events |= {once} if once is not None else set()
        assert self.run(self.store.add(name, amount, ttl_s=ttl, once=once)) == pytest.approx(total)
        self.model.totals[name] = (total, events, ends)
        self.model.drop_expired(self.clock.time)

    @rule(name=COLLECTIONS)
    def total(self, name: str) -> None:
        expected = self.model.totals.get(name, (0.0,))[0]
        assert self.run(self.store.total(name)) == pytest.approx(expected)


def test_a_store_does_what_its_model_does(address: str, clock: ManualClock) -> None:
    """QUO-008, QUO-009: documents, totals and leases, in any order, with any lapse of time."""

    class Machine(StoreMachine):
        pass

    Machine.address, Machine.start = address, clock.time
    run_state_machine_as_test(Machine, settings=MODEL)
