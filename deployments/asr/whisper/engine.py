"""Speech recognition in about a hundred languages: Whisper on CTranslate2 (faster-whisper).

Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision".
"""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path

from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_compression_ratio

from deployments.asr.pieces import pieces
from deployments.asr.replica import Window, faint_noise
from deployments.asr.whisper.batch import BatchDecoder, Decoded, Piece, Search
from deployments.asr.whisper.model import device_of, load_whisper
from deployments.asr.whisper.script import SCRIPTS
from deployments.asr.whisper.words import CLOSING, words_of
from deployments.serving.loader import EngineConfigError
from serve_app.core.captions.stabilizer import loop_at
from serve_app.engines import SAMPLE_RATE, EngineCard, Transcription, Word
from serve_app.errors import InvalidRequest

NO_SPEECH_PROB = 0.6
DOUBTFUL_LOGPROB = -1.0
"""More likely no speech, and doubtful besides: silence (the paper, section 4.5)."""
SHORTEST_SECONDS = 0.1
"""A click; the shortest words of people last longer."""
PHRASE = 3
"""Words that people seldom say twice in a row; one or two they do."""
REPETITIVE = 2.4
"""Text that compresses better may be a loop (the same section). 350 letters of fluent Thai do too, at three
bytes a letter, so a loop must be seen before anything is cut."""
BEAM_SIZE = 5
"""The paper's."""
WINDOW_SECONDS = 30.0
"""What every Whisper was trained on. Whisper base hears as well with 10 for a fifth of the cost; with 5 it
loops (`docs/understanding.md`)."""


