"""Plays an utterance to the product's own `Utterance` in audio time: no clock, no socket, no cluster.

A decode takes no time here. What is measured is therefore the method alone: how long it makes a viewer wait,
and how often it is wrong, on a machine that is never too slow. The order of decodes is that of
`serve_app.flows.captions.live_transcript`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deployments.vad.silero import SileroDetector
from loadtests.captions.hypotheses import Listener
from loadtests.captions.local_agreement import LocalAgreement
from loadtests.captions.watching import ReplayedDetector, Screen, WatchedStabilizer, WatchedUtterance
from loadtests.recording import FRAME_MS, SAMPLE_RATE, Recording
from loadtests.recording import Utterance as Said
from serve_app.core.audio.endpointing import FRAME
from serve_app.core.audio.pcm import Pcm16, as_float
from serve_app.core.captions.stabilizer import AGREEMENT_S
from serve_app.engines import Transcription
from serve_app.flows.captions.config import StreamConfig
from serve_app.flows.captions.events import Event, Timing
from serve_app.flows.captions.utterance import Utterance
from serve_app.flows.captions.utterance_audio import Decode


@dataclass(frozen=True, slots=True)
class Setting:
    """What is chosen for a stream."""

    hop_ms: int
    """New audio between two partials (`partial_interval_ms`)."""
    window_ms: int
    """`decode_window_ms`."""
    agreement_s: float = AGREEMENT_S

    @property
    def config(self) -> StreamConfig:
        """As the product knows it."""
        return StreamConfig(partial_interval_ms=self.hop_ms, decode_window_ms=self.window_ms)

    @property
    def hop(self) -> int:
        """In samples."""
        return self.hop_ms * SAMPLE_RATE // 1000


def voice_probabilities(samples: Pcm16) -> list[float]:
    """What the product's detector says of every whole frame."""
    detector = SileroDetector()
    starts = range(0, len(samples) - FRAME + 1, FRAME)
    return [detector.speech_probability(as_float(samples[at : at + FRAME])) for at in starts]


def play(
    said: Said, voiced: Sequence[float], setting: Setting, others: Sequence[LocalAgreement] = ()
) -> Listener[list[Recording]]:
    """One recording for the product's stabiliser and one for each of the others, in audio time.

    `voiced` are the `voice_probabilities`. A final's body holds `decoded_audio_ms`: the audio decoded in all.
    """
    screens = [Screen(_recording(said)) for _ in (None, *others)]
    stabilizer = WatchedStabilizer(setting.agreement_s, others)
    utterance = WatchedUtterance(setting.config, ReplayedDetector(voiced), stabilizer)
    decoded = 0
    for frame in said.frames():
        samples = np.frombuffer(frame, "<i2")
        utterance.feed(samples, len(samples))
        while decode := utterance.next_exact() or utterance.next_partial(setting.hop):
            decoded += _length(decode)
            screens[0].show(*_accept(utterance, decode, (yield decode)))
            for screen, other in zip(screens[1:], others, strict=True):
                screen.update(other, utterance.audio_ms)
    utterance.ended = ("end", 0.0)
    while decode := utterance.next_exact():
        decoded += _length(decode)
        utterance.accept_exact(decode, (yield decode))
    final = utterance.final("end", 0.0)
    for screen in screens:
        screen.show(final, decoded_audio_ms=decoded * 1000 / SAMPLE_RATE)
    return [screen.recording for screen in screens]


def _accept(utterance: Utterance, decode: Decode, heard: Transcription) -> list[Event]:
    """As `LiveTranscript` does while the utterance goes on."""
    if decode.exact:
        utterance.accept_exact(decode, heard)
    if utterance.closed(decode):
        return []
    return utterance.accept_hypothesis(decode, heard, Timing(0, 0))


def _length(decode: Decode) -> int:
    return decode.stretch[1] - decode.stretch[0]


def _recording(said: Said) -> Recording:
    """A frame is sent when its last sample was spoken."""
    frame_ns = FRAME_MS * 1_000_000
    sent = [(index + 1) * frame_ns for index, _ in enumerate(said.frames())]
    return Recording(said, {"frame_ms": FRAME_MS}, frame_ns, sent, sent[-1])
