"""Decodes pieces of audio of many requests in single calls of a Whisper model on CTranslate2.

The encoder takes all requests of about one length at once. Generation wants prompts of one length and one
way to search, alignment one language, so there the batch falls into groups: one group, for most batches.
"""

from __future__ import annotations

import math
from collections import defaultdict
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
from deployments.asr.whisper.script import foreign_tokens
from deployments.asr.whisper.words import TimedTokens
from serve_app.engines import SAMPLE_RATE, Audio, Hints

MEL_FRAMES = 3000
"""30 s, the length that Whisper was trained on."""
MEL_FRAMES_PER_SECOND = 100
FEWEST_TOKENS, TOKENS_PER_SECOND = 24, 32
"""Thai has up to 32 a second: a token or two for a letter of three bytes."""
POSITIONS = 448
"""Of the decoder: half for text, half for what was said before."""
MODELS_OWN = -1
"""CTranslate2: what the checkpoint itself never says, as marks of sounds."""
TAIL_SECONDS = 1.0
"""Silence behind the longest piece, or the end of a text is lost or said again."""


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


def padded_frames(samples: int, shortest_window: float) -> int:
    """Mel frames that a request is padded to: the shortest window times one, two, three, so that those of
    about one length share a batch, and 30 s at most."""
    windows = math.ceil((samples / SAMPLE_RATE + TAIL_SECONDS) / shortest_window)
    return min(round(windows * shortest_window * MEL_FRAMES_PER_SECOND), MEL_FRAMES)


class Search(NamedTuple):
    """How text is looked for."""

    beam_size: int
    shortest_window: float
    """Seconds that audio is padded to at least, 30 or less."""
    detect: frozenset[str]
    """The languages that are told apart; all where it is empty."""
    own_script: frozenset[str]
    """The languages of which only letters of their own script are decoded."""


class BatchDecoder:
    """Deterministic at temperature 0."""

    def __init__(self, whisper: WhisperModel, search: Search) -> None:
        self._whisper, self._model, self._search = whisper, whisper.model, search
        self.tokenizers = _tokenizers(whisper)
        self._suppressed = {
            language: foreign_tokens(whisper.hf_tokenizer, language) for language in search.own_script
        }

    def decode(self, pieces: Sequence[Piece], shortest_window: float | None = None) -> list[Decoded]:
        """Text of each piece, with times in seconds from its start. Hinted languages must be known."""
        longest: defaultdict[int, int] = defaultdict(int)
        for piece in pieces:
            longest[piece.window] = max(longest[piece.window], len(piece.audio))
        shortest = shortest_window or self._search.shortest_window
        lengths = [padded_frames(longest[piece.window], shortest) for piece in pieces]
        return grouped(lengths, lambda frames, rows: self._decode([pieces[row] for row in rows], frames))

    def _decode(self, pieces: Sequence[Piece], frames: int) -> list[Decoded]:
        """All pieces of some requests, padded alike."""
        mels = [pad_or_trim(self._whisper.feature_extractor(piece.audio), frames) for piece in pieces]
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
        likeliest = (self._likeliest([mark.strip("<|>") for mark, _ in best]) for best in ranked)
        heard = dict(zip((pieces[row].window for row in unknown), likeliest, strict=True))
        return [piece.hints.language or heard[piece.window] for piece in pieces]

    def _likeliest(self, ranked: Sequence[str]) -> str:
        """The first language of a ranking that may be meant."""
        meant = self._search.detect
        return next(language for language in ranked if not meant or language in meant)

    def _generate(
        self, pieces: Sequence[Piece], languages: Sequence[str], encoded: StorageView
    ) -> list[WhisperGenerationResult]:
        asked = zip(pieces, languages, strict=True)
        prompts = [self._prompt(self.tokenizers[language], piece.hints.prompt) for piece, language in asked]
        keys = [
            (len(prompt), piece.hints.temperature, language if language in self._suppressed else "")
            for prompt, piece, language in zip(prompts, pieces, languages, strict=True)
        ]

        def group(key: tuple[int, float, str], rows: list[int]) -> list[WhisperGenerationResult]:
            length, temperature, language = key
            return self._model.generate(
                rows_of(encoded, rows),
                [prompts[row] for row in rows],
                return_scores=True,
                return_no_speech_prob=True,
                max_length=_positions([pieces[row] for row in rows], length),
                suppress_tokens=[MODELS_OWN, *self._suppressed.get(language, ())],
                **self._way(temperature),
            )

        return grouped(keys, group)

    def _prompt(self, tokenizer: Tokenizer, previous: str) -> list[int]:
        """Whisper keeps the last 223 tokens of the text before; marks written in it are no marks."""
        ids = tokenizer.encode(" " + previous.strip()) if previous.strip() else []
        text = [token for token in ids if token < tokenizer.eot]
        return self._whisper.get_prompt(tokenizer, text, without_timestamps=True)

    def _way(self, temperature: float) -> dict[str, Any]:
        """Beam search at 0; above, one sample from the whole vocabulary."""
        if temperature == 0:
            return {"beam_size": self._search.beam_size}
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


def _positions(pieces: Sequence[Piece], prompt: int) -> int:
    """CTranslate2's bound of a group, by its longest piece, so that a loop ends soon. It takes half of it for
    text, or what the prompt leaves, whichever is less."""
    seconds = max(len(piece.audio) for piece in pieces) / SAMPLE_RATE
    tokens = math.ceil(FEWEST_TOKENS + TOKENS_PER_SECOND * seconds)
    return min(max(2 * tokens, tokens + prompt), POSITIONS)


def _avg_logprob(result: WhisperGenerationResult) -> float:
    """The score is a mean over the tokens, NaN for none; Whisper counts the end mark too."""
    tokens = len(result.sequences_ids[0])
    return float(result.scores[0] * tokens / (tokens + 1)) if tokens else 0.0
