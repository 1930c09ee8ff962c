"""The caption stream without sockets and without real time: ASR-033..053."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serve_app.engines import Word
from serve_app.errors import DecodeFailed, EngineUnavailable, KaleidoError
from serve_app.flows.captions import retrying_recognizer as patient_recognizer
from serve_app.flows.captions.config import StreamConfig
from serve_app.flows.captions.events import Event, Final, Partial, ResetDone, SpeechStart, StabilizedPartial
from serve_app.flows.captions.live_transcript import MAX_BACKLOG, LiveTranscript
from tests.fakes import ManualClock
from tests.flows.captions.scripted_speech import RATE, Detector, Recognizer, audio, spoken

Kind = TypeVar("Kind")
SCRIPT = spoken("สวัสดี ครับ วันนี้ เรา จะ เรียน ภาษาไทย")  # 1.0 .. 3.8 s
LINE = "สวัสดีครับวันนี้เราจะเรียนภาษาไทย"


@dataclass
class Stream:
    """A transcript, what it told, and the fakes behind it."""

    script: list[Word] = field(default_factory=lambda: SCRIPT)
    config: StreamConfig = field(default_factory=StreamConfig)
    told: list[Event] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = ManualClock()
        self.recognizer = Recognizer(self.script, self.clock)
        self.detector = Detector(self.script)
        self.live = LiveTranscript(
            self.config,
            self.recognizer,
            self.detector,
            self.clock,
            emit=self.told.append,
            fail=self.failed.append,
            sleep=self._sleep,
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)
        await asyncio.sleep(0)

    async def say(self, start: float, end: float, frame: float = 0.02) -> None:
        """Feed a part of the script in frames."""
        for index in range(round((end - start) / frame)):
            at = start + index * frame
            self.live.feed(audio(at, at + frame, self.config.sample_rate))
            await self.idle()

    async def idle(self) -> None:
        """Let everything that can go on go on."""
        for _ in range(12):
            await asyncio.sleep(0)

    async def end(self) -> Final:
        self.live.end_utterance()
        await self.idle()
        assert isinstance(self.told[-1], Final)
        return self.told[-1]

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The events of one kind, in order."""
        return [event for event in self.told if isinstance(event, kind)]


async def test_captions_of_one_utterance() -> None:
    """ASR-042/043/044/045/048/053: onset, partials, a growing prefix, one final, in this order."""
    stream = Stream()
    await stream.say(0.0, 4.6)
    final = await stream.end()
    assert isinstance(stream.told[0], SpeechStart)
    assert abs(stream.told[0].offset_ms - 1000) <= 32
    assert final.text == LINE
    assert final.audio_ms == 4600
    [segment] = final.segments
    assert (segment.start, segment.end) == pytest.approx((1.0, 3.8), abs=0.02)
    assert len(stream.of(Partial)) >= 7
    assert stream.of(Partial)[-1].text == LINE
    assert stream.told.count(final) == 1
    await stream.idle()
    assert stream.told[-1] is final


async def test_the_stabilized_prefix_only_grows_and_is_right() -> None:
    """ASR-044: committed text is a prefix of all that follows; partials begin with it."""
    stream = Stream()
    await stream.say(0.0, 4.6)
    prefix = ""
    for event in stream.told:
        if isinstance(event, StabilizedPartial):
            assert event.text.startswith(prefix)
            assert len(event.text) > len(prefix)
            prefix = event.text
        elif isinstance(event, Partial):
            assert event.text.startswith(prefix)
    assert prefix == LINE, "the last word is committed within the hangover"


async def test_times_add_up() -> None:
    """ASR-048: latency = queue + decode, and no segment ends after the audio."""
    stream = Stream()
    await stream.say(0.0, 4.6)
    await stream.end()
    captions = [*stream.of(Partial), *stream.of(StabilizedPartial), *stream.of(Final)]
    for caption in captions:
        assert caption.timing.latency_ms == caption.timing.queue_ms + caption.timing.decode_ms
        assert caption.timing.queue_ms >= 0
        assert all(segment.end <= caption.audio_ms / 1000 for segment in caption.segments)
    assert stream.of(Partial)[0].timing.decode_ms == 50


