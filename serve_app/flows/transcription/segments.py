"""What is told of a transcribed recording: its words in segments that fit a subtitle (VP-002)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from serve_app.core.audio.losses import Damage
from serve_app.core.text.subtitles import subtitle_segments
from serve_app.core.text.thai import caption_line, timed
from serve_app.engines import SAMPLE_RATE, Transcription, Word
from serve_app.flows.transcription.speech_pieces import Piece


@dataclass(frozen=True, slots=True)
class Segment:
    """What fits one subtitle. As in Whisper, the numbers of a decode are those of the whole piece."""

    id: int
    start: float
    """Seconds from the start of the recording, as of `end` and of the words."""
    end: float
    text: str
    words: Sequence[Word]
    tokens: tuple[int, ...]
    """All of the piece in its first segment, none in its others: nobody knows which word a token is of."""
    avg_logprob: float
    no_speech_prob: float
    """The engine's; of one that does not judge it, what the voice detector leaves of 1."""
    compression_ratio: float
    """UTF-8 bytes of the piece's text to the same after zlib: above 2.4 it repeats itself."""
    temperature: float
    seek: int
    """Start of the piece in frames of 10 ms."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole recording."""

    segments: Sequence[Segment]
    language: str | None
    """ISO 639-1: as hinted, or as found in the first piece with words; None when nothing was said."""
    duration: float
    """Seconds of the recording."""
    damage: Damage | None
    """None where all of it was decoded (VP-006)."""

    @property
    def words(self) -> list[Word]:
        return [word for segment in self.segments for word in segment.words]

    @property
    def text(self) -> str:
        return caption_line(self.words)


def segments_of(
    piece: Piece, heard: Transcription, temperature: float, ids: Iterator[int]
) -> Iterator[Segment]:
    """The segments of a piece in order, none without words, numbered from `ids`."""
    words, tokens = _placed(piece, heard), heard.tokens
    text = caption_line(words).encode()
    for run in subtitle_segments(words):
        yield Segment(
            id=next(ids),
            start=run[0].start,
            end=run[-1].end,
            text=caption_line(run),
            words=run,
            tokens=tokens,
            avg_logprob=heard.avg_logprob,
            no_speech_prob=heard.no_speech_prob or 1.0 - piece.speech_probability,
            compression_ratio=len(text) / len(zlib.compress(text)),
            temperature=temperature,
            seek=round(piece.start * 100),
        )
        tokens = ()


def _placed(piece: Piece, heard: Transcription) -> list[Word]:
    """The words with their times in the recording."""
    return [
        replace(word, start=round(piece.start + word.start, 3), end=round(piece.start + word.end, 3))
        for word in timed(heard.words, len(piece.audio) / SAMPLE_RATE)
    ]
