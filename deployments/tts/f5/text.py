"""What F5-TTS is given to read, in which pieces, and how long they last."""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from dataclasses import dataclass
from itertools import accumulate, pairwise

from pythainlp.tokenize import word_tokenize

from deployments.thai_speech.g2p import Pause, pronounce_text
from deployments.tts.f5.thai_ipa import ALPHABET, thai_ipa

LONGEST_CHUNK = 100
"""Characters, about 8 s of Thai: with a reference of 12 s well within the 30 s of training."""
PAUSE_WORTH = 20
"""Characters that a cut may lie off for the sake of a pause: chunks need not be equal."""
_PAUSE = re.compile(r"[\s,.;:!?…]")
_THAI = re.compile("[ก-๛]")
THAI_LETTERS = frozenset("กขคงจชดตทนบปผพมยรลวสหอะาิีุูเแโไ่้ั็์")
"""What a vocabulary of Thai spelling does not lack."""
THAI_FRAMES, LATIN_FRAMES = 5.0, 6.5
"""Mel frames that a character of IPA, or of plain English, lasts: the rule of f5-tts-th 1.0.9, and 14.5
characters a second, the pace of audio books."""
SHORT = 50
"""Frames under which a text gets twice its time, as in f5-tts-th: single words come out rushed."""


def spelled(text: str) -> str:
    """Thai as it is spoken: numbers as words, repetition marks written out, a space for each pause."""
    return "".join(" " if isinstance(chunk, Pause) else chunk.text for chunk in pronounce_text(text)).strip()


def _thai_or_latin(text: str) -> str:
    """English keeps its punctuation, which the model knows."""
    return spelled(text) if _THAI.search(text) else text.strip()


@dataclass(frozen=True, slots=True)
class Reading:
    """How a checkpoint was trained to read."""

    alphabet: Set[str]
    """Characters that its vocabulary does not lack."""
    read: Callable[[str], str]
    stop: str
    """The end of what is to be spoken."""

    def prompt(self, transcript: str, text: str) -> str:
        """What was said in the reference and what is to be said after it."""
        return f"{self.read(transcript).rstrip('. ')}. {self.read(text)}{self.stop}"


READINGS = {"v1": Reading(THAI_LETTERS, _thai_or_latin, ""), "v2": Reading(ALPHABET, thai_ipa, ".")}
"""By Thai variant (TTS-012), as f5-tts-th 1.0.9 feeds its two checkpoints."""


def chunks(text: str) -> list[str]:
    """Like pieces of up to about 100 characters, cut at pauses if there are any, else between words.

    The package's own `chunk_text` cuts at punctuation alone, which Thai has none of.
    """
    count = -(-len(text) // LONGEST_CHUNK)
    cuts = [cut_near(text, len(text) * part / count) for part in range(1, count)]
    pieces = (text[begin:end].strip() for begin, end in pairwise([0, *cuts, len(text)]))
    return [piece for piece in pieces if piece]


def cut_near(text: str, position: float) -> int:
    """The end of a word near a position."""
    ends = accumulate(map(len, word_tokenize(text, engine="newmm", keep_whitespace=True)))
    return min(ends, key=lambda end: abs(end - position) - PAUSE_WORTH * bool(_PAUSE.match(text[end - 1])))


def mel_frames(text: str, speed: float) -> int:
    """How long the speech of a text lasts.

    The package takes the bytes of the text by the pace of the reference, so that English after a Thai
    reference would get a third of its time.
    """
    thai = _THAI.search(text)
    letters, each = (len(thai_ipa(text)) + 1, THAI_FRAMES) if thai else (len(text), LATIN_FRAMES)
    frames = int(letters * each / speed)
    return frames if frames >= SHORT else 2 * frames