async def test_silence_is_not_decoded() -> None:
    """ASR-050: no decode, no event, an empty final."""
    stream = Stream(script=[])
    await stream.say(0.0, 5.0)
    final = await stream.end()
    assert stream.recognizer.calls == []
    assert stream.told == [final]
    assert (final.text, final.segments, final.audio_ms) == ("", [], 5000)


async def test_silence_without_detector_gives_an_empty_final() -> None:
    """ASR-050: digital silence, `vad` off."""
    stream = Stream(config=StreamConfig(vad=False))
    stream.live.feed(np.zeros(2 * RATE, np.int16))
    final = await stream.end()
    assert (final.text, final.segments) == ("", [])
    assert stream.recognizer.calls == []


async def test_an_empty_utterance_has_its_final() -> None:
    """ASR-034: `end` without audio."""
    final = await Stream().end()
    assert (final.text, final.audio_ms) == ("", 0)


async def test_without_detector_all_audio_is_decoded() -> None:
    """ASR-016: no `speech_start`, captions from the first audio on."""
    stream = Stream(config=StreamConfig(vad=False))
    await stream.say(0.0, 4.6)
    final = await stream.end()
    assert stream.of(SpeechStart) == []
    assert stream.detector.judged == 0
    assert final.text == LINE
    assert stream.recognizer.finals == [(0.0, 4.6)]


async def test_one_decode_in_flight_and_the_latest_audio_wins() -> None:
    """ASR-013: a slow recogniser skips partials, never audio; the next window reaches up to now."""
    stream = Stream()
    await stream.say(0.0, 1.6)
    stream.recognizer.open.clear()
    await stream.say(1.6, 3.0)
    waiting = len(stream.recognizer.calls)
    stream.recognizer.open.set()
    await stream.idle()
    assert stream.recognizer.most_in_flight == 1
    assert len(stream.recognizer.calls) == waiting + 1
    assert stream.recognizer.calls[-1][1] == pytest.approx(3.0, abs=0.02)
    assert stream.live.statistics.skipped_partials > 10
    await stream.say(3.0, 4.6)
    assert (await stream.end()).text == LINE, "the final is exact after skipped partials"


async def test_partials_wait_for_enough_audio_and_for_the_interval() -> None:
    """ASR-013, ASR-014."""
    config = StreamConfig(min_decode_audio_ms=1000, partial_interval_ms=500)
    stream = Stream(config=config)
    await stream.say(0.0, 3.7)
    ends = [end for _, end, _ in stream.recognizer.calls]
    assert ends[0] == pytest.approx(2.0, abs=0.06)
    assert all(later - earlier >= 0.49 for earlier, later in pairwise(ends))


async def test_a_slow_recogniser_is_asked_less_often() -> None:
    """ASR-013: new audio per decode is at least 1.2 decode times (the script tells times to 20 ms)."""
    stream = Stream()
    stream.recognizer.decode_ms = 300
    await stream.say(0.0, 3.7)
    ends = [end for _, end, final in stream.recognizer.calls if not final]
    assert all(later - earlier >= 0.34 for earlier, later in pairwise(ends))


async def test_windows_are_bounded_and_reach_over_open_words() -> None:
    """ASR-015: at least `decode_window_ms` of speech, at most 15 s, whatever is said."""
    script = spoken(" ".join(f"คำ{i}" for i in range(100)), each=0.4)
    stream = Stream(script=script, config=StreamConfig(decode_window_ms=1600))
    await stream.say(0.0, 20.0)
    lengths = [end - start for start, end, final in stream.recognizer.calls if not final]
    assert max(lengths) <= 4.0, "words are committed, so the window stays near its target"
    assert min(lengths[20:]) >= 1.59


