"""Bytes to samples: ASR-031, ASR-037."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.audio.pcm import AudioBuffer, PcmDecoder, audible, quietest


@given(st.binary(max_size=400), st.lists(st.integers(0, 50), max_size=20))
def test_any_framing_gives_the_same_samples(audio: bytes, cuts: list[int]) -> None:
    """ASR-037: odd bytes are carried, so framing never matters."""
    decoder, rest, pieces = PcmDecoder(), audio, []
    for cut in cuts:
        pieces.append(decoder.samples(rest[:cut]))
        rest = rest[cut:]
    pieces.append(decoder.samples(rest))
    whole = np.frombuffer(audio[: len(audio) // 2 * 2], "<i2")
    assert np.array_equal(np.concatenate(pieces), whole)


def test_reset_forgets_the_spare_byte() -> None:
    """ASR-035, ASR-037."""
    decoder = PcmDecoder()
    decoder.samples(b"\x01")
    decoder.reset()
    assert decoder.samples(b"\x02\x00").tolist() == [2]


def test_positions_survive_forgetting() -> None:
    """ASR-045: a long utterance keeps a bounded past, addressed as before."""
    buffer = AudioBuffer()
    for second in range(40):
        buffer.append(np.full(16_000, second, np.int16))
        buffer.forget(buffer.end - 32_000)
    assert buffer.end == 640_000
    assert buffer.end - buffer.start < 64_000
    assert set(buffer.between(buffer.end - 16_000, buffer.end).tolist()) == {39}
    assert len(buffer._samples) < 200_000


def test_digital_silence_and_dither_are_not_audible() -> None:
    """ASR-050."""
    assert not audible(np.zeros(100, np.int16))
    assert not audible(np.array([-3, 3], np.int16))
    assert not audible(np.empty(0, np.int16))
    assert audible(np.array([-32768], np.int16))


def test_the_quietest_stretch_is_found() -> None:
    """ASR-045: where no pause is known, a piece is cut here."""
    samples = np.full(160_000, 3000, np.int16)
    samples[100_000:104_000] = 5
    assert 100_000 <= quietest(samples, 3200) <= 104_000
