"""The whole cluster, with tiny engines: what callers see while its parts die, come, go and are replaced."""

from __future__ import annotations

import asyncio
import copy
import os
import signal
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection

from serve_app.engines import SAMPLE_RATE
from tests.cluster.captions import caption, open_stream
from tests.cluster.running import ENGINES, GATEWAY, RECOGNIZER, RunningCluster, until
from tests.engines.tiny import POISON

pytestmark = pytest.mark.timeout(240)
RECOVERY_S = 60.0
SOCKETS = 3
"""As many as the demo key may hold."""


def changed(config: dict[str, Any], application: str, **args: Any) -> dict[str, Any]:
    """The config with other `args` of one application."""
    changed = copy.deepcopy(config)
    for row in changed["applications"]:
        if row["name"] == application:
            row["args"].update(args)
    return changed


def test_health_lists_what_really_runs(cluster: RunningCluster) -> None:
    """ASR-002, RT-44: public names, real names and the embedded label, without a key."""
    engines = {engine["engine"]: engine for engine in cluster.health()["engines"]}
    assert engines.keys() == ENGINES
    assert engines["typhoon"]["impl"] == "tiny"
    assert engines["typhoon"]["embedded"] is True


def test_demo_key_opens_the_api_and_only_its_owner_reads_it(cluster: RunningCluster) -> None:
    """KEY-001: the key of the first start works; the files with secrets are private."""
    answer = httpx.get(f"{cluster.url}/api/thai-asr/config", headers={"x-api-key": cluster.key})
    assert answer.status_code == 200
    for name in ("demo-key", "ray-token"):
        assert (cluster.data / name).stat().st_mode & 0o077 == 0


def test_handles_carry_audio_speech_and_errors(cluster: RunningCluster) -> None:
    """ERR-020: small and large messages, and the replica's own error instead of a remote stack trace."""
    assert cluster.operate("transcribe", 2.0) == "w0 w1"
    assert cluster.operate("transcribe", 60.0).endswith(" w59")
    assert cluster.operate("transcribe", 1.0, POISON) == "decode_failed"
    assert cluster.operate("synthesize", "abc") == "300"
    assert cluster.operate("synthesize", "x" * 100_000) == str(100_000 * 100)
    assert cluster.operate("synthesize", " ") == "invalid_request"


async def test_captions_come_back_over_the_public_socket(cluster: RunningCluster) -> None:
    """ASR-045: session, socket, audio, final; through gateway, handle and replica."""
    socket = await open_stream(cluster, vad=False)
    final = await caption(socket, 2)
    await socket.close()
    assert final["type"] == "final"
    assert final["text"]


def test_killed_replica_is_replaced(cluster: RunningCluster) -> None:
    """ERR-005: calls succeed or say engine_unavailable, never anything else, and soon succeed again."""
    assert cluster.operate("transcribe", 1.0) == "w0"
    (pid,) = cluster.replicas(RECOGNIZER)
    os.kill(pid, signal.SIGKILL)
    seen = {cluster.operate("transcribe", 1.0)}
    until(lambda: _seen(cluster, seen) == "w0", RECOVERY_S, "a new replica answers")
    assert seen <= {"w0", "engine_unavailable"}
    assert cluster.replicas(RECOGNIZER) != [pid]


def _seen(cluster: RunningCluster, seen: set[str]) -> str:
    answer: str = cluster.operate("transcribe", 1.0)
    seen.add(answer)
    return answer


async def test_an_application_may_go_and_come_back(cluster: RunningCluster) -> None:
    """ERR-005: without its model the API says so and stays up; with it, it works again by itself."""
    gateways = cluster.replicas(GATEWAY)
    without = copy.deepcopy(cluster.config)
    without["applications"] = [row for row in without["applications"] if row["name"] != "asr-typhoon"]
    cluster.operate("deploy", without)
    until(lambda: "asr-typhoon" not in cluster.operate("status"), RECOVERY_S, "typhoon is deleted")
    until(lambda: cluster.engines() == ENGINES - {"typhoon"}, RECOVERY_S, "typhoon is gone from /health")
    socket = await open_stream(cluster, vad=False)
    refusal = await caption(socket, 1)
    await socket.close()
    assert (refusal["type"], refusal["code"]) == ("error", "engine_unavailable")
    assert cluster.operate("transcribe", 1.0) == "engine_unavailable"

    cluster.operate("deploy", cluster.config)
    until(lambda: "typhoon" in cluster.engines(), RECOVERY_S, "typhoon is back in /health")
    socket = await open_stream(cluster, vad=False)
    final = await caption(socket, 2)
    await socket.close()
    assert final["type"] == "final"
    assert cluster.replicas(GATEWAY) == gateways


def test_a_new_model_restarts_nobody(cluster: RunningCluster) -> None:
    """A row added to the config appears in /health of the same gateway process."""
    before = cluster.replicas("ServeReplica")
    more = copy.deepcopy(cluster.config)
    row = copy.deepcopy(next(row for row in more["applications"] if row["name"] == "asr-typhoon"))
    row["name"] = "asr-second"
    row["args"]["name"] = "second"
    more["applications"].append(row)
    cluster.operate("deploy", more)
    until(lambda: "second" in cluster.engines(), RECOVERY_S, "the new model is in /health")
    assert set(before) <= set(cluster.replicas("ServeReplica"))
    cluster.operate("deploy", cluster.config)
    until(lambda: "second" not in cluster.engines(), RECOVERY_S, "the model is gone again")


async def test_redeploying_the_gateway_loses_no_request(cluster: RunningCluster) -> None:
    """Under constant load: no failed HTTP request, and open sockets are told 1012 (service restart)."""
    (old,) = cluster.replicas(GATEWAY)
    sockets = [await open_stream(cluster, vad=False) for _ in range(SOCKETS)]
    closings = [asyncio.create_task(_close_code(socket)) for socket in sockets]
    outcomes: list[object] = []
    stop = asyncio.Event()
    load = [asyncio.create_task(_load(cluster.url, outcomes, stop, keep)) for keep in (True, True, False)]
    cluster.config = changed(cluster.config, "api", settings={"asr_silence_ms": SAMPLE_RATE})
    await asyncio.to_thread(cluster.operate, "deploy", cluster.config)
    codes = await asyncio.wait_for(asyncio.gather(*closings), RECOVERY_S)
    await asyncio.to_thread(until, lambda: old not in cluster.replicas(GATEWAY), RECOVERY_S, "old one gone")
    stop.set()
    await asyncio.gather(*load)
    assert codes == [1012] * SOCKETS
    assert set(outcomes) == {200}, {str(outcome) for outcome in outcomes if outcome != 200}
    assert cluster.replicas(GATEWAY) != [old]


async def _load(url: str, outcomes: list[object], stop: asyncio.Event, keep_alive: bool) -> None:
    """Requests one after the other, on one kept connection or on a new one each."""
    limits = httpx.Limits(max_keepalive_connections=1 if keep_alive else 0)
    async with httpx.AsyncClient(limits=limits, timeout=10) as http:
        while not stop.is_set():
            try:
                outcomes.append((await http.get(f"{url}/health")).status_code)
            except httpx.HTTPError as error:
                outcomes.append(error)
            await asyncio.sleep(0.01)


async def _close_code(socket: ClientConnection) -> int | None:
    await socket.wait_closed()
    return socket.close_code
