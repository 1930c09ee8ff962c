"""Turns real recordings into shards for training: `NAME.wav` (or mp3, flac, ogg, m4a) beside `NAME.txt`.

`python -m training.thai_speech.recordings --folder recordings --out corpus/train`. The text is what was
said, in Thai; the present model finds out when. Each recording is written clean and in `--copies` noisy
rooms.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from deployments.thai_speech.acoustic import STRIDE, acoustic_model
from deployments.thai_speech.features import FloatArray
from deployments.thai_speech.g2p import ForeignText, ThaiWord, pronounce_text
from deployments.thai_speech.inputs import model_inputs
from deployments.thai_speech.phonemes import tokens
from serve_app.errors import AudioTooLong, InvalidAudio
from serve_app.media.audio_file import AudioFile
from training.thai_speech.augment import augment
from training.thai_speech.forced_alignment import align
from training.thai_speech.synthesize import UTTERANCES, Example, write_shard

LONGEST_S = 30
"""A batch of training holds a minute."""


def spoken_tokens(text: str) -> list[int]:
    """Tokens of a Thai text; empty when it holds something that is not read as Thai."""
    chunks = pronounce_text(text)
    if any(isinstance(chunk, ForeignText) for chunk in chunks):
        return []
    return [token for chunk in chunks if isinstance(chunk, ThaiWord) for token in tokens(chunk.pronunciation)]


def read(path: Path) -> FloatArray:
    """Samples at 16 kHz. Raises InvalidAudio and AudioTooLong."""
    with path.open("rb") as file:
        recording = AudioFile(file, max_seconds=LONGEST_S)
        blocks = [block.astype(np.float32) / 32768 for block in recording.blocks()]
    return np.concatenate([np.zeros(0, np.float32), *blocks])


def examples(path: Path, copies: int, rng: np.random.Generator) -> Iterator[Example]:
    """One recording, clean and noisy; nothing when its text cannot be aligned with it."""
    audio, spoken = read(path), spoken_tokens(path.with_suffix(".txt").read_text(encoding="utf-8"))
    if not spoken or not len(audio):
        return
    found = align(acoustic_model().log_probs([audio])[0], spoken)
    if found is None:
        return
    frames = [frame * STRIDE for frame in found]
    yield Example(model_inputs(audio).astype(np.float16), spoken, frames)
    for _ in range(copies):
        noisy = augment(audio.astype(np.float64), rng).astype(np.float32)
        yield Example(model_inputs(noisy).astype(np.float16), spoken, frames)


def all_examples(folder: Path, copies: int) -> Iterator[Example]:
    """Every recording that has a text; what is left out is told."""
    rng = np.random.default_rng(0)
    for text in sorted(folder.rglob("*.txt")):
        for path in sorted(text.parent.glob(f"{text.stem}.*")):
            if path.suffix == ".txt":
                continue
            try:
                made = list(examples(path, copies, rng))
            except (InvalidAudio, AudioTooLong):
                made = []
            if not made:
                print(f"left out: {path}")
            yield from made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--copies", type=int, default=4)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    made = list(all_examples(options.folder, options.copies))
    for number, first in enumerate(range(0, len(made), UTTERANCES)):
        write_shard(options.out / f"recordings-{number:03d}.npz", made[first : first + UTTERANCES])
    print(f"{len(made)} utterances")


if __name__ == "__main__":
    main()
