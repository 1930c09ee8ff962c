"""Whisper's words and their times."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from faster_whisper import WhisperModel

from deployments.asr.replica import Window
from deployments.asr.whisper.engine import WhisperRecognizer
from serve_app.engines import SAMPLE_RATE, Hints
from tests.engines.asr.whisper_lines import (
    CHINESE,
    ENGLISH,
    LINES,
    MIXED,
    THAI,
    TIED,
    ask,
    hear,
    texts,
    words,
)


def test_punctuation_stays_with_its_word(whisper: WhisperRecognizer) -> None:
    """ASR-045: words are bare and carry their marks; Chinese falls apart where its tokens end."""
    english, chinese = whisper.recognize([ask(ENGLISH), ask(CHINESE)])
    assert words(english) == ["Hello,", "world.", "It", "works!"]
    assert words(chinese) == ["你", "好，", "世", "界。"]


def test_what_is_written_without_a_space_is_one_word(whisper: WhisperRecognizer) -> None:
    """VP-002: a point or an apostrophe inside a word parts it neither in the words nor in the text, and Latin
    letters in Chinese keep together."""
    french, chinese = whisper.recognize([ask(TIED), ask(MIXED)])
    assert words(french) == ["c'est", "L.A.", "0.5cm", "don't"]
    assert texts([french]) == ["c'est L.A. 0.5cm don't"]
    assert words(chinese) == ["你", "OK", "吗", "Honey"]


def test_thai_is_cut_into_dictionary_words(whisper: WhisperRecognizer) -> None:
    """ASR-045: times come from the letters; here a space takes 0.1 s and a letter, of three bytes, 0.3 s."""
    (heard,) = whisper.recognize([ask(THAI)])
    assert words(heard) == ["สวัสดี", "ครับ", "เรา", "เรียน", "ภาษาไทย"]
    starts = [0.0, 0.1 + 6 * 0.3, 0.2 + 10 * 0.3, 0.2 + 13 * 0.3, 0.2 + 18 * 0.3]
    assert [word.start for word in heard.words] == pytest.approx(starts, abs=0.15)


@pytest.mark.parametrize("line", [ENGLISH, CHINESE])
def test_words_are_those_of_faster_whisper(
    whisper: WhisperRecognizer, whisper_checkpoint: Path, line: int
) -> None:
    """VP-002: words, times, tokens and figures equal what the library makes of the request alone."""
    library = WhisperModel(str(whisper_checkpoint), device="cpu", cpu_threads=1)
    segments, _ = library.transcribe(
        hear(line),
        beam_size=1,
        temperature=0,
        suppress_tokens=[],
        without_timestamps=True,
        word_timestamps=True,
    )
    (theirs,) = segments
    (ours,) = whisper.recognize([ask(line)])
    expected = [(word.word.strip(), word.start, word.end) for word in theirs.words or [] if word.word.strip()]
    assert words(ours) == [text for text, _, _ in expected]
    assert [word.start for word in ours.words] == pytest.approx([start for _, start, _ in expected], abs=0.01)
    assert [word.end for word in ours.words] == pytest.approx([end for _, _, end in expected], abs=0.01)
    assert list(ours.tokens) == theirs.tokens
    assert ours.avg_logprob == pytest.approx(theirs.avg_logprob, abs=1e-4)
    assert ours.no_speech_prob == pytest.approx(theirs.no_speech_prob, abs=1e-4)


@pytest.mark.parametrize("seconds", [0, 1 / SAMPLE_RATE, 0.005, 0.02, 0.07, 0.4, 1.23])
def test_times_are_in_order_and_inside_the_audio(whisper: WhisperRecognizer, seconds: float) -> None:
    """ASR-048, ASR-015: also where the text is far too long for the audio; less than a tenth of a second is a
    click."""
    audio = hear(ENGLISH)[100 : 100 + round(seconds * SAMPLE_RATE)]
    (heard,) = whisper.recognize([Window(audio, final=False)])
    assert all(0 <= word.start <= word.end <= len(audio) / SAMPLE_RATE + 0.001 for word in heard.words)
    assert all(left.end <= right.start for left, right in pairwise(heard.words))
    assert all(0 <= word.confidence <= 1 for word in heard.words)
    assert words(heard) == ([] if seconds < 0.1 else ["Hello,", "world.", "It", "works!"])


def test_long_audio_is_decoded_piece_by_piece(whisper: WhisperRecognizer) -> None:
    """ASR-045, ASR-048: a minute is cut at its quiet moments; all pieces are in the language of the first."""
    pause = np.zeros(SAMPLE_RATE // 2, np.float32)
    audio = np.concatenate([hear(THAI, 19), pause, hear(ENGLISH, 19), pause, hear(ENGLISH, 19)])
    (heard,) = whisper.recognize([Window(audio)])
    assert heard.language == "th"
    assert "".join(words(heard)) == "สวัสดีครับเราเรียนภาษาไทย" + 2 * "Hello,world.Itworks!"
    said = [" " + LINES[line].text for line in (THAI, ENGLISH, ENGLISH)]
    assert len(heard.tokens) == sum(len(text.encode()) for text in said)
    assert [word.start for word in heard.words] == sorted(word.start for word in heard.words)
    first, second = (word.start for word in heard.words if word.text == "Hello,")
    assert 19 < first < 19.5
    assert 38.5 < second < 39
    assert heard.words[-1].end <= len(audio) / SAMPLE_RATE + 0.001


def test_half_a_character_is_not_shown(whisper: WhisperRecognizer) -> None:
    """ASR-045: decoding may begin or stop inside a character; here the prompt swallows two bytes of three."""
    (heard,) = whisper.recognize([ask(THAI, Hints("th", "a"))])
    assert "".join(words(heard)) == "วัสดีครับเราเรียนภาษาไทย"
