"""What is wrong with a caller's fields, in a caller's words (ERR-010, ERR-022)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SHOWN_PROBLEMS = 3
"""Enough to mend a request; a body with a thousand wrong fields gets no answer of a thousand lines."""
RULE = "rule"
"""The type of errors that our own models raise (`PydanticCustomError`), with our own words."""
PLAIN = frozenset(
    {RULE, "missing", "extra_forbidden", "json_invalid", "literal_error", "enum", "finite_number"}
    | {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of"}
    | {"string_type", "string_too_short", "string_too_long", "bool_type", "bool_parsing"}
    | {"int_type", "int_parsing", "int_parsing_size", "int_from_float", "float_type", "float_parsing"}
)
"""Kinds of errors (pydantic's `type`) whose own text speaks of the input alone."""
REWORDED = {
    "model_type": "Input should be an object",
    "model_attributes_type": "Input should be an object",
    "dict_type": "Input should be an object",
    "list_type": "Input should be an array",
    "too_short": "There should be at least {min_length}, not {actual_length}",
    "too_long": "There should be at most {max_length}, not {actual_length}",
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
        return str(problem["msg"])
    return REWORDED.get(kind, OTHER).format_map(problem.get("ctx", {}))


def told(problems: Sequence[Mapping[str, Any]], sent: object) -> str:
    """Each field, and what is wrong with it. Of a choice the alternative that got furthest tells."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        texts = found.setdefault(_field(problem, sent), [])
        texts.extend({problem_text(problem)} - set(texts))
    deepest = [field for field in found if not any(other.startswith(f"{field}.") for other in found)]
    return "; ".join(f"{field[:100]}: {', or '.join(found[field])}" for field in deepest[:SHOWN_PROBLEMS])


def _field(problem: Mapping[str, Any], sent: object) -> str:
    """The place in what was sent; names of alternatives, which pydantic puts between, are left out."""
    source, *parts = problem["loc"]
    if source == "body":
        parts = _in_body(parts, sent, missing=problem["type"] == "missing")
    return ".".join(map(str, parts)) or str(source)


def _in_body(parts: Sequence[int | str], sent: Any, *, missing: bool) -> list[int | str]:
    kept: list[int | str] = []
    for index, part in enumerate(parts):
        if (isinstance(sent, Mapping) and part in sent) or (isinstance(sent, list) and isinstance(part, int)):
            sent = sent[part]  # type: ignore[index]
        elif not (missing and index == len(parts) - 1):
            continue
        kept.append(part)
    return kept
