"""A Typhoon checkpoint of the published geometry (115 M parameters) with random weights, to measure with.

python -m loadtests.engines.random_typhoon checkpoint
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import torch
from tokenizers import Tokenizer, models
from transformers import (
    ParakeetEncoderConfig,
    ParakeetFeatureExtractor,
    ParakeetForRNNT,
    ParakeetProcessor,
    ParakeetRNNTConfig,
    ParakeetTokenizer,
)

from serve_app.engines import SAMPLE_RATE, Audio

VOCABULARY = 2048


def published_geometry() -> ParakeetForRNNT:
    """The model."""
    torch.manual_seed(0)
    encoder = ParakeetEncoderConfig(
        hidden_size=512, num_hidden_layers=17, intermediate_size=2048, layerdrop=0.0
    )
    config = ParakeetRNNTConfig(
        vocab_size=VOCABULARY + 1,
        blank_token_id=VOCABULARY,
        pad_token_id=VOCABULARY,
        num_decoder_layers=1,
        max_symbols_per_step=1,
        encoder_config=encoder.to_dict(),
        impl="random",
    )
    return ParakeetForRNNT(config).eval()


def noise(seconds: float, seed: int) -> Audio:
    """Something to hear."""
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * SAMPLE_RATE)).astype(np.float32)


def build(folder: Path) -> None:
    """Write the checkpoint as `convert_typhoon` does; a piece is a Thai consonant and a number."""
    pieces = [f"{chr(ord('ก') + number % 40)}{number}" for number in range(VOCABULARY)]
    words = models.WordLevel({piece: number for number, piece in enumerate(pieces)}, unk_token=pieces[0])
    tokenizer = ParakeetTokenizer(tokenizer_object=Tokenizer(words))
    tokenizer.add_tokens(["<blank>"], special_tokens=True)
    published_geometry().save_pretrained(folder)
    ParakeetProcessor(ParakeetFeatureExtractor(), tokenizer, decoder_type="rnnt").save_pretrained(folder)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def main(folder: Path) -> None:
    """Write the checkpoint to FOLDER."""
    build(folder)
    click.echo(
        f"engine: deployments.asr.typhoon.engine:TyphoonRecognizer, options: {{ checkpoint: {folder} }}"
    )


if __name__ == "__main__":
    main()
