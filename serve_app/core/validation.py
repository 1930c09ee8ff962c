"""What is wrong with a caller's fields, in a caller's words (ERR-010, ERR-022)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

RULE, CANNOT_DO = "rule", "cannot_do"
"""The types of errors that our own models raise (`PydanticCustomError`), with our own words; the second where
an engine is not able to do what is well formed."""
PLAIN = frozenset(
    {RULE, CANNOT_DO, "missing", "extra_forbidden", "json_invalid", "literal_error", "enum", "finite_number"}
    | {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of"}
    | {"string_type", "string_too_short", "string_too_long", "bool_type", "bool_parsing"}
    | {"list_type", "too_short", "too_long"}
    | {"int_type", "int_parsing", "int_parsing_size", "int_from_float", "float_type", "float_parsing"}
)
"""Kinds of errors (pydantic's `type`) whose own text speaks of the input alone."""
REWORDED = {
    "model_type": "Input should be an object",
    "model_attributes_type": "Input should be an object",
    "dict_type": "Input should be an object",
    "string_pattern_mismatch": "Input has not the form that is expected",
    "string_unicode": "Input should be text in UTF-8",
    "union_tag_invalid": "{discriminator} should be one of {expected_tags}",
    "union_tag_not_found": "{discriminator} is required",
    # Of FastAPI's files; our own models raise RULE.
    "value_error": "Input should be a file: a part of the form with a file name",
}
"""Others say what the input would be in Python."""
OTHER = "Input is not valid"


def problem_text(problem: Mapping[str, Any]) -> str:
    """The public text of one of pydantic's errors; never of classes, validators or parsers of ours."""
    kind = problem["type"]
    if kind in PLAIN:
        return str(problem["msg"]).replace(" after validation", "")
    return REWORDED.get(kind, OTHER).format_map(problem.get("ctx", {}))


def worded(problems: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """pydantic's errors with their public texts."""
    return [{**problem, "msg": problem_text(problem)} for problem in problems]
