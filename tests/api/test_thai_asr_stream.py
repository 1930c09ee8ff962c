"""The socket half of live captions, over a real server: RT-03, ASR-030..053, QUO, KEY, ERR."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from serve_app.auth import Policy
from serve_app.core.keys import Kind
from serve_app.errors import DecodeFailed, EngineUnavailable, StoreUnavailable
from serve_app.flows.captions import retrying_recognizer as patient_recognizer
from serve_app.sockets import socket as socket_module
from tests.api.live_api import LINE, Client, LiveApi, eventually, live_api
from tests.fakes import ScriptedModels
from tests.flows.captions.scripted_speech import audio

HEX_ID = "0123456789abcdef" * 2


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[LiveApi]:
    async with live_api(tmp_path) as running:
        yield running


async def caption(client: Client) -> list[dict[str, Any]]:
    """Say the script and end: every event up to the final."""
    await client.say(0.0, 4.6)
    await client.send({"type": "end"})
    return await client.through("final")


async def test_a_whole_conversation(api: LiveApi) -> None:
    """RT-03, ASR-030/031/034, ASR-040..045, ASR-048, ASR-053: every event, its fields and the order."""
    session = await api.session(benchmark_label="ป้าย")
    async with api.dial(f"session_id={session['session_id']}&api_key={api.key}") as client:
        ready = await client.next()
        await client.send({"type": "start"})
        started = await client.next()
        events = []
        for half in range(2, 8):  # flushes make the pace of this test independent of the machine's
            await client.say(half * 0.5, half * 0.5 + 0.5)
            await client.send({"type": "flush"})
            events += await client.through("partial")
        await client.send({"type": "end"})
        events += await client.through("final")
    assert (ready["type"], started["type"]) == ("ready", "started")
    assert (ready["engine"], ready["backend"], ready["language"]) == ("typhoon", "persistent_decoder", "th")
    assert ready["sample_rate"] == 16000
    assert ready["tenant"] == session["tenant"]
    assert ready["limits"]["concurrent_sessions"] == 3
    assert started["config"] == session["config"]
    kinds = [event["type"] for event in events]
    assert kinds[0] == "speech_start"
    assert {"partial", "stabilized_partial"} <= set(kinds)
    assert kinds.count("final") == 1
    assert all(event["session_id"] == session["session_id"] for event in [ready, started, *events])
    assert {"offset_ms", "latency_ms"} <= set(events[0])
    fields = {"text", "segments", "audio_ms", "latency_ms", "queue_ms", "decode_ms"}
    for event in events[1:]:
        assert fields <= set(event)
        assert event["latency_ms"] == event["queue_ms"] + event["decode_ms"]
    final = events[-1]
    assert (final["engine"], final["backend"], final["text"]) == ("typhoon", "persistent_decoder", LINE)
    assert final["audio_ms"] == final["audio_duration_ms"] == 3000
    assert isinstance(final["processing_time_ms"], int)
    [segment] = final["segments"]
    assert set(segment) == {"start", "end", "text"}
    assert segment["end"] <= 3.0


async def test_start_overrides_the_session(api: LiveApi) -> None:
    """ASR-036, ASR-051: `started` echoes the effective config, which is used."""
    async with api.connect(sample_rate=8000, frame_ms=50) as client:
        started = await client.start(sample_rate=48000, vad=True)
        assert (started["config"]["sample_rate"], started["config"]["frame_ms"]) == (48000, 50)
        for index in range(46):
            await client.send(audio(index / 10, (index + 1) / 10, 48_000).tobytes())
        await client.send({"type": "end_utterance"})
        final = await client.until("final")
    assert (final["text"], final["audio_ms"]) == (LINE, 4600)


async def test_base64_audio_and_odd_frames(api: LiveApi) -> None:
    """ASR-032, ASR-037: both ways of sending, cut at odd bytes."""
    spoken = audio(0.0, 4.6).tobytes()
    async with api.connect() as client:
        await client.start()
        for index, at in enumerate(range(0, len(spoken), 3333)):
            part = spoken[at : at + 3333]
            text = {"type": "audio", "audio_b64": base64.b64encode(part).decode()}
            await client.send(text if index % 2 else part)
        await client.send({"type": "end"})
        assert (await client.until("final"))["text"] == LINE


async def test_several_utterances_on_one_socket(api: LiveApi) -> None:
    """ASR-034, ASR-036, ASR-049: one final each; the socket stays open."""
    async with api.connect() as client:
        await client.start()
        for _ in range(3):
            assert (await caption(client))[-1]["text"] == LINE


async def test_flush_and_reset(api: LiveApi) -> None:
    """ASR-033, ASR-035, ASR-036, ASR-047: audio or a new start may follow `reset_ok`."""
    async with api.connect(min_decode_audio_ms=5000) as client:
        await client.start()
        await client.say(0.0, 2.3)
        await client.send({"type": "flush"})
        assert (await client.until("partial"))["text"] == "สวัสดีครับวันนี้"
        await client.send({"type": "reset"})
        await client.until("reset_ok")
        assert (await caption(client))[-1]["text"] == LINE
        await client.send({"type": "reset"})
        await client.until("reset_ok")
        assert (await client.start(frame_ms=100))["config"]["frame_ms"] == 100
        assert (await caption(client))[-1]["text"] == LINE


async def test_endpointing(api: LiveApi) -> None:
    """ASR-034: additive; the final says why it came."""
    async with api.connect(endpointing=True) as client:
        await client.start()
        await client.say(0.0, 5.0)
        final = await client.until("final")
    assert (final["text"], final["reason"]) == (LINE, "endpoint")


async def test_silence(api: LiveApi) -> None:
    """ASR-050."""
    async with api.connect() as client:
        await client.start()
        await client.send(bytes(32_000))
        await client.send({"type": "end"})
        final = await client.next()
    assert (final["type"], final["text"], final["segments"]) == ("final", "", [])


MISTAKES: list[tuple[bytes | str | dict[str, Any], str]] = [
    ("{", "invalid_message"),
    ("", "invalid_message"),
    ("[]", "invalid_message"),
    ("null", "invalid_message"),
    ("[" * 5000, "invalid_message"),
    ({"type": "dance"}, "invalid_message"),
    ({"no": "type"}, "invalid_message"),
    ({"type": "audio"}, "invalid_message"),
    ({"type": "audio", "audio_b64": 5}, "invalid_message"),
    ({"type": "audio", "audio_b64": "###"}, "invalid_message"),
    ({"type": "audio", "audio_b64": "ก"}, "invalid_message"),
    ({"type": "start"}, "invalid_message"),
    (b"RIFF\x00\x00\x00\x00WAVEfmt ", "wav_header"),
    ({"type": "audio", "audio_b64": base64.b64encode(b"RIFFxxxxWAVE").decode()}, "wav_header"),
]


async def test_mistakes_are_told_and_the_stream_goes_on(api: LiveApi) -> None:
    """ASR-037: also binary garbage, which is audio like any other."""
    async with api.connect() as client:
        await client.start()
        for message, code in MISTAKES:
            await client.send(message)
            told = await client.next()
            assert (told["type"], told["code"]) == ("error", code), message
            assert told["session_id"]
        await client.send(bytes(range(256)) * 7)
        await client.send({"type": "reset"})
        await client.until("reset_ok")
        assert (await caption(client))[-1]["text"] == LINE
    assert await api.used_seconds() == pytest.approx(256 * 7 / 32_000 + 4.6, abs=0.002), (
        "dropped frames are free"
    )


async def test_everything_before_start(api: LiveApi) -> None:
    """ASR-037: `start_required`; a wrong `start` names its field, and a right one still works."""
    async with api.connect() as client:
        for early in (b"\x00\x00", {"type": "end"}, {"type": "flush"}, {"type": "reset"}):
            await client.send(early)
            assert (await client.next())["code"] == "start_required"
        for field, value in (("sample_rate", 1), ("vad", 1), ("frame_ms", True), ("benchmark_label", 7)):
            await client.send({"type": "start", field: value})
            told = await client.next()
            assert told["code"] == "invalid_request"
            assert field in told["error"]
        assert (await client.start())["config"]["sample_rate"] == 16000
        assert (await caption(client))[-1]["text"] == LINE
    assert await api.used_seconds() == 4.6


@pytest.mark.parametrize("query", ["session_id={id}", "session_id={id}&api_key=kvid_bad_key", ""])
async def test_bad_keys(api: LiveApi, query: str) -> None:
    """ERR-004, ERR-019, KEY-010: accepted, told, closed with 4401."""
    session = await api.session()
    async with api.dial(query.format(id=session["session_id"])) as client:
        events, code = await client.end()
    assert ([event["code"] for event in events], code) == (["unauthorized"], 4401)


async def test_keys_in_headers(api: LiveApi) -> None:
    """KEY-008: both headers work on the handshake too."""
    for header in ({"x-api-key": api.key}, {"Authorization": f"Bearer {api.key}"}):
        session = await api.session()
        async with api.dial(f"session_id={session['session_id']}", additional_headers=header) as client:
            assert (await client.next())["type"] == "ready"


@pytest.mark.parametrize("session_id", ["", HEX_ID, "../etc/passwd", "A" * 4000])
async def test_unknown_sessions(api: LiveApi, session_id: str) -> None:
    """ERR-015, ERR-020."""
    async with api.dial(f"session_id={session_id}&api_key={api.key}") as client:
        events, code = await client.end()
    assert ([event["code"] for event in events], code) == (["session_not_found"], 1008)
    assert events[0]["session_id"] == (HEX_ID if session_id == HEX_ID else "")


async def test_sessions_expire(api: LiveApi) -> None:
    """ASR-023: connectable for ten minutes, more than once."""
    session = await api.session()
    query = f"session_id={session['session_id']}&api_key={api.key}"
    api.clock.advance(599)
    for _ in range(2):
        async with api.dial(query) as client:
            assert (await client.next())["type"] == "ready"
    api.clock.advance(2)
    async with api.dial(query) as client:
        assert (await client.end())[1] == 1008


async def test_slots_are_counted_and_freed_at_once(tmp_path: Path) -> None:
    """QUO-003, QUO-008, ERR-003, ERR-019: the third is told 4429; a slot left is free again."""
    async with live_api(tmp_path, Policy(concurrent_sessions=2)) as api:
        sessions = [await api.session() for _ in range(3)]
        queries = [f"session_id={session['session_id']}&api_key={api.key}" for session in sessions]
        async with api.dial(queries[0]) as first, api.dial(queries[1]) as second:
            assert {(await first.next())["type"], (await second.next())["type"]} == {"ready"}
            async with api.dial(queries[2]) as third:
                events, code = await third.end()
            assert ([event["code"] for event in events], code) == (
                ["concurrent_session_limit_exceeded"],
                4429,
            )
        await api.all_left()
        async with api.dial(queries[2]) as again:
            assert (await again.next())["type"] == "ready"


async def test_a_lost_lease_ends_the_stream(tmp_path: Path) -> None:
    """QUO-009: told, then 4429."""
    async with live_api(tmp_path, session_lease_s=0.3) as api, api.connect() as client:
        await client.start()
        api.clock.advance(1.0)
        events, code = await client.end()
    assert ([event["code"] for event in events], code) == (["concurrent_session_limit_exceeded"], 4429)


async def test_the_lease_is_renewed(tmp_path: Path) -> None:
    """QUO-009: an open stream keeps its slot for many lease times."""
    async with live_api(tmp_path, session_lease_s=0.3) as api, api.connect() as client:
        await client.start()
        for _ in range(8):
            api.clock.advance(0.15)
            await asyncio.sleep(0.15)
        assert (await caption(client))[-1]["text"] == LINE


async def test_the_daily_quota_ends_the_stream(tmp_path: Path) -> None:
    """QUO-004, QUO-006: checked while streaming; what was accepted is counted; a new stream is refused."""
    async with live_api(tmp_path, Policy(daily_audio_seconds=3)) as api:
        session = await api.session()
        async with api.connect() as client:
            await client.start()
            await client.say(0.0, 5.0)
            events, code = await client.end()
        assert (events[-1]["code"], code) == ("daily_audio_quota_exceeded", 4429)
        assert 3 < await api.used_seconds() <= 5
        async with api.dial(f"session_id={session['session_id']}&api_key={api.key}") as client:
            events, code = await client.end()
        assert ([event["code"] for event in events], code) == (["daily_audio_quota_exceeded"], 4429)
        api.clock.advance(86_400)
        async with api.connect() as client:
            await client.start()


async def test_audio_is_counted_to_the_millisecond(api: LiveApi) -> None:
    """QUO-004: the rest that fills no batch is counted when the client leaves."""
    async with api.connect() as client:
        await client.start()
        await client.send(bytes(2 * 16 * 2345))
    assert await api.used_seconds() == 2.345


async def test_a_revoked_key_ends_the_stream(tmp_path: Path) -> None:
    """KEY-011: told, then 4401."""
    async with live_api(tmp_path, key_recheck_s=0.05) as api, api.connect() as client:
        await client.start()
        await api.backends.keys.revoke(Kind.KEY, api.key.split("_")[1])
        events, code = await client.end()
    assert ([event["code"] for event in events], code) == (["unauthorized"], 4401)


async def test_a_message_over_the_limit(tmp_path: Path) -> None:
    """ASR-046: told, then 1009; the server's own limit lies above ours."""
    async with live_api(tmp_path, asr_max_message_bytes=10_000) as api:
        for message in (bytes(10_001), "x" * 10_001):
            async with api.connect() as client:
                await client.send(message)
                events, code = await client.end()
            assert ([event["code"] for event in events], code) == (["too_large"], 1009)


