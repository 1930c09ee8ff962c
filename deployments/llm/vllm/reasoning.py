"""Reasoning tokens of an answer, counted once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vllm.parser.abstract_parser import Parser


def counting_once(parser: type[Parser]) -> type[Parser]:
    """The same parser, which counts the reasoning tokens of a stream at its end only.

    vLLM 0.29 counts them anew with every chunk, and behind a template that closes the thought itself decodes
    all of the answer for it: a time that grows with the square of the length. Only the usage at the end shows
    the count, since no caller gets another (`completion_request`).
    """

    class CountingOnce(parser):  # type: ignore[misc, valid-type]
        _streaming = False

        def parse_delta(self, *args: Any, finished: bool, **options: Any) -> Any:
            self._streaming = not finished
            return super().parse_delta(*args, finished=finished, **options)

        def count_reasoning_tokens(self, token_ids: Sequence[int]) -> int:
            return 0 if self._streaming else super().count_reasoning_tokens(token_ids)

    return CountingOnce
