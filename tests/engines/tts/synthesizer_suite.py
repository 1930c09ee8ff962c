"""What every text-to-speech engine must do; each engine's test file calls these on a tiny checkpoint.

A check takes the engine and a request that it can speak, and fails with an assertion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from deployments.tts.replica import Synthesizer
from serve_app.engines import Speech, SpeechRequest
from serve_app.errors import InvalidRequest
from tests.engines.reports import Reports, Stopped

NO_ENGINE_SPEAKS = "tlh"
"""Klingon is in no public list of languages (TTS-003)."""


def speak(engine: Synthesizer, request: SpeechRequest) -> Speech:
    return engine.synthesize(request, Reports())


def speaks(engine: Synthesizer, request: SpeechRequest) -> None:
    """TTS-027: mono float32 samples, finite, in [-1, 1], with a signal in them."""
    speech = speak(engine, request)
    assert speech.sample_rate >= 16_000
    assert speech.samples.dtype == np.float32
    assert speech.samples.ndim == 1
    assert len(speech.samples) > 0.1 * speech.sample_rate
    assert np.isfinite(speech.samples).all()
    assert 0 < float(np.abs(speech.samples).max()) <= 1


def same_seed_same_audio(engine: Synthesizer, request: SpeechRequest) -> None:
    """TTS-010: whatever was spoken in between."""
    first = speak(engine, request)
    speak(engine, replace(request, seed=request.seed + 1))
    np.testing.assert_array_equal(first.samples, speak(engine, request).samples)


def another_seed_another_audio(engine: Synthesizer, request: SpeechRequest) -> None:
    """TTS-010: the seed is used."""
    first, second = (speak(engine, replace(request, seed=seed)).samples for seed in (1, 2))
    assert not np.array_equal(first, second)


def largest_seed_is_spoken(engine: Synthesizer, request: SpeechRequest) -> None:
    """TTS-010: the whole range of seeds."""
    assert len(speak(engine, replace(request, seed=2**31 - 1)).samples) > 0


def progress_never_falls(engine: Synthesizer, request: SpeechRequest) -> None:
    """TTS-023: within a stage steps only grow, up to a total that does not change; a stage never returns."""
    reports = Reports()
    engine.synthesize(request, reports)
    assert len(reports.seen) > 1
    stages = list(dict.fromkeys(progress.stage for progress in reports.seen))
    assert [progress.stage for progress in reports.seen] == sorted(
        (progress.stage for progress in reports.seen), key=stages.index
    )
    for stage in stages:
        steps = [progress.step for progress in reports.seen if progress.stage == stage]
        totals = {progress.steps for progress in reports.seen if progress.stage == stage}
        assert steps == sorted(steps)
        assert len(totals) == 1
        assert all(total is None or steps[-1] <= total for total in totals)


def stops_when_the_caller_goes(engine: Synthesizer, request: SpeechRequest) -> None:
    """JOB-002: what a report raises passes through at once; nothing of that text stays in the engine."""
    before = speak(engine, request)
    reports = Reports(stop_at=2)
    with pytest.raises(Stopped):
        engine.synthesize(replace(request, text=f"{request.text} {request.text}"), reports)
    assert len(reports.seen) == 2
    np.testing.assert_array_equal(before.samples, speak(engine, request).samples)


def refuses_an_unknown_language(engine: Synthesizer, request: SpeechRequest) -> None:
    """TTS-003: with a text that names the field."""
    with pytest.raises(InvalidRequest, match="language"):
        speak(engine, replace(request, language=NO_ENGINE_SPEAKS))


def refuses_a_text_without_words(engine: Synthesizer, request: SpeechRequest) -> None:
    """TTS-002: nothing to speak."""
    for text in ("", "  \n", "...!?"):
        with pytest.raises(InvalidRequest, match="text"):
            speak(engine, replace(request, text=text))


def card_names_its_languages(engine: Synthesizer, request: SpeechRequest) -> None:
    """TTS-009: the request's language among them, and what really runs."""
    assert request.language in engine.card.languages
    assert engine.card.impl


def example_can_be_spoken(engine: Synthesizer, request: SpeechRequest) -> None:
    """ERR-005: the warm-up needs nothing from a caller."""
    assert len(speak(engine, engine.example).samples) > 0


CHECKS: tuple[Callable[[Synthesizer, SpeechRequest], None], ...] = (
    speaks,
    same_seed_same_audio,
    another_seed_another_audio,
    largest_seed_is_spoken,
    progress_never_falls,
    stops_when_the_caller_goes,
    refuses_an_unknown_language,
    refuses_a_text_without_words,
    card_names_its_languages,
    example_can_be_spoken,
)
"""For `@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)`."""