async def test_a_monstrous_frame(api: LiveApi) -> None:
    """ASR-046: 10 MB are refused by the server itself, and the slot is free again."""
    async with api.connect() as client:
        await client.start()
        await client.send(bytes(10_000_000))
        assert (await client.end())[1] == 1009
    await api.all_left()


async def test_an_idle_socket(tmp_path: Path) -> None:
    """ASR-052: told `timeout`, then 1000; messages keep it open."""
    async with live_api(tmp_path, asr_idle_timeout_s=0.6) as api, api.connect() as client:
        await client.start()
        for _ in range(5):
            await asyncio.sleep(0.2)
            await client.send({"type": "reset"})
        events, code = await client.end()
    assert [event.get("code") for event in events if event["type"] != "reset_ok"] == ["timeout"]
    assert code == 1000


async def test_a_recogniser_that_stays_down(api: LiveApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """ASR-046, ERR-009: told with its code, then 1011."""
    monkeypatch.setattr(patient_recognizer, "RETRY_DELAYS_S", (0.0, 0.0))
    async with api.connect() as client:
        await client.start()
        api.recognizer.failures = [DecodeFailed()] * 100
        await client.say(0.0, 3.0)
        await client.send({"type": "end"})
        events, code = await client.end()
    assert (events[-1]["code"], code) == ("decode_failed", 1011)


async def test_no_recogniser_at_connect(api: LiveApi) -> None:
    """ERR-005, ERR-009."""
    session = await api.session()
    assert isinstance(api.backends.models, ScriptedModels)
    api.backends.models.recognizers.clear()
    async with api.dial(f"session_id={session['session_id']}&api_key={api.key}") as client:
        events, code = await client.end()
    assert ([event["code"] for event in events], code) == (["engine_unavailable"], 1011)
    assert EngineUnavailable.status == 503


async def test_an_unexpected_error(api: LiveApi, caplog: pytest.LogCaptureFixture) -> None:
    """ERR-009, ERR-020: 1011, no trace for the caller, a line in the log."""
    async with api.connect() as client:
        await client.start()
        api.recognizer.failures = [ZeroDivisionError("/secret/path")]
        with caplog.at_level(logging.ERROR):
            await client.say(0.0, 3.0)
            events, code = await client.end()
    assert (events[-1]["code"], code) == ("internal_error", 1011)
    assert "secret" not in json.dumps(events)
    assert "ZeroDivisionError" in caplog.text


async def test_the_store_goes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """QUO-004, ERR-009: streaming goes on for a lease time; then `store_unavailable`, 1011."""
    async with live_api(tmp_path, session_lease_s=0.9) as api:
        async with api.connect() as client:
            await client.start()
            for verb in ("add", "renew", "get"):
                monkeypatch.setattr(api.backends.store, verb, unavailable)
            assert (await caption(client))[-1]["text"] == LINE
            events, code = await client.end()
        assert ([event["code"] for event in events], code) == (["store_unavailable"], 1011)
        monkeypatch.undo()
        assert await api.used_seconds() == 4.6, "counted once the store is back"


async def test_a_short_outage_of_the_store_is_not_noticed(
    api: LiveApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """QUO-004, QUO-009: nothing uncounted."""
    async with api.connect() as client:
        await client.start()
        monkeypatch.setattr(api.backends.store, "add", unavailable)
        assert (await caption(client))[-1]["text"] == LINE
        monkeypatch.undo()
        assert (await caption(client))[-1]["text"] == LINE
    assert await api.used_seconds() == 9.2


async def unavailable(*_: object, **__: object) -> None:
    raise StoreUnavailable


async def test_a_client_that_vanishes(api: LiveApi) -> None:
    """QUO-009: without a close frame, in the middle of a decode: decode cancelled, slot free, all counted."""
    before = asyncio.all_tasks()
    async with api.connect() as client:
        await client.start()
        api.recognizer.open.clear()
        await client.say(0.0, 2.5)
        await eventually(lambda: api.recognizer.in_flight)
        client.connection.transport.abort()
        await api.all_left()
    assert api.recognizer.in_flight == 0
    assert await api.used_seconds() > 0
    session = await api.session()
    assert session["session_id"]
    await eventually(
        lambda: not [t for t in asyncio.all_tasks() - before if "serve_app" in repr(t.get_coro())]
    )


async def test_a_half_closed_client(api: LiveApi) -> None:
    """ERR-009: an end of the client's sending half ends the stream."""
    async with api.connect() as client:
        await client.start()
        client.connection.transport.write_eof()
        await api.all_left()


async def test_draining(tmp_path: Path) -> None:
    """ERR-009: sockets may finish; the rest is closed with 1012; a late one at once."""
    async with live_api(tmp_path) as api:
        late = await api.session()
        async with api.connect() as client:
            await client.start()
            draining = asyncio.create_task(api.app.state.sockets.drain(0.5))
            assert (await caption(client))[-1]["text"] == LINE
            assert (await client.end())[1] == 1012
            await draining
        async with api.dial(f"session_id={late['session_id']}&api_key={api.key}") as client:
            assert (await client.end())[1] == 1012


async def test_draining_is_over_when_all_have_left(api: LiveApi) -> None:
    """ERR-009."""
    async with api.connect() as client:
        draining = asyncio.create_task(api.app.state.sockets.drain(60.0))
        await client.start()
    await asyncio.wait_for(draining, 10)


async def test_a_client_that_does_not_read(api: LiveApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """ERR-009: what waits for it is bounded; it is given up, and its slot is free again."""
    monkeypatch.setattr(socket_module, "CLOSING_S", 0.1)
    session = await api.session()
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", api.port))
    narrow.setblocking(False)
    query = f"session_id={session['session_id']}&api_key={api.key}"
    async with api.dial(query, sock=narrow, ping_interval=None) as client:
        await client.start()
        client.connection.transport.pause_reading()
        async with asyncio.timeout(20):
            while api.app.state.sockets.count:
                await client.connection.send("{")  # each is answered with an error event
                await asyncio.sleep(0)  # the server lives on this loop too
        client.connection.transport.abort()
    answer = await api.http.get("/api/thai-asr/config", headers={"x-api-key": api.key})
    assert answer.status_code == 200


async def test_a_client_stuck_in_the_middle_of_a_message(
    api: LiveApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ERR-009: no byte taken for too long."""
    monkeypatch.setattr(socket_module, "STUCK_S", 0.2)
    monkeypatch.setattr(socket_module, "CLOSING_S", 0.1)
    async with api.connect() as client:
        [served] = api.app.state.sockets._sockets

        async def stuck(_: str) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(served._websocket, "send_text", stuck)
        await client.send({"type": "start"})
        await api.all_left()
        assert (await client.end())[1] == 1008