async def test_a_window_without_agreement_is_cut_at_the_cap() -> None:
    """ASR-015: a recogniser that changes its mind each time does not grow the window past 15 s."""
    stream = Stream(script=[Word("เสียง", 1.0, 40.0, 1.0)], config=StreamConfig(partial_interval_ms=500))
    await stream.say(0.0, 29.0, frame=0.1)
    lengths = [end - start for start, end, final in stream.recognizer.calls if not final]
    assert max(lengths) <= 15.0


async def test_long_utterances_are_decoded_in_pieces_cut_at_silences() -> None:
    """ASR-045: past 30 s the final is piecewise, pieces are done early, no word is lost."""
    script = spoken(" ".join(f"ก{i}" for i in range(40)), start=1.0) + [
        word
        for part in range(1, 5)
        for word in spoken(" ".join(f"ข{part}-{i}" for i in range(40)), 1 + part * 18)
    ]
    stream = Stream(script=script, config=StreamConfig(partial_interval_ms=1000))
    await stream.say(0.0, 90.0, frame=0.1)
    early = len(stream.recognizer.finals)
    final = await stream.end()
    assert "".join(final.text.split()) == "".join(word.text for word in script)
    assert early >= 3
    assert all(end - start <= 30.0 for start, end in stream.recognizer.finals)
    assert all(
        not any(w.start + 0.05 < edge < w.end - 0.05 for w in script) for edge, _ in stream.recognizer.finals
    )
    assert len(final.segments) == 5


async def test_pieces_without_pauses_or_detector_lose_no_audio() -> None:
    """ASR-045: endless speech is cut at its quietest place; the pieces are seamless."""
    script = [Word(f"ค{i}", i * 0.5, i * 0.5 + 0.5, 1.0) for i in range(150)]
    stream = Stream(script=script, config=StreamConfig(vad=False, partial_interval_ms=1000))
    await stream.say(0.0, 75.0, frame=0.1)
    final = await stream.end()
    edges = stream.recognizer.finals
    assert edges[0][0] == 0.0
    assert edges[-1][1] == 75.0
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    assert "".join(final.text.split()) == "".join(word.text for word in script)


async def test_an_utterance_ends_by_itself_after_ten_minutes() -> None:
    """ASR-034: bounded; told as a final with its reason, and the rest is the next utterance."""
    stream = Stream(config=StreamConfig(utterance_limit_s=40, partial_interval_ms=1000))
    await stream.say(0.0, 41.0, frame=0.1)
    [limited] = stream.of(Final)
    assert (limited.reason, limited.audio_ms, limited.text) == ("utterance_limit", 40_000, LINE)
    assert (await stream.end()).audio_ms == 1000


async def test_endpointing_ends_utterances_at_silences() -> None:
    """ASR-034: additive; off by default, as `test_captions_of_one_utterance` shows."""
    stream = Stream(config=StreamConfig(endpoint_silence_ms=700))
    await stream.say(0.0, 4.6)
    [final] = stream.of(Final)
    assert (final.reason, final.text) == ("endpoint", LINE)
    assert 4480 <= final.audio_ms <= 4560
    await stream.say(4.6, 9.0)
    assert len(stream.of(Final)) == 1, "silence alone is no utterance"


async def test_the_final_is_begun_ahead_and_used() -> None:
    """ASR-045: 300 ms of silence start it; `end` costs no decode then."""
    stream = Stream()
    await stream.say(0.0, 4.4)
    assert stream.recognizer.finals == [(0.7, 4.1)]
    final = await stream.end()
    assert final.text == LINE
    assert final.timing.latency_ms == 0
    assert final.processing_ms == 50
    assert len(stream.recognizer.finals) == 1


async def test_a_final_in_flight_is_awaited_and_not_begun_again() -> None:
    """ASR-045."""
    stream = Stream()
    await stream.say(0.0, 4.0)
    stream.recognizer.open.clear()
    await stream.say(4.0, 4.4)
    stream.live.end_utterance()
    await stream.idle()
    assert stream.of(Final) == []
    stream.recognizer.open.set()
    await stream.idle()
    assert [final.text for final in stream.of(Final)] == [LINE]
    assert stream.recognizer.most_in_flight == 1


