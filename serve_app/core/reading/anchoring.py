"""What was said, cut where words of the reference begin and end (RS-087)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, groupby
from typing import NamedTuple

from pythainlp.tokenize import subword_tokenize

from serve_app.core.reading.anchors import OUTSIDE, Place, places
from serve_app.core.reading.word_alignment import mispronounced, similarity


class Piece(NamedTuple):
    """A stretch of what was said."""

    text: str
    known: bool
    """It is a word of the reference, said well or badly."""
    spaced: bool
    """There is a space before it."""


def pieces_of(text: str, reference: Sequence[str]) -> list[Piece]:
    """The pieces of a normalised text: words of the reference, and what is to be segmented between them."""
    return _merged(_merged(_pieces(text, reference), _both_unknown), _stray_letter)


def _pieces(text: str, reference: Sequence[str]) -> Iterator[Piece]:
    """Stretches of one word of the reference each, and between them single clusters of characters."""
    for place, group in groupby(_clusters(text, reference), key=lambda cluster: cluster[0]):
        pieces = [piece for _, piece in group]
        size = 0 if place.word == OUTSIDE else _said(pieces, reference[place.word])
        if size:
            yield Piece("".join(piece.text for piece in pieces[:size]), True, pieces[0].spaced)
        yield from pieces[size:]


def _said(pieces: Sequence[Piece], word: str) -> int:
    """How many of the pieces make the word: those most like it, and most of them; none if it was not said."""
    starts = accumulate((piece.text for piece in pieces[: 2 * len(word)]), initial="")
    likest = max(enumerate(starts), key=lambda start: (similarity(start[1], word), start[0]))
    return likest[0] if mispronounced(likest[1], word) else 0


def _clusters(text: str, reference: Sequence[str]) -> Iterator[tuple[Place, Piece]]:
    """Thai character clusters (Theeramunkong 2000), which no word border cuts, each with its place.

    That is where the first of its characters is that belongs to a word.
    """
    found = iter(places(text.replace(" ", ""), reference))
    for part in text.split():
        spaced = True
        for cluster in subword_tokenize(part, engine="tcc"):
            own = [next(found) for _ in cluster]
            yield (
                next((place for place in own if place.word != OUTSIDE), own[0]),
                Piece(cluster, False, spaced),
            )
            spaced = False


def _merged(pieces: Iterable[Piece], together: Callable[[Piece, Piece], bool]) -> list[Piece]:
    """Neighbours that belong together, with no space between them, joined."""
    merged: list[Piece] = []
    for piece in pieces:
        if merged and not piece.spaced and together(merged[-1], piece):
            left = merged.pop()
            piece = Piece(left.text + piece.text, left.known or piece.known, left.spaced)
        merged.append(piece)
    return merged


def _both_unknown(left: Piece, right: Piece) -> bool:
    return not (left.known or right.known)


def _stray_letter(left: Piece, right: Piece) -> bool:
    """A letter alone is a part of the word beside it, which was said badly."""
    return left.known != right.known and len((right if left.known else left).text) == 1
