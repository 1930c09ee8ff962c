"""What a model must do: one Protocol per task, and the small frozen types they exchange.

Flows and routers see these Protocols only. Behind them stand Ray handles (`deployments.ray_cluster.models`)
or in-process replicas (`deployments.local`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]
"""Mono samples in [-1, 1], shape (samples,)."""

Picture = NDArray[np.uint8]
"""RGB pixels, shape (height, width, 3)."""

SAMPLE_RATE = 16_000
"""Hz. Every recogniser and detector works at this rate; callers' audio is resampled on entry (ASR-051)."""


@dataclass(frozen=True, slots=True)
class EngineCard:
    """What really runs behind a public engine name (ASR-002)."""

    engine: str
    """Public name, for example `typhoon`."""
    impl: str
    """Name of the engine that answers, for example `kaleido-embedded-thai-ctc`."""
    embedded: bool
    """True for the stand-in that runs on a CPU with nothing to download."""
    note: str = ""
    """Plain limits of the engine, shown in `/health`."""
    task: str = ""
    """The task's name, for example `asr`; put on by the replica, with the public name."""
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes it understands or speaks; empty for an engine that finds out by itself."""
    speakers: tuple[str, ...] = ()
    """Built-in voices of a synthesiser (TTS-014); put on by the replica."""
    device: str = "cpu"
    """Where it computes, as torch names it: `cpu`, `cuda:0` (RS-083)."""
    context_tokens: int = 0
    """Tokens of prompt and answer together that a language model takes; 0 for other models."""
    loaded_at: int = 0
    """Unix seconds since when the model is there (LLM-008, RT-56); put on by the replica."""


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word."""

    text: str
    start: float
    """Seconds from the start of the audio that was decoded."""
    end: float
    confidence: float
    """0..1."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What a caller knows about a recording before it is heard."""

    language: str | None = None
    """ISO 639-1; None: the engine finds out."""
    prompt: str = ""
    """Text that came before, or names to expect. Engines without a text decoder take no notice."""
    temperature: float = 0.0
    """0..1, spread of the decoder's choices. Engines that search for the best path take no notice."""
    expected: tuple[str, ...] = ()
    """Words that are probably said, in this order: a text that is read aloud. Engines that cannot lean to
    them take no notice."""


NO_HINTS = Hints()


@dataclass(frozen=True, slots=True)
class Transcription:
    """What a recogniser heard in one piece of audio."""

    words: tuple[Word, ...]
    decode_ms: float = 0.0
    """Time inside the engine, without waiting; put on by the replica."""
    language: str = "th"
    """ISO 639-1: as hinted, or as the engine found out."""
    tokens: tuple[int, ...] = ()
    """Ids in the engine's own vocabulary; empty when it decodes whole words."""
    avg_logprob: float = 0.0
    """Mean natural logarithm of the tokens' probabilities."""
    no_speech_prob: float = 0.0
    """0..1, where the engine judges that; 0 where it does not."""
    card: EngineCard | None = None
    """Who really heard it, under any of its public names (ASR-002); put on by the replica."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A recording of the voice to clone; it travels as samples, never as a path or URL that a library would
    fetch."""

    samples: Audio
    sample_rate: int
    """Hz."""
    transcript: str = ""
    """What is said in it; empty when nobody knows."""


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """One text to speak and how. What an engine has no use for it leaves aside."""

    text: str
    language: str
    """ISO 639-1."""
    model: str
    """Public model name; an engine that answers for several tells them apart by it."""
    seed: int
    """0..2**31-1; the same request with the same seed gives the same audio (TTS-010)."""
    speaker: str = ""
    """A built-in voice (TTS-014); empty: the engine's own choice."""
    reference: Reference | None = None
    instruct: str = ""
    """Style in words (TTS-015)."""
    f5_thai_variant: str = "v2"
    """`v1` or `v2` (TTS-012)."""
    vieneu_expression: str = "natural"
    """`natural` or `storytelling` (TTS-013)."""
    speed: float = 1.0
    """0.25..4, 1 is the voice's own."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an engine has come."""

    stage: str
    """What it does now, for example `synthesis`."""
    step: int = 0
    """Steps of this stage that are done."""
    steps: int | None = None
    """Steps of this stage in all; None when nobody knows."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Synthesised speech."""

    samples: Audio
    sample_rate: int
    """Hz."""
    extras: Mapping[str, Any] = field(default_factory=dict)
    """What the engine wants told to the caller beside the audio (TTS-025): plain JSON values."""
    synthesis_ms: float = 0.0
    """Time inside the engine, without waiting; put on by the replica."""
    card: EngineCard | None = None
    """Who really spoke (ASR-002); put on by the replica."""


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """One picture to set in motion, and how."""

    picture: Picture
    """In the ratio of the video already; of any size."""
    prompt: str
    model: str
    """Public model name; an engine that answers for several tells them apart by it."""
    width: int
    """Pixels of the video, even."""
    height: int
    """Likewise."""
    seconds: int
    frame_rate: int
    """Frames per second; the video has exactly `seconds * frame_rate` of them."""
    seed: int
    """0..2**31-1; the same request with the same seed gives the same frames (VID-010)."""

    @property
    def frames(self) -> int:
        """How many the video has."""
        return self.seconds * self.frame_rate


@dataclass(frozen=True, slots=True)
class Video:
    """A finished video: what there is to tell of it. Its bytes, an MP4, came before."""

    extras: Mapping[str, Any] = field(default_factory=dict)
    """What the engine wants told to the caller beside the file: plain JSON values."""
    generation_ms: float = 0.0
    """Time inside the engine, without waiting; put on by the replica."""
    card: EngineCard | None = None
    """Who really made it (ASR-002); put on by the replica."""


