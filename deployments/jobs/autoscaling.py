"""How many dispatchers there should be: a Serve autoscaling policy, run inside Serve's controller."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

from serve_app.stores import Backlog

LOAD = "load"
"""All jobs that wait or run, in dispatchers that they would fill; each replica reports the same."""
BUSY = "busy"
"""1 for a replica that runs a job."""


class ScalingContext(Protocol):
    """What this policy reads of `ray.serve.config.AutoscalingContext`."""

    target_num_replicas: int

    @property
    def aggregated_metrics(self) -> Mapping[str, Mapping[Any, float]] | None:
        """What the replicas reported, averaged over the look-back period: name -> replica -> value."""
        ...


def load(backlog: Mapping[str, Backlog], concurrency: Mapping[str, int]) -> float:
    """Jobs in units of one dispatcher, by the kind that needs most of them."""
    kinds = concurrency.items()
    return max((backlog[kind].waiting + backlog[kind].running) / most for kind, most in kinds)


def replicas_for_jobs(context: ScalingContext) -> tuple[int, dict[str, Any]]:
    """Enough for all jobs at once, and no fewer than have run one in the look-back period.

    While nobody reports, the store being away, nothing changes. Serve applies the row's bounds and delays.
    """
    metrics = context.aggregated_metrics or {}
    loads = metrics.get(LOAD, {}).values()
    if not loads:
        return context.target_num_replicas, {}
    busy = sum(value > 0 for value in metrics.get(BUSY, {}).values())
    # Rounded: an average of whole numbers may come out a hair above one.
    return max(math.ceil(round(max(loads), 3)), busy), {}
