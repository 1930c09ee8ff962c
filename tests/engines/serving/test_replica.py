"""Loader, batching and replicas: one engine call at a time, finals first, one bad input hurts nobody else."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import numpy as np
import pytest

from deployments.asr.replica import RecognizerReplica, pcm16, samples_of
from deployments.serving import loader
from deployments.serving.loader import EngineConfigError, load_engine
from deployments.tts.replica import SynthesizerReplica
from serve_app.engines import SAMPLE_RATE, Audio, Progress, Speech, SpeechRequest
from serve_app.errors import DecodeFailed, EngineNotInstalled, InvalidRequest, SynthesisFailed
from tests.conftest import eventually
from tests.engines.tiny import POISON, STEPS, TinyRecognizer, TinySynthesizer

TINY = "tests.engines.tiny:TinyRecognizer"


def audio(seconds: float, first: float = 0.0) -> Audio:
    samples = np.zeros(int(seconds * SAMPLE_RATE), np.float32)
    samples[0] = first
    return samples


@pytest.fixture
def engine() -> TinyRecognizer:
    return TinyRecognizer()


@pytest.fixture
async def replica(engine: TinyRecognizer) -> AsyncIterator[RecognizerReplica]:
    built = RecognizerReplica(engine, ["typhoon"], max_batch_items=4, max_batch_seconds=10)
    engine.batches.clear()
    yield built
    engine.gate.set()
    built.close()


async def hold(engine: TinyRecognizer, replica: RecognizerReplica) -> asyncio.Task[object]:
    """Keep the engine busy with one request, until its gate is opened."""
    engine.gate.clear()
    task: asyncio.Task[object] = asyncio.create_task(replica.transcribe(audio(0.1), final=False))
    await eventually(lambda: engine.batches)
    return task


async def queue(replica: RecognizerReplica, *requests: tuple[Audio, bool]) -> list[asyncio.Task[object]]:
    """Submit requests in this order while the engine is held."""
    tasks: list[asyncio.Task[object]] = []
    for samples, final in requests:
        tasks.append(asyncio.create_task(replica.transcribe(samples, final=final)))
        await asyncio.sleep(0)
    return tasks


async def test_replica_answers_with_words_and_the_public_name(replica: RecognizerReplica) -> None:
    """ASR-002, RS-083: the card keeps the public name and tells the real engine, with each answer too."""
    heard = await replica.transcribe(audio(2.5), final=True)
    assert [word.text for word in heard.words] == ["w0", "w1"]
    assert heard.decode_ms >= 0
    (card,) = await replica.cards()
    assert (card.engine, card.impl, card.embedded, card.device) == ("typhoon", "tiny", True, "cpu")
    assert heard.card == card


async def test_warm_up_runs_before_the_first_request(engine: TinyRecognizer) -> None:
    """A new replica has decoded its example before anyone calls it."""
    replica = RecognizerReplica(engine, ["typhoon"])
    assert engine.batches == [[0.5]]
    replica.close()


async def test_requests_gather_while_the_engine_is_busy(
    engine: TinyRecognizer, replica: RecognizerReplica
) -> None:
    """Batches fill by themselves, up to the item limit, in order; finals go ahead in a batch of their own."""
    busy = await hold(engine, replica)
    lengths = [(1, False), (2, False), (3, True), (1.5, False), (1, False), (1, False)]
    tasks = await queue(replica, *[(audio(seconds), final) for seconds, final in lengths])
    engine.gate.set()
    await asyncio.gather(busy, *tasks)
    assert engine.batches[1:] == [[3.0], [1.0, 2.0, 1.5, 1.0], [1.0]]


async def test_whoever_waits_hardest_goes_first(engine: TinyRecognizer, replica: RecognizerReplica) -> None:
    """ASR-043, ASR-045: finals, then the first partials of utterances, then partials, then files."""
    busy = await hold(engine, replica)
    file = asyncio.create_task(replica.transcribe(audio(0.6), final=True, live=False))
    await asyncio.sleep(0)
    tasks = await queue(replica, *[(audio(s), final) for s, final in ((1.6, False), (0.6, False), (2, True))])
    engine.gate.set()
    await asyncio.gather(busy, file, *tasks)
    assert engine.batches[1:] == [[2.0], [0.6], [1.6], [0.6]]


async def test_a_batch_is_bounded_in_seconds_of_audio(
    engine: TinyRecognizer, replica: RecognizerReplica
) -> None:
    """A single request may exceed the bound, several together may not."""
    busy = await hold(engine, replica)
    tasks = await queue(replica, *[(audio(seconds), True) for seconds in (6, 6, 20, 4, 5)])
    engine.gate.set()
    await asyncio.gather(busy, *tasks)
    assert engine.batches[1:] == [[6.0], [6.0], [20.0], [4.0, 5.0]]


async def test_a_cancelled_request_is_dropped_before_it_starts(
    engine: TinyRecognizer, replica: RecognizerReplica
) -> None:
    """Latest audio wins: what nobody waits for any more is never decoded."""
    busy = await hold(engine, replica)
    gone, kept = await queue(replica, (audio(1), False), (audio(2), False))
    gone.cancel()
    await asyncio.sleep(0)
    engine.gate.set()
    await asyncio.gather(busy, kept)
    assert engine.batches[1:] == [[2.0]]


async def test_cancelling_a_running_request_hurts_nobody(
    engine: TinyRecognizer, replica: RecognizerReplica
) -> None:
    """The engine call ends by itself and the next request is served."""
    running = await hold(engine, replica)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    engine.gate.set()
    assert len((await replica.transcribe(audio(1), final=True)).words) == 1


async def test_one_bad_input_does_not_hurt_its_batch(
    engine: TinyRecognizer, replica: RecognizerReplica
) -> None:
    """ASR-046, ERR-020: members of a failed batch are tried alone; the bad one gets a public text only."""
    busy = await hold(engine, replica)
    tasks = await queue(replica, (audio(1), False), (audio(1, POISON), False), (audio(2), False))
    engine.gate.set()
    await busy
    good, bad, also_good = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(bad, DecodeFailed)
    assert "/" not in bad.message
    assert not isinstance(good, BaseException)
    assert not isinstance(also_good, BaseException)


async def test_a_hung_engine_fails_the_health_check(engine: TinyRecognizer) -> None:
    """A replica whose engine call does not return asks to be replaced."""
    replica = RecognizerReplica(engine, ["typhoon"], stuck_after_s=0)
    replica.check_health()
    engine.batches.clear()
    task = await hold(engine, replica)
    with pytest.raises(RuntimeError, match="in one call"):
        replica.check_health()
    engine.gate.set()
    await task
    replica.close()


def say(text: str) -> SpeechRequest:
    return SpeechRequest(text, "th", "f5", 0)


@pytest.fixture
def voice() -> TinySynthesizer:
    return TinySynthesizer()


@pytest.fixture
async def speaker(voice: TinySynthesizer) -> AsyncIterator[SynthesizerReplica]:
    built = SynthesizerReplica(voice, ["f5", "omnivoice"])
    voice.spoken.clear()
    yield built
    voice.gate.set()
    built.close()


async def test_speech_comes_after_its_progress(speaker: SynthesizerReplica) -> None:
    """TTS-023: each step is told, in order, and the speech comes last."""
    *steps, speech = [item async for item in speaker.synthesize(say("abc"))]
    assert steps == [Progress("synthesis", step, STEPS) for step in range(STEPS)]
    assert isinstance(speech, Speech)
    assert speech.samples.shape == (300,)
    assert speech.card is not None
    assert (speech.card.engine, speech.card.impl) == ("f5", "tiny-tone")


async def test_one_process_may_answer_for_several_public_names(speaker: SynthesizerReplica) -> None:
    """ASR-002: one card for each, all of the same engine."""
    cards = await speaker.cards()
    assert [(card.engine, card.task, card.impl) for card in cards] == [
        ("f5", "tts", "tiny-tone"),
        ("omnivoice", "tts", "tiny-tone"),
    ]


async def test_synthesizer_passes_the_callers_mistakes_through(speaker: SynthesizerReplica) -> None:
    """ERR-007: InvalidRequest is the caller's own; any other failure of the engine is SynthesisFailed."""
    with pytest.raises(InvalidRequest, match="text"):
        [_ async for _ in speaker.synthesize(say(" "))]
    with pytest.raises(SynthesisFailed):
        [_ async for _ in speaker.synthesize(say(None))]  # type: ignore[arg-type]