@dataclass(frozen=True, slots=True)
class SpokenSyllable:
    """One syllable, as it should be said or as it was heard."""

    sounds: tuple[str | None, ...]
    """IPA: the consonants before the vowel, the vowel, and a final consonant where there is one; None for a
    consonant that was not heard."""
    tone: str | None
    """`mid`, `low`, `falling`, `high` or `rising`; None without a voice to hear it in."""


@dataclass(frozen=True, slots=True)
class AlignedSyllable:
    """Where a syllable of a known text was said, and how (RS-092)."""

    start: float
    """Seconds from the start of the audio."""
    end: float
    expected: SpokenSyllable
    heard: SpokenSyllable | None
    """Sound for sound like `expected`, other than it only where that is likelier; None when not said."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One conversation to go on with, as OpenAI's clients send it (LLM-003, LLM-006)."""

    model: str
    """Public model id."""
    body: Mapping[str, Any]
    """The caller's JSON without `stream`: plain JSON values, which the engine checks."""
    stream: bool
    """Whether to answer in chunks."""
    team: str = ""
    """Whose it is: a replica gives its places to teams in turn (LLM-009)."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer."""

    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class ChatPart:
    """A part of an answer."""

    chunks: tuple[str, ...] = ()
    """JSON texts: `chat.completion.chunk` objects, several that came together, or the `chat.completion`."""
    usage: Usage | None = None
    """Of the whole answer; the last part has it."""


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """Where a known word was said, and how well."""

    start: float
    """Seconds from the start of the audio."""
    end: float
    confidence: float
    """0..1: how sure it is that this word was said, and said so (RS-059)."""
    syllables: tuple[AlignedSyllable, ...] = ()
    """Empty from engines that hear no single sounds."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """A known text found in a recording of it."""

    words: tuple[AlignedWord | None, ...]
    """One for each word asked for; None for one that the engine cannot read."""
    align_ms: float = 0.0
    """Time inside the engine, without waiting; put on by the replica."""


class SpeechRecognizer(Protocol):
    """Speech to words. Stateless, so any replica may serve any stream."""

    async def transcribe(
        self, audio: Audio, *, final: bool, hints: Hints = NO_HINTS, live: bool = True
    ) -> Transcription:
        """Recognise 16 kHz audio, up to 60 s.

        `final` says that the audio is complete, so that it goes ahead of partial decodes and no word is left
        unfinished. Audio that is not `live` comes from a file: it waits behind all streams, and longer.
        Raises InvalidRequest for a language the engine does not know, EngineUnavailable when no replica
        answers and DecodeFailed when the engine fails.
        """
        ...


class SpeechSynthesizer(Protocol):
    """Text to speech."""

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[Progress | Speech, None]:
        """Speak a text: progress while it is made, then, last, the speech. Closing it cancels.

        Raises InvalidRequest for a text, language, speaker or style the engine cannot speak,
        EngineUnavailable when no replica answers and SynthesisFailed when the engine fails.
        """
        ...


class ChatModel(Protocol):
    """A language model that goes on with conversations."""

    def chat(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        """The answer, part by part. Closing it aborts the generation (LLM-010).

        Raises, before the first part, InvalidRequest for what the engine refuses, and Saturated when no place
        is free and none comes free in time (LLM-009); EngineUnavailable when no replica answers, and
        GenerationFailed when the engine fails.
        """
        ...


class VideoGenerator(Protocol):
    """Image to video, with sound."""

    def generate(self, request: VideoRequest) -> AsyncGenerator[Progress | bytes | Video, None]:
        """Set a picture in motion: progress while frames are made, then the MP4 in parts, and last what there
        is to tell of it. Closing it cancels.

        Raises InvalidRequest for what the engine cannot do, EngineUnavailable when no replica answers and
        VideoFailed when the engine fails.
        """
        ...


class Aligner(Protocol):
    """Forced alignment of a known text."""

    async def align(self, audio: Audio, words: Sequence[str]) -> Alignment:
        """Find words in 16 kHz audio in their order; what was not said gets a low confidence.

        Raises EngineUnavailable when no replica answers and AlignmentFailed when the engine fails.
        """
        ...


class VoiceActivityDetector(Protocol):
    """A streaming detector, one per stream, in the process that owns the stream (design decision 7)."""

    @property
    def name(self) -> str:
        """Which detector it is (RS-083)."""
        ...

    def speech_probability(self, frame: Audio) -> float:
        """Probability of voice in one frame of exactly 512 samples (32 ms)."""
        ...

    def reset(self) -> None:
        """Forget the stream so far."""
        ...


Model_co = TypeVar("Model_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Task(Generic[Model_co]):
    """What a kind of model does; its Protocol is the parameter. How it is built, bounded and called on the
    cluster stands in one row of `deployments.tasks`."""

    name: str
    """As in `task` of a config row and on the model's cards."""


ASR: Task[SpeechRecognizer] = Task("asr")
TTS: Task[SpeechSynthesizer] = Task("tts")
ALIGN: Task[Aligner] = Task("align")
LLM: Task[ChatModel] = Task("llm")
VIDEO: Task[VideoGenerator] = Task("video")


class Models(Protocol):
    """Finds the models that live on the cluster, by task and public name."""

    async def find(self, task: Task[Model_co], name: str) -> Model_co:
        """The model of this task with this public name. Raises EngineUnavailable."""
        ...

    async def cards(self) -> Sequence[EngineCard]:
        """What really runs behind each public name now; a model that does not answer is left out."""
        ...
