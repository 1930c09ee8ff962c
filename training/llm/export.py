"""Puts the trained model where the engine finds it: `python -m training.llm.export MODEL`.

CTranslate2 with weights in int8, beside the tokenizer and its chat template.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from ctranslate2.converters import TransformersConverter

FOLDER = Path(__file__).parents[2] / "deployments" / "llm" / "model"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--out", type=Path, default=FOLDER)
    wanted = parser.parse_args()
    TransformersConverter(str(wanted.model)).convert(str(wanted.out), quantization="int8", force=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(wanted.model / name, wanted.out / name)
    size = sum(path.stat().st_size for path in wanted.out.iterdir())
    print(f"{size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