async def test_a_caller_who_leaves_stops_the_engine(
    voice: TinySynthesizer, speaker: SynthesizerReplica
) -> None:
    """TTS-001: closing the iterator stops the text within one step, and the next one is spoken."""
    voice.gate.clear()
    items = speaker.synthesize(say("given up"))
    assert await anext(items) == Progress("synthesis", 0, STEPS)
    await items.aclose()
    voice.gate.set()
    *_, speech = [item async for item in speaker.synthesize(say("abc"))]
    assert isinstance(speech, Speech)
    assert voice.spoken == ["abc"]


async def test_a_caller_who_leaves_the_queue_is_never_spoken(
    voice: TinySynthesizer, speaker: SynthesizerReplica
) -> None:
    """TTS-001: texts wait their turn; one that is given up costs the others nothing."""

    async def spoken(text: str) -> None:
        async for _ in speaker.synthesize(say(text)):
            pass

    voice.gate.clear()
    first, second, third = (asyncio.create_task(spoken(text)) for text in ("one", "two", "three"))
    await asyncio.sleep(0)
    second.cancel()
    voice.gate.set()
    await asyncio.gather(first, third)
    assert voice.spoken == ["one", "three"]


def test_sixteen_bit_audio_crosses_the_wire_unchanged() -> None:
    """What came in as PCM16 is decoded exactly; what is out of range is clipped, not wrapped."""
    wire = np.array([-32768, -1, 0, 1, 32767], np.int16)
    assert (pcm16(samples_of(wire)) == wire).all()
    assert pcm16(np.array([2.0, -2.0], np.float32)).tolist() == [32767, -32768]


