"""The streaming client against a scripted server that speaks the contract (ASR-019, ASR-030..053)."""

from __future__ import annotations

import pytest

from loadtests.captions.client import StreamFailed, ThaiAsr
from loadtests.metrics import summarise
from loadtests.recording import BYTES_PER_MS, Event, Utterance
from tests.loadtests.scripted_server import CONFIG, KEY, Script, scripted_server

SAID = Utterance("malee", "แมว", bytes(150 * BYTES_PER_MS), decided_ms=60)


async def test_an_utterance_is_streamed_and_written_down() -> None:
    """ASR-030, ASR-031, ASR-034, ASR-053: 20 ms frames, the last one shorter; all events."""
    script, heard = Script(), list[Event]()
    async with scripted_server(script) as url, ThaiAsr(url, KEY) as api, api.stream() as stream:
        recording = await stream.say(SAID, heard.append)
    assert script.frames == [640] * 7 + [320]
    assert [event.kind for event in recording.events] == ["speech_start", "partial", "final"]
    assert heard == recording.events
    assert recording.config == CONFIG
    assert recording.sent_ns == sorted(recording.sent_ns)
    assert recording.end_sent_ns is not None
    assert recording.sent_ns[-1] <= recording.end_sent_ns <= recording.events[-1].at_ns
    assert recording.failure == ""
    summary = summarise([recording])
    assert summary.distributions["speech_detected_ms"].values[0] > 0
    assert summary.ratios["character_error_rate"] == 0


async def test_reset_makes_room_for_the_next_utterance() -> None:
    """ASR-035, ASR-036: two utterances on one socket."""
    async with scripted_server(Script()) as url, ThaiAsr(url, KEY) as api, api.stream() as stream:
        first = await stream.say(SAID)
        await stream.reset()
        second = await stream.say(SAID)
    assert first.final is not None
    assert second.final is not None


async def test_the_key_goes_into_header_and_query() -> None:
    """KEY-006, KEY-008, ASR-021: the client appends it to ws_url."""
    script = Script()
    async with scripted_server(script) as url, ThaiAsr(url, KEY) as api, api.stream():
        pass
    assert script.keys == [KEY, KEY]


async def test_a_refused_session_says_why_without_the_key() -> None:
    """QUO-002, KEY-013."""
    async with scripted_server(Script(refuse_session=429)) as url, ThaiAsr(url, KEY) as api:
        with pytest.raises(StreamFailed, match=r"^sessions: HTTP 429$"):
            await api.session()


async def test_a_refused_socket_says_its_close_code() -> None:
    """QUO-003, ERR-019: error event, then 4429."""
    async with scripted_server(Script(refuse_socket=True)) as url, ThaiAsr(url, KEY) as api:
        with pytest.raises(StreamFailed, match=r"^closed 4429 concurrent_session_limit_exceeded$"):
            async with api.stream():
                pytest.fail("the stream was refused")


async def test_a_socket_lost_in_mid_audio_is_a_failure_of_the_recording() -> None:
    """ERR-009: what was measured until then is kept."""
    script = Script(close_after_frames=4)
    async with scripted_server(script) as url, ThaiAsr(url, KEY) as api, api.stream() as stream:
        recording = await stream.say(SAID)
    assert recording.failure == "closed 1011 internal_error"
    assert [event.kind for event in recording.events] == ["speech_start"]


async def test_an_error_instead_of_the_final_is_a_failure() -> None:
    """ASR-046."""
    async with (
        scripted_server(Script(fail_final=True)) as url,
        ThaiAsr(url, KEY) as api,
        api.stream() as stream,
    ):
        recording = await stream.say(SAID)
    assert recording.failure == "error decode_failed"
    assert recording.final is None


async def test_nobody_there_is_a_failure_not_a_trace() -> None:
    """ERR-005: a server that is down is counted, not raised through."""
    async with ThaiAsr("http://127.0.0.1:9", KEY) as api:
        with pytest.raises(StreamFailed, match=r"^sessions: ConnectError$"):
            await api.session()
