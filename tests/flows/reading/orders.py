"""A pupil who reads by a script, for tests of readings: every model is in this process and does as told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from serve_app.backends import Backends
from serve_app.core.audio.pcm import Pcm16
from serve_app.core.jobs import Job
from serve_app.core.reading.rules import ReadingJob
from serve_app.engines import AlignedWord, Aligner, Alignment, Audio, EngineCard, Progress, Word
from serve_app.flows.reading.score import KIND, assess_job
from serve_app.stores import JsonObject
from tests.fakes import ManualClock, ScriptedModels
from tests.flows.captions.scripted_speech import RATE, Detector, Recognizer, audio, position
from tests.recordings import encode

TEAM = "team_a"
TEXT = "สวัสดีครับ วันนี้เราจะเรียนภาษาไทย"
TOKENS = ["สวัสดีครับ", "วันนี้", "เรา", "จะ", "เรียน", "ภาษาไทย"]
"""As in the documented example (GT-01); the dictionary parts the first one in two."""
CONFIDENCES = [0.82, 0.52, 0.33, 0.235, 0.52, 0.41]
"""GT-01."""


def said(text: str, start: float = 1.0) -> list[Word]:
    """Words of 0.4 s with pauses between them that show as spaces."""
    return [Word(word, start + index, start + index + 0.4, 0.9) for index, word in enumerate(text.split())]


def wav_of(samples: Pcm16) -> bytes:
    """16 kHz samples as a file."""
    return encode("wav", samples, RATE)


class Listener(Recognizer):
    """The scripted recogniser under the name of Typhoon."""

    async def card(self) -> EngineCard:
        return EngineCard("typhoon", "scripted", embedded=True, task="asr", languages=("th",))


@dataclass
class EvenAligner:
    """Gives each word a tenth of a second and the next confidence; None stands for a word it cannot read."""

    confidences: Sequence[float | None]
    failure: Exception | None = None
    asked: list[tuple[float, float, list[str]]] = field(default_factory=list)
    """Start and length of the audio in seconds of the script, and the words."""

    async def align(self, audio: Audio, words: Sequence[str]) -> Alignment:
        if self.failure:
            raise self.failure
        self.asked.append((round(position(audio), 1), round(len(audio) / RATE, 1), list(words)))
        found = (
            confidence if confidence is None else AlignedWord(0.2 + index / 10, 0.3 + index / 10, confidence)
            for index, confidence in enumerate(self.confidences)
        )
        return Alignment(tuple(found))

    async def card(self) -> EngineCard:
        return EngineCard("thai", "scripted", embedded=True, task="align")


@dataclass
class Pupil:
    """Reads a script, which is heard and judged as the test says."""

    script: list[Word]
    clock: ManualClock
    aligner: EvenAligner | None = None
    seconds: float = 12.0
    recognizer: Listener = field(init=False)

    def __post_init__(self) -> None:
        self.recognizer = Listener(self.script, self.clock)

    @property
    def wav(self) -> bytes:
        return wav_of(audio(0, self.seconds))

    def heard_by(self, opened: Backends) -> Backends:
        """Backends whose models hear this pupil."""
        aligners: dict[str, Aligner] = {"thai": self.aligner} if self.aligner else {}
        models = ScriptedModels({"typhoon": self.recognizer}, aligners=aligners)
        return replace(opened, models=models, new_detector=lambda: Detector(self.script))


async def assess(
    backends: Backends, recording: bytes, seen: list[Progress] | None = None, **order: Any
) -> JsonObject:
    """The payload of a reading of TEXT."""
    asked = ReadingJob("typhoon", include_pronunciation=True, reference_text=TEXT)
    for name in ("student_audio", "reference_audio"):
        content = {"student_audio": recording, **order}.get(name)
        if isinstance(content, bytes):
            path = f"inputs/{TEAM}/a-job/{name}"
            await backends.files.write(path, content, team=TEAM, media_type="audio/wav", keep_s=None)
            order[name] = path
    job = Job(
        "a-job", KIND, TEAM, asdict(replace(asked, **order)), created_at=backends.clock.now(), attempt=1
    )
    return await assess_job(backends, job, (seen if seen is not None else []).append)
