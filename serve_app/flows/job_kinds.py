"""Which flow runs which kind of job."""

from __future__ import annotations

from collections.abc import Mapping

from serve_app.flows.job_flow import JobFlow
from serve_app.flows.reading_score import KIND as READING
from serve_app.flows.reading_score import assess_job
from serve_app.flows.speech import KIND as SPEECH
from serve_app.flows.speech import speak_job
from serve_app.flows.video import KIND as VIDEO
from serve_app.flows.video import generate_job

FLOWS: Mapping[str, JobFlow] = {SPEECH: speak_job, READING: assess_job, VIDEO: generate_job}
