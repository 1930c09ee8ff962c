"""Which of pydantic's faults a caller is told, where a field takes several forms."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, StrictStr, ValidationError

from serve_app.core.faults import faults
from serve_app.core.validation import worded
from serve_app.http.dependencies import CallerDep
from serve_app.http.surface import surface


class TextPart(BaseModel):
    type: Literal["text"]
    text: StrictStr


class ImagePart(BaseModel):
    type: Literal["image"]
    url: StrictStr


class Named(BaseModel):
    id: StrictStr


Stop = Annotated[StrictStr, Field(min_length=1)]


class Forms(BaseModel):
    content: StrictStr | list[TextPart | ImagePart] = ""
    stop: Stop | Annotated[list[Stop], Field(max_length=2)] | None = None
    choice: Literal["none"] | Literal["auto"] | Named = "none"
    count: int | None = None


def told(value: Any) -> list[str]:
    with pytest.raises(ValidationError) as invalid:
        Forms.model_validate(value)
    return [f"{fault.path}: {fault.text}" for fault in faults(worded(invalid.value.errors()), value)]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"content": 5}, "content: Input should be a valid string or a valid list"),
        ({"content": [5]}, "content[0]: Input should be an object"),
        ({"content": [{"type": "image"}]}, "content[0].url: Field required"),
        ({"content": [{"type": "text", "text": 5}]}, "content[0].text: Input should be a valid string"),
        ({"content": [{"type": "film"}]}, "content[0].type: Input should be 'text' or 'image'"),
        ({"stop": ["a", "b", "c"]}, "stop: List should have at most 2 items, not 3"),
        ({"stop": ["a", ""]}, "stop[1]: String should have at least 1 character"),
        ({"stop": ""}, "stop: String should have at least 1 character"),
        ({"stop": {}}, "stop: Input should be a valid string or a valid list"),
        ({"choice": "some"}, "choice: Input should be 'none' or 'auto'"),
        ({"choice": {"id": 5}}, "choice.id: Input should be a valid string"),
        ({"choice": {}}, "choice.id: Field required"),
        ({"choice": 5}, "choice: Input should be 'none' or 'auto' or an object"),
        ({"count": "many"}, "count: Input should be a valid integer, unable to parse string as an integer"),
        (5, ": Input should be an object"),
    ],
)
def test_the_nearest_form_is_told(value: Any, reason: str) -> None:
    """ERR-024: what is wrong with it, where; and no name of a type."""
    assert told(value) == [reason]


def test_each_field_has_its_own_fault() -> None:
    """ERR-024: in the order of the fields."""
    value = {"content": [{"type": "text", "text": 1}], "stop": [""], "count": []}
    assert [each.split(":")[0] for each in told(value)] == ["content[0].text", "stop[0]", "count"]


VALUES = st.recursive(
    st.none() | st.integers() | st.sampled_from(["", "text", "image", "auto", "str", "Named"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*Forms.model_fields, "type", "text", "id", "str"]), inner)
    ),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(Forms.model_fields, VALUES)))
def test_a_fault_stands_in_the_value(value: dict[str, Any]) -> None:
    """ERR-024: its place is one that the caller wrote, or a field that is missing there."""
    try:
        Forms.model_validate(value)
    except ValidationError as invalid:
        for fault in faults(invalid.errors(), value):
            found: Any = value
            for step in fault.place[: -1 if fault.kind == "missing" else None]:
                found = found[step]


router = surface("/probe-forms", "probe")


@router.post("")
async def take_forms(caller: CallerDep, forms: Forms, limit: int = 1, other: int = 1) -> None:
    return None


@pytest.mark.parametrize(
    ("query", "body", "told"),
    [
        ("", {"stop": ["a", "b", "c"]}, "stop: List should have at most 2 items, not 3"),
        ("", {"content": [{"type": "film"}]}, "content.0.type: Input should be 'text' or 'image'"),
        ("", [], "body: Input should be an object"),
        ("?limit=x&other=y", {"stop": 5}, "limit: Input should be a valid integer"),
    ],
)
async def test_a_route_tells_it(
    app: FastAPI, signed: httpx.AsyncClient, query: str, body: Any, told: str
) -> None:
    """ERR-024, ERR-010: faults of a query beside those of a body."""
    app.router.routes.extend(router.routes)
    answer = await signed.post(f"/probe-forms{query}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(told)
    assert answer.json()["error"].count("; ") == query.count("=")
