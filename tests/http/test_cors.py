"""A page in a browser may call the API with its own key."""

from __future__ import annotations

import httpx

PAGE = "https://school.example"


async def test_a_page_may_ask_and_read_the_limits(signed: httpx.AsyncClient) -> None:
    """KEY-006, QUO-007: a browser sends `x-api-key` from another origin and sees the rate headers."""
    asked = await signed.options(
        "/api/thai-asr/sessions",
        headers={
            "origin": PAGE,
            "access-control-request-method": "POST",
            "access-control-request-headers": "x-api-key,content-type",
        },
    )
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "x-api-key" in asked.headers["access-control-allow-headers"]
    answer = await signed.get("/api/thai-asr/config", headers={"origin": PAGE})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-ratelimit-remaining" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_refusal_is_readable_too(client: httpx.AsyncClient) -> None:
    """ERR-001: without the header a page would see a network error instead of the 401."""
    answer = await client.get("/api/thai-asr/config", headers={"origin": PAGE})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, "*")
