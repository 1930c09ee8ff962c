"""What is wrong with a value, of all that pydantic says about it (ERR-024).

Where a field takes several forms, a text or a list of parts, pydantic tells the faults of each, under names
of types. A caller meant one of them: the nearest. Only its faults are told, at their place in the value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Step = int | str
Told = tuple[tuple[Step, ...], Mapping[str, Any]]
"""Where pydantic found an error, the steps into the value that are behind us left out."""
EXPECTED = "Input should be "


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong."""

    place: tuple[Step, ...]
    """Keys and indices into the value."""
    kind: str
    """pydantic's type of error."""
    text: str
    is_form: bool
    """The value as a whole is of another form."""

    @property
    def path(self) -> str:
        """`messages[1].content`."""
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.place)
        return "".join(steps).removeprefix(".")


def faults(errors: Sequence[Mapping[str, Any]], value: Any) -> list[Fault]:
    """Of the errors of one `ValidationError` about `value`, in their order; at least one."""
    return list(_faults([(tuple(error["loc"]), error) for error in errors], value))


def _faults(told: Sequence[Told], value: Any) -> Iterator[Fault]:
    found: dict[tuple[Step, ...], list[Told]] = {}
    for steps, error in told:
        place = _place(steps, error, value)
        found.setdefault(place, []).append((steps[len(place) :], error))
    for place, here in found.items():
        yield from (replace(fault, place=place + fault.place) for fault in _at(here, _inside(value, place)))


def _at(here: Sequence[Told], value: Any) -> list[Fault]:
    """Of one place: what the errors say there, and within the nearest of several forms."""
    forms: dict[Step, list[Told]] = {}
    for steps, error in here:
        if steps:
            forms.setdefault(steps[0], []).append((steps[1:], error))
    plain = [_fault(error, value) for steps, error in here if not steps]
    return plain + (_nearest([list(_faults(form, value)) for form in forms.values()]) if forms else [])


def _nearest(forms: Sequence[list[Fault]]) -> list[Fault]:
    """When all are equally far from what was sent, each is named."""
    distance = min(map(_distance, forms))
    nearest = [form for form in forms if _distance(form) == distance]
    if distance == 0:
        return min(nearest, key=len)
    first = nearest[0][0]
    same = [form[0].text for form in nearest if form[0].place == first.place]
    wanted = dict.fromkeys(text.removeprefix(EXPECTED) for text in same)
    return [replace(first, text=first.text.replace(first.text.removeprefix(EXPECTED), " or ".join(wanted)))]


def _distance(form: Sequence[Fault]) -> int:
    """0: the value has this form, with a fault in it; 1: it has another name inside; 2: it is another name;
    3: it is nothing of the kind."""
    if any(fault.is_form and not fault.place for fault in form):
        return 3
    names = [fault.place for fault in form if fault.kind == "literal_error"]
    return (1 if all(names) else 2) if names else 0


def _fault(error: Mapping[str, Any], value: Any) -> Fault:
    kind = error["type"]
    other = kind.endswith("_type") or (kind == "literal_error" and not isinstance(value, str))
    return Fault((), kind, str(error["msg"]), is_form=other)


def _place(steps: Sequence[Step], error: Mapping[str, Any], value: Any) -> tuple[Step, ...]:
    """The steps that lead into the value; the first that does not is the name of a form."""
    for count, step in enumerate(steps):
        if not _has(value, step):
            missing = error["type"] == "missing" and count == len(steps) - 1
            return tuple(steps[: count + missing])
        value = value[step]
    return tuple(steps)


def _has(value: Any, step: Step) -> bool:
    if isinstance(value, Mapping):
        return step in value
    return isinstance(value, Sequence) and isinstance(step, int) and 0 <= step < len(value)


def _inside(value: Any, place: Sequence[Step]) -> Any:
    """What stands there; None for a field that is missing."""
    for step in place:
        value = value[step] if _has(value, step) else None
    return value
