"""What a caller reads about the progress of a running job."""

from __future__ import annotations

from typing import Any

from serve_app.engines import Progress


def same_stage(progress: Progress, first: Progress) -> bool:
    """Whether `progress` goes on with the stage that `first` began."""
    return progress.stage == first.stage and progress.step >= first.step


def published_progress(progress: Progress, first: Progress, elapsed_s: float) -> dict[str, Any]:
    """Progress in public form; `first` is the first word of the same stage, `elapsed_s` before this one.

    `percent` (0..100) and `eta_seconds` are of the stage, and None while nobody can know them: the steps left
    take their time at the pace of those since `first`.
    """
    steps = progress.steps
    step = progress.step if steps is None else min(progress.step, steps)
    return {
        "stage": progress.stage,
        "step": step,
        "steps": steps,
        "percent": round(100 * step / steps, 1) if steps else None,
        "eta_seconds": _eta_s(step, steps, step - first.step, elapsed_s),
    }


def _eta_s(step: int, steps: int | None, done: int, elapsed_s: float) -> float | None:
    if steps is None or done <= 0:
        return None
    return round(elapsed_s * (steps - step) / done, 1)
