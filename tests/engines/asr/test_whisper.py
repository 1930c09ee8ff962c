"""What Whisper hears, on a real, tiny checkpoint whose every word is known."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from deployments.asr.replica import RecognizerReplica, Window, pcm16
from deployments.asr.whisper.engine import WhisperRecognizer
from serve_app.engines import Hints
from serve_app.errors import InvalidRequest
from tests.engines.asr.tiny_whisper import build
from tests.engines.asr.whisper_lines import (
    CHINESE,
    ENGLISH,
    LINES,
    LOOP,
    SILENCE,
    SILENT,
    SURE,
    THAI,
    UNSURE,
    ask,
    hear,
    texts,
    words,
)


def test_a_batch_is_heard_in_many_languages(whisper: WhisperRecognizer) -> None:
    """VP-001, ASR-045: each request gets its own language, hinted or found out, and its own words."""
    hinted = Hints("th")
    windows = [ask(ENGLISH), ask(THAI), Window(SILENCE), ask(THAI, hinted), ask(CHINESE)]
    heard = whisper.recognize(windows)
    assert [transcription.language for transcription in heard] == ["en", "th", "th", "th", "zh"]
    assert texts(heard) == [
        "Hello, world. It works!",
        "สวัสดีครับเราเรียนภาษาไทย",
        "",
        texts(heard)[1],
        "你好，世界。",
    ]


def test_a_batch_equals_one_by_one(whisper: WhisperRecognizer) -> None:
    """ASR-005: requests with other languages, prompts and lengths do not touch one another."""
    windows = [
        ask(ENGLISH, seconds=3.1),
        ask(THAI, Hints("en")),
        Window(SILENCE),
        ask(CHINESE, Hints("zh", "你"), seconds=2.5),
        ask(ENGLISH, Hints(None, "Hello"), seconds=4.0),
        ask(UNSURE),
    ]
    together = whisper.recognize(windows)
    for window, shared in zip(windows, together, strict=True):
        (alone,) = whisper.recognize([window])
        assert (alone.words, alone.tokens, alone.language) == (shared.words, shared.tokens, shared.language)
        assert alone.avg_logprob == pytest.approx(shared.avg_logprob, abs=1e-4)
        assert alone.no_speech_prob == pytest.approx(shared.no_speech_prob, abs=1e-4)


def test_what_was_said_before_reaches_the_decoder(whisper: WhisperRecognizer) -> None:
    """VP-001: the prompt goes in front (it shifts the script); marks in it are text; only its end is kept."""
    before = ["", "Hello", "<|startoftranscript|>Hello", "no" * 500]
    heard = whisper.recognize([ask(ENGLISH, Hints("en", prompt)) for prompt in before])
    assert texts(heard) == ["Hello, world. It works!", "world. It works!", "world. It works!", ""]
    assert all(math.isfinite(transcription.avg_logprob) for transcription in heard)


def test_temperature_samples_and_zero_does_not(whisper: WhisperRecognizer) -> None:
    """VP-001, ASR-044: without temperature the same is heard every time, or no word would ever be stable."""
    asked = [ask(UNSURE, Hints(temperature=temperature)) for temperature in (0, 1, 0, 1)]
    heard = texts(whisper.recognize(asked))
    assert len(set(heard[::2])) == 1
    assert len(set(heard[1::2])) == 2  # two of 4^8 texts


def test_silence_has_no_words(whisper: WhisperRecognizer) -> None:
    """ASR-050: no sound, or one that the model takes for no speech and doubts; either alone is not enough."""
    empty = [Window(SILENCE), Window(SILENCE[:0]), ask(SILENT)]
    heard = whisper.recognize([*empty, ask(UNSURE), ask(SURE)])
    assert [transcription.words for transcription in heard[:3]] == [(), (), ()]
    assert [transcription.tokens for transcription in heard[:3]] == [(), (), ()]
    assert min(transcription.no_speech_prob for transcription in heard[:3]) > 0.6
    assert len(texts(heard)[3]) == 8
    assert texts(heard)[4] == "Sure of it."


def test_a_loop_is_cut(whisper: WhisperRecognizer) -> None:
    """ASR-044: a decoder that repeats itself is believed once, in words and in tokens."""
    (heard,) = whisper.recognize([ask(LOOP, seconds=14)])
    assert words(heard) == ["yes", "one", "two"]
    assert 11 <= len(heard.tokens) <= 13


def test_an_unknown_language_is_named(whisper: WhisperRecognizer) -> None:
    """VP-001: it is refused, and the languages that are known stand on the card."""
    with pytest.raises(InvalidRequest, match="'xx'"):
        whisper.recognize([ask(ENGLISH), ask(ENGLISH, Hints("xx"))])
    assert {"th", "en", "zh"} < set(whisper.card.languages)
    assert (whisper.card.engine, whisper.card.impl) == ("whisper", "faster-whisper:tiny-scripted")
    assert not whisper.card.embedded
    assert whisper.card.device == "cpu"


def test_an_english_model_knows_english_only(tmp_path: Path) -> None:
    """VP-001: it has neither language marks nor a way to find the language out."""
    folder = build(tmp_path / "tiny.en", LINES, multilingual=False)
    english = WhisperRecognizer(str(folder), beam_size=1, cpu_threads=1)
    heard = english.recognize([ask(ENGLISH), ask(ENGLISH, Hints("en", "Hello"))])
    assert texts(heard) == ["Hello, world. It works!", "world. It works!"]
    assert [transcription.language for transcription in heard] == ["en", "en"]
    assert english.card.languages == ("en",)
    with pytest.raises(InvalidRequest, match="'th'"):
        english.recognize([ask(THAI, Hints("th"))])


async def test_a_replica_serves_it(whisper: WhisperRecognizer) -> None:
    """ASR-002, ASR-045, ASR-050, VP-001: hints and 16-bit audio go through; the public name is the row's."""
    replica = RecognizerReplica(whisper, ["whisper-large"])
    thai = await replica.transcribe(pcm16(hear(THAI)), final=True, hints=Hints("th"), live=False)
    silent = await replica.transcribe(pcm16(SILENCE), final=True)
    assert texts([thai, silent]) == ["สวัสดีครับเราเรียนภาษาไทย", ""]
    assert thai.decode_ms > 0
    assert [card.engine for card in await replica.cards()] == ["whisper-large"]
    with pytest.raises(InvalidRequest, match="'xx'"):
        await replica.transcribe(hear(THAI), final=True, hints=Hints("xx"))
    replica.close()
