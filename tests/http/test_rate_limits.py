"""The request bucket, as callers see it."""

from __future__ import annotations

import httpx

from serve_app.auth import Policy
from serve_app.backends import Backends
from serve_app.flows.accounts.team_keys import TeamKeys
from tests.fakes import ManualClock, team_with_key


async def ask(client: httpx.AsyncClient, key: str, path: str = "/probe/caller") -> httpx.Response:
    return await client.get(path, headers={"x-api-key": key})


async def test_the_bucket_empties_and_fills_again(
    client: httpx.AsyncClient, key: str, clock: ManualClock
) -> None:
    """QUO-002, QUO-007, ERR-003, ERR-014: five a minute pass, the sixth is told when to come back."""
    answers = [await ask(client, key) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert [int(answer.headers["x-ratelimit-remaining"]) for answer in answers] == [4, 3, 2, 1, 0, 0]
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"5"}
    refused = answers[-1]
    assert refused.json()["code"] == "rate_limited"
    wait_s = int(refused.headers["retry-after"])
    assert 1 <= wait_s <= 62
    clock.advance(wait_s)
    assert (await ask(client, key)).status_code == 200


async def test_every_authenticated_answer_shows_the_bucket(client: httpx.AsyncClient, key: str) -> None:
    """QUO-007: also when the answer is an error; each is counted once."""
    bad = await client.post("/probe/orders", json={"count": 0}, headers={"x-api-key": key})
    broken = await client.get("/probe/broken?secret=1", headers={"x-api-key": key})
    good = await ask(client, key)
    assert [answer.status_code for answer in (bad, broken, good)] == [400, 500, 200]
    for answer, remaining in ((bad, "4"), (broken, "3"), (good, "2")):
        assert answer.headers["x-ratelimit-remaining"] == remaining
        assert answer.headers["x-ratelimit-reset"].isdecimal()


async def test_a_refusal_for_the_key_is_not_counted(client: httpx.AsyncClient, key: str) -> None:
    """QUO-007: a stranger who knows a prefix cannot empty its team's bucket."""
    for _ in range(10):
        assert (await ask(client, key[:-4] + "aaaa")).status_code == 401
    assert (await ask(client, key)).headers["x-ratelimit-remaining"] == "4"


async def test_polling_has_its_own_bucket(client: httpx.AsyncClient, key: str) -> None:
    """QUO-011: ten times as wide; polling takes nothing from the requests, and the other way round."""
    polls = [await ask(client, key, "/probe/status") for _ in range(51)]
    assert [answer.status_code for answer in polls] == [200] * 50 + [429]
    assert polls[0].headers["x-ratelimit-limit"] == "50"
    assert (await ask(client, key)).headers["x-ratelimit-remaining"] == "4"


async def test_keys_of_a_team_share_its_counters(client: httpx.AsyncClient, backends: Backends) -> None:
    """QUO-012: limits are the calling key's, counters the team's; minting keys multiplies nothing."""
    team, wide = await team_with_key(backends, Policy(requests_per_minute=4))
    keys = TeamKeys(backends.store, backends.keys, team)
    _, narrow = await keys.create("narrow", Policy(requests_per_minute=2))
    assert [(await ask(client, wide)).status_code for _ in range(2)] == [200, 200]
    assert (await ask(client, narrow.reveal())).status_code == 429
    assert [(await ask(client, wide)).status_code for _ in range(3)] == [200, 200, 429]


async def test_teams_do_not_share_counters(client: httpx.AsyncClient, backends: Backends, key: str) -> None:
    """QUO-012: one team's traffic never refuses another's."""
    _, other = await team_with_key(backends, Policy(requests_per_minute=1))
    assert [(await ask(client, other)).status_code for _ in range(2)] == [200, 429]
    assert (await ask(client, key)).status_code == 200


async def test_a_retried_job_is_counted_once(backends: Backends) -> None:
    """QUO-005, QUO-010: usage is the team's, per product and day, once per job."""
    limits = backends.limits
    for attempt_of in ("job-1", "job-1", "job-2"):
        await limits.record_usage("team_a", "tts", 2.5, job=attempt_of)
    assert await limits.usage_today("team_a", "tts") == 5.0
    assert await limits.usage_today("team_b", "tts") == 0.0
