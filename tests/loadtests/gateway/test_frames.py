"""Flooding sockets with frames, against the bare server and the scripted one (ASR-031, ASR-035)."""

from __future__ import annotations

import psutil
import pytest

from loadtests.gateway.bare import WS_PATH, bare_server
from loadtests.gateway.capacity import Flooded
from loadtests.gateway.frames import flood, open_lane
from loadtests.processes import listening_at
from tests.loadtests.scripted_server import KEY, Script, scripted_server


async def test_every_frame_is_a_whole_20_ms_of_audio() -> None:
    """ASR-031: 640 bytes, whatever is written raw to the socket."""
    script = Script()
    async with scripted_server(script) as url:
        lane = await open_lane(f"{url.replace('http', 'ws')}/api/thai-asr/stream?session_id=1&api_key={KEY}")
        sent = await flood([lane], 0.2)
        lane.probe()
        await flood([lane], 0.1)
        lane.close()
    assert sent > 0
    assert set(script.frames) == {640}
    assert len(lane.round_trips_ms) == 1
    assert lane.round_trips_ms[0] > 0


async def test_a_refused_upgrade_is_an_error() -> None:
    """ERR-019: a lane that never opened must not count as one that kept up."""
    async with scripted_server(Script()) as url:
        with pytest.raises(OSError, match="403"):
            await open_lane(f"{url.replace('http', 'ws')}/nowhere")


async def test_the_bare_server_is_a_process_of_its_own_and_leaves_nothing() -> None:
    """The yardstick: its CPU is read apart from the generator's."""
    async with bare_server() as url:
        lane = await open_lane(url.replace("http", "ws") + WS_PATH)
        process = listening_at(url)
        assert process is not None
        assert process.pid != psutil.Process().pid
        lane.close()
    assert not process.is_running()


@pytest.mark.parametrize(("wait_ms", "held"), [(20.0, True), (20.1, False), (float("inf"), False)])
def test_a_server_that_answers_after_a_frame_falls_behind(wait_ms: float, held: bool) -> None:
    """ASR-012: 20 ms frames."""
    assert Flooded(100, 1000, 40.0, wait_ms, 0.1).held is held