def test_loader_builds_the_engine_with_its_options() -> None:
    """A config row's path and options become an engine object."""
    assert load_engine(TINY, {"impl": "other"}).card.impl == "other"


@pytest.mark.parametrize(
    ("path", "options", "says"),
    [
        ("tests.engines.tiny:Missing", {}, "no class Missing"),
        ("tests.engines.tiny", {}, "no class"),
        ("tests.engines.nowhere:Engine", {}, "no module tests.engines.nowhere"),
        (TINY, {"beams": 3}, "its options: impl"),
    ],
)
def test_loader_names_what_is_wrong_with_a_row(path: str, options: dict[str, object], says: str) -> None:
    """Operators read what to correct."""
    with pytest.raises(EngineConfigError, match=says):
        load_engine(path, options)


def test_loader_names_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing package is reported with the extra that brings it, from the package's own metadata."""
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setitem(sys.modules, "tests.engines.tiny", None)
    requires = ["ray[serve]", 'espeakng-loader<0.3,>=0.2.4; extra == "embedded"']
    monkeypatch.setattr("importlib.metadata.requires", lambda _: requires)
    with pytest.raises(EngineNotInstalled, match=r"kaleido-serve\[embedded\]"):
        raise loader._missing_module("deployments.tts.x:X", "espeakng_loader.sub")
    with pytest.raises(EngineNotInstalled, match=r"kaleido-serve\[f5\].* --no-deps f5-tts"):
        raise loader._missing_module("deployments.tts.f5.engine:F5Synthesizer", "f5_tts.model")
    with pytest.raises(EngineNotInstalled, match="pip install torch"):
        raise loader._missing_module("deployments.tts.x:X", "torch")
