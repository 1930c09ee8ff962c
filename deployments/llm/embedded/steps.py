"""The steps of a generation: CTranslate2 tells each token of each choice as it is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import ctranslate2
import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Step:
    """One token of one choice."""

    choice: int
    token_id: int
    is_last: bool
    """No token may follow."""
    logits: Logits | None = None
    """Of all tokens, before temperature; None when nobody asked for them."""


class Steps:
    """Gives each choice its own logits.

    CTranslate2 hands those of all choices that still run, in their order, to the first of them; the others'
    are empty. (`GreedySearch::search` moves them into the first result.)
    """

    def __init__(self, with_logits: bool) -> None:
        self._with_logits = with_logits
        self._at = -1
        self._rows: Iterator[Logits] = iter(())

    def read(self, result: ctranslate2.GenerationStepResult) -> Step:
        """The results of one batch, in the order in which they come."""
        logits = self._row(result) if self._with_logits else None
        return Step(result.batch_id, result.token_id, result.is_last, logits)

    def _row(self, result: ctranslate2.GenerationStepResult) -> Logits:
        if result.step != self._at:
            self._at, self._rows = result.step, iter(np.array(result.logits, np.float32))
        return next(self._rows)
