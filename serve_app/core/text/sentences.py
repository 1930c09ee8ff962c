"""A long text cut into pieces that are spoken one after another (OAI-007)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from pythainlp.tokenize import word_tokenize

from serve_app.core.fields import one_line
from serve_app.core.text.spoken_text import speakable
from serve_app.core.text.thai_verbalization import verbalized

SHORTEST = 20
"""Code points. Shorter sentences join the next one: engines speak a word alone without melody."""
SENTENCE = re.compile(r".*?(?:(?<![.!?…])[.!?…]++[\"'”’)\]»]*+(?=\s|$)|[。！？]++[」』）”]*+|$)\s*")
"""Up to a mark that ends a sentence. One of Latin script ends it before a space only: 3.5 and a.m. go on."""
CLAUSE = re.compile(r".*[,;:،，、；：)\]–—](?:\s|(?<=[，、；：]))")
THAI = re.compile(r"[\u0e00-\u0e7f]")
SPACE = re.compile(r".*\s")


def pieces(text: str, language: str, *, longest: int) -> list[str]:
    """Sentences of at most `longest` code points; together they hold all of the text that has a sound in the
    language. Thai comes in words: a cut in `โทร. 1669` would hide what the number is."""
    lines = filter(None, map(one_line, text.splitlines()))
    if language == "th":
        lines = filter(None, map(str.strip, map(verbalized, lines)))
    sentences = (sentence for line in lines for sentence in _sentences(line, longest))
    found = (piece.strip() for sentence in sentences for piece in _cut(sentence, longest))
    return [piece for piece in found if speakable(piece, (language,))]


def _sentences(line: str, longest: int) -> Iterator[str]:
    """Sentences, short ones together with what follows as far as that fits."""
    waiting = ""
    for sentence in SENTENCE.findall(line):
        if waiting and len(waiting) + len(sentence) > longest:
            yield waiting
            waiting = ""
        waiting += sentence
        if len(waiting) >= SHORTEST:
            yield waiting
            waiting = ""
    yield waiting


def _cut(sentence: str, longest: int) -> Iterator[str]:
    """A sentence in parts that fit: cut after a clause, else at a space, else between words."""
    while len(sentence.strip()) > longest:
        sentence = sentence.lstrip()
        end = _cutting_place(sentence[:longest])
        yield sentence[:end]
        sentence = sentence[end:]
    yield sentence


def _cutting_place(head: str) -> int:
    """How much of a head without an end to speak at once; a cut in its first half would leave scraps."""
    for cut in (CLAUSE, SPACE):
        if (found := cut.match(head)) and found.end() > len(head) // 2:
            return found.end()
    # The last word may go on behind the head.
    end = len(head) - len(word_tokenize(head)[-1]) if THAI.search(head) else 0
    return end if end > len(head) // 2 else _between_characters(head)


def _between_characters(head: str) -> int:
    """The last place where no character is parted from its marks."""
    end = len(head) - 1
    while end and unicodedata.category(head[end])[0] == "M":
        end -= 1
    return end or len(head)
