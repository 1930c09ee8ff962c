"""Rate windows and running totals, on both stores."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest

from serve_app.stores import Store
from serve_app.stores.sqlite.verbs import compensated
from tests.stores.manual_clock import ManualClock


async def test_exactly_the_limit_passes(store: Store) -> None:
    """QUO-008: a burst of 130 on 120 a minute lets exactly 120 through, and says how many are left."""
    hits = [await store.hit("requests", limit=120, window_s=60) for _ in range(130)]
    assert [hit.allowed for hit in hits] == [True] * 120 + [False] * 10
    assert [hit.remaining for hit in hits] == [*range(119, -1, -1), *[0] * 10]
    assert {hit.limit for hit in hits} == {120}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("limit", "window_s"), [(1, 1.0), (7, 60.0), (40, 0.5)])
async def test_no_window_ever_holds_more_than_the_limit(
    store: Store, clock: ManualClock, limit: int, window_s: float, seed: int
) -> None:
    """QUO-008: an upper bound in any window, for any arrivals; and room comes back 1/60 late at most."""
    rng = random.Random(seed)
    passed: list[float] = []
    for _ in range(150):
        clock.advance(rng.choice([0.0, rng.random() * window_s / limit, rng.random() * window_s / 8]))
        hit = await store.hit("requests", limit=limit, window_s=window_s)
        recent = [at for at in passed if at > clock.time - window_s]
        lately = [at for at in passed if at > clock.time - window_s * 61.001 / 60]
        assert hit.allowed or len(lately) >= limit
        if hit.allowed:
            assert len(recent) < limit
            passed.append(clock.time)
    assert len(passed) > limit


async def test_reset_says_when_there_is_room_again(store: Store, clock: ManualClock) -> None:
    """After `reset_s` of a refusal one more passes, and not before."""
    clock.advance(0.25)
    first = await store.hit("requests", limit=2, window_s=60)
    clock.advance(30)
    second = await store.hit("requests", limit=2, window_s=60)
    refused = await store.hit("requests", limit=2, window_s=60)
    assert first.reset_s == second.reset_s == pytest.approx(60.75)
    assert not refused.allowed
    assert refused.reset_s == pytest.approx(30.75)
    clock.advance(refused.reset_s - 0.001)
    assert not (await store.hit("requests", limit=2, window_s=60)).allowed
    clock.advance(0.002)
    assert (await store.hit("requests", limit=2, window_s=60)).allowed


async def test_keys_with_other_limits_share_a_window(store: Store, clock: ManualClock) -> None:
    """The counter is the team's; a key with a smaller limit waits until enough hits have left."""
    for _ in range(4):
        await store.hit("requests", limit=10, window_s=60)
        await store.hit("requests", limit=10, window_s=60)
        clock.advance(10)
    refused = await store.hit("requests", limit=4, window_s=60)
    assert (refused.allowed, refused.remaining) == (False, 0)
    assert refused.reset_s == pytest.approx(61 + 20 - 40)
    clock.advance(refused.reset_s)
    assert (await store.hit("requests", limit=4, window_s=60)).allowed


async def test_a_limit_of_nothing_lets_nothing_through(store: Store) -> None:
    hit = await store.hit("requests", limit=0, window_s=60)
    assert (hit.allowed, hit.remaining, hit.reset_s) == (False, 0, 60.0)


async def test_windows_are_counted_by_name(store: Store) -> None:
    assert (await store.hit("a", limit=1, window_s=60)).allowed
    assert (await store.hit("a:b", limit=1, window_s=60)).allowed
    assert not (await store.hit("a", limit=1, window_s=60)).allowed


@pytest.mark.parametrize("window_s", [0.0, -1.0, float("nan")])
async def test_an_impossible_window_is_refused(store: Store, window_s: float) -> None:
    with pytest.raises(ValueError, match=r"window|time"):
        await store.hit("requests", limit=1, window_s=window_s)


async def test_many_small_adds_are_exact(store: Store) -> None:
    """Audio seconds accumulate frame by frame without drifting."""
    amounts = [0.02, 1 / 3, 0.1, 1e-7, 1280 / 44_100] * 120
    for amount in amounts:
        total = await store.add("audio", amount, ttl_s=60)
    assert total == pytest.approx(math.fsum(amounts), abs=1e-9)
    assert await store.total("audio") == total


def test_a_million_adds_do_not_drift() -> None:
    """The sum both stores use is exact to 1e-6 after a million adds; a plain sum is not."""
    total = carry = plain = 0.0
    for _ in range(1_000_000):
        total, carry = compensated(total, carry, 0.1)
        plain += 0.1
    exact = 1_000_000 * Fraction(0.1)
    assert abs(Fraction(total) - exact) < Fraction(1, 10**9)
    assert abs(Fraction(plain) - exact) > Fraction(1, 10**6)


async def test_a_total_is_forgotten_after_its_first_write(store: Store, clock: ManualClock) -> None:
    """Later adds do not prolong a day's total."""
    assert await store.total("audio") == 0.0
    assert await store.add("audio", 1.5, ttl_s=10) == 1.5
    clock.advance(9)
    assert await store.add("audio", 2.5, ttl_s=10) == 4.0
    clock.advance(1)
    assert await store.total("audio") == 0.0
    assert await store.add("audio", 0.5, ttl_s=10) == 0.5


async def test_an_event_counts_once(store: Store, clock: ManualClock) -> None:
    """Adding the same event again changes nothing, until the total itself is forgotten."""
    assert await store.add("usage", 3, ttl_s=10, once="job-1") == 3.0
    assert await store.add("usage", 3, ttl_s=10, once="job-1") == 3.0
    assert await store.add("usage", 4, ttl_s=10, once="job-2") == 7.0
    assert await store.add("usage", 4, ttl_s=10, once="") == 11.0
    assert await store.add("other", 5, ttl_s=10, once="job-1") == 5.0
    clock.advance(10)
    assert await store.add("usage", 3, ttl_s=10, once="job-1") == 3.0


async def test_a_new_total_knows_no_old_event(store: Store, clock: ManualClock) -> None:
    """However many events the forgotten total had."""
    events = [str(n) for n in range(100)]
    for event in events:
        await store.add("usage", 1.0, ttl_s=10, once=event)
    clock.advance(10)
    again = [await store.add("usage", 1.0, ttl_s=10, once=event) for event in reversed(events)]
    assert again == list(range(1, 101))


@pytest.mark.parametrize("amount", [float("nan"), float("inf")])
async def test_an_absurd_amount_is_refused(store: Store, amount: float) -> None:
    with pytest.raises(ValueError, match="amount"):
        await store.add("audio", amount, ttl_s=10)
    assert await store.total("audio") == 0.0
