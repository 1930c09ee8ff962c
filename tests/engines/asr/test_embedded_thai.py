"""The embedded recogniser, hearing the embedded synthesizer with voices that its training never used."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import soxr

from deployments.asr.embedded.thai import EmbeddedRecognizer
from deployments.asr.replica import Window
from deployments.tts.embedded import formant
from serve_app.engines import SAMPLE_RATE, Audio, Hints, Word
from serve_app.errors import InvalidRequest
from training.thai_speech.edit_distance import edit_distance

SENTENCES = (
    "สวัสดีครับนักเรียนทุกคน", "วันนี้เราเรียนภาษาไทย", "แม่ไปตลาดซื้อผลไม้", "ฉันอยากดื่มน้ำเย็น", "โรงเรียนของเรามีต้นไม้",
    "ขอบคุณที่ช่วยเหลือเรา", "พ่อขับรถไปทำงาน", "กรุณาเปิดหนังสือ",
)  # fmt: skip


@pytest.fixture(scope="module")
def recognizer() -> EmbeddedRecognizer:
    return EmbeddedRecognizer()


@cache
def say(text: str, voice: str = "malee") -> Audio:
    """A sentence at 16 kHz."""
    speech = formant.synthesize(text, voice=voice)
    return np.asarray(soxr.resample(speech.samples, speech.sample_rate, SAMPLE_RATE), np.float32)


def words_of(
    recognizer: EmbeddedRecognizer, windows: Sequence[Audio], final: Sequence[bool]
) -> list[tuple[Word, ...]]:
    asked = [Window(audio, last) for audio, last in zip(windows, final, strict=True)]
    return [heard.words for heard in recognizer.recognize(asked)]


def texts(words: tuple[Word, ...]) -> str:
    return "".join(word.text for word in words)


def test_hears_what_was_said(recognizer: EmbeddedRecognizer) -> None:
    """ASR-045: at most 15 % of the characters are wrong over three unknown voices."""
    wrong = total = 0
    for voice in ("malee", "somchai", "linda"):
        heard = words_of(recognizer, [say(text, voice) for text in SENTENCES], [True] * len(SENTENCES))
        wrong += sum(edit_distance(text, texts(words)) for text, words in zip(SENTENCES, heard, strict=True))
        total += sum(map(len, SENTENCES))
    assert wrong / total <= 0.15


def test_times_are_in_order_and_inside_the_audio(recognizer: EmbeddedRecognizer) -> None:
    """ASR-048: segments never overlap and the last one ends by the end of the audio."""
    for text in SENTENCES:
        (words,) = words_of(recognizer, [say(text)], [True])
        assert words
        assert all(0 <= w.start <= w.end <= len(say(text)) / SAMPLE_RATE + 0.001 for w in words)
        assert all(left.end <= right.start + 0.001 for left, right in pairwise(words))
        assert all(0 <= w.confidence <= 1 for w in words)


def test_words_are_placed_where_they_were_spoken(recognizer: EmbeddedRecognizer) -> None:
    """ASR-045: shifted audio shifts the times alike."""
    audio, pause = say(SENTENCES[0]), np.zeros(SAMPLE_RATE, np.float32)
    plain, later = words_of(recognizer, [audio, np.concatenate([pause, audio])], [True, True])
    assert texts(plain) == texts(later)
    assert [w.start + 1 for w in plain][1:] == pytest.approx([w.start for w in later][1:], abs=0.05)


@pytest.mark.parametrize(
    "audio",
    [
        np.zeros(0, np.float32),
        np.zeros(SAMPLE_RATE, np.float32),
        np.full(SAMPLE_RATE, 5e-5, np.float32),
        np.random.default_rng(3).normal(0, 0.003, 2 * SAMPLE_RATE).astype(np.float32),
        np.random.default_rng(4).normal(0, 0.1, 2 * SAMPLE_RATE).astype(np.float32),
    ],
    ids=["nothing", "zeros", "offset", "faint noise", "loud noise"],
)
def test_silence_has_no_words(recognizer: EmbeddedRecognizer, audio: Audio) -> None:
    """ASR-050: neither silence nor noise is transcribed, finally or partially."""
    assert words_of(recognizer, [audio, audio], [True, False]) == [(), ()]


def test_a_batch_equals_one_by_one(recognizer: EmbeddedRecognizer) -> None:
    """ASR-005: streams that are decoded together do not touch one another."""
    windows = [say(text)[: 6_000 * number] for number, text in enumerate(SENTENCES)]
    final = [number % 2 == 0 for number in range(len(windows))]
    together = words_of(recognizer, windows, final)
    for words, window, last in zip(together, windows, final, strict=True):
        (alone,) = words_of(recognizer, [window], [last])
        assert [w.text for w in words] == [w.text for w in alone]
        assert [w.start for w in words] == pytest.approx([w.start for w in alone], abs=0.031)


def test_decoding_is_deterministic(recognizer: EmbeddedRecognizer) -> None:
    """ASR-044: two decodes of the same audio agree, or nothing would ever be committed."""
    audio = say(SENTENCES[1], "somchai")
    assert words_of(recognizer, [audio], [True]) == words_of(recognizer, [audio], [True])


def test_any_cut_is_decoded(recognizer: EmbeddedRecognizer) -> None:
    """ASR-015: a window may begin and end anywhere, down to one sample."""
    audio, rng = say(SENTENCES[3]), np.random.default_rng(5)
    edges = [sorted(rng.integers(0, len(audio), 2)) for _ in range(24)]
    windows = [audio[begin:end] for begin, end in [*edges, (0, 1), (100, 340)]]
    heard = words_of(recognizer, windows, [False] * len(windows))
    for words, window in zip(heard, windows, strict=True):
        assert all(0 <= w.start <= w.end <= len(window) / SAMPLE_RATE + 0.001 for w in words)


def test_an_unfinished_word_is_not_invented(recognizer: EmbeddedRecognizer) -> None:
    """ASR-043: most words of a partial are words of the final; the last may still be open."""
    kept = shown = 0
    for text in SENTENCES:
        audio = say(text)
        (final,) = words_of(recognizer, [audio], [True])
        cuts = [audio[: int(share * len(audio))] for share in (0.4, 0.6, 0.8)]
        for partial in words_of(recognizer, cuts, [False] * 3):
            shown += len(partial)
            kept += sum(a.text == b.text for a, b in zip(partial, final, strict=False))
    assert kept / shown > 0.75


def test_long_audio_is_cut_at_quiet_points(recognizer: EmbeddedRecognizer) -> None:
    """ASR-045: a minute is decoded piece by piece without losing what was said."""
    gap = np.zeros(SAMPLE_RATE // 2, np.float32)
    sequence = [part for text in SENTENCES * 4 for part in (say(text), gap)]
    audio = np.concatenate(sequence)[: 60 * SAMPLE_RATE]
    (words,) = words_of(recognizer, [audio], [True])
    apart = words_of(recognizer, [say(text) for text in SENTENCES], [True] * len(SENTENCES))
    expected = "".join(map(texts, apart)) * 4
    assert edit_distance(expected[: len(texts(words))], texts(words)) / len(texts(words)) < 0.15
    assert [w.start for w in words] == sorted(w.start for w in words)
    assert words[-1].end <= 60


def test_the_example_warms_up_without_words(recognizer: EmbeddedRecognizer) -> None:
    """ASR-005: what a replica decodes first is an ordinary window."""
    assert words_of(recognizer, [recognizer.example()], [True]) == [()]


def test_the_card_is_honest(recognizer: EmbeddedRecognizer) -> None:
    """ASR-002: the public name stays, the real engine and its limits are named."""
    assert recognizer.card.engine == "typhoon"
    assert recognizer.card.embedded
    assert "not for human transcription" in recognizer.card.note


def test_only_thai_is_understood(recognizer: EmbeddedRecognizer) -> None:
    """VP-001: a language that the engine does not know is refused, not heard as Thai."""
    audio = say(SENTENCES[0])
    assert recognizer.recognize([Window(audio, hints=Hints("th"))])[0].language == "th"
    with pytest.raises(InvalidRequest):
        recognizer.recognize([Window(audio), Window(audio, hints=Hints("en"))])