async def test_a_final_begun_ahead_is_dropped_when_speech_resumes() -> None:
    """ASR-045: the final holds what was said after the pause."""
    stream = Stream(script=SCRIPT + spoken("และ ภาษา อังกฤษ", start=4.6))
    await stream.say(0.0, 4.3)
    assert len(stream.recognizer.finals) == 1
    await stream.say(4.3, 5.9)
    final = await stream.end()
    assert final.text == LINE + " และภาษาอังกฤษ"
    assert stream.recognizer.finals[-1][0] == 0.7


async def test_a_useless_final_in_flight_is_cancelled() -> None:
    """ASR-045: more speech frees the recogniser for partials at once."""
    stream = Stream(script=SCRIPT + spoken("และ ภาษา อังกฤษ", start=4.6))
    await stream.say(0.0, 4.0)
    stream.recognizer.open.clear()
    await stream.say(4.0, 4.8)
    assert stream.recognizer.calls[-1][2] is False
    stream.recognizer.open.set()
    await stream.say(4.8, 5.9)
    assert (await stream.end()).text == LINE + " และภาษาอังกฤษ"
    assert stream.recognizer.most_in_flight == 1


async def test_no_partial_after_its_final() -> None:
    """ASR-053: a partial in flight is cancelled by `end`."""
    stream = Stream()
    await stream.say(0.0, 2.0)
    stream.recognizer.open.clear()
    await stream.say(2.0, 2.4)
    stream.live.end_utterance()
    stream.recognizer.open.set()
    await stream.idle()
    kinds = [type(event) for event in stream.told]
    assert kinds.count(Final) == 1
    assert kinds[-1] is Final


async def test_the_next_utterance_waits_for_the_final_before_it() -> None:
    """ASR-053: its `speech_start` comes after; two calls for an end give two finals."""
    stream = Stream()
    await stream.say(0.0, 2.0)
    stream.recognizer.open.clear()
    stream.live.end_utterance()
    await stream.say(0.8, 3.0)
    stream.live.end_utterance()
    await stream.say(0.8, 3.0)
    assert stream.of(Final) == []
    assert len(stream.of(SpeechStart)) == 1
    stream.recognizer.open.set()
    await stream.idle()
    order = [type(event) for event in stream.told if isinstance(event, SpeechStart | Final)]
    assert order == [SpeechStart, Final, SpeechStart, Final, SpeechStart]


async def test_flush_answers_with_a_partial() -> None:
    """ASR-033: at once, below `min_decode_audio_ms`, and also when nothing is new."""
    stream = Stream(config=StreamConfig(min_decode_audio_ms=5000))
    await stream.say(0.0, 2.3)
    assert stream.of(Partial) == []
    stream.live.flush()
    await stream.idle()
    assert [partial.text for partial in stream.of(Partial)] == ["สวัสดีครับวันนี้"]
    stream.live.flush()
    await stream.idle()
    assert [partial.text for partial in stream.of(Partial)] == ["สวัสดีครับวันนี้"] * 2
    assert len(stream.recognizer.calls) == 1


async def test_flush_in_silence_answers_empty() -> None:
    """ASR-033."""
    stream = Stream(script=[])
    stream.live.flush()
    await stream.idle()
    assert [(partial.text, partial.audio_ms) for partial in stream.of(Partial)] == [("", 0)]


async def test_flush_while_the_recogniser_fails_still_answers() -> None:
    """ASR-033, ASR-046: best effort, from what is known."""
    stream = Stream(config=StreamConfig(min_decode_audio_ms=5000))
    await stream.say(0.0, 2.3)
    stream.recognizer.failures = [EngineUnavailable()] * 3
    stream.live.flush()
    await stream.idle()
    assert [partial.text for partial in stream.of(Partial)] == [""]
    assert len(stream.recognizer.calls) == 1


