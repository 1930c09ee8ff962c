"""Preconditions and ranges: OUT-003."""

from __future__ import annotations

from email.utils import formatdate

from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.conditional import MOST_RANGES, Validators, outcome, spans

FILE = Validators('"a"', 1_000_000_000)
tags = st.sampled_from(['"a"', 'W/"a"', '"b"', 'W/"b"', "*", "", "a"])
dates = st.one_of(
    st.just("rubbish"), st.integers(999_999_998, 1_000_000_002).map(lambda at: formatdate(at, usegmt=True))
)
conditions = st.fixed_dictionaries(
    {},
    optional={
        "if-match": tags,
        "if-none-match": tags,
        "if-modified-since": dates,
        "if-unmodified-since": dates,
    },
)
numbers = st.one_of(st.just(""), st.integers(0, 12).map(str), st.just("9" * 5000))
ranges = st.lists(st.tuples(numbers, numbers).map("-".join), min_size=1, max_size=MOST_RANGES + 2)


@given(conditions)
def test_the_order_of_preconditions(asked: dict[str, str]) -> None:
    """OUT-003: tags go before dates, and what must match before what must not."""
    found = outcome(asked, FILE)
    if "if-match" in asked:
        assert (found == "failed") == (asked["if-match"] not in ('"a"', "*"))
    if found == "send" and "if-none-match" in asked:
        assert asked["if-none-match"] not in ('"a"', 'W/"a"', "*")
    if found == "not_modified" and "if-none-match" not in asked:
        assert "if-modified-since" in asked
    assert outcome({}, FILE) == "send"


@given(ranges, st.integers(0, 12))
def test_every_span_lies_in_the_file(wanted: list[str], size: int) -> None:
    """OUT-003: whatever is asked for, no byte outside of the file, and few parts."""
    found = spans({"range": "bytes=" + ",".join(wanted)}, size, FILE)
    assert found is None or len(found) <= MOST_RANGES
    assert all(0 <= first < end <= size for first, end in found or [])


def test_only_what_is_there() -> None:
    """OUT-003: one satisfiable range is enough; units that nobody knows are passed over."""
    assert spans({"range": "bytes=0-0, 99-"}, 10, FILE) == [(0, 1)]
    assert spans({"range": "bytes=-3"}, 10, FILE) == [(7, 10)]
    assert spans({"range": "bytes=99-"}, 10, FILE) == []
    assert spans({"range": "items=0-5"}, 10, FILE) is None
    assert spans({}, 10, FILE) is None
    assert spans({"range": "bytes=0-0", "if-range": '"b"'}, 10, FILE) is None
    assert spans({"range": "bytes=0-0", "if-range": formatdate(1_000_000_000, usegmt=True)}, 10, FILE) == [
        (0, 1)
    ]
