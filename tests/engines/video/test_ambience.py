"""The sounds of places: by name, at one level, drawn by the seed."""

from __future__ import annotations

import numpy as np
import pytest

from deployments.video.embedded.ambience import QUIET, SOUNDS, ambience_of, sound_of


@pytest.mark.parametrize(
    ("prompt", "ambience"),
    [
        ("Waves on the beach", "sea"), ("a waterfall", "river"), ("Rainy street", "rain"),
        ("snow in the mountains", "wind"), ("birds in the forest", "birds"), ("at night", "crickets"),
        ("traffic downtown", "city"), ("a campfire", "fire"), ("a busy market", "crowd"),
        ("an old temple", "bells"), ("a portrait", QUIET), ("rainbow", QUIET),
        ("ชายหาดตอนเย็น", "sea"), ("ฝนตกหนัก", "rain"), ("วัดเก่า", "bells"), ("เป็นหวัด", QUIET),
        ("แพนกล้อง", QUIET), ("นกในสวน", "birds"), ("sóng biển", "sea"), ("trời mưa", "rain"),
        ("chợ nổi", "crowd"), ("một bài hát", QUIET),
    ],
)  # fmt: skip
def test_prompts_name_the_place(prompt: str, ambience: str) -> None:
    """VID-004: by whole words, the first of them."""
    assert ambience_of(prompt) == ambience


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("seconds", [2, 6])
def test_every_place_sounds_at_one_level(name: str, seconds: int) -> None:
    """VID-014: between -20 and -16 dB, with soft ends, not clipped, in stereo."""
    sound = sound_of(name, seconds, seed=1)
    assert sound.shape == (2, seconds * 48_000)
    assert sound.dtype == np.float32
    assert -20 < 10 * np.log10(float(np.mean(sound.astype(float) ** 2))) < -16
    assert np.abs(sound).max() < 0.99
    assert np.abs(sound[:, [0, -1]]).max() < 0.001
    assert not np.allclose(sound[0], sound[1], atol=0.01)


@pytest.mark.parametrize("name", SOUNDS)
def test_a_seed_draws_the_sound(name: str) -> None:
    """VID-010: the same again, and another."""
    np.testing.assert_array_equal(sound_of(name, 2, 1), sound_of(name, 2, 1))
    assert not np.array_equal(sound_of(name, 2, 1), sound_of(name, 2, 2))
