"""Packs the shares of `build_lexicon.py` into the lexicon of the package, leaving out what is no Thai
syllable.

`python -m training.thai_speech.pack_lexicon share0.tsv share1.tsv`
"""

from __future__ import annotations

import lzma
import sys
from pathlib import Path

from deployments.thai_speech.lexicon import PATH
from deployments.thai_speech.phonemes import parse

CORRECTIONS = Path(__file__).parent / "corrections.tsv"
"""Words that tltk reads wrongly or not at all, same format, by hand."""


def pronounceable(line: str) -> bool:
    """Whether the notation can be spoken: tltk leaves a few loanwords half read."""
    try:
        return bool(parse(line.split("\t")[2]))
    except (ValueError, IndexError):
        return False


def main() -> None:
    entries: dict[str, str] = {}
    for path in [*sys.argv[1:], str(CORRECTIONS)]:
        for line in filter(pronounceable, Path(path).read_text(encoding="utf-8").splitlines()):
            entries[line.split("\t")[0]] = line
    ordered = sorted(entries.values(), key=lambda line: -int(line.split("\t")[1]))
    PATH.write_bytes(lzma.compress("\n".join(ordered).encode("utf-8"), preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(ordered)} words, {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()
