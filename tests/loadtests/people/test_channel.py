"""Noise and telephone lines, by their spectra (VP-005)."""

from __future__ import annotations

import numpy as np
import pytest

from loadtests.people.channel import Channel, babble, telephone, with_babble
from serve_app.engines import SAMPLE_RATE, Audio


def tone(hertz: float, level: float = 0.3) -> Audio:
    return (level * np.sin(2 * np.pi * hertz * np.arange(SAMPLE_RATE) / SAMPLE_RATE)).astype(np.float32)


def power(audio: Audio) -> float:
    return float(np.mean(np.square(audio, dtype=np.float64)))


def test_a_telephone_carries_nothing_above_four_kilohertz() -> None:
    """VP-005: 1 kHz comes through as loud as it was, 5 kHz does not."""
    heard = telephone(tone(1013) + tone(5000))
    spectrum = np.abs(np.fft.rfft(heard)) ** 2
    assert len(heard) == SAMPLE_RATE
    assert spectrum[4100:].sum() < 1e-4 * spectrum.sum()
    assert power(heard) == pytest.approx(power(tone(1013)), rel=0.02)


@pytest.mark.parametrize("level", [0.5, 0.005])
def test_mu_law_leaves_soft_speech_as_clear_as_loud(level: float) -> None:
    """VP-005: about 38 dB of signal over the noise of 8 bits, at a hundredth of the level too."""
    said = tone(1000, level)
    noise = telephone(said)[2000:-2000] - said[2000:-2000]
    assert 30 < 10 * np.log10(power(said) / power(noise)) < 45


def test_noise_has_the_asked_ratio() -> None:
    """VP-005: white noise and babble alike."""
    said, voices = tone(500, 0.1), [tone(hertz, 0.02 * hertz / 300) for hertz in (300, 700, 900)]
    for noise in ("white", "babble"):
        heard = Channel(snr_db=15, noise=noise).heard_through(said, voices, seed=1)  # type: ignore[arg-type]
        assert 10 * np.log10(power(said) / power(heard - said)) == pytest.approx(15, abs=0.2)


def test_voices_of_a_babble_are_equally_loud() -> None:
    """VP-005: six of two voices, one recorded a hundred times softer, are three of each or near it."""
    mixed = babble([tone(300, 0.5), tone(900, 0.005)], SAMPLE_RATE, np.random.default_rng(2))
    spectrum = np.abs(np.fft.rfft(mixed))
    assert 0.05 < spectrum[300] / spectrum[900] < 20


def test_a_seed_gives_the_same_noise() -> None:
    """VP-005: a measurement can be run again."""
    said, voices = tone(500), [tone(300), tone(400)]
    first, again, other = (with_babble(said, voices, 10, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_is_too_loud_is_turned_down() -> None:
    """VP-005: noise at 0 dB does not clip."""
    heard = Channel(snr_db=0).heard_through(tone(500, 0.9), [], seed=1)
    assert np.abs(heard).max() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        (Channel(), "as recorded"),
        (Channel(telephone=True), "telephone"),
        (Channel(True, 15, "babble"), "babble noise at 15 dB, telephone"),
    ],
)
def test_channels_say_what_they_do(channel: Channel, name: str) -> None:
    """VP-005: a figure without its condition is none."""
    assert channel.name == name
    assert channel.clear == (name == "as recorded")
