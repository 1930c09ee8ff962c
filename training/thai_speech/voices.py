"""Which espeak-ng voice variants are trained on, and which are kept for tests and for the demo speakers."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import espeakng_loader
import numpy as np

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


def random_voices(count: int, seed: int) -> list[str]:
    """New variants with drawn vocal tracts and voices, in a data folder of this process."""
    data = Path(tempfile.mkdtemp(prefix="espeak-voices-")) / "espeak-ng-data"
    shutil.copytree(espeakng_loader.get_data_path(), data, ignore=_other_languages)
    os.environ["ESPEAK_DATA_PATH"] = str(data)
    rng, names = np.random.default_rng([seed, 1]), [f"drawn{number:03d}" for number in range(count)]
    for name in names:
        (data / "voices" / "!v" / name).write_text(_variant(name, rng), encoding="utf-8")
    return names


def _other_languages(folder: str, names: list[str]) -> list[str]:
    """espeak-ng knows 350 voices at most: without the other languages there is room for 240 new ones."""
    if Path(folder).name == "lang":
        return [name for name in names if name != "tai"]
    return [name for name in names if name.endswith("_dict") and name != "th_dict"]


def _variant(name: str, rng: np.random.Generator) -> str:
    """Within what the variants that come with espeak-ng do, each setting by itself."""
    low = rng.uniform(70, 215)
    lines = ["language variant", f"name {name}", f"pitch {low:.0f} {low * rng.uniform(1.15, 1.75):.0f}"]
    tract = rng.uniform(0.87, 1.2)
    for number in range(9):
        frequency = 100 * tract * rng.normal(1, 0.07)
        strength, width = rng.uniform(55, 145), rng.uniform(60, 160)
        lines.append(f"formant {number} {frequency:.0f} {strength:.0f} {width:.0f}")
    lines.append(f"voicing {rng.uniform(40, 160):.0f}")
    lines.append(f"consonants {rng.uniform(75, 155):.0f} {rng.uniform(75, 155):.0f}")
    sometimes = (
        (0.3, f"flutter {rng.integers(1, 9)}"),
        (0.3, f"roughness {rng.integers(1, 4)}"),
        (0.12, f"klatt {rng.integers(1, 7)}"),
        (0.15, f"echo {rng.integers(10, 140)} {rng.integers(5, 30)}"),
        (
            0.25,
            f"tone 600 {rng.integers(120, 256)} 1200 {rng.integers(70, 256)} 2000 {rng.integers(40, 256)}",
        ),
        (0.15, "breath " + " ".join(str(rng.integers(0, 8)) for _ in range(8))),
        (0.25, "stressAdd " + " ".join(str(rng.integers(-20, 20)) for _ in range(8))),
    )
    return "\n".join(lines + [line for chance, line in sometimes if rng.random() < chance]) + "\n"
