"""Which espeak-ng voice variants are trained on, and which are kept for tests and for the demo speakers."""

from __future__ import annotations

from pathlib import Path

import espeakng_loader

HELD_OUT = (
    "f5",
    "m8",
    "Andrea",
    "klatt6",
    "shelby",
    "Michael",
    "zac",
    "linda",
    "iven4",
    "pablo",
    "Annie",
    "gustave",
)
_NOT_SPEECH_LIKE = {
    "Demonic", "UniRobot", "whisper", "whisperf", "croak", "Tweaky", "RicishayMax", "RicishayMax2",
    "RicishayMax3", "AnxiousAndy", "fast", "anikaRobot", "Storm", "Mr serious", "victor",
}  # fmt: skip


def training_voices() -> list[str]:
    """Every variant that sounds like a person and is not held out."""
    names = {path.name for path in Path(espeakng_loader.get_data_path(), "voices", "!v").iterdir()}
    return sorted(n for n in names - _NOT_SPEECH_LIKE - set(HELD_OUT) if not n.startswith("robosoft"))
