"""Thai speech recognition on a CPU with nothing to download: our small CTC model and a pronunciation
lexicon."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from deployments.asr.replica import Window
from deployments.thai_speech.acoustic import FRAME_SECONDS, acoustic_model
from deployments.thai_speech.beam import Search
from deployments.thai_speech.decode import Hit, decode
from deployments.thai_speech.lexicon import lexicon
from deployments.thai_speech.phonemes import TOKENS, tokens
from deployments.thai_speech.trie import SpelledWord, Trie, build
from serve_app.engines import SAMPLE_RATE, Audio, EngineCard, Transcription, Word
from serve_app.errors import InvalidRequest

_INAUDIBLE = 1e-4
"""Peak below which a window is silence: three steps of 16-bit audio."""
_LEAD, _TAIL = 0.03, 0.06
"""Seconds from the start of a word to the peak of its first token, and from the peak of its last token to its
end; medians on `training/dev_sentences.txt`."""
_PIECE_SECONDS = 30
"""Longer audio is cut, which bounds memory; the cut is at the quietest moment of the second half of a
piece."""
_QUIET_SECONDS = 0.2
_TUNED = Search()


class EmbeddedRecognizer:
    """Stateless and deterministic; decodes a batch of windows in little more time than one."""

    card = EngineCard(
        engine="typhoon",
        impl="kaleido-embedded-thai-ctc",
        embedded=True,
        languages=("th",),
        note="Trained on synthetic speech: for development, not for human transcription.",
    )

    def __init__(
        self,
        beam: int = _TUNED.beam,
        language_weight: float = _TUNED.language_weight,
        word_score: float = _TUNED.word_score,
    ) -> None:
        """Wider beams are slower and no better; the weights were tuned on development sentences."""
        self._search = Search(beam=beam, language_weight=language_weight, word_score=word_score)
        self._model, self._trie = acoustic_model(), word_trie()

    def recognize(self, windows: Sequence[Window]) -> list[Transcription]:
        """Words of each window of any length.

        A window that is not final may end inside a word, which is then left out. Raises InvalidRequest for
        a language other than Thai.
        """
        if any(window.hints.language not in (None, "th") for window in windows):
            raise InvalidRequest("This engine understands Thai only.")
        pieces = [(index, piece) for index, window in enumerate(windows) for piece in _pieces(window.audio)]
        log_probs = self._model.log_probs([windows[index].audio[piece] for index, piece in pieces])
        complete = [windows[index].final or piece.stop < len(windows[index].audio) for index, piece in pieces]
        words: list[list[Word]] = [[] for _ in windows]
        for (index, piece), hits in zip(
            pieces, decode(log_probs, self._trie, self._search, complete), strict=True
        ):
            words[index] += _timed(hits, piece)
        return [_transcription(found) for found in words]

    @staticmethod
    def example() -> Audio:
        """Two seconds of faint noise, for warming up."""
        return np.random.default_rng(0).normal(0, 0.01, 2 * SAMPLE_RATE).astype(np.float32)


def _transcription(words: Sequence[Word]) -> Transcription:
    logprobs = [math.log(max(word.confidence, 1e-6)) for word in words]
    return Transcription(tuple(words), avg_logprob=sum(logprobs) / len(logprobs) if logprobs else 0.0)


@cache
def word_trie() -> Trie:
    """The lexicon as the decoder wants it; built once in a process (0.5 s)."""
    entries = lexicon().items()
    words = (SpelledWord(word, entry.frequency, tokens(entry.pronunciation)) for word, entry in entries)
    return build(words, len(TOKENS))


def _pieces(window: Audio) -> Iterator[slice]:
    """Stretches to decode on their own; none for silence."""
    if len(window) == 0 or float(np.abs(window).max()) < _INAUDIBLE:
        return
    begin = 0
    while len(window) - begin > _PIECE_SECONDS * SAMPLE_RATE:
        end = begin + _quiet_point(window[begin : begin + _PIECE_SECONDS * SAMPLE_RATE])
        yield slice(begin, end)
        begin = end
    yield slice(begin, len(window))


def _quiet_point(piece: Audio) -> int:
    """Middle of the stretch with the least energy in the second half."""
    width, middle = int(_QUIET_SECONDS * SAMPLE_RATE), len(piece) // 2
    energy: NDArray[np.float64] = np.concatenate([[0.0], np.cumsum(piece[middle:].astype(np.float64) ** 2)])
    return middle + int((energy[width:] - energy[:-width]).argmin()) + width // 2


def _timed(hits: Sequence[Hit], piece: slice) -> list[Word]:
    """Seconds in the window; words neither overlap nor leave the piece."""
    offset, end = piece.start / SAMPLE_RATE, piece.stop / SAMPLE_RATE
    starts = [max(offset, offset + hit.first * FRAME_SECONDS - _LEAD) for hit in hits]
    ends = [min(end, offset + hit.last * FRAME_SECONDS + _TAIL) for hit in hits]
    for before, (left, right) in enumerate(pairwise(zip(starts, ends, strict=True))):
        if left[1] > right[0]:
            ends[before] = starts[before + 1] = (left[1] + right[0]) / 2
    return [
        Word(hit.text, round(min(start, stop), 3), round(max(start, stop), 3), round(hit.confidence, 4))
        for hit, start, stop in zip(hits, starts, ends, strict=True)
    ]
