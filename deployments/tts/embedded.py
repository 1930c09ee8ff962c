"""Speech synthesis on a CPU with nothing to download: espeak-ng, with our own reading of Thai."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from deployments.thai_speech import espeak
from deployments.thai_speech.g2p import Chunk, ForeignText, Pause, ThaiWord, pronounce_text
from deployments.thai_speech.phonemes import mnemonics
from serve_app.engines import EngineCard, Speech
from serve_app.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class _Speaker:
    variant: str
    """espeak-ng voice variant; none of these was heard by the acoustic model in training."""
    pitch: int


_MALEE = _Speaker("f5", 55)
_SPEAKERS = {
    "default": _MALEE,
    "malee": _MALEE,
    "somchai": _Speaker("m8", 40),
    "linda": _Speaker("linda", 60),
}
_LANGUAGES = {"th": "th", "en": "en", "vi": "vi", "zh": "cmn", "ms": "ms", "ja": "ja", "ko": "ko"}
_SCRIPTS = {"CJK": "cmn", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko"}
_RATE = 150
"""Words a minute at rate 1.0; Thai stays intelligible from half to twice of it."""
_PROSODY = (0.25, 4.0)
"""Bounds of rate and pitch; espeak-ng holds to the nearest value it can speak, 80 to 450 words a minute."""
_PAUSE_SECONDS = 0.15


_Entry = TypeVar("_Entry")


class EmbeddedSynthesizer:
    """Thai through our grapheme-to-phoneme conversion, other languages through espeak-ng's own."""

    card = EngineCard(
        engine="embedded",
        impl="kaleido-embedded-espeak",
        embedded=True,
        languages=tuple(_LANGUAGES),
        note="Formant synthesis by espeak-ng, Thai read by our rules: for development, not a natural voice.",
    )

    def synthesize(
        self,
        text: str,
        *,
        language: str = "th",
        voice: str = "default",
        rate: float = 1.0,
        pitch: float = 1.0,
    ) -> Speech:
        """Speak a text at 22,050 Hz. `rate` and `pitch` multiply the voice's own, 0.25 to 4.

        Raises InvalidRequest for a text with nothing to speak, an unknown language or voice, or prosody out
        of bounds, and EngineNotInstalled without the extra `embedded`.
        """
        speaker, code = _known("voice", voice, _SPEAKERS), _known("language", language, _LANGUAGES)
        for name, value in (("rate", rate), ("pitch", pitch)):
            if not _PROSODY[0] <= value <= _PROSODY[1]:
                raise InvalidRequest(f"{name} must be between {_PROSODY[0]} and {_PROSODY[1]}.")
        prosody = _Prosody(
            speaker, int(np.clip(_RATE * rate, 80, 450)), int(np.clip(speaker.pitch * pitch, 0, 99))
        )
        pieces = list(_thai(text, prosody) if code == "th" else _foreign(text, code, prosody))
        sample_rate = next((piece.sample_rate for piece in pieces if piece is not None), None)
        if sample_rate is None:
            raise InvalidRequest("text has nothing to speak.")
        silence = np.zeros(int(_PAUSE_SECONDS * sample_rate), np.float32)
        return Speech(
            np.concatenate([silence if piece is None else piece.samples for piece in pieces]), sample_rate
        )


@dataclass(frozen=True, slots=True)
class _Prosody:
    speaker: _Speaker
    rate: int
    pitch: int

    def voice(self, language: str) -> espeak.Voice:
        return espeak.Voice(f"{language}+{self.speaker.variant}", self.rate, self.pitch)


def _known(field: str, name: str, table: Mapping[str, _Entry]) -> _Entry:
    if name not in table:
        raise InvalidRequest(f"{field} {name!r} is not known; choose one of {', '.join(table)}.")
    return table[name]


def _foreign(text: str, language: str, prosody: _Prosody) -> Iterator[espeak.Spoken]:
    if any(character.isalnum() for character in text):
        yield espeak.speak(text, prosody.voice(language))


def _thai(text: str, prosody: _Prosody) -> Iterator[espeak.Spoken | None]:
    """Spoken clauses; None stands for a pause."""
    for clause in _clauses(pronounce_text(text)):
        if isinstance(clause, ForeignText):
            yield from _foreign(clause.text, _reader(clause.text), prosody)
        elif isinstance(clause, Pause):
            yield None
        else:
            yield espeak.speak_phonemes(clause, prosody.voice("th"))


def _clauses(chunks: Sequence[Chunk]) -> Iterator[str | ForeignText | Pause]:
    """Runs of Thai words joined as mnemonics, each short enough for one call, and what stands between
    them."""
    words = ""
    for chunk in chunks:
        spoken = mnemonics(chunk.pronunciation) if isinstance(chunk, ThaiWord) else ""
        if words and (not spoken or len(words) + len(spoken) > espeak.LONGEST_MNEMONICS):
            yield words
            words = ""
        if isinstance(chunk, ThaiWord):
            words = f"{words} {spoken}".strip()
        else:
            yield chunk
    if words:
        yield words


def _reader(text: str) -> str:
    """Language of a foreign run by its script; Latin and all others are read as English."""
    return _SCRIPTS.get(unicodedata.name(text[0], "").split(" ")[0], "en")
