"""Decodes pieces of audio of many requests in single calls of a Whisper model on CTranslate2.

The encoder takes the whole batch at once. Generation wants prompts of one length and one way to search,
alignment one language, so there the batch falls into groups: one group, for most batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from ctranslate2 import StorageView
from ctranslate2.models import WhisperGenerationResult
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer

from deployments.asr.whisper.alignment import align
from deployments.asr.whisper.groups import grouped, rows_of
from deployments.asr.whisper.words import TimedTokens
from serve_app.engines import Audio, Hints


class Piece(NamedTuple):
    """Up to 30 s of one request."""

    window: int
    """Index of the request in its batch."""
    begin: int
    """First sample of the piece in the request's audio."""
    audio: Audio
    hints: Hints


class Decoded(NamedTuple):
    """What Whisper makes of a piece."""

    language: str
    tokens: TimedTokens
    avg_logprob: float
    no_speech_prob: float


class BatchDecoder:
    """Deterministic at temperature 0."""

    def __init__(self, whisper: WhisperModel, beam_size: int) -> None:
        self._whisper, self._model, self._beam_size = whisper, whisper.model, beam_size
        self.tokenizers = _tokenizers(whisper)

    def decode(self, pieces: Sequence[Piece]) -> list[Decoded]:
        """Text of each piece, with times in seconds from its start. Hinted languages must be known."""
        if not pieces:
            return []
        mels = [pad_or_trim(self._whisper.feature_extractor(piece.audio)) for piece in pieces]
        encoded = self._whisper.encode(np.stack(mels))
        languages = self._languages(pieces, encoded)
        results = self._generate(pieces, languages, encoded)
        timed = self._align(pieces, languages, results, encoded)
        return [
            Decoded(language, tokens, _avg_logprob(result), result.no_speech_prob)
            for language, tokens, result in zip(languages, timed, results, strict=True)
        ]

    def _languages(self, pieces: Sequence[Piece], encoded: StorageView) -> list[str]:
        """As hinted, else as detected in the first piece of a request; the others follow it."""
        if not self._model.is_multilingual:
            return [*self.tokenizers] * len(pieces)
        unknown = [row for row, piece in enumerate(pieces) if not (piece.hints.language or piece.begin)]
        ranked = self._model.detect_language(rows_of(encoded, unknown)) if unknown else []
        heard = {
            pieces[row].window: best[0][0].strip("<|>") for row, best in zip(unknown, ranked, strict=True)
        }
        return [piece.hints.language or heard[piece.window] for piece in pieces]

    def _generate(
        self, pieces: Sequence[Piece], languages: Sequence[str], encoded: StorageView
    ) -> list[WhisperGenerationResult]:
        asked = zip(pieces, languages, strict=True)
        prompts = [self._prompt(self.tokenizers[language], piece.hints.prompt) for piece, language in asked]
        keys = [(len(prompt), piece.hints.temperature) for prompt, piece in zip(prompts, pieces, strict=True)]

        def group(key: tuple[int, float], rows: list[int]) -> list[WhisperGenerationResult]:
            return self._model.generate(
                rows_of(encoded, rows),
                [prompts[row] for row in rows],
                return_scores=True,
                return_no_speech_prob=True,
                **self._search(key[1]),
            )

        return grouped(keys, group)

    def _prompt(self, tokenizer: Tokenizer, previous: str) -> list[int]:
        """Whisper keeps the last 223 tokens of the text before; marks written in it are no marks."""
        ids = tokenizer.encode(" " + previous.strip()) if previous.strip() else []
        text = [token for token in ids if token < tokenizer.eot]
        return self._whisper.get_prompt(tokenizer, text, without_timestamps=True)

    def _search(self, temperature: float) -> dict[str, Any]:
        """Beam search at 0; above, one sample from the whole vocabulary."""
        if temperature == 0:
            return {"beam_size": self._beam_size}
        return {"beam_size": 1, "sampling_topk": 0, "sampling_temperature": temperature}

    def _align(
        self,
        pieces: Sequence[Piece],
        languages: Sequence[str],
        results: Sequence[WhisperGenerationResult],
        encoded: StorageView,
    ) -> list[TimedTokens]:
        """Ids from the end mark on are marks and timestamps, not text."""

        def group(language: str, rows: list[int]) -> list[TimedTokens]:
            tokenizer = self.tokenizers[language]
            ids = [[id for id in results[row].sequences_ids[0] if id < tokenizer.eot] for row in rows]
            audio = [pieces[row].audio for row in rows]
            return align(self._model, rows_of(encoded, rows), audio, tokenizer.sot_sequence, ids)

        return grouped(languages, group)


def _tokenizers(whisper: WhisperModel) -> dict[str, Tokenizer]:
    """By language. The library's list is the newest models': older ones have no token for Cantonese."""
    vocabulary, multilingual = whisper.hf_tokenizer, whisper.model.is_multilingual
    return {
        code: Tokenizer(vocabulary, multilingual, "transcribe", code)
        for code in whisper.supported_languages
        if not multilingual or vocabulary.token_to_id(f"<|{code}|>") is not None
    }


def _avg_logprob(result: WhisperGenerationResult) -> float:
    """The score is a mean over the tokens, NaN for none; Whisper counts the end mark too."""
    tokens = len(result.sequences_ids[0])
    return float(result.scores[0] * tokens / (tokens + 1)) if tokens else 0.0
