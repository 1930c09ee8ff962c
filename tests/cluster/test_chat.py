"""Language models behind the public API on a real cluster: LLM-002, LLM-004..006, LLM-009, LLM-010."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.cluster.running import GATEWAY, RunningCluster, until
from tests.engines.llm.tiny_chat import BROKEN, ENDLESS, FATAL, chunk

MODELS = "/api/llm/v1/models"
CHAT = "/api/llm/v1/chat/completions"
RECOVERY_S = 60.0
ROW = {
    "name": "llm-qwen3-4b",
    "import_path": "deployments.apps:model",
    "route_prefix": None,
    "args": {
        "task": "llm",
        "name": "qwen3-4b",
        "engine": "tests.engines.llm.tiny_chat:TinyChat",
        "options": {"places": 1},
        "replica": {"waiting": 0},
    },
    "deployments": [{"name": "model", "ray_actor_options": {"num_cpus": 0.1}}],
}


@pytest.fixture(scope="module")
def api(cluster: RunningCluster) -> Iterator[httpx.Client]:
    """A caller of the public API, and a model that came while the front ran: one place, no queue."""
    without = copy.deepcopy(cluster.config)
    without["applications"] = [row for row in without["applications"] if row["name"] != ROW["name"]]
    signed = {"authorization": f"Bearer {cluster.key}"}
    with httpx.Client(base_url=cluster.url, headers=signed, timeout=20) as client:
        gateways = cluster.replicas(GATEWAY)
        cluster.operate("deploy", without)
        until(lambda: not lives(cluster), RECOVERY_S, "no model lives")
        assert listed(client) == []
        assert say(client, "hello").status_code == 503
        cluster.operate("deploy", {**without, "applications": [*without["applications"], ROW]})
        until(lambda: lives(cluster), RECOVERY_S, "the model lives")
        assert listed(client) == ["qwen3-4b"]
        assert cluster.replicas(GATEWAY) == gateways
        yield client
        cluster.operate("deploy", without)
        until(lambda: not lives(cluster), RECOVERY_S, "no model lives")
        cluster.operate("deploy", cluster.config)
        until(lambda: lives(cluster), RECOVERY_S, "the model of the profile lives")


def lives(cluster: RunningCluster) -> bool:
    """By /health, which needs no key: polling would use up its requests."""
    return "qwen3-4b" in cluster.engines()


def listed(api: httpx.Client) -> list[str]:
    return [model["id"] for model in api.get(MODELS).json()["data"]]


def body(text: Any, *, stream: bool = False) -> dict[str, Any]:
    return {"model": "qwen3-4b", "messages": [{"role": "user", "content": text}], "stream": stream}


def say(api: httpx.Client, text: Any, *, stream: bool = False) -> httpx.Response:
    return api.post(CHAT, json=body(text, stream=stream))


def test_answers_and_refusals(api: httpx.Client) -> None:
    """LLM-004, LLM-006, LLM-007, ERR-020: whole and streamed; the engine's own refusal crosses as it is, what
    breaks in it tells nothing."""
    assert say(api, "sawasdee").json()["choices"][0]["message"]["content"] == "sawasdee"
    streamed = say(api, "one two", stream=True).text
    assert streamed == f"data: {chunk('one ')}\n\ndata: {chunk('two ')}\n\ndata: [DONE]\n\n"
    refused = say(api, 5, stream=True)
    assert refused.status_code == 400
    assert "messages[0].content" in refused.json()["error"]["message"]
    broken = say(api, BROKEN, stream=True).text
    assert '"generation_failed"' in broken.split("event: error\n")[1]
    assert "secret" not in broken


def test_leaving_before_an_answer(api: httpx.Client) -> None:
    """LLM-010: of a long answer that is not streamed; the place is free."""
    with pytest.raises(httpx.ReadTimeout):
        api.post(CHAT, json=body(ENDLESS), timeout=0.2)
    until(lambda: say(api, "hello").status_code == 200, 10, "the place is free", every_s=1)


def test_saturation_and_leaving(api: httpx.Client) -> None:
    """LLM-009, LLM-010, ERR-008: who finds no place is told so and when to come back; one who leaves in the
    middle of an endless answer frees it."""
    with api.stream("POST", CHAT, json=body(ENDLESS, stream=True)) as answer:
        assert answer.status_code == 200
        texts = answer.iter_text()  # forgotten, it would close the answer
        next(texts)
        refused = say(api, "hello")
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "saturated")
        assert int(refused.headers["retry-after"]) >= 1
    until(lambda: say(api, "hello").status_code == 200, 10, "the place is free", every_s=1)


def test_a_model_that_dies(api: httpx.Client) -> None:
    """LLM-005, ERR-005: 503, and by itself back."""
    died = say(api, FATAL)
    assert (died.status_code, died.json()["error"]["code"]) == (503, "engine_unavailable")
    until(lambda: say(api, "hello").status_code == 200, RECOVERY_S, "it is back", every_s=1)
