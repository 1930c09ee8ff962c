"""Which flow runs which kind of job."""

from __future__ import annotations

from collections.abc import Mapping

from serve_app.flows.jobs.flow import JobFlow
from serve_app.flows.reading.score import KIND as READING
from serve_app.flows.reading.score import assess_job
from serve_app.flows.speech.synthesis import KIND as SPEECH
from serve_app.flows.speech.synthesis import speak_job
from serve_app.flows.video.generation import KIND as VIDEO
from serve_app.flows.video.generation import generate_job

FLOWS: Mapping[str, JobFlow] = {SPEECH: speak_job, READING: assess_job, VIDEO: generate_job}