async def test_reset_forgets_and_audio_may_follow() -> None:
    """ASR-035, ASR-036, ASR-047: no word of before, times from zero."""
    stream = Stream()
    await stream.say(0.0, 2.2)
    stream.live.reset()
    await stream.idle()
    assert isinstance(stream.told[-1], ResetDone)
    await stream.say(2.1, 4.6)
    final = await stream.end()
    assert final.text == "เราจะเรียนภาษาไทย"
    assert final.audio_ms == 2500


async def test_reset_cancels_the_partial_in_flight() -> None:
    """ASR-035: nothing of the forgotten utterance is told after `reset_ok`."""
    stream = Stream()
    await stream.say(0.0, 2.0)
    stream.recognizer.open.clear()
    await stream.say(2.0, 2.2)
    stream.live.reset()
    stream.recognizer.open.set()
    await stream.idle()
    assert isinstance(stream.told[-1], ResetDone)


async def test_reset_after_end_keeps_the_final() -> None:
    """ASR-034, ASR-035: exactly one final per `end`, then `reset_ok`."""
    stream = Stream()
    await stream.say(0.0, 2.3)
    stream.live.end_utterance()
    stream.live.reset()
    await stream.idle()
    assert [type(event) for event in stream.told[-2:]] == [Final, ResetDone]


@pytest.mark.parametrize("failure", [DecodeFailed(), EngineUnavailable()])
async def test_a_failed_partial_is_tried_again_on_new_audio(failure: KaleidoError) -> None:
    """ASR-046: counted, not told, no audio lost."""
    stream = Stream()
    stream.recognizer.failures = [failure, failure]
    await stream.say(0.0, 4.6)
    assert stream.live.statistics.failed_partials == 2
    assert stream.of(Partial)[-1].text == LINE
    assert (await stream.end()).text == LINE
    assert stream.failed == []


async def test_a_failed_final_is_repeated() -> None:
    """ASR-046: a replica that dies costs time, not the final."""
    stream = Stream()
    await stream.say(0.0, 3.5)
    stream.recognizer.failures = [EngineUnavailable(), DecodeFailed(), EngineUnavailable()]
    stream.live.end_utterance()
    await stream.idle()
    await stream.idle()
    assert [final.text for final in stream.of(Final)] == ["สวัสดีครับวันนี้เราจะเรียน"]
    assert stream.slept == list(patient_recognizer.RETRY_DELAYS_S)
    assert stream.of(Final)[0].timing.latency_ms >= 4200


async def test_a_final_that_cannot_be_made_fails_the_stream() -> None:
    """ASR-046, ERR-009: never silence."""
    stream = Stream()
    await stream.say(0.0, 3.5)
    stream.recognizer.failures = [DecodeFailed()] * 4
    stream.live.end_utterance()
    await stream.idle()
    await stream.idle()
    assert [type(error) for error in stream.failed] == [DecodeFailed]
    assert stream.of(Final) == []
    await stream.live.caught_up(0)


async def test_a_final_begun_ahead_may_fail_unseen() -> None:
    """ASR-046: it is made again when it is asked for."""
    stream = Stream()
    await stream.say(0.0, 4.08)
    stream.recognizer.failures = [DecodeFailed()]
    await stream.say(4.08, 4.6)
    assert (await stream.end()).text == LINE
    assert stream.failed == []


async def test_a_hanging_recogniser_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """ASR-046: EngineUnavailable after a bounded time."""
    monkeypatch.setattr(patient_recognizer, "DECODE_TIMEOUT_S", 0.01)
    stream = Stream()
    await stream.say(0.0, 2.0)
    stream.recognizer.open.clear()
    stream.live.end_utterance()
    await asyncio.wait_for(stream.live.caught_up(0), 10)
    assert [type(error) for error in stream.failed] == [EngineUnavailable]


async def test_an_unexpected_error_fails_the_stream() -> None:
    """ERR-009."""
    stream = Stream()
    stream.recognizer.failures = [ZeroDivisionError()]
    await stream.say(0.0, 2.0)
    assert [type(error) for error in stream.failed] == [ZeroDivisionError]


