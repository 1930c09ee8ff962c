"""Channels as one, in which nobody is lost: VP-005."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serve_app.core.audio.downmix import OPPOSED, Channels, Downmix, Mono
from serve_app.core.audio.downmix import mixed as mixed_whole

RATE = 16_000
NOISE = np.random.default_rng(5)
TWO_TURNED = (1 - OPPOSED**2) / 4
"""Least share of the louder channel's power in the mix of two."""


def voice(seconds: float, hertz: float = 140.0) -> Mono:
    """Harmonics under a syllable's swell, four times a second."""
    time = np.arange(round(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * hertz * n * time + n * n) / n for n in range(1, 25))
    return (0.1 * tones * (1.1 + np.sin(2 * np.pi * 4 * time))).astype(np.float32)


def hiss(seconds: float, level: float) -> Mono:
    return (level * NOISE.standard_normal(round(seconds * RATE))).astype(np.float32)


def mixed(*channels: Mono, step: int = 1000) -> Mono:
    """Fed as frames of `step` samples."""
    samples: Channels = np.stack(channels).astype(np.float32)
    downmix = Downmix(len(channels), RATE)
    frames = (samples[:, at : at + step] for at in range(0, samples.shape[1], step))
    blocks = [block for frame in frames for block in downmix.feed(frame)]
    return np.concatenate([*blocks, *downmix.finish()])


def power(samples: Mono) -> float:
    return float(np.mean(np.square(samples, dtype=np.float64)))


def kept(mix: Mono, speech: Mono) -> float:
    """How much of the speech is in a mix, in dB: 0 is all of it."""
    share = float(mix @ speech.astype(np.float64)) / float(speech @ speech.astype(np.float64))
    return 20 * float(np.log10(max(abs(share), 1e-6)))


SPEECH, OTHER = voice(2.0), voice(2.0, 233.0)
HUM = (0.1 * np.sin(2 * np.pi * 50 * np.arange(len(SPEECH)) / RATE)).astype(np.float32)
PAIRS = {
    "turned around": (SPEECH, -SPEECH),
    "turned around, and weaker": (SPEECH, -0.5 * SPEECH),
    "turned around, and louder": (0.3 * SPEECH, -SPEECH),
    "turned around in part": (SPEECH, hiss(2.0, 0.03) - 0.8 * SPEECH),
    "turned around, late by 60 us": (SPEECH, -np.roll(SPEECH, 1)),
    "turned around, with offsets": (SPEECH + 0.3, 0.3 - SPEECH),
    "turned around, with the hum of a cable": (SPEECH + HUM, HUM - SPEECH),
    "turned around, after silence": (np.append(0 * SPEECH, SPEECH), np.append(0 * SPEECH, -SPEECH)),
    "on one channel": (SPEECH, 0 * SPEECH),
    "on one channel, the other of an open socket": (SPEECH, hiss(2.0, 0.02)),
    "on one channel, the other an offset": (0 * SPEECH + 0.5, SPEECH),
    "twice": (SPEECH, SPEECH),
}


@pytest.mark.parametrize("name", PAIRS)
def test_speech_of_two_channels_is_kept(name: str) -> None:
    """VP-005: half of its level at least, which is what one channel of two has in any mean."""
    left, right = PAIRS[name]
    mix, speech = mixed(left, right), SPEECH if len(left) == len(SPEECH) else np.append(0 * SPEECH, SPEECH)
    assert len(mix) == len(left)
    assert kept(mix, speech) > -6.1


