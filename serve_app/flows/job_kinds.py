"""Which flow runs which kind of job."""

from __future__ import annotations

from collections.abc import Mapping

from serve_app.flows.job_flow import JobFlow
from serve_app.flows.speech import KIND, speak_job

FLOWS: Mapping[str, JobFlow] = {KIND: speak_job}
