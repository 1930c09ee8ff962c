"""Quota plans: named limits, from `configs/plans.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from serve_app.auth import Policy
from serve_app.errors import InvalidRequest

DEFAULT = "default"

RequestsPerMinute = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
ConcurrentSessions = Annotated[int, Field(ge=0, le=10_000, strict=True)]
DailyAudioSeconds = Annotated[float, Field(ge=0, le=1e9, strict=True, allow_inf_nan=False)]
"""The upper bounds are far above any plan and keep every store's integers exact."""


class PolicyModel(BaseModel):
    """The limits of a key, on the wire and in the plan file (QUO-001)."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    requests_per_minute: RequestsPerMinute
    concurrent_sessions: ConcurrentSessions
    daily_audio_seconds: DailyAudioSeconds


def load_plans(path: Path) -> dict[str, Policy]:
    """Plan name -> limits; the built-in default plan when there is no file. Raises InvalidRequest."""
    plans = {DEFAULT: Policy()}
    if not path.exists():
        return plans
    try:
        written = TypeAdapter(dict[str, PolicyModel]).validate_python(yaml.safe_load(path.read_text("utf-8")))
    except (yaml.YAMLError, ValidationError) as wrong:
        raise InvalidRequest(f"The plan file is not valid: {wrong}") from wrong
    return plans | {name: Policy(**fields.model_dump()) for name, fields in written.items()}


def plan(path: Path, name: str) -> Policy:
    """The limits of a plan. Raises InvalidRequest for an unknown one."""
    plans = load_plans(path)
    if name not in plans:
        raise InvalidRequest(f"There is no plan {name!r}; known plans: {', '.join(sorted(plans))}.")
    return plans[name]