def test_channels_that_turn_against_each_other_half_way() -> None:
    """VP-005: a plug that is moved costs half a block, and no click."""
    turned = SPEECH.copy()
    turned[len(SPEECH) // 2 + 500 :] *= -1
    mix = mixed(SPEECH, turned)
    assert kept(mix, SPEECH) > -0.5 or kept(mix[: len(mix) // 2], SPEECH[: len(mix) // 2]) > -0.1
    assert kept(mix[-14_000:], SPEECH[-14_000:]) > -0.1
    assert np.abs(np.diff(mix)).max() < 1.1 * np.abs(np.diff(SPEECH)).max()


def test_two_speakers_on_two_channels_are_both_heard() -> None:
    """VP-005: nothing is chosen; voices that have nothing to do with each other are added."""
    mix = mixed(SPEECH, OTHER)
    assert np.allclose(mix, (SPEECH + OTHER) / 2, atol=1e-6)


@pytest.mark.parametrize("width", [0.0, 0.3, 1.0])
def test_ordinary_stereo_is_the_mean(width: float) -> None:
    """VP-005: from one sound in the middle to two that are mostly not alike."""
    left, right = SPEECH + hiss(2.0, 0.2 * width), SPEECH + hiss(2.0, 0.2 * width)
    assert np.allclose(mixed(left, right), (left + right) / 2, atol=1e-6)


def test_a_voice_in_the_middle_of_noise_that_is_turned_around() -> None:
    """VP-005: what is turned for the noise of a pause turns back for the voice."""
    noise, pause = hiss(4.0, 0.02), 0 * SPEECH
    voiced = np.append(pause, SPEECH)
    mix = mixed(voiced + noise, voiced - noise)
    assert kept(mix, voiced) > -1.0


@pytest.mark.parametrize("channels", [3, 6, 9, 32, 64])
@pytest.mark.parametrize("place", [0, 3, -1])
def test_speech_on_one_of_many_channels(channels: int, place: int) -> None:
    """VP-005, VP-007: as loud as on one of two, wherever it is."""
    sent = [0 * SPEECH] * channels
    sent[place if place < channels else 0] = SPEECH
    assert kept(mixed(*sent), SPEECH) > -6.1


@pytest.mark.parametrize("channels", [4, 6, 64])
def test_speech_on_many_channels_is_not_too_loud(channels: int) -> None:
    """VP-005: as it is on each of them, turned around or not."""
    signs = np.resize([1, -1, -1], channels)
    assert np.allclose(np.abs(mixed(*(sign * SPEECH for sign in signs))), np.abs(SPEECH), atol=1e-4)


def test_the_size_of_frames_does_not_matter() -> None:
    """VP-005: a frame of AAC is 21 ms, one of FLAC up to a second."""
    left, right = SPEECH, hiss(2.0, 0.03) - 0.8 * SPEECH
    small, large = mixed(left, right, step=32), mixed(left, right, step=len(left))
    assert np.array_equal(small, large)


def test_a_whole_recording() -> None:
    """VP-005: as in frames; one channel is itself."""
    assert np.array_equal(mixed_whole(np.stack([SPEECH, -SPEECH]), RATE), mixed(SPEECH, -SPEECH))
    assert np.array_equal(mixed_whole(SPEECH[None], RATE), SPEECH)


Gain = st.floats(-1.0, 1.0, width=32)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(Gain, Gain, Gain), min_size=2, max_size=2), st.integers(0, 2**32 - 1))
def test_two_channels_of_any_sources(gains: list[tuple[float, float, float]], seed: int) -> None:
    """VP-005: any mix of three sources on each channel keeps the power of the louder one, less 7.3 dB."""
    sources = 0.2 * np.random.default_rng(seed).standard_normal((3, RATE)).astype(np.float32)
    channels = np.asarray(gains, np.float32) @ sources
    louder = max(power(channels[0]), power(channels[1]))
    assert power(mixed(*channels)) >= 0.9 * TWO_TURNED * louder  # 0.9: what is compared is only around 1 kHz


@settings(deadline=None, max_examples=60)
@given(st.lists(Gain.filter(lambda gain: abs(gain) > 0.01), min_size=2, max_size=64))
def test_one_source_on_any_channels(gains: list[float]) -> None:
    """VP-005, VP-007: whatever their signs and levels, half of the loudest is left, and nothing is louder."""
    mix = mixed(*(np.float32(gain) * SPEECH for gain in gains))
    loudest = max(map(abs, gains))
    assert 0.49 * loudest < 10 ** (kept(mix, SPEECH) / 20) < 1.01 * loudest


@pytest.mark.parametrize("make", [np.zeros, np.ones], ids=["silence", "an offset"])
def test_where_there_is_nothing_to_compare(make: Callable[[int], Mono]) -> None:
    """VP-005: it is the mean."""
    still = make(4000)
    assert np.allclose(mixed(still, still), still)
