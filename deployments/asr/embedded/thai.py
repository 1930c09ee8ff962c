"""Thai speech recognition on a CPU with nothing to download: our small CTC model and a pronunciation
lexicon."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from deployments.asr.pieces import pieces
from deployments.asr.replica import Window, faint_noise
from deployments.thai_speech.acoustic import FRAME_SECONDS, acoustic_model
from deployments.thai_speech.beam import Search
from deployments.thai_speech.decode import Decoder, Hit, decode
from deployments.thai_speech.expected import expected
from deployments.thai_speech.language_model import language_model
from deployments.thai_speech.lexicon import lexicon
from deployments.thai_speech.phonemes import TOKENS, tokens
from deployments.thai_speech.trie import FloatArray, SpelledWord, Trie, build
from serve_app.engines import SAMPLE_RATE, EngineCard, Transcription, Word
from serve_app.errors import InvalidRequest

_LEAD, _TAIL = 0.03, 0.06
"""Seconds from the start of a word to the peak of its first token, and from the peak of its last token to its
end; medians on `training/thai_speech/dev_sentences.txt`."""
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
        search = Search(beam=beam, language_weight=language_weight, word_score=word_score)
        self._model, self._decoder = acoustic_model(), Decoder(word_trie(), language_model(), search)

    def recognize(self, windows: Sequence[Window]) -> list[Transcription]:
        """Words of each window of any length.

        A window that is not final may end inside a word, which is then left out. Raises InvalidRequest for
        a language other than Thai.
        """
        if any(window.hints.language not in (None, "th") for window in windows):
            raise InvalidRequest("This engine understands Thai only.")
        cuts = [(index, piece) for index, window in enumerate(windows) for piece in pieces(window.audio)]
        log_probs = self._model.log_probs([windows[index].audio[piece] for index, piece in cuts])
        complete = [windows[index].final or piece.stop < len(windows[index].audio) for index, piece in cuts]
        words: list[list[Word]] = [[] for _ in windows]
        sounds: list[list[Hit]] = [[] for _ in windows]
        texts = [windows[index].hints.expected for index, _ in cuts]
        for (index, piece), hits in zip(cuts, self._decoded(log_probs, complete, texts), strict=True):
            words[index] += _timed(hits, piece)
            sounds[index] += hits
        return [_transcription(*heard) for heard in zip(words, sounds, strict=True)]

    def _decoded(
        self, log_probs: Sequence[FloatArray], complete: Sequence[bool], texts: Sequence[tuple[str, ...]]
    ) -> list[list[Hit]]:
        """Pieces of which the same text is expected go through one search."""
        found: dict[int, list[Hit]] = {}
        for text in dict.fromkeys(texts):
            rows = [row for row, own in enumerate(texts) if own == text]
            decoder = self._decoder._replace(expected=expected(text, self._decoder.general))
            hits = decode([log_probs[row] for row in rows], decoder, [complete[row] for row in rows])
            found |= dict(zip(rows, hits, strict=True))
        return [found[row] for row in range(len(texts))]

    example = staticmethod(faint_noise)


def _transcription(words: Sequence[Word], hits: Sequence[Hit]) -> Transcription:
    tokens_heard = sum(hit.evidence.tokens for hit in hits)
    return Transcription(tuple(words), avg_logprob=sum(hit.logprob for hit in hits) / max(1, tokens_heard))


@cache
def word_trie() -> Trie:
    """The lexicon as the decoder wants it; built once in a process (0.5 s). Raises ValueError when the
    language model was not made for this lexicon."""
    spoken = ((word, tokens(entry.pronunciation)) for word, entry in lexicon().items())
    words = [
        SpelledWord(word, chance, sounds)
        for (word, sounds), chance in zip(spoken, language_model().unigram.tolist(), strict=True)
    ]
    return build(words, len(TOKENS))


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
