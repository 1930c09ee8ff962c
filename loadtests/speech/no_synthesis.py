"""A synthesiser that costs nothing: what remains of a job's time is the job machine itself."""

from __future__ import annotations

import numpy as np

from deployments.serving.tracked_call import Report
from serve_app.engines import EngineCard, Progress, Speech, SpeechRequest

RATE = 24_000


class NoSynthesis:
    """A tenth of a second of faint noise for every text."""

    card = EngineCard("none", "load-test-noise", embedded=True, note="For load tests: it speaks nothing.")
    example = SpeechRequest("ready", "en", "", 0)

    def speakers(self, model: str) -> tuple[str, ...]:
        return ()

    def synthesize(self, request: SpeechRequest, report: Report) -> Speech:
        report(Progress("synthesis", 1, 1))
        return Speech(
            np.random.default_rng(request.seed).normal(0, 0.01, RATE // 10).astype(np.float32), RATE
        )
