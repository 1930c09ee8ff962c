"""A text in any language of the neural voice as its utterances."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from deployments.thai_speech.g2p import pronounce_text
from deployments.tts.embedded import formant
from deployments.tts.embedded.lao import pronounce_lao
from deployments.tts.embedded.neural import (
    english,
    japanese,
    korean,
    malay,
    mandarin,
    numerals,
    thai,
)
from deployments.tts.embedded.neural.syllables import Utterance, Word

_READERS: dict[str, Callable[[str], Utterance]] = {
    "en": english.utterance,
    "zh": mandarin.utterance,
    "th": lambda text: thai.utterance(pronounce_text(text)),
    "ms": malay.utterance,
    "lo": lambda text: thai.utterance(pronounce_lao(text)),
    "ja": japanese.utterance,
    "ko": korean.utterance,
}
_READS_LATIN = frozenset({"en", "ms"})
_NUMERALS = frozenset({"zh", "ko", "ms"})
_MOST_SYLLABLES, _MOST_PHONEMES = 60, 300
"""Of one utterance: the voice was trained on sentences, and cuts its own at 400 phonemes."""
_MARKS = frozenset(",.?!;:")


def read(text: str, language: str) -> list[Utterance]:
    """Sentence by sentence, and run by run where scripts are mixed; letters of no language of ours are left
    out."""
    written = formant.IN_WORDS[language](text)
    if language in _NUMERALS:
        written = numerals.in_words(written, language)
    found = [
        part
        for run, reader in formant.runs(written, language, _READS_LATIN)
        if reader
        for sentence in formant.sentences(run)
        for part in _parts(_READERS[reader](sentence))
    ]
    return [_closed(part) for part in found if not all(map(_is_mark, part))]


def _is_mark(word: Word | str) -> bool:
    return isinstance(word, str) and _MARKS.issuperset(word)


def _closed(utterance: Utterance) -> Utterance:
    """With a mark at its end, which the voice hears as the end of a sentence."""
    ends = isinstance(utterance[-1], str) and utterance[-1][-1:] in _MARKS
    return utterance if ends else [*utterance, "."]


def _parts(utterance: Utterance) -> Iterator[Utterance]:
    """The utterance in pieces that the voice can say in one breath."""
    part: list[Word | str] = []
    weight = 0.0
    for word in _short_words(utterance):
        share = len(word) / (_MOST_PHONEMES if isinstance(word, str) else _MOST_SYLLABLES)
        if part and weight + share > 1:
            yield part
            part, weight = [], 0.0
        part.append(word)
        weight += share
    if part:
        yield part


def _short_words(utterance: Utterance) -> Iterator[Word | str]:
    for word in utterance:
        most = _MOST_PHONEMES if isinstance(word, str) else _MOST_SYLLABLES
        yield from (word[begin : begin + most] for begin in range(0, len(word), most))
