"""A recogniser that wants weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.engines.tiny import TinyRecognizer


class WeightyRecognizer(TinyRecognizer):
    """Keeps the paths it was given."""

    def __init__(self, model: str, parts: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.model, self.parts = model, parts
        self.card = replace(self.card, impl="weighty")
