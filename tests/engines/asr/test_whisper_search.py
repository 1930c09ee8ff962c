"""How Whisper is kept from saying what nobody said: windows, languages, letters, belief."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from deployments.asr.replica import Window
from deployments.asr.whisper.batch import MEL_FRAMES, Decoded, Piece, padded_frames
from deployments.asr.whisper.engine import WhisperRecognizer
from deployments.asr.whisper.script import foreign_tokens
from deployments.asr.whisper.words import TimedTokens
from deployments.serving.loader import EngineConfigError
from serve_app.engines import SAMPLE_RATE, Hints
from tests.engines.asr.tiny_whisper import _tokenizer
from tests.engines.asr.whisper_lines import (
    CHINESE,
    ENGLISH,
    LOOP,
    SILENT,
    SURE,
    THAI,
    UNSURE,
    ask,
    hear,
    texts,
)


def recognizer(folder: Path, **options: object) -> WhisperRecognizer:
    return WhisperRecognizer(str(folder), device="cpu", beam_size=1, cpu_threads=1, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "padded"), [(0.2, 10), (9.0, 10), (9.1, 20), (19.0, 20), (19.1, 30), (29.5, 30), (30, 30)]
)
def test_audio_is_padded_to_what_it_needs(seconds: float, padded: int) -> None:
    """VP-001: a second of silence stays behind it, while there is room in the window of the training."""
    assert padded_frames(round(seconds * SAMPLE_RATE), 10.0) == padded * 100
    assert padded_frames(round(seconds * SAMPLE_RATE), 30.0) == MEL_FRAMES


def test_short_windows_say_what_long_ones_do(whisper: WhisperRecognizer, whisper_checkpoint: Path) -> None:
    """ASR-005, ASR-048: words and their times, in a batch of several lengths."""
    asked = [ask(ENGLISH, seconds=3.1), ask(LOOP, seconds=14), Window(hear(THAI, 45.0)), ask(CHINESE)]
    short = recognizer(whisper_checkpoint, shortest_window=10.0).recognize(asked)
    assert texts(short) == texts(whisper.recognize(asked))
    assert [heard.language for heard in short] == ["en", "en", "th", "zh"]


def test_languages_that_nobody_speaks_here_are_not_detected(whisper_checkpoint: Path) -> None:
    """VP-001: noise sounds like Welsh to a small model; a language that is told is believed."""
    two = recognizer(whisper_checkpoint, detect=("en", "th"))
    heard = two.recognize([ask(CHINESE), ask(THAI), ask(CHINESE, Hints("zh"))])
    assert heard[0].language in ("en", "th")
    assert [each.language for each in heard[1:]] == ["th", "zh"]


def test_a_language_keeps_to_its_own_script(whisper_checkpoint: Path) -> None:
    """VP-001: letters of another script are never written, and other languages go untouched."""
    kept = recognizer(whisper_checkpoint, own_script=("th",))
    thai, foreign, english = kept.recognize([ask(THAI), ask(ENGLISH, Hints("th")), ask(ENGLISH)])
    assert texts([thai, english]) == ["สวัสดีครับเราเรียนภาษาไทย", "Hello, world. It works!"]
    assert not any("a" <= letter.lower() <= "z" for letter in texts([foreign])[0])


@pytest.mark.parametrize(
    ("options", "named"),
    [({"detect": ("th", "xx")}, "detect: xx"), ({"own_script": ("en",)}, "own_script: en")],
)
def test_a_wrong_language_in_a_row_is_told(
    whisper_checkpoint: Path, options: dict[str, tuple[str, ...]], named: str
) -> None:
    """ASR-002: when the replica loads, not when a caller speaks."""
    with pytest.raises(EngineConfigError, match=named):
        recognizer(whisper_checkpoint, **options)


def test_every_thai_text_can_be_written() -> None:
    """VP-001: all letters, signs and digits of the script, wherever a token ends inside one."""
    vocabulary = _tokenizer(multilingual=True)
    foreign = set(foreign_tokens(vocabulary, "th"))
    thai = "".join(map(chr, [*range(0x0E01, 0x0E3B), *range(0x0E3F, 0x0E5C)]))
    assert not foreign & set(vocabulary.encode(f" {thai} {thai[::-1]}", add_special_tokens=False).ids)
    assert foreign >= set(vocabulary.encode("AZaz09.,", add_special_tokens=False).ids)
    assert foreign_tokens(vocabulary, "en") == []


def test_what_is_hardly_believed_is_dropped(whisper_checkpoint: Path) -> None:
    """ASR-050: no speech, or only unlikely tokens: nothing is said. The numbers that tell so stay."""
    strict = recognizer(whisper_checkpoint, least_belief=0.2)
    sure, doubtful, silent, clear = strict.recognize([ask(SURE), ask(UNSURE), ask(SILENT), ask(ENGLISH)])
    assert texts([sure, silent, clear]) == ["", "", "Hello, world. It works!"]
    assert sure.no_speech_prob > 0.9
    assert bool(doubtful.words) == (doubtful.avg_logprob > -1.6)  # ln 0.2


def test_a_repeated_sentence_is_heard_again_in_a_long_window(
    whisper_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ASR-044, VP-001: in a short window Whisper may fill the silence; what the long one says is believed,
    also that somebody did say it twice."""
    short = recognizer(whisper_checkpoint, shortest_window=10.0)
    tokenizer = short._decoder.tokenizers["en"]

    def said(text: str) -> Decoded:
        ids = tokenizer.encode(f" {text}")
        return Decoded("en", TimedTokens(ids, np.arange(len(ids) + 1) / 100, [0.9] * len(ids)), -0.1, 0.0)

    answers = {
        None: {0: "Hold on to it. Hold on to it.", 1: "We go on. We go on.", 2: "No no."},
        30.0: {0: "Hold on to it.", 1: "We go on. We go on."},
    }

    def decode(pieces: Sequence[Piece], window: float | None = None) -> list[Decoded]:
        return [said(answers[window][piece.window]) for piece in pieces]

    monkeypatch.setattr(short._decoder, "decode", decode)
    heard = short.recognize([ask(ENGLISH)] * 3)
    assert texts(heard) == ["Hold on to it.", "We go on. We go on.", "No no."]
