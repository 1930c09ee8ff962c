"""The formant voice that comes closest to a recording: in pitch, brightness and speaking rate.

This is no cloning. Recording and candidates are measured by the same functions, so that what these get wrong
about speech they get wrong alike; everything is deterministic (TTS-019).
"""

from __future__ import annotations

import math
import re
import unicodedata
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deployments.thai_speech.g2p import ThaiWord, pronounce_text
from deployments.tts.embedded import formant
from deployments.tts.embedded.lao import pronounce_lao
from deployments.tts.embedded.voices import SAMPLES, FormantVoice, speaking
from deployments.tts.reference import audible
from serve_app.engines import SAMPLE_RATE, Audio, Reference
from serve_app.errors import InvalidRequest

CANDIDATES = ("f5", "linda", "Annie", "shelby", "Michael", "klatt6", "pablo")
"""Women and men, dull to bright; the other held-out variants are stranger voices."""
_WINDOW, _HOP, _FFT = 640, 160, 1024
"""At 16 kHz 40 ms, more than two periods of the lowest pitch, every 10 ms; the FFT has room for the lags."""
_HANN = np.hanning(_WINDOW)
_LAGS = np.arange(SAMPLE_RATE // 500, SAMPLE_RATE // 60)
"""60 to 500 Hz: low men to children."""
_FADING = np.fft.irfft(np.square(np.abs(np.fft.rfft(_HANN, _FFT))))[_LAGS] / np.square(_HANN).sum()
"""How the window itself makes the autocorrelation fall with the lag."""
_VOICED, _OCTAVE_COST = 0.45, 0.01
"""Thresholds of Boersma (1993), *Accurate short-term analysis of the fundamental frequency*: how periodic a
voice is at least, and what a peak must gain for each octave down."""
_QUIET_DB = 25.0
"""Frames this far below the loudest are pauses (de Jong and Wempe 2009, *Praat script to detect syllable
nuclei*)."""
_DIP_DB = 2.0
"""Between two syllables loudness falls by this much (same source)."""
_SMOOTHING = np.hanning(7)
_LEAST_VOICED = 20
"""Frames, 0.2 s: one syllable. With less there is nobody to sound like."""
_PROBED = (50, 85)
"""Settings of espeak-ng's pitch at which a candidate is measured: usual and high; it is logarithmic."""
_DB_PER_OCTAVE = 24.0
"""A vocal tract far off its own pitch is as wrong as one that is this much too bright or too dull."""
_RATE = (0.7, 1.5)
"""Bounds of the factor on the usual rate: beyond, a mistake is likelier than a speaker so odd."""


Floats = NDArray[np.floating[Any]]


class Measured(NamedTuple):
    """What is heard of a voice."""

    pitch: float
    """Median, Hz."""
    brightness: float
    """Power above 1 kHz to that below, dB, in voiced frames."""
    nuclei: float
    """Syllable nuclei a second, outside pauses."""
    seconds: float
    """Outside pauses."""


def match(reference: Reference, language: str) -> FormantVoice:
    """The voice for a language. Raises InvalidRequest for a recording in which nobody is heard."""
    heard = measure(audible(reference, SAMPLE_RATE, "reference"))
    said = syllables(reference.transcript)
    return min((_fitted(heard, said, variant, language) for variant in CANDIDATES), key=lambda fit: fit[0])[1]


def _fitted(heard: Measured, said: int, variant: str, language: str) -> tuple[float, FormantVoice]:
    """How far a candidate is from the voice heard, and the candidate at its pitch and rate."""
    usual, high = _probes(variant, language)
    higher = math.log2(heard.pitch / usual.pitch)
    pitch = _PROBED[0] + (_PROBED[1] - _PROBED[0]) * higher / math.log2(high.pitch / usual.pitch)
    if said:
        faster = (said / heard.seconds) / (syllables(SAMPLES[language]) / usual.seconds)
    else:
        faster = heard.nuclei / usual.nuclei
    distance = abs(heard.brightness - usual.brightness) + _DB_PER_OCTAVE * abs(higher)
    voice = FormantVoice(variant, int(np.clip(round(pitch), 0, 99)))
    return distance, voice.turned(rate=float(np.clip(faster, *_RATE)))


@cache  # seven voices a language, 40 ms each
def _probes(variant: str, language: str) -> tuple[Measured, ...]:
    spoken = formant.read(SAMPLES[language], language)
    voices = (speaking(FormantVoice(variant, pitch), language) for pitch in _PROBED)
    probes = (formant.speak(spoken, voice) for voice in voices)
    recorded = (Reference(probe.samples, probe.sample_rate) for probe in probes)
    return tuple(measure(audible(probe, SAMPLE_RATE, "probe")) for probe in recorded)


def measure(audio: Audio) -> Measured:
    """Measure a voice at 16 kHz, at least 40 ms. Raises InvalidRequest when nobody is heard."""
    frames = np.lib.stride_tricks.sliding_window_view(audio, _WINDOW)[::_HOP] * _HANN
    power = np.square(np.abs(np.fft.rfft(frames, _FFT)))
    loudness = 10 * np.log10(power.sum(axis=1) + 1e-9)
    active = loudness > loudness.max() - _QUIET_DB
    strength, pitch = _periodicity(power)
    voiced = active & (strength > _VOICED)
    if voiced.sum() < _LEAST_VOICED:
        raise InvalidRequest("reference: no voice is heard in it.")
    low, high = np.split(power[voiced].sum(axis=0), [1_000 * _FFT // SAMPLE_RATE])
    seconds = float(active.sum()) * _HOP / SAMPLE_RATE
    brightness = 10 * math.log10(high.sum() / low.sum())
    return Measured(float(np.median(pitch[voiced])), brightness, _nuclei(loudness, voiced) / seconds, seconds)


def _periodicity(power: Floats) -> tuple[Floats, Floats]:
    """How periodic each frame is, 0 to 1, and at how many Hz."""
    correlation = np.fft.irfft(power, axis=1)
    periodic = correlation[:, _LAGS] / (correlation[:, :1] + 1e-9) / _FADING
    best = np.argmax(periodic - _OCTAVE_COST * np.log2(_LAGS), axis=1)
    return np.take_along_axis(periodic, best[:, None], axis=1)[:, 0], SAMPLE_RATE / _LAGS[best]


def _nuclei(loudness: Floats, voiced: NDArray[np.bool_]) -> int:
    """Voiced peaks of loudness with a dip before and after; at least one."""
    smooth = np.convolve(loudness, _SMOOTHING / _SMOOTHING.sum(), "same")
    count, valley, peak = 0, math.inf, -math.inf
    for level, voice in zip(smooth, voiced, strict=True):
        if level < peak - _DIP_DB:
            count, valley, peak = count + 1, level, -math.inf
        valley = min(valley, level)
        if voice and level > valley + _DIP_DB:
            peak = max(peak, level)
    return max(1, count + (peak > -math.inf))


def syllables(text: str) -> int:
    """About how many syllables a text has: Thai and Lao as we read them, else vowels, or one a character."""
    chunks = (*pronounce_text(text), *pronounce_lao(text))
    spelled = sum(len(chunk.pronunciation) for chunk in chunks if isinstance(chunk, ThaiWord))
    letters = unicodedata.normalize("NFD", text.lower())
    vowels = re.findall("[aeiouy]+", re.sub("[\u0300-\u036f]", "", letters))
    return spelled + len(vowels) + len(re.findall("[ぁ-ヿ㐀-鿿가-힣]", unicodedata.normalize("NFC", text)))
