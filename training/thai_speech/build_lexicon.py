"""Builds one share of the pronunciation lexicon with tltk, off line: word, frequency, phonemes,
tab-separated.

Run in an environment of its own (tltk wants numpy<2), one process per share:
`python training/thai_speech/build_lexicon.py --words 20000 --share 0/2 >share0.tsv`. The most frequent words
come first.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import pythainlp

CORPUS = Path(pythainlp.__file__).parent / "corpus"
THAI_WORD = re.compile(r"^[ก-ฮะ-ูเ-์็-๎]+$")
ABBREVIATION = re.compile("[ฯๆ]")
EVERYDAY = Path(__file__).parent / "everyday_words.txt"
EVERYDAY_COUNT = 2000
"""Spoken words that a written corpus hardly counts rank with its 3,000 most frequent ones."""


def vocabulary(size: int) -> list[tuple[str, int]]:
    """The everyday words, then the words of the Thai National Corpus list that a dictionary knows, by
    frequency."""
    known = set((CORPUS / "words_th.txt").read_text(encoding="utf-8").split("\n"))
    counts = dict.fromkeys(EVERYDAY.read_text(encoding="utf-8").split(), EVERYDAY_COUNT)
    for line in (CORPUS / "tnc_freq.txt").read_text(encoding="utf-8").splitlines():
        word, count = line.split("\t")
        pronounceable = (
            THAI_WORD.match(word) and not ABBREVIATION.search(word) and (len(word) > 1 or word == "ณ")
        )
        if word in known and pronounceable:
            counts[word] = max(int(count), counts.get(word, 0))
    return sorted(counts.items(), key=lambda item: -item[1])[:size]


def pronounce(word: str) -> str:
    """Syllables in tltk's notation, joined by `~`; a word it splits in two becomes one."""
    from tltk import nlp

    phonemes = nlp.g2p(word).split("<tr/>")[1]
    return re.sub(r"[|~\s]+", "~", re.sub(r"<[^>]*>", "|", phonemes)).strip("~")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=20_000)
    parser.add_argument("--share", default="0/1")
    options = parser.parse_args()
    share, shares = map(int, options.share.split("/"))
    for word, count in vocabulary(options.words)[share::shares]:
        try:
            print(word, count, pronounce(word), sep="\t", flush=True)
        except (IndexError, KeyError, ValueError) as error:
            print(f"left out {word}: {error!r}", file=sys.stderr)


if __name__ == "__main__":
    main()
