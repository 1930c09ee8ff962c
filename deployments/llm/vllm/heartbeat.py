"""When vLLM's engine last made a step."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from vllm.config import VllmConfig
from vllm.v1.metrics.loggers import StatLoggerBase

Factory = Callable[[VllmConfig, int], StatLoggerBase]


class Pulse(StatLoggerBase):
    """Hears of each step; of vLLM's reports it is the only one that comes while no text does."""

    def __init__(self) -> None:
        self._at = time.monotonic()

    @property
    def age_s(self) -> float:
        """Since the last step."""
        return time.monotonic() - self._at

    def beat(self) -> None:
        """Begin to count: an idle engine makes no steps."""
        self._at = time.monotonic()

    def record(self, *_: Any, **__: Any) -> None:
        """A step was made."""
        self.beat()

    def log_engine_initialized(self) -> None:
        """Nothing to tell."""


def stat_loggers(pulse: Pulse, metrics: bool) -> list[Factory]:
    """How vLLM gets the pulse; and, with `metrics`, how Ray gets vLLM's metrics (tokens, waiting times, cache
    hits), which its Prometheus endpoint shows."""
    if not metrics:
        return [lambda config, index: pulse]
    from vllm.v1.metrics.ray_wrappers import RayPrometheusStatLogger  # imports ray

    return [lambda config, index: pulse, RayPrometheusStatLogger]
