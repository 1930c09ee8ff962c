"""Formant synthesis on a CPU with nothing to download: espeak-ng, with our own reading of Thai and Lao.

A text is cut by script, since an espeak-ng voice spells letters of another script one by one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container, Iterator, Sequence
from functools import partial
from itertools import chain, groupby
from typing import NamedTuple

import numpy as np

from deployments.serving.tracked_call import Report
from deployments.thai_speech import espeak
from deployments.thai_speech.g2p import Chunk, ThaiWord, pronounce_text
from deployments.thai_speech.phonemes import mnemonics
from deployments.tts.embedded import espeak_signs
from deployments.tts.embedded.japanese import kana
from deployments.tts.embedded.lao import lao_words, pronounce_lao
from deployments.tts.embedded.voices import ESPEAK, SPEAKERS, FormantVoice, known
from serve_app.core.text.thai_verbalization import verbalized
from serve_app.engines import Audio, Progress, Speech
from serve_app.errors import InvalidRequest

SCRIPTS = {
    "LATIN": "en", "CJK": "zh", "IDEOGRAPHIC": "zh", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko",
    "THAI": "th", "LAO": "lo",
}  # fmt: skip
"""First word of a letter's Unicode name -> the language it is read in where the text's own cannot."""
_READS_LATIN = frozenset({"en", "vi", "ms", "zh", "ko"})
"""Languages of espeak-ng that read Latin words by themselves; its Japanese spells them letter by letter."""
_OWN_READING: dict[str, Callable[[str], list[Chunk]]] = {"th": pronounce_text, "lo": pronounce_lao}
IN_WORDS: dict[str, Callable[[str], str]] = {
    **{language: partial(espeak_signs.in_words, language=language) for language in espeak_signs.WORDS},
    "th": verbalized,
    "lo": lao_words,
    "ja": lambda text: kana(espeak_signs.in_words(text, "ja")),
}
"""Before a text is cut by script: `5 km` is one thing in two scripts."""
_SENTENCE_END = re.compile(r"(?<=\w{3}[.!?;:])\s+|(?<=[。！？；])")
"""Not after `Mr.` or `3.`: what ends a sentence has more letters."""
SAMPLE_RATE = 22_050
"""Hz, of everything espeak-ng says."""
_LONGEST_WORD = 16
"""Syllables: in a word of more than 200 phonemes espeak-ng writes past the end of its memory."""
_PAUSE = int(0.15 * SAMPLE_RATE)
"""Samples between clauses of Thai and Lao; espeak-ng pauses by itself after plain text."""


class Clause(NamedTuple):
    """What espeak-ng speaks in one call; a pause when there is no text."""

    text: str
    language: str
    """Of espeak-ng."""
    mnemonics: bool = False
    """The text is phonemes of that language."""


def runs(text: str, language: str, reads_latin: Container[str] = _READS_LATIN) -> list[tuple[str, str]]:
    """A text in runs of one reader, empty where nobody reads; digits are the language's, signs the run's.

    `reads_latin` are the languages that read Latin words by themselves; in the others they are English.
    """
    readers: list[str] = []
    for character in text:
        reader = _reader(character, language, reads_latin)
        readers.append((readers[-1] if readers else language) if reader is None else reader)
    paired = groupby(zip(text, readers, strict=True), key=lambda pair: pair[1])
    return [("".join(character for character, _ in pairs), reader) for reader, pairs in paired]


def _reader(character: str, language: str, reads_latin: Container[str]) -> str | None:
    """Who reads a letter, empty for nobody; None for a sign that goes with its neighbours."""
    if character.isdecimal():
        return language
    script = unicodedata.name(character, "").replace("-", " ").split(" ")[0]
    if unicodedata.category(character)[0] not in "LMN" or script == "COMBINING":
        return None
    return language if script == "LATIN" and language in reads_latin else SCRIPTS.get(script, "")


def _clauses(text: str, language: str) -> Iterator[Clause]:
    """What to speak for a run; nothing for one without words."""
    code = ESPEAK[language]
    if language in _OWN_READING:
        yield from _phonemes(_OWN_READING[language](text), code)
    else:
        yield from (Clause(sentence, code) for sentence in sentences(text))


def sentences(text: str) -> list[str]:
    """A text cut where sentences end, without what has neither letter nor digit."""
    return [part for part in _SENTENCE_END.split(text) if any(map(str.isalnum, part))]


def _phonemes(chunks: Sequence[Chunk], code: str) -> Iterator[Clause]:
    """Runs of words, each short enough for one call, and the pauses between them."""
    words = ""
    for spoken in chain.from_iterable(map(_words, chunks)):
        if words and (not spoken or len(words) + len(spoken) > espeak.LONGEST_MNEMONICS):
            yield Clause(words, code, mnemonics=True)
            words = ""
        if spoken:
            words = f"{words} {spoken}".strip()
        else:
            yield Clause("", code)
    if words:
        yield Clause(words, code, mnemonics=True)


def _words(chunk: Chunk) -> Iterator[str]:
    """Mnemonics of a word, in several when it is very long; empty for a pause."""
    if not isinstance(chunk, ThaiWord):
        yield ""
        return
    for begin in range(0, len(chunk.pronunciation), _LONGEST_WORD):
        yield mnemonics(chunk.pronunciation[begin : begin + _LONGEST_WORD])


def speak(spoken: Sequence[Clause], voice: FormantVoice, report: Report = lambda progress: None) -> Speech:
    """Speak clauses one after the other, at espeak-ng's 22,050 Hz, reporting before each and at the end.

    Raises InvalidRequest when nothing of it has a sound, and EngineNotInstalled without the extra `embedded`.
    """
    parts: list[Audio] = [np.zeros(0, np.float32)]
    for number, clause in enumerate(spoken):
        report(Progress("synthesis", number, len(spoken)))
        parts.append(_say(clause, voice) if clause.text else np.zeros(_PAUSE, np.float32))
    report(Progress("synthesis", len(spoken), len(spoken)))
    samples = np.concatenate(parts)
    if not samples.any():
        raise InvalidRequest("text has nothing to speak.")
    return Speech(samples, SAMPLE_RATE)


def _say(clause: Clause, voice: FormantVoice) -> Audio:
    call = espeak.speak_phonemes if clause.mnemonics else espeak.speak
    name = f"{clause.language}+{voice.variant}"
    return call(clause.text, espeak.Voice(name, voice.rate, voice.pitch, voice.pitch_range)).samples


def read(text: str, language: str) -> list[Clause]:
    """A text in one of `ESPEAK`'s languages as clauses; letters that no language of ours has are left out."""
    written = IN_WORDS[language](text)
    readable = [(run, reader) for run, reader in runs(written, language) if reader]
    return [clause for run, reader in readable for clause in _clauses(run, reader)]


def synthesize(
    text: str, *, language: str = "th", voice: str = "default", rate: float = 1.0, pitch: float = 1.0
) -> Speech:
    """Speak for training, tests and load tests: `SPEAKERS` with nothing drawn, `rate` and `pitch` times their
    own, 0.25 to 4; in British English, so that figures stay comparable with those on record.

    Raises InvalidRequest for a text with nothing to speak and for what is unknown or out of bounds, and
    EngineNotInstalled.
    """
    if not all(0.25 <= times <= 4 for times in (rate, pitch)):
        raise InvalidRequest("rate and pitch must be between 0.25 and 4.")
    known("language", language, ESPEAK)
    speaker = known("voice", voice, SPEAKERS).turned(rate=rate, pitch=pitch)
    clauses = read(text, language)
    return speak([c._replace(language="en") if c.language == "en-us" else c for c in clauses], speaker)
