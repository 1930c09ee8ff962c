"""What a recogniser got wrong in one recording. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.people.normalisation import characters, parts_words, words
from serve_app.core.reading.word_alignment import Status, align
from serve_app.core.text.edit_distance import edit_distance


@dataclass(frozen=True, slots=True)
class Score:
    """Errors of one recording; rates are sums over recordings, so that long ones count for what they are."""

    words: int
    """Of the text; none where its script does not part them."""
    word_errors: int
    """Substituted, missing and inserted: more than `words`, where much is made up."""
    characters: int
    character_errors: int
    inserted: int
    """Words that nobody said; characters, where words are not parted."""

    @property
    def units(self) -> int:
        """What `inserted` is a share of."""
        return self.words or self.characters


def score(said: str, heard: str, language: str) -> Score:
    """Both as `normalisation` has them; `language` is that of what was said (ISO 639-1, or empty).

    Method: Levenshtein distance; the alignment behind `inserted` takes time with the product of the lengths,
    a second for some two thousand words.
    """
    letters, letters_heard = characters(said, language), characters(heard, language)
    parted = parts_words(letters)
    wanted, found = (
        words(text, language) if parted else characters(text, language) for text in (said, heard)
    )
    statuses = [pair.status for pair in align(wanted, found)]
    errors = sum(status is not Status.CORRECT for status in statuses)
    return Score(
        words=len(wanted) if parted else 0,
        word_errors=errors if parted else 0,
        characters=len(letters),
        character_errors=edit_distance(letters, letters_heard),
        inserted=statuses.count(Status.EXTRA),
    )
