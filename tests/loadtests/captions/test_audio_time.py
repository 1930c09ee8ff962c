"""The product played in audio time: latencies without a clock (ASR-013, ASR-044, ASR-045)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from deployments.asr.replica import Window
from loadtests import words
from loadtests.captions.audio_time import Setting, play
from loadtests.captions.hypotheses import Hypotheses, listen_together
from loadtests.captions.local_agreement import LocalAgreement
from loadtests.captions.quality import HEAD, Quality, early, interval
from loadtests.recording import Recording, Utterance
from serve_app.core.audio.endpointing import FRAME
from serve_app.core.audio.pcm import as_float
from serve_app.engines import SAMPLE_RATE, Audio, EngineCard, Transcription, Word
from tests.flows.captions.scripted_speech import Detector, audio, position, spoken

SCRIPT = spoken("แมว กิน ปลา", start=1.0)  # 1.0 .. 2.2 s
END_S = 4.0


class HalfHeard:
    """Hears the script; a word that the window cuts off sounds like another one."""

    card = EngineCard("unnamed", "scripted", embedded=True)

    def recognize(self, windows: Sequence[Window]) -> list[Transcription]:
        return [Transcription(tuple(self._heard(window.audio))) for window in windows]

    def _heard(self, samples: Audio) -> list[Word]:
        start = position(samples)
        end = start + len(samples) / SAMPLE_RATE
        cut = [word for word in SCRIPT if start <= (word.start + word.end) / 2 < end]
        return [
            Word(
                word.text if word.end <= end + 1e-6 else "หมา",
                max(word.start - start, 0),
                min(word.end, end) - start,
                0.9,
            )
            for word in cut
        ]

    def example(self) -> Audio:
        return np.zeros(SAMPLE_RATE, np.float32)


def played(*settings: Setting, counts: Sequence[int] = ()) -> list[list[Recording]]:
    """The script, played with every setting."""
    samples = audio(0.0, END_S)
    said = Utterance("malee", "แมวกินปลา", samples.tobytes())
    detector = Detector(SCRIPT)
    starts = range(0, len(samples) - FRAME + 1, FRAME)
    voiced = [detector.speech_probability(as_float(samples[at : at + FRAME])) for at in starts]
    players = [play(said, voiced, setting, [LocalAgreement(n) for n in counts]) for setting in settings]
    return listen_together(players, Hypotheses(HalfHeard(), samples))


def stabilised(recording: Recording) -> str:
    return str(recording.of("stabilized_partial")[-1].body["text"])


def test_a_word_is_committed_one_agreement_after_it_was_first_right() -> None:
    """ASR-044: the chosen span, to the hop and the frame."""
    for agreement_s in (0.24, 0.36, 0.48):
        ((recording,),) = played(Setting(40, 1600, agreement_s))
        for first_correct_ms, commit_ms in list(words.latencies(recording))[:2]:
            assert 0 <= first_correct_ms <= 40
            assert commit_ms - first_correct_ms == pytest.approx(agreement_s * 1000, abs=40)


def test_counting_decodes_commits_half_heard_words_and_audio_time_does_not() -> None:
    """ASR-044: on the same hypotheses, at the default hop."""
    ((ours, counted),) = played(Setting(40, 1600), counts=[2])
    assert words.false_commits(ours) == (0, 3)
    assert stabilised(ours) == "แมวกินปลา"
    false, promised = words.false_commits(counted)
    assert false > 0
    assert "หมา" in stabilised(counted)
    assert counted.final == ours.final, "the final is the product's"
    assert early(ours) == (3, 3)
    assert early(counted) == (promised - false, 3)


def test_every_stabiliser_keeps_what_it_told() -> None:
    """ASR-044: a stabilised prefix never changes."""
    for recording in played(Setting(80, 1000), counts=[2, 3])[0]:
        texts = [event.body["text"] for event in recording.of("stabilized_partial")]
        assert all(later.startswith(sooner) for sooner, later in pairwise(texts))


def test_rarer_partials_decode_less() -> None:
    """ASR-013: audio decoded per audio sent."""
    often, seldom = played(Setting(40, 1600), Setting(240, 1600))
    assert Quality(often).redecode_ratio > 3 * Quality(seldom).redecode_ratio > 3


def test_a_row_of_a_faultless_run() -> None:
    """ASR-020, ASR-044: every figure below the head."""
    row = dict(zip(HEAD, Quality(played(Setting(40, 1600))[0]).row(), strict=True))
    assert row["false commits %"] == 0
    assert row["95 % interval"] == "0.0-0.0"
    assert row["before final %"] == 100
    assert row["unstable per word"] == 1, "each word was shown wrongly while it was cut off"


def test_the_interval_holds_the_rate_and_is_repeatable() -> None:
    """ASR-044: utterances are drawn with a fixed seed."""
    ours, counted = played(Setting(40, 1600), counts=[2])[0]
    recordings = [ours] * 5 + [counted] * 5
    low, high = interval(recordings)
    assert low < Quality(recordings).false_commit_rate < high
    assert interval(recordings) == (low, high)
