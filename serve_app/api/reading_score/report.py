"""A scored reading as one page for people (RT-52, RS-091)."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from serve_app.api.reading_score.report_labels import LABELS
from serve_app.core.reading.report_words import shown_words
from serve_app.core.reading.timeline import WIDTH, lines
from serve_app.flows.reading.report import SOUND, ReadingReport

FOLDER = Path(__file__).parent
STYLE, SCRIPT = (Markup((FOLDER / name).read_text("utf-8")) for name in ("report.css", "report.js"))
TEMPLATE = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,  # texts and ids are the caller's
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
).get_template("report.html")

Language = Literal["th", "en"]


def _hash(source: str) -> str:
    return f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"


POLICY = (
    f"default-src 'none'; style-src {_hash(STYLE)}; script-src {_hash(SCRIPT)}; media-src data:; "
    "base-uri 'none'; form-action 'none'"
)
"""Nothing is loaded from anywhere, and only our own style and script run, known by their hashes. The page
holds the policy too: it is still in force where the page was saved or passed on."""
HEADERS = {
    "content-security-policy": f"{POLICY}; frame-ancestors 'none'",
    "cache-control": "private, no-store",  # a pupil's voice does not stay on a shared computer
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def report_page(report: ReadingReport, language: Language, focus_below: float) -> str:
    """The whole page, the recording included. Below `focus_below` a confidence is weak."""
    payload, recording = report.payload, report.recording
    words = shown_words(payload, focus_below)
    selected = payload["student"]["selectedAttempt"]
    attempt = (selected["start"], selected["end"]) if selected["hasTiming"] else None
    drawn = lines(recording.peaks, recording.seconds, words, attempt) if recording else []
    return TEMPLATE.render(
        t=LABELS[language],
        language=language,
        policy=POLICY,
        style=STYLE,
        script=SCRIPT,
        task_id=report.task_id,
        read_at=datetime.fromtimestamp(report.created_at, UTC),
        payload=payload,
        words=words,
        lines=drawn,
        width=WIDTH,
        sound=f"data:{SOUND.media_type};base64,{b64encode(recording.sound).decode()}" if recording else "",
    )