class WhisperRecognizer:
    """Stateless; deterministic at temperature 0. Audio costs a pass over the window that it is padded to."""

    def __init__(
        self,
        model: str,
        device: str = "auto",
        compute_type: str = "default",
        beam_size: int = BEAM_SIZE,
        cpu_threads: int = 0,
        local_files_only: bool = False,
        shortest_window: float = WINDOW_SECONDS,
        detect: Sequence[str] = (),
        own_script: Sequence[str] = (),
        least_belief: float = 0.0,
        embedded: bool = False,
        note: str = "",
    ) -> None:
        """`model`: a folder with a converted model, a size or a hub id. 0 threads: as the library likes.
        `shortest_window`: seconds that short audio is padded to. `detect`: languages to tell apart, all where
        none is given. `own_script`: those to write in their own letters only, digits spelled out.
        `least_belief`: text that is believed less is dropped (`_belief`). `embedded`: it stands in for a
        larger model. `note`: what the card says of it.

        Raises EngineConfigError and EngineNotInstalled as `load_whisper` does, and EngineConfigError for a
        language to tell apart that the model does not know, or that has no script to itself.
        """
        whisper = load_whisper(model, device, compute_type, cpu_threads, local_files_only)
        search = Search(beam_size, shortest_window, frozenset(detect), frozenset(own_script))
        self._decoder, self._least_belief = BatchDecoder(whisper, search), least_belief
        self._short = shortest_window < WINDOW_SECONDS
        _require("detect", detect, self._decoder.tokenizers)
        _require("own_script", own_script, SCRIPTS)
        self.card = EngineCard(
            engine="whisper",
            impl=f"faster-whisper:{Path(model).name}",
            embedded=embedded,
            note=note,
            languages=tuple(self._decoder.tokenizers),
            device=device_of(whisper),
        )

    def recognize(self, windows: Sequence[Window]) -> list[Transcription]:
        """Words of each window of any length; one longer than 30 s is cut at quiet moments.

        Raises InvalidRequest for a language that the model does not know.
        """
        for window in windows:
            self._check_language(window.hints.language)
        asked = [
            Piece(index, piece.start, window.audio[piece], window.hints)
            for index, window in enumerate(windows)
            for piece in pieces(window.audio)
            if piece.stop - piece.start >= SHORTEST_SECONDS * SAMPLE_RATE
        ]
        heard: list[list[Transcription]] = [[] for _ in windows]
        for piece, decoded in zip(asked, self._decoded(asked), strict=True):
            heard[piece.window].append(self._transcription(piece, decoded))
        return [_joined(parts, window) for parts, window in zip(heard, windows, strict=True)]

    def _decoded(self, asked: Sequence[Piece]) -> list[Decoded]:
        """Each piece; one whose text repeats itself is heard again in the window of the training, which has
        the last word: in a short one Whisper may say a sentence again for the silence behind it."""
        heard = self._decoder.decode(asked)
        if not self._short:
            return heard
        doubtful = [row for row, decoded in enumerate(heard) if self._repeats_itself(decoded)]
        again = [
            asked[row]._replace(hints=replace(asked[row].hints, language=heard[row].language))
            for row in doubtful
        ]
        better = dict(zip(doubtful, self._decoder.decode(again, WINDOW_SECONDS), strict=True))
        return [better.get(row, decoded) for row, decoded in enumerate(heard)]

    def _repeats_itself(self, decoded: Decoded) -> bool:
        texts = [word.text.strip(CLOSING) for word in words_of(decoded.tokens, self._tokenizer(decoded))]
        return any(loop_at(texts, size, 1) is not None for size in range(PHRASE, len(texts) // 2 + 1))

    def _tokenizer(self, decoded: Decoded) -> Tokenizer:
        return self._decoder.tokenizers[decoded.language]

    example = staticmethod(faint_noise)

    def _check_language(self, language: str | None) -> None:
        if language is not None and language not in self._decoder.tokenizers:
            raise InvalidRequest(f"language: this engine does not know {language!r}.")

    def _transcription(self, piece: Piece, decoded: Decoded) -> Transcription:
        """Words in seconds of the request, unless Whisper itself doubts that there was speech."""
        language, tokens, avg_logprob, no_speech_prob = decoded
        judged = Transcription(
            words=(), language=language, avg_logprob=avg_logprob, no_speech_prob=no_speech_prob
        )
        tokenizer = self._tokenizer(decoded)
        words = words_of(tokens, tokenizer)
        if not words or _is_silence(judged) or _belief(judged) < self._least_belief:
            return judged
        ids = tokens.ids
        if get_compression_ratio(tokenizer.decode(ids)) > REPETITIVE:
            words = _once(words)
            ids = [token for token, start in zip(ids, tokens.times, strict=False) if start < words[-1].end]
        return replace(judged, words=_later(words, piece.begin / SAMPLE_RATE), tokens=tuple(ids))


def _require(option: str, languages: Sequence[str], known: Container[str]) -> None:
    if unknown := [language for language in languages if language not in known]:
        raise EngineConfigError(f"{option}: {', '.join(unknown)} cannot stand here")


def _is_silence(judged: Transcription) -> bool:
    """The paper's own rule."""
    return judged.no_speech_prob > NO_SPEECH_PROB and judged.avg_logprob < DOUBTFUL_LOGPROB


def _belief(judged: Transcription) -> float:
    """How likely it is that there was speech and that a token of it is right, 0..1: noise that Whisper makes
    a sentence of is low in one or in both."""
    return (1 - judged.no_speech_prob) * math.exp(judged.avg_logprob)


def _once(words: Sequence[Word]) -> Sequence[Word]:
    """What is said at least three times in a row said once."""
    texts = [word.text.strip(CLOSING) for word in words]
    loops = (loop_at(texts, size, 2) for size in range(1, len(texts) // 3 + 1))
    return words[: next((at for at in loops if at is not None), len(words))]


def _later(words: Sequence[Word], seconds: float) -> tuple[Word, ...]:
    return tuple(
        replace(word, start=round(word.start + seconds, 3), end=round(word.end + seconds, 3))
        for word in words
    )


def _joined(parts: Sequence[Transcription], window: Window) -> Transcription:
    """One answer from the pieces of a window."""
    if not parts:
        silence = Transcription((), no_speech_prob=1.0)
        return replace(silence, language=window.hints.language or silence.language)
    weights = [len(part.tokens) + 1 for part in parts]
    logprob = sum(part.avg_logprob * weight for part, weight in zip(parts, weights, strict=True))
    return Transcription(
        words=tuple(word for part in parts for word in part.words),
        language=parts[0].language,
        tokens=tuple(token for part in parts for token in part.tokens),
        avg_logprob=logprob / sum(weights),
        no_speech_prob=min(part.no_speech_prob for part in parts),
    )