async def test_close_leaves_nothing_running() -> None:
    """ERR-009: a client that goes away costs nothing more."""
    stream = Stream()
    await stream.say(0.0, 1.6)
    stream.recognizer.open.clear()
    await stream.say(1.6, 2.0)
    await stream.live.close()
    assert stream.recognizer.in_flight == 0
    told = len(stream.told)
    stream.recognizer.open.set()
    await stream.say(2.0, 3.0)
    assert len(stream.told) in (told, told + 1)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_caller_faster_than_finals_is_told_to_wait() -> None:
    """ERR-009: memory is bounded by waiting, not by dropping."""
    stream = Stream(config=StreamConfig(vad=False))
    stream.recognizer.open.clear()
    for _ in range(MAX_BACKLOG + 1):
        stream.live.feed(audio(1.0, 2.0))
        stream.live.end_utterance()
    assert stream.live.backlogged
    stream.recognizer.open.set()
    await asyncio.wait_for(stream.live.caught_up(), 10)
    assert not stream.live.backlogged
    await asyncio.wait_for(stream.live.caught_up(0), 10)
    assert len(stream.of(Final)) == MAX_BACKLOG + 1


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000])
async def test_other_rates_are_resampled(rate: int) -> None:
    """ASR-051, ASR-048: same captions, and `audio_ms` counts the caller's own samples."""
    stream = Stream(config=StreamConfig(sample_rate=rate))
    await stream.say(0.0, 4.6)
    final = await stream.end()
    assert final.text == LINE
    assert final.audio_ms == 4600
    assert abs(final.segments[0].start - 1.0) < 0.05
    assert abs(final.segments[0].end - 3.8) < 0.05


async def test_frame_sizes_do_not_matter() -> None:
    """ASR-012, ASR-031: one large message gives the final of many small ones."""
    stream = Stream()
    stream.live.feed(audio(0.0, 4.6))
    await stream.idle()
    assert (await stream.end()).text == LINE


ACTIONS = ["say", "say", "say", "pause", "long pause", "end", "flush", "reset", "fail", "block", "unblock"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(ACTIONS), max_size=25), st.booleans(), st.sampled_from([8000, 16_000]))
def test_whatever_happens(actions: list[str], vad: bool, rate: int) -> None:
    """ASR-034, ASR-044, ASR-049, ASR-053: one final per `end`, an ordered and growing prefix, one decode."""
    asyncio.run(_whatever_happens(actions, StreamConfig(vad=vad, sample_rate=rate)))


async def _whatever_happens(actions: list[str], config: StreamConfig) -> None:
    stream = Stream(config=config)
    for action in [*actions, "unblock", "end"]:
        if action == "say":
            await stream.say(1.0, 2.2, frame=0.1)
        elif action.endswith("pause"):
            await stream.say(6.0, 6.5 if action == "pause" else 8.0, frame=0.1)
        elif action == "fail":
            stream.recognizer.failures = [DecodeFailed()]
        elif action == "block":
            stream.recognizer.open.clear()
        elif action == "unblock":
            stream.recognizer.open.set()
        else:
            {"end": stream.live.end_utterance, "flush": stream.live.flush, "reset": stream.live.reset}[
                action
            ]()
        await stream.idle()
    await stream.live.caught_up(0)
    assert stream.failed == []
    assert len(stream.of(Final)) == actions.count("end") + 1
    assert len(stream.of(ResetDone)) == actions.count("reset")
    assert stream.recognizer.most_in_flight <= 1
    prefix, started = "", False
    for event in stream.told:
        if isinstance(event, Final | ResetDone):
            prefix, started = "", False
        elif isinstance(event, SpeechStart):
            assert not started
            started = True
        elif isinstance(event, StabilizedPartial | Partial):
            assert event.text.startswith(prefix)
            prefix = event.text if isinstance(event, StabilizedPartial) else prefix
    await stream.live.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
