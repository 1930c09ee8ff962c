"""The product's stabiliser at work, and others beside it that see the same hypotheses and decide nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from loadtests.captions.local_agreement import LocalAgreement
from loadtests.recording import Event, Recording
from serve_app.core.captions.stabilizer import Stabilizer
from serve_app.engines import Audio, VoiceActivityDetector, Word
from serve_app.flows.captions import events as captions
from serve_app.flows.captions.config import StreamConfig
from serve_app.flows.captions.events import Caption, Captions, Timing
from serve_app.flows.captions.utterance import Utterance

KINDS = {
    captions.Partial: "partial",
    captions.StabilizedPartial: "stabilized_partial",
    captions.Final: "final",
}


class WatchedStabilizer(Stabilizer):
    """Passes on what it hears."""

    def __init__(self, agreement_s: float, others: Sequence[LocalAgreement]) -> None:
        super().__init__(agreement_s=agreement_s)
        self._others = others

    def accept(self, words: Sequence[Word], heard: float) -> bool:
        """See `Stabilizer.accept`."""
        for other in self._others:
            other.accept(words)
        return super().accept(words, heard)

    def settle(self, time: float) -> None:
        """See `Stabilizer.settle`."""
        for other in self._others:
            other.settle(time)
        super().settle(time)


class WatchedUtterance(Utterance):
    """The product's utterance with a stabiliser of ours."""

    def __init__(self, config: StreamConfig, detector: VoiceActivityDetector, stabilizer: Stabilizer) -> None:
        super().__init__(config, detector)
        self._stabilizer = stabilizer


class ReplayedDetector:
    """Says again what a real detector said of these frames; that depends on the audio alone."""

    name = "replayed"

    def __init__(self, probabilities: Sequence[float]) -> None:
        self._probabilities = iter(probabilities)

    def speech_probability(self, frame: Audio) -> float:
        """The next one."""
        return next(self._probabilities)

    def reset(self) -> None:
        """One utterance needs none."""


@dataclass(slots=True)
class Screen:
    """What a viewer sees of one stabiliser."""

    recording: Recording
    _captions: Captions = field(default_factory=Captions)

    def update(self, stabiliser: LocalAgreement, audio_ms: int) -> None:
        """Show what is new, told as the product tells it."""
        committed, tail = stabiliser.committed, stabiliser.tail
        self.show(*self._captions.news(committed, tail, audio_ms, Timing(0, 0), even_if_old=False))

    def show(self, *events: captions.Event, **more: float) -> None:
        """Write captions down with the audio time at which they came, and `more` in their bodies."""
        for event in events:
            if isinstance(event, Caption):
                words = [asdict(word) for word in event.words]
                body = {"type": KINDS[type(event)], "text": event.text, "words": words, **more}
                self.recording.events.append(Event(event.audio_ms * 1_000_000, body))
