"""The embedded synthesizer: a voice for every public model, on a CPU with nothing to download."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from deployments.serving.tracked_call import Report
from deployments.tts.embedded import formant, voice_matching
from deployments.tts.embedded.neural.reader import read
from deployments.tts.embedded.neural.voice import neural_voice
from deployments.tts.embedded.voices import SAMPLES, FormantVoice, known, speaker_of, speakers, speaking
from serve_app.engines import EngineCard, Speech, SpeechRequest

LEVEL = 0.8
"""Peak of every answer (-1.9 dB): loud, with room for the overshoot of resampling and lossy codecs."""
_TAKE = {"rate": 0.05, "pitch": 0.08, "pitch_range": 0.1}
"""Most by which a seed moves each: heard as another take, far inside what stays intelligible."""
_MARKS = 4
"""Combining marks kept on one letter; no script of ours stacks more."""
_SYMBOLS = 256
"""Symbols below this code point, such as ° and ©, have a name in any language; those above are emoji."""
_READING = {
    "th": "our grapheme-to-phoneme conversion",
    "lo": "Lao spelling to our Thai phonemes, with the tones of Vientiane",
    "ja": "kanji and numbers by SudachiPy, kana by espeak-ng",
}
_NEURAL_READING = {
    "en": "hibari's own",
    "zh": "pinyin by pypinyin",
    "ja": "kanji and numbers by SudachiPy",
    "ko": "our rules of standard pronunciation",
    "ms": "our rules of spelling",
}


class Style(NamedTuple):
    """What a word of `instruct` does to a voice; each number multiplies."""

    rate: float = 1.0
    pitch: float = 1.0
    pitch_range: float = 1.0
    level: float = 1.0
    variant: str = ""
    """Another vocal tract."""


_STYLES = {
    "slow": Style(rate=0.8), "slowly": Style(rate=0.8), "fast": Style(rate=1.25), "quickly": Style(rate=1.25),
    "high": Style(pitch=1.3), "low": Style(pitch=0.7), "deep": Style(pitch=0.7),
    "calm": Style(0.93, 0.97, 0.7), "gentle": Style(0.95, 1.0, 0.8, 0.8), "sad": Style(0.88, 0.93, 0.7),
    "happy": Style(1.06, 1.1, 1.15), "cheerful": Style(1.06, 1.1, 1.15), "excited": Style(1.12, 1.15, 1.2),
    "angry": Style(1.08, 1.05, 1.2), "quiet": Style(level=0.5), "softly": Style(level=0.5),
    "whisper": Style(level=0.6, variant="whisper"), "female": Style(variant="linda"),
    "woman": Style(variant="linda"), "male": Style(variant="Michael"), "man": Style(variant="Michael"),
}  # fmt: skip
"""Plain English words (TTS-015), among them those of OmniVoice that a formant voice can follow."""
_DENIED = re.compile(r"(?:\b(?:not|no|never|without|less)|n't)\s+(?:(?:too|so|very)\s+)?[a-z]+")


_FORMANT_NOTE = (
    "Formant synthesis by espeak-ng, Thai and Lao read by our rules: for development, not a natural voice. "
    "Cloned voices are approximated in pitch and rate."
)
_NEURAL_NOTE = (
    "One small English neural voice (hibari), at other pitches for other speakers and with an English accent "
    "in all others, for development. Vietnamese and cloned voices are formant synthesis by espeak-ng, clones "
    "approximated in pitch and rate."
)


class EmbeddedSynthesizer:
    """Voices for all public models, told apart by `SpeechRequest.model`; deterministic."""

    def __init__(self, neural: bool = True) -> None:
        """`neural`: speak with the neural voice where hibari-tts is installed; else all is formant synthesis,
        as the embedded recogniser of Thai was trained on."""
        self._neural = neural_voice() if neural and find_spec("hibari") else None
        self.card = EngineCard(
            engine="embedded",
            impl=f"kaleido-embedded-{'hibari' if self._neural else 'espeak'}",
            embedded=True,
            languages=tuple(SAMPLES),
            note=_NEURAL_NOTE if self._neural else _FORMANT_NOTE,
        )

    example = SpeechRequest(text=SAMPLES["th"], language="th", model="f5", seed=0)

    def speakers(self, model: str) -> tuple[str, ...]:
        """Each model has those that its real engine has."""
        return speakers(model)

    def synthesize(self, request: SpeechRequest, report: Report) -> Speech:
        """Speak a text with a peak of `LEVEL`, reporting after each clause: at 24 kHz, or at 22,050 Hz where
        espeak-ng speaks, which is clones and whispering too.

        Raises InvalidRequest for a text with nothing to speak, an unknown language, model or speaker, and a
        reference in which nobody is heard; EngineNotInstalled without the extra `embedded`.
        """
        known("language", request.language, SAMPLES)
        text = plain(request.text)
        voice, whose = _voice(request)
        voice, level, taken = style(voice, request.instruct)
        manner = _take(voice, request).neural(request.language) if request.reference is None else None
        if self._neural and manner:
            spoken = self._neural.speak(read(text, request.language), manner, request.seed, report)
        else:
            voice = _take(speaking(voice, request.language), request)
            spoken = formant.speak(formant.read(text, request.language), voice, report)
        neural = self._neural is not None and manner is not None
        samples = spoken.samples * np.float32(LEVEL * level / np.abs(spoken.samples).max())
        extras = {"voice": f"{'hibari as' if neural else 'espeak-ng'} {voice.variant}"} | whose
        return replace(spoken, samples=samples, extras=extras | dict(_remarks(text, request, taken, neural)))


def plain(text: str) -> str:
    """The text in composed letters and ASCII digits, without control and direction marks, emoji, and all but
    `_MARKS` of the marks on one letter."""
    composed = unicodedata.normalize("NFKC", text)
    # NFKC takes apart the letter for /am/ in Thai and in Lao.
    composed = composed.replace("\u0e4d\u0e32", "\u0e33").replace("\u0ecd\u0eb2", "\u0eb3")
    kept = "".join(map(_kept, composed))
    return re.sub(rf"([\u0300-\u036f]{{{_MARKS}}})[\u0300-\u036f]+", r"\1", kept)


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace() or (category in ("So", "Sk") and ord(character) >= _SYMBOLS):
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(character))
    return "" if category.startswith("C") else character


def _voice(request: SpeechRequest) -> tuple[FormantVoice, dict[str, Any]]:
    """Who speaks, and what the caller is told about that; a reference goes before a speaker (TTS-014)."""
    if request.reference is not None:
        matched = voice_matching.match(request.reference, request.language)
        return matched, {"cloning": "approximated: pitch and rate of the reference"}
    speaker, voice = speaker_of(request)
    return voice, {"speaker": speaker} if speaker else {}


def style(voice: FormantVoice, instruct: str) -> tuple[FormantVoice, float, list[str]]:
    """The voice as described, a factor on its level, and the words that were understood.

    Other words say nothing to this synthesizer; a denied one ("not too fast") is left aside.
    """
    words = re.findall(r"[a-z]+", _DENIED.sub("", instruct.lower()))
    taken = [word for word in dict.fromkeys(words) if word in _STYLES]
    level = 1.0
    for word in taken:
        turn = _STYLES[word]
        voice = voice.turned(rate=turn.rate, pitch=turn.pitch, pitch_range=turn.pitch_range)
        voice, level = replace(voice, variant=turn.variant or voice.variant), level * turn.level
    return voice, level, taken


def _take(voice: FormantVoice, request: SpeechRequest) -> FormantVoice:
    """The voice at the speed asked for, in the one of its many takes that the seed draws (TTS-010)."""
    generator = np.random.default_rng(request.seed)
    drawn = {name: 1 + most * generator.uniform(-1, 1) for name, most in _TAKE.items()}
    return voice.turned(**drawn).turned(rate=request.speed)


def _remarks(text: str, request: SpeechRequest, taken: list[str], neural: bool) -> Iterator[tuple[str, Any]]:
    """What else the caller should know (TTS-025)."""
    readings = _READING | _NEURAL_READING if neural else _READING
    yield "reading", readings.get(request.language, "espeak-ng's own")
    if request.instruct:
        yield "instruct", f"taken: {', '.join(taken) or 'nothing'}"
    unread = "".join(run for run, reader in formant.runs(text, request.language) if not reader)
    if unread:
        yield "left_out", unread
