"""Converts a published `.nemo` archive of Typhoon ASR for the `typhoon` engine, without NeMo.

python -m deployments.asr.nemo.convert_typhoon typhoon-asr-realtime.nemo checkpoints/typhoon
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import torch
from transformers.utils import logging

from deployments.asr.nemo.archive import ConversionError, read_archive
from deployments.asr.nemo.tokenizer import parakeet_tokenizer
from deployments.asr.nemo.variants import variant_of
from deployments.asr.nemo.weights import check_features, renamed_weights
from deployments.asr.typhoon.model import IMPL


def convert(archive: Path, folder: Path, name: str = IMPL) -> None:
    """Write a checkpoint folder that `from_pretrained` loads; `name` becomes the engine's `impl` (ASR-002).

    Raises ConversionError before anything is written when the archive does not fit.
    """
    logging.disable_progress_bar()
    config, weights, pieces = read_archive(archive)
    variant, tokenizer = variant_of(config), parakeet_tokenizer(pieces)
    processor = variant.processor(config, tokenizer)
    check_features(weights, processor.feature_extractor.mel_filters)
    with torch.device("meta"):
        model = variant.network(variant.config(config, len(tokenizer) - 1, name))
    renamed = renamed_weights(weights, model.state_dict(), variant.tensor_name)
    model.load_state_dict(renamed, assign=True)
    model.generation_config.decoder_start_token_id = model.config.blank_token_id
    model.save_pretrained(folder)
    processor.save_pretrained(folder)


@click.command()
@click.argument("archive", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", default=IMPL, show_default=True, help="What /health calls the engine.")
def main(archive: Path, folder: Path, name: str) -> None:
    """Convert ARCHIVE (.nemo) to a checkpoint FOLDER."""
    try:
        convert(archive, folder, name)
    except ConversionError as failure:
        sys.exit(f"convert_typhoon: {failure}")
    click.echo(
        f"engine: deployments.asr.typhoon.engine:TyphoonRecognizer, options: {{ checkpoint: {folder} }}"
    )


if __name__ == "__main__":
    main()
