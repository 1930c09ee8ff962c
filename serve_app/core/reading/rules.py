"""Which reading a caller wants scored: the rules between the fields of the form (RS-002..011)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serve_app.core.reading.tokens import normalized
from serve_app.core.text.languages import language_code
from serve_app.errors import InvalidRequest

ENGINES = ("typhoon", "whisper")
"""RS-005; the first one is the default."""
YES = frozenset({"true", "1", "yes", "on"})
NO = frozenset({"false", "0", "no", "off"})
"""RS-008."""


@dataclass(frozen=True, slots=True)
class ReadingFields:
    """The text fields of a form as they were sent; an empty one was not given."""

    reference_text: str = ""
    language: str = ""
    asr_engine: str = ""
    student_id: str = ""
    lesson_id: str = ""
    scoring_options: str = ""
    """A JSON object."""
    include_pronunciation: str = ""


@dataclass(frozen=True, slots=True)
class ReadingJob:
    """A form after all rules: what a job needs."""

    asr_engine: str
    include_pronunciation: bool
    reference_text: str = ""
    """Empty: what is said in the reference recording."""
    student_id: str | None = None
    lesson_id: str | None = None
    student_audio: str = ""
    """Path of the stored recording."""
    reference_audio: str = ""
    """Path of the stored recording; empty when there is a text (RS-003)."""

    def view(self, reference_source: str) -> dict[str, Any]:
        """What was asked for, as the answer repeats it (RS-085)."""
        return {
            "language": "th",
            "asrEngine": self.asr_engine,
            "studentId": self.student_id,
            "lessonId": self.lesson_id,
            "includePronunciation": self.include_pronunciation,
            "referenceSource": reference_source,
        }


def resolve(asked: ReadingFields, longest: int) -> ReadingJob:
    """The reading that is asked for, without its recordings; a text of marks only is none (RS-011).

    Raises InvalidRequest, which names the field; a text has `longest` characters at most.
    """
    if language_code(asked.language) not in ("", "th"):
        raise InvalidRequest("language: Readings are scored in Thai only, th.")
    if len(asked.reference_text) > longest:
        raise InvalidRequest(f"reference_text: It may have {longest} characters.")
    options = _options(asked.scoring_options)
    return ReadingJob(
        asr_engine=_engine(asked.asr_engine or options.get("asr_engine")),
        include_pronunciation=_boolean(asked.include_pronunciation, options.get("include_pronunciation")),
        reference_text=asked.reference_text if normalized(asked.reference_text) else "",
        student_id=asked.student_id or None,
        lesson_id=asked.lesson_id or None,
    )


def _options(text: str) -> Mapping[str, Any]:
    try:
        options = json.loads(text or "{}")
    except (ValueError, RecursionError):
        options = None
    if not isinstance(options, dict):
        raise InvalidRequest("scoring_options: It must be a JSON object.")
    return options


def _engine(name: object) -> str:
    name = ENGINES[0] if name in (None, "") else name
    if not isinstance(name, str) or name not in ENGINES:
        raise InvalidRequest(f"asr_engine: It must be one of {', '.join(ENGINES)}.")
    return name


def _boolean(field: str, option: object) -> bool:
    """The field, else the option, a JSON boolean or spelt like the field, else true (RS-008, RS-009)."""
    said = field or ("true" if option is None else str(option))
    if said.lower() not in YES | NO:
        raise InvalidRequest("include_pronunciation: It must be true or false.")
    return said.lower() in YES
