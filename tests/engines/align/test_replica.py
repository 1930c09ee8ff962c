"""What stands around an aligner: its replica, its row, and where callers find it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from deployments.align.replica import AlignerReplica
from deployments.asr.replica import pcm16
from deployments.config import ModelArgs, build_replica
from deployments.local import LocalModels
from serve_app.engines import ALIGN, ASR, SAMPLE_RATE, AlignedWord, Audio
from serve_app.errors import AlignmentFailed, EngineUnavailable
from tests.engines.align.tiny_aligner import POISON, TinyAligner
from tests.fakes import ScriptedAligner

ROW = ModelArgs(task="align", name="thai", engine="tests.engines.align.tiny_aligner:TinyAligner")
WORDS = ("ฉัน", "กิน")


def audio(seconds: float) -> Audio:
    return np.full(round(seconds * SAMPLE_RATE), 0.25, np.float32)


@pytest.fixture
def engine() -> TinyAligner:
    return TinyAligner()


@pytest.fixture
async def replica(engine: TinyAligner) -> AsyncIterator[AlignerReplica]:
    built = AlignerReplica(engine, ["thai"])
    yield built
    built.close()


async def test_replica_answers_with_words_and_the_public_name(
    engine: TinyAligner, replica: AlignerReplica
) -> None:
    """RS-059, ASR-002: one entry a word, the time inside the engine, and a card that tells what runs."""
    found = await replica.align(audio(2), WORDS)
    assert found.words == (AlignedWord(0.0, 1.0, 0.5), AlignedWord(1.0, 2.0, 0.5))
    assert found.align_ms > 0
    (card,) = await replica.cards()
    assert (card.engine, card.impl, card.task) == ("thai", "tiny", "align")
    assert [passage.words for passage in engine.passages] == [("warm",), WORDS]


async def test_samples_of_the_wire_are_those_of_the_caller(
    engine: TinyAligner, replica: AlignerReplica
) -> None:
    """RS-025: 16-bit samples, which travel, are heard as the floats that they were."""
    await replica.align(pcm16(audio(0.5)), WORDS)
    assert engine.passages[-1].audio.tolist() == audio(0.5).tolist()


async def test_a_failure_is_told_without_its_secrets_and_hurts_nobody_else(replica: AlignerReplica) -> None:
    """RS-038: the caller learns that it failed, not where; the next one is served."""
    failed, served = await asyncio.gather(
        replica.align(audio(1), (POISON,)), replica.align(audio(1), WORDS), return_exceptions=True
    )
    assert isinstance(failed, AlignmentFailed)
    assert "secret" not in str(failed)
    assert not isinstance(served, BaseException)


async def test_a_row_of_the_configuration_is_found_by_its_public_name() -> None:
    """RS-059: the application is `align-thai`; an aligner that is not there is told as such."""
    assert ROW.application == "align-thai"
    assert isinstance(build_replica(ROW), AlignerReplica)
    models = LocalModels.load([ROW])
    aligner = await models.find(ALIGN, "thai")
    assert len((await aligner.align(audio(1), WORDS)).words) == len(WORDS)
    with pytest.raises(EngineUnavailable):
        await models.find(ALIGN, "english")
    with pytest.raises(EngineUnavailable):
        await models.find(ASR, "thai")
    models.close()


async def test_the_scripted_aligner_spreads_words_evenly() -> None:
    """RS-059: what tests of the flows stand on keeps the shape of an alignment."""
    found = await ScriptedAligner().align(audio(2), WORDS)
    assert [(word.start, word.end) for word in found.words if word] == [(0.0, 1.0), (1.0, 2.0)]
