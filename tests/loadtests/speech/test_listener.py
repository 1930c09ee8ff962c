"""Judging what a listener wrote."""

from __future__ import annotations

import numpy as np
import pytest

from deployments.tts.embedded.voices import SAMPLES
from loadtests.speech.listener import LISTS, VOICES, comparable, interval
from loadtests.transcripts import normalised


@pytest.mark.parametrize(
    ("language", "said", "heard"),
    [
        ("ja", "今日は学校で", "きょうはがっこうで"),
        ("zh", "你们说话", "你們說話"),
        ("pinyin", "你们", "泥門"),
        ("lo", "ຂອບ", "ขอบ"),
        ("en", "Thank you.", "thank you"),
    ],
)
def test_what_sounds_alike_is_alike(language: str, said: str, heard: str) -> None:
    """TTS-003: spellings are not what a voice is judged by."""
    one, two = (normalised(comparable(each, language)) for each in (said, heard))
    assert one == two


def test_the_interval_holds_the_rate_and_shrinks_with_the_number_of_sentences() -> None:
    """TTS-003: whole sentences are drawn."""
    few = np.array([(0, 10), (4, 10), (1, 10), (3, 10)])
    many = np.tile(few, (20, 1))
    (low, high), (lower, upper) = interval(few), interval(many)
    assert low < lower < 20 < upper < high


def test_check_and_development_lists_have_no_sentence_in_common() -> None:
    """TTS-003: forty of each language, so that figures are of texts that nobody tuned on."""
    for language in SAMPLES:
        lists = [
            (LISTS / name / f"{language}.txt").read_text("utf-8").split("\n")[:-1]
            for name in ("development", "check")
        ]
        assert [len(set(each)) for each in lists] == [40, 40]
        assert not set(lists[0]) & set(lists[1])


def test_every_language_has_a_voice_to_judge() -> None:
    """TTS-003."""
    assert {language for language, _, _ in VOICES} == set(SAMPLES)
