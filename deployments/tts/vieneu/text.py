"""What VieNeu-TTS reads instead of letters: the phonemes of sea-g2p, from the tables in its package."""

from __future__ import annotations

from vieneu_utils.phonemize_text import normalize_to_chunks, phonemize_batch, phonemize_with_dict

LONGEST_CHUNK = 256
"""Characters, numbers written out; the package's. Cut at the ends of sentences where that is possible."""


def phonemes(text: str) -> str:
    """Of a short text that is not cut."""
    spoken: str = phonemize_with_dict(text)
    return spoken


def chunks_of_phonemes(text: str) -> list[str]:
    """Of a text of any length; none when there is nothing to speak in it."""
    chunks = normalize_to_chunks(text, max_chars=LONGEST_CHUNK)
    spoken = [chunk for chunk in chunks if any(character.isalnum() for character in chunk)]
    heard: list[str] = phonemize_batch(spoken, skip_normalize=True)
    return heard
