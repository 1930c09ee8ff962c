"""The neural voice: hibari, a small English synthesiser, made to speak other languages.

Its network turns phonemes into durations, pitch and a spectrum; the waveform is made from these outside of
it. So a caller can say how long each phoneme lasts and how high it is, and mix phonemes that English lacks.
Everything is deterministic (TTS-010).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deployments.serving.tracked_call import Report
from deployments.tts.embedded.neural.network import Network
from deployments.tts.embedded.neural.syllables import Syllable, Utterance
from serve_app.engines import Audio, Progress, Speech
from serve_app.errors import InvalidRequest

SAMPLE_RATE = 24_000
USUAL_HERTZ = 205.0
"""Mean pitch of the voice as it was trained."""
_VOICED_HERTZ = 40.0
"""hibari's own threshold: pitch below it is none."""
_SONORANT = frozenset("mnŋjwlɹ")
"""Codas that carry the end of a tone."""
_CODA_FRAMES = (2, 4)
"""Shorter ones are missed, longer ones heard as a syllable."""
_FALL = 1.5
"""Semitones by which tones sink from the beginning of an utterance to its end (declination)."""
_SMOOTH = np.ones(5) / 5


class Manner(NamedTuple):
    """How an utterance is spoken."""

    hertz: float = USUAL_HERTZ
    """Mean pitch."""
    tract: float = 1.0
    """Length of the vocal tract against the voice's own: a man's is about a sixth longer."""
    speed: float = 1.0
    liveliness: float = 1.0
    """Factor on every distance from the mean pitch, in semitones."""


class _Token(NamedTuple):
    symbol: str
    syllable: int
    """Which one it belongs to; -1 for what the voice reads by itself."""
    part: str
    """onset, vowel, coda, or empty."""


class NeuralVoice:
    """One voice; safe to share between threads."""

    def __init__(self) -> None:
        """Raises EngineNotInstalled without the package hibari-tts."""
        self._network = Network()
        self._numbers = self._network.numbers

    def speak(self, utterances: Sequence[Utterance], manner: Manner, seed: int, report: Report) -> Speech:
        """Utterances one after the other, reporting before each and at the end.

        Raises InvalidRequest when nothing of them has a sound.
        """
        parts: list[Audio] = [np.zeros(0, np.float32)]
        for number, utterance in enumerate(utterances):
            report(Progress("synthesis", number, len(utterances)))
            parts.append(self.say(utterance, manner, seed))
        report(Progress("synthesis", len(utterances), len(utterances)))
        samples = np.concatenate(parts)
        if not samples.any():
            raise InvalidRequest("text has nothing to speak.")
        return Speech(samples, SAMPLE_RATE)

    def say(self, utterance: Utterance, manner: Manner, seed: int) -> Audio:
        """The utterance at `SAMPLE_RATE`, [-1, 1] but for rare peaks; nothing for an empty one."""
        tokens = list(_tokens(utterance, self._numbers))
        if len(tokens) < 3:
            return np.zeros(0, np.float32)
        syllables = [syllable for word in utterance if not isinstance(word, str) for syllable in word]
        ids = np.array([[self._numbers.get(token.symbol, 0) for token in tokens]], np.int64)
        natural = self._network.durations(ids)
        wanted = _wanted(natural, tokens, syllables, manner.speed)
        spectrum, pitch = self._network.spectrum(ids, (natural / wanted).astype(np.float32))
        pitch = _pitched(pitch, _contour(tokens, syllables, wanted, len(pitch)), manner)
        return _waveform([_with_tract(part, manner.tract) for part in spectrum], pitch, seed)


@cache
def neural_voice() -> NeuralVoice:
    """Loaded once. Raises EngineNotInstalled without the package hibari-tts."""
    return NeuralVoice()


def _tokens(utterance: Utterance, numbers: dict[str, int]) -> Iterator[_Token]:
    """All symbols between two pads, words apart by spaces."""
    yield _Token("", -1, "")
    index = 0
    for place, word in enumerate(utterance):
        if place and not (isinstance(word, str) and word in ",.?!"):
            yield _Token(" ", -1, "")
        if isinstance(word, str):
            yield from (_Token(symbol, -1, "") for symbol in word if symbol in numbers)
            continue
        for syllable in word:
            parts = (("onset", syllable.onset), ("vowel", syllable.stress + syllable.vowel))
            for part, symbols in (*parts, ("coda", syllable.coda)):
                yield from (_Token(symbol, index, part) for symbol in symbols)
            index += 1
    yield _Token("", -1, "")


def _wanted(
    natural: NDArray[np.float32], tokens: Sequence[_Token], syllables: Sequence[Syllable], speed: float
) -> NDArray[np.float32]:
    """Whole frames of each token, at least one: vowels as their syllables say, codas within bounds."""
    owners, parts = np.array([token.syllable for token in tokens]), np.array([token.part for token in tokens])
    frames = natural / speed
    for index, syllable in enumerate(syllables):
        mine = (owners == index) & (parts == "vowel")
        frames[mine] *= syllable.length / speed / frames[mine].sum()
    codas = parts == "coda"
    frames[codas] = np.clip(frames[codas], *_CODA_FRAMES)
    return np.maximum(np.round(frames), 1).astype(np.float32)


def _contour(
    tokens: Sequence[_Token], syllables: Sequence[Syllable], frames: NDArray[np.float32], length: int
) -> NDArray[np.float64] | None:
    """Semitones at each value of pitch; None where no syllable has a tone."""
    ends = 2 * np.cumsum(frames)
    bearing: dict[int, list[int]] = {}
    for place, token in enumerate(tokens):
        if token.part == "vowel" or (token.part == "coda" and token.symbol in _SONORANT):
            bearing.setdefault(token.syllable, []).append(place)
    times: list[float] = []
    heights: list[float] = []
    for index, syllable in enumerate(syllables):
        if syllable.tone and index in bearing:
            begin, end = ends[bearing[index][0] - 1], ends[bearing[index][-1]]
            times.extend(np.linspace(begin + 0.5, end - 0.5, len(syllable.tone)))
            heights.extend(syllable.tone)
    return np.interp(np.arange(length), times, heights) if times else None


def _pitched(
    own: NDArray[np.float32], contour: NDArray[np.float64] | None, manner: Manner
) -> NDArray[np.float32]:
    """Pitch in Hz, 0 where the voice has none: the contour of the tones, or the voice's own melody."""
    voiced = own > _VOICED_HERTZ
    if contour is None:
        semitones = 12 * np.log2(np.where(voiced, own, USUAL_HERTZ) / USUAL_HERTZ)
    else:
        smooth = np.convolve(np.pad(contour, 2, mode="edge"), _SMOOTH, "valid")
        semitones = smooth - np.linspace(0, _FALL, len(own))
    hertz = manner.hertz * 2 ** (manner.liveliness * semitones / 12)
    return np.where(voiced, hertz, 0).astype(np.float32)


def _with_tract(spectrum: NDArray[np.float32], tract: float) -> NDArray[np.float32]:
    """Every formant lower by the factor by which the tract is longer; shape (bins, frames)."""
    bins = np.arange(len(spectrum)) * tract
    return spectrum[np.minimum(np.round(bins).astype(int), len(spectrum) - 1)]


def _waveform(spectrum: Sequence[NDArray[np.float32]], pitch: NDArray[np.float32], seed: int) -> Audio:
    from hibari import dsp

    samples: Audio = dsp.synth(*spectrum, pitch, np.random.default_rng(seed))
    return samples
