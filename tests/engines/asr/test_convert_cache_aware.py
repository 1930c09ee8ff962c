"""Which cache-aware archives the converter takes; nothing is written when it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deployments.asr.nemo.archive import ConversionError
from deployments.asr.nemo.convert_typhoon import convert
from deployments.asr.nemo.streaming import streaming_config
from tests.engines.asr.tiny_archive import write_archive
from tests.engines.asr.tiny_parakeet import CACHE_AWARE, PIECES, config, random_weights


def refusal(tmp_path: Path, settings: dict[str, Any], *, cache_aware: bool = True) -> str:
    weights = random_weights(cache_aware=cache_aware)
    archive = write_archive(tmp_path / "tiny.nemo", weights, settings, PIECES)
    with pytest.raises(ConversionError) as refused:
        convert(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    return str(refused.value)


@pytest.mark.parametrize(
    ("sizes", "left", "right"),
    [([[70, 0], [70, 13]], 70, 13), ([70, 6], 70, 6), ([[70, 13], [140, 27]], 140, 27), ([0, 0], 0, 0)],
)
def test_the_furthest_look_ahead_is_taken(sizes: list[Any], left: int, right: int) -> None:
    """Windows are decoded whole, so the most accurate of the trained contexts costs no latency."""
    settings = config(cache_aware=True)
    settings["encoder"]["att_context_size"] = sizes
    encoder = streaming_config(settings, len(PIECES), "mine").to_dict()["encoder_config"]
    assert (encoder["sliding_window"] - 1, encoder["default_num_lookahead_tokens"]) == (left, right)


@pytest.mark.parametrize(
    "sizes", [None, [], [-1, -1], [[70, -1]], [[70, 13], [70]], "70, 13", [[70.0, 13.0]]]
)
def test_contexts_that_are_no_pairs_are_refused(tmp_path: Path, sizes: object) -> None:
    """An unlimited context is another network."""
    settings = config(cache_aware=True)
    settings["encoder"]["att_context_size"] = sizes
    assert "att_context_size" in refusal(tmp_path, settings)


@pytest.mark.parametrize(
    ("part", "key"),
    [(part, key) for part, keys in CACHE_AWARE.items() for key in keys if key != "att_context_style"],
)
def test_anything_in_between_is_refused(tmp_path: Path, part: str, key: str) -> None:
    """A setting of a full-context network, written or left to NeMo's default, would mishear; it is named."""
    written, left_out = config(cache_aware=True), config(cache_aware=True)
    written[part][key] = config()[part][key]
    del left_out[part][key]
    assert f"{part}.{key} is " in refusal(tmp_path, written)
    assert f"{part}.{key}" in refusal(tmp_path, left_out)


def test_the_style_of_attention_says_which_network_is_meant(tmp_path: Path) -> None:
    """Without it the rest of a cache-aware config is wrong for a full-context network."""
    settings = config(cache_aware=True)
    del settings["encoder"]["att_context_style"]
    assert "can be converted for a full-context network" in refusal(tmp_path, settings)


def test_tensors_of_the_other_network_are_refused(tmp_path: Path) -> None:
    """An archive whose config and weights disagree is refused by the names of its tensors."""
    assert "unknown tensors" in refusal(tmp_path, config(cache_aware=True), cache_aware=False)
    assert "missing tensors" in refusal(tmp_path, config())
