"""Where the words of a part of a recording were said: RS-059, RS-092."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from serve_app.backends import Backends
from serve_app.engines import (
    SAMPLE_RATE,
    AlignedSyllable,
    AlignedWord,
    Alignment,
    Audio,
    EngineCard,
    SpokenSyllable,
)
from serve_app.flows.reading.pronunciation import MARGIN_S, pronunciation
from tests.fakes import ScriptedModels, open_backends

SAID = SpokenSyllable(("k", "aː"), "mid")
SYLLABLES = (AlignedSyllable(0.1, 0.3, SAID, SAID), AlignedSyllable(0.3, 0.5, SAID, None))


class Syllables:
    """Finds one word of two syllables, the first of which begins in the margin."""

    async def align(self, audio: Audio, words: Sequence[str]) -> Alignment:
        return Alignment((AlignedWord(0.1, 0.5, 0.3, SYLLABLES), *[None] * (len(words) - 1)))

    async def card(self) -> EngineCard:
        return EngineCard("thai", "scripted", embedded=True, task="align")


@pytest.fixture
async def backends(tmp_path: Path) -> AsyncIterator[Backends]:
    async with open_backends(tmp_path) as opened:
        yield replace(opened, models=ScriptedModels(aligners={"thai": Syllables()}))


async def test_times_count_from_the_start_of_the_attempt(backends: Backends) -> None:
    """RS-059, RS-092: of words and of their syllables; what begins in the margin begins with the attempt."""
    samples = np.zeros(3 * SAMPLE_RATE, np.int16)
    found = await pronunciation(backends, samples, (1.0, 2.0), ("กา", "!"))
    word, unread = found.words
    assert (unread, found.reason) == (None, "")
    assert word is not None
    assert [word.start, word.end] == pytest.approx([0.0, 0.5 - MARGIN_S])
    first, second = word.syllables
    times = [first.start, first.end, second.start, second.end]
    assert times == pytest.approx([0.0, 0.3 - MARGIN_S, 0.3 - MARGIN_S, 0.5 - MARGIN_S])
    assert (first.heard, second.heard) == (SAID, None)
