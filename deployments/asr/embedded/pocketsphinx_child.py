"""The process that runs pocketsphinx: 16-bit audio in, words out, over one connection.

A process of its own, because a decode holds the interpreter's lock from its first sample to its last. It is
started as a script and imports nothing of this package, so it stays small.
"""

from __future__ import annotations

import json
import re
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import pocketsphinx

SAMPLE_RATE = 16_000
FRAMES_A_SECOND = 100
"""pocketsphinx's option `frate`."""
LANGUAGE_WEIGHT = 7.5
"""Option `lw`. Fewest word errors of 6.5, 7.5, 8 and 10 on six development sentences in four voices, over
noise of 0.003 peaks; over that of `ROOM_NOISE` level with 6.5 (33 %) and faster."""
FILLER = re.compile(r"[<\[+].*")
"""Silence, noise and the marks of begin and end: `<sil>`, `[NOISE]`, `++UH++`, `</s>`."""
ALTERNATE = re.compile(r"\(\d+\)$")
"""The mark of a second pronunciation: `lead(2)`."""


def main() -> None:
    """Answer until the parent closes its end, which it also does when it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent drains first
    decoder = pocketsphinx.Decoder(samprate=SAMPLE_RATE, lw=LANGUAGE_WEIGHT, loglevel="FATAL")
    with suppress(EOFError, ConnectionError), Connection(int(sys.argv[1])) as parent:
        while True:
            parent.send_bytes(json.dumps(decode(decoder, parent.recv_bytes())).encode())


def decode(decoder: Any, pcm: bytes) -> list[tuple[str, float, float, float]]:
    """Text, start and end in seconds, and posterior probability of each word."""
    decoder.reinit_feat()  # forgets the noise of the audio before: the same audio gives the same words
    decoder.start_utt()
    if pcm:
        decoder.process_raw(pcm, full_utt=True)  # normalised over itself, not over what came before
    decoder.end_utt()
    if decoder.hyp() is None:
        return []
    decoder.get_prob()  # fills the lattice's posteriors in; every segment's is 1 without it
    return [
        (
            ALTERNATE.sub("", segment.word),
            segment.start_frame / FRAMES_A_SECOND,
            (segment.end_frame + 1) / FRAMES_A_SECOND,
            segment.prob,
        )
        for segment in decoder.seg()
        if not FILLER.fullmatch(segment.word)
    ]


if __name__ == "__main__":
    main()
