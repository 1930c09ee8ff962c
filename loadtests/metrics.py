"""What the public API is measured by: from recordings to numbers. Pure.

Latencies are client-side, in milliseconds: arrival of an event minus the send time of the audio frame that
made it possible. An event that should have come and did not counts as infinitely late, so a lost answer can
never improve a percentile. Names follow the field: first partial, word first-correct and commit latency,
unstable partial word ratio (Shangguan et al. 2020, arXiv 2006.01416), false-commit rate.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from loadtests import words
from loadtests.recording import Event, Recording
from loadtests.transcripts import character_errors

TARGETS_MS = {"speech_detected_ms": 60.0, "first_partial_ms": 250.0, "final_ms": 800.0}
"""The 95th percentiles that the API publishes for itself (ASR-020)."""
MISSING = math.inf

Sample = tuple[str, float]
Share = tuple[str, float, float]
"""Name, part, whole."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """All values of one metric."""

    name: str
    values: tuple[float, ...]

    def percentile(self, q: float) -> float:
        """Nearest rank: the smallest value that at least `q` percent of all values do not exceed."""
        rank = max(math.ceil(q / 100 * len(self.values)), 1)
        return sorted(self.values)[rank - 1]

    @property
    def target(self) -> float | None:
        """The published 95th percentile, where there is one."""
        return TARGETS_MS.get(self.name)

    @property
    def held(self) -> bool | None:
        """Whether the target is met; None without a target."""
        return None if self.target is None else self.percentile(95) <= self.target


@dataclass(frozen=True, slots=True)
class Summary:
    """A whole run."""

    utterances: int
    distributions: Mapping[str, Distribution]
    ratios: Mapping[str, float]
    failures: Mapping[str, int]

    @property
    def held(self) -> bool:
        """All three published targets are met, and nobody failed."""
        measured = [self.distributions.get(name) for name in TARGETS_MS]
        return not self.failures and all(each is not None and each.held for each in measured)


def summarise(recordings: Sequence[Recording]) -> Summary:
    """All metrics over all utterances of a run."""
    values: defaultdict[str, list[float]] = defaultdict(list)
    shares: defaultdict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for recording in recordings:
        for name, value in samples(recording):
            values[name].append(value)
        for name, part, whole in ratios(recording):
            shares[name] = (shares[name][0] + part, shares[name][1] + whole)
    return Summary(
        len(recordings),
        {name: Distribution(name, tuple(found)) for name, found in values.items()},
        {name: part / whole for name, (part, whole) in shares.items() if whole},
        Counter(recording.failure for recording in recordings if recording.failure),
    )


def samples(recording: Recording) -> Iterator[Sample]:
    """The latencies of one utterance."""
    if not recording.sent_ns:
        yield from ((name, MISSING) for name in TARGETS_MS)
        return
    yield "speech_detected_ms", speech_detected_ms(recording)
    yield "first_partial_ms", first_partial_ms(recording)
    yield "first_caption_from_onset_ms", first_caption_from_onset_ms(recording)
    yield "final_ms", final_ms(recording)
    yield from _server_times(recording)
    for first_correct_ms, commit_ms in words.latencies(recording):
        yield "word_first_correct_ms", first_correct_ms
        yield "word_commit_ms", commit_ms
    frame_ns = recording.frame_ms * 1_000_000
    for frame, sent_ns in enumerate(recording.sent_ns):
        yield "generator_lag_ms", (sent_ns - recording.due_ns - frame * frame_ns) / 1e6


def ratios(recording: Recording) -> Iterator[Share]:
    """The shares of one utterance; a run adds parts and wholes before dividing."""
    if recording.final is None:
        return
    audio_ms = recording.utterance.audio_ms
    yield "unstable_partial_word_ratio", *words.unstable(recording)
    yield "false_commit_rate", *words.false_commits(recording)
    yield (
        "character_error_rate",
        *character_errors(recording.utterance.reference, recording.final.body["text"]),
    )
    yield "partials_per_second", len(recording.of("partial")), audio_ms / 1000
    yield "redecode_ratio", decoded_ms(recording), audio_ms


def speech_detected_ms(recording: Recording) -> float:
    """Arrival of `speech_start` minus the send time of the deciding frame.

    The deciding frame completes the audio on which the server's detector decides (replayed by
    `loadtests.onset`).
    """
    started = _first(recording.of("speech_start"))
    if started is None or recording.utterance.decided_ms is None:
        return MISSING
    return _since(started, recording.sent_at(recording.utterance.decided_ms))


def first_partial_ms(recording: Recording) -> float:
    """Arrival of the first partial minus the send time of the first frame that allows a decode.

    That is the frame by which the server both knew of speech (the deciding frame) and held
    `min_decode_audio_ms` of it, counted from the onset that `speech_start` tells.
    """
    partial, started = _first(recording.of("partial")), _first(recording.of("speech_start"))
    if partial is None:
        return MISSING
    onset_ms = started.body["offset_ms"] if started else 0
    buffered_ms = onset_ms + recording.config.get("min_decode_audio_ms", 240)
    return _since(partial, recording.sent_at(max(recording.utterance.decided_ms or 0.0, buffered_ms)))


def first_caption_from_onset_ms(recording: Recording) -> float:
    """What a viewer feels: arrival of the first words on screen minus the send time of the speech onset."""
    captions = (*recording.of("partial"), *recording.of("final"))
    shown = _first([event for event in captions if event.body["text"]])
    started = _first(recording.of("speech_start"))
    if shown is None or started is None:
        return MISSING
    return _since(shown, recording.sent_at(started.body["offset_ms"]))


def final_ms(recording: Recording) -> float:
    """Arrival of `final` minus the send time of `end`."""
    if recording.final is None or recording.end_sent_ns is None:
        return MISSING
    return _since(recording.final, recording.end_sent_ns)


def decoded_ms(recording: Recording) -> float:
    """Audio that decoders heard: the server's count where it gives one (`decoded_audio_ms` of the final).

    Else an upper estimate: for each partial the audio since the start, at most `decode_window_ms`, and the
    whole utterance for the final.
    """
    assert recording.final is not None
    if "decoded_audio_ms" in recording.final.body:
        return float(recording.final.body["decoded_audio_ms"])
    window_ms = float(recording.config.get("decode_window_ms", 1600))
    partials = sum(min(event.body["audio_ms"], window_ms) for event in recording.of("partial"))
    return float(partials + recording.final.body["audio_ms"])


def _server_times(recording: Recording) -> Iterator[Sample]:
    for kind in ("partial", "final"):
        for event in recording.of(kind):
            yield f"{kind}_queue_ms", float(event.body["queue_ms"])
            yield f"{kind}_decode_ms", float(event.body["decode_ms"])


def _first(events: Sequence[Event]) -> Event | None:
    return events[0] if events else None


def _since(event: Event, sent_ns: int) -> float:
    return (event.at_ns - sent_ns) / 1e6
