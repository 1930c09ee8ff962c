"""Parts of an encoded batch that one call of the decoder can take together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import numpy as np
from ctranslate2 import DataType, Device, StorageView

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")


def grouped(keys: Sequence[Key], call: Callable[[Key, list[int]], Sequence[Result]]) -> list[Result]:
    """Call once for each key with its rows; the results in the order of the rows."""
    groups: defaultdict[Key, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        groups[key].append(row)
    results: dict[int, Result] = {}
    for key, rows in groups.items():
        results.update(zip(rows, call(key, rows), strict=True))
    return [results[row] for row in range(len(keys))]


def rows_of(encoded: StorageView, rows: Sequence[int]) -> StorageView:
    """Some rows of the encoder's output, shape (rows, 1500, width).

    CTranslate2 has no indexing: the way leads through numpy, which knows no bfloat16; the model converts
    back.
    """
    if len(rows) == encoded.shape[0]:
        return encoded
    whole = np.asarray(encoded.to_device(Device.cpu).to(DataType.float32))
    return StorageView.from_array(whole[list(rows)])
