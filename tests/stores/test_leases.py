"""Slots with a time to live, on both stores."""

from __future__ import annotations

from serve_app.stores import Store
from tests.stores.manual_clock import ManualClock


async def test_slots_are_limited(store: Store) -> None:
    """A fourth session finds no slot, until one is given back."""
    assert [await store.acquire("slots", holder, limit=3, ttl_s=30) for holder in "abcd"] == [True] * 3 + [
        False
    ]
    assert await store.held("slots") == 3
    await store.release("slots", "b")
    assert await store.held("slots") == 2
    assert await store.acquire("slots", "d", limit=3, ttl_s=30)


async def test_a_holder_has_one_slot(store: Store, clock: ManualClock) -> None:
    """Taking a slot again renews it, even when the limit has become smaller meanwhile."""
    for holder in "ab":
        assert await store.acquire("slots", holder, limit=2, ttl_s=10)
    clock.advance(6)
    assert await store.acquire("slots", "a", limit=1, ttl_s=10)
    assert await store.held("slots") == 2
    clock.advance(6)
    assert await store.held("slots") == 1
    assert not await store.acquire("slots", "c", limit=1, ttl_s=10)


async def test_a_slot_is_lost_at_its_time_and_not_before(store: Store, clock: ManualClock) -> None:
    """QUO-009: a renewed slot lives on, one that is not renewed is free after its time to live."""
    await store.acquire("slots", "a", limit=1, ttl_s=10)
    clock.advance(9)
    assert await store.renew("slots", "a", ttl_s=10)
    clock.advance(9.5)
    assert not await store.acquire("slots", "b", limit=1, ttl_s=10)
    clock.advance(0.5)
    assert await store.held("slots") == 0
    assert not await store.renew("slots", "a", ttl_s=10)
    assert await store.acquire("slots", "b", limit=1, ttl_s=10)


async def test_an_unknown_slot_is_no_error(store: Store) -> None:
    await store.release("slots", "nobody")
    assert not await store.renew("slots", "nobody", ttl_s=10)
    assert not await store.acquire("slots", "a", limit=0, ttl_s=10)
    assert await store.held("slots") == 0


async def test_slots_are_counted_by_name(store: Store) -> None:
    assert await store.acquire("sessions:a", "h", limit=1, ttl_s=10)
    assert await store.acquire("sessions:b", "h", limit=1, ttl_s=10)
    await store.release("sessions:a", "h")
    assert (await store.held("sessions:a"), await store.held("sessions:b")) == (0, 1)
