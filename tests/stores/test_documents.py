"""Versioned documents, on both stores."""

from __future__ import annotations

import asyncio
from types import MappingProxyType

import pytest

from serve_app.errors import Conflict
from serve_app.stores import Store
from tests.stores.manual_clock import ManualClock

BODY = {
    "whole": 1,
    "big": 2**70,
    "real": 1.0,
    "small": 5e-324,
    "thai": "สวัสดี ๑๒๓",
    "emoji": "🐘\u0000\n",
    "surrogate": "\ud800",
    "none": None,
    "true": True,
    "nested": [{"": []}, [1, 2.5]],
}


async def test_json_comes_back_as_it_went_in(store: Store) -> None:
    """What one process writes, another reads exactly: integers stay integers, any text intact."""
    written = await store.put("things", "ก:ข\u0000 c", MappingProxyType(BODY))
    read = await store.get("things", "ก:ข\u0000 c")
    assert written == read
    assert read is not None
    assert read.body == BODY
    assert [type(value) for value in read.body.values()] == [type(value) for value in BODY.values()]


async def test_a_body_is_not_shared_with_the_caller(store: Store) -> None:
    body = {"list": [1]}
    written = await store.put("things", "a", body)
    body["list"].append(2)
    assert written.body == {"list": [1]}


@pytest.mark.parametrize("body", [{"x": float("nan")}, {"x": float("inf")}, {"x": object()}])
async def test_what_is_not_json_is_refused(store: Store, body: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        await store.put("things", "a", body)
    assert await store.get("things", "a") is None


async def test_versions_grow_by_one_from_one(store: Store) -> None:
    assert [(await store.put("things", "a", {"n": n})).version for n in range(3)] == [1, 2, 3]
    assert (await store.put("things", "b", {})).version == 1


async def test_an_expected_version_must_match(store: Store) -> None:
    with pytest.raises(Conflict):
        await store.put("things", "a", {"n": 1}, expected_version=1)
    await store.put("things", "a", {"n": 1}, expected_version=0)
    with pytest.raises(Conflict):
        await store.put("things", "a", {"n": 2}, expected_version=0)
    assert (await store.put("things", "a", {"n": 2}, expected_version=1)).version == 2
    with pytest.raises(Conflict):
        await store.put("things", "a", {"n": 3}, expected_version=1)
    found = await store.get("things", "a")
    assert found is not None
    assert found.body == {"n": 2}


async def test_an_expired_document_is_absent(store: Store, clock: ManualClock) -> None:
    """The state of an expired session is gone at once, and its key is free again."""
    await store.put("sessions", "a", {}, ttl_s=10)
    clock.advance(9.5)
    assert await store.get("sessions", "a") is not None
    clock.advance(0.5)
    assert await store.get("sessions", "a") is None
    assert await store.list("sessions") == []
    assert not await store.delete("sessions", "a")
    with pytest.raises(Conflict):
        await store.put("sessions", "a", {}, expected_version=1)
    assert (await store.put("sessions", "a", {}, expected_version=0)).version == 1


async def test_each_write_sets_the_time_to_live_anew(store: Store, clock: ManualClock) -> None:
    await store.put("sessions", "a", {}, ttl_s=10)
    await store.put("sessions", "b", {}, ttl_s=10)
    await store.put("sessions", "a", {}, ttl_s=20)
    await store.put("sessions", "b", {})
    clock.advance(15)
    assert [document.key for document in await store.list("sessions")] == ["a", "b"]
    clock.advance(1e6)
    assert [document.key for document in await store.list("sessions")] == ["b"]


@pytest.mark.parametrize("ttl_s", [float("nan"), float("inf"), 1e300])
async def test_an_absurd_time_to_live_is_refused(store: Store, ttl_s: float) -> None:
    with pytest.raises(ValueError, match="time"):
        await store.put("sessions", "a", {}, ttl_s=ttl_s)
    with pytest.raises(ValueError, match="time"):
        await store.acquire("slots", "a", limit=1, ttl_s=ttl_s)


async def test_delete_says_whether_there_was_one(store: Store) -> None:
    await store.put("things", "a", {})
    assert await store.delete("things", "a")
    assert not await store.delete("things", "a")
    assert await store.get("things", "a") is None


async def test_a_list_is_one_collection_in_the_order_of_keys(store: Store) -> None:
    for key in ("b", "ก", "a", "B", "é", "🐘", ""):
        await store.put("things", key, {"key": key})
    await store.put("thing", "s:x", {})
    found = await store.list("things")
    assert [document.key for document in found] == sorted(("b", "ก", "a", "B", "é", "🐘", ""))
    assert [document.body["key"] for document in found] == [document.key for document in found]
    assert await store.list("nothing") == []


async def test_many_tasks_share_a_store(store: Store) -> None:
    """More tasks than connections: all are served, none twice."""
    written = await asyncio.gather(*(store.put("things", "a", {"n": n}) for n in range(200)))
    assert sorted(document.version for document in written) == list(range(1, 201))
