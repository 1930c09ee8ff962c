"""The form of a reading, with all its spellings (RS-001..010)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Request, UploadFile
from pydantic import BaseModel, Field

from serve_app.core.reading.rules import ReadingFields
from serve_app.errors import TooLarge
from serve_app.flows.reading.submit import NewReading, Upload
from serve_app.http.dependencies import Gate, backends_of

FORM_BYTES = 64 * 1024
"""Room for the other fields of the form, and for what multipart puts around each."""
Name = Annotated[str, Field(max_length=200)]
"""An id of the caller's own, which the answer repeats."""


class ReadingForm(BaseModel):
    """A recording, what it should say, and how to score it.

    A blank field is one that is not given. Names in camel case, and `audio_file`, mean the same as the name
    before them, which wins if both are sent (RS-010).
    """

    student_audio: UploadFile | None = None
    studentAudio: UploadFile | None = None
    audio_file: UploadFile | None = None
    reference_text: str = ""
    referenceText: str = ""
    reference_audio: UploadFile | None = None
    referenceAudio: UploadFile | None = None
    language: str = ""
    asr_engine: str = ""
    asrEngine: str = ""
    student_id: Name = ""
    studentId: Name = ""
    lesson_id: Name = ""
    lessonId: Name = ""
    scoring_options: str = ""
    scoringOptions: str = ""
    include_pronunciation: str = ""
    includePronunciation: str = ""

    def reading(self) -> NewReading:
        """The form under its canonical names."""
        fields = ReadingFields(
            reference_text=_first(self.reference_text, self.referenceText),
            language=_first(self.language),
            asr_engine=_first(self.asr_engine, self.asrEngine),
            student_id=_first(self.student_id, self.studentId),
            lesson_id=_first(self.lesson_id, self.lessonId),
            scoring_options=_first(self.scoring_options, self.scoringOptions),
            include_pronunciation=_first(self.include_pronunciation, self.includePronunciation),
        )
        student = _sent(self.student_audio, self.studentAudio, self.audio_file)
        return NewReading(fields, student, _sent(self.reference_audio, self.referenceAudio))


FormDep = Annotated[ReadingForm, Form(media_type="multipart/form-data")]


class FitsReading(Gate):
    """Refuses a form that announces too many bytes before it is read (RS-012)."""

    async def __call__(self, request: Request) -> None:
        announced = request.headers.get("content-length", "")
        most = 2 * backends_of(request).settings.reading_max_bytes + FORM_BYTES
        if announced.isdecimal() and int(announced[:20]) > most:
            raise TooLarge("student_audio: The recordings are too large.")


def _first(*spellings: str) -> str:
    """The first that is not blank."""
    return next((value.strip() for value in spellings if value.strip()), "")


def _sent(*spellings: UploadFile | None) -> Upload | None:
    """The first file; a browser sends a part without name and bytes where none was chosen."""
    for upload in spellings:
        if upload and (upload.size or upload.filename):
            return Upload(upload.file, upload.size or 0)
    return None
