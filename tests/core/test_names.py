"""What is kept of names and addresses, and when two are the same: KEY-016, KEY-017."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.names import address, comparable, comparable_address, label, name
from serve_app.errors import InvalidRequest

SAME_NAMES = [
    ("Acme School", "acme school"),
    ("Acme School", "  Acme \t School\n"),
    ("Acme School", "Acme\u00a0School"),
    ("Acme School", "Ac\u200bme Sch\u2060ool\ufeff"),
    ("Acme School", "\u202eAcme School\u202c"),
    ("Acme", "\uff21\uff43\uff4d\uff45"),
    ("Straße", "STRASSE"),
    ("École", "E\u0301cole"),
    ("น้ำ", "น้\u0e4d\u0e32"),
]


@pytest.mark.parametrize(("one", "other"), SAME_NAMES)
def test_names_that_people_take_for_the_same(one: str, other: str) -> None:
    """KEY-017: case, width, spaces, composition and what nobody sees do not count."""
    assert comparable(one) == comparable(other)


def test_names_that_differ() -> None:
    """KEY-017: accents, digits and the place of a space are seen."""
    assert len({comparable(text) for text in ("Ecole", "École", "Ecole 1", "Eco le", "Ecole 2")}) == 5


def test_what_is_kept_of_a_name() -> None:
    """KEY-017: composed, trimmed, on one line; joiners stay where scripts need them."""
    assert name(" E\u0301cole\n  1\x00\u200b ", field="name") == "École 1"
    assert name("می\u200cخواهم\u200c", field="name") == "می\u200cخواهم"
    assert name("x \u200d", field="name") == "x"
    assert label(" \t", field="name") == ""


@pytest.mark.parametrize("text", ["", "  ", "\u200b", "\u200d\u200c", "\x00", "\ud800", "x" * 101])
def test_no_names(text: str) -> None:
    """KEY-017: empty ones, those that nobody sees, and over-long ones."""
    with pytest.raises(InvalidRequest, match=r"^name: "):
        name(text, field="name")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A@X.example", "a@x.example"),
        (" a@x.example\u200b", "a@x.example"),
        ("a@x.example.", "a@x.example"),
        ("a@bücher.example", "A@XN--BCHER-KVA.example"),
        ("jose\u0301@x.example", "José@x.example"),
    ],
)
def test_addresses_of_one_mailbox(one: str, other: str) -> None:
    """KEY-016: whatever the case, the composition and the form of the host."""
    first, second = (comparable_address(address(text, field="email")) for text in (one, other))
    assert first == second


def test_addresses_of_several() -> None:
    """KEY-016: what some providers ignore, others tell apart."""
    texts = ("ab@x.example", "a.b@x.example", "ab+1@x.example", "ab@x.y.example")
    assert len({comparable_address(address(text, field="email")) for text in texts}) == 4


def test_what_is_kept_of_an_address() -> None:
    """KEY-016: as the person writes it."""
    assert address(" Ann@Bücher.example ", field="email") == "Ann@Bücher.example"


@pytest.mark.parametrize(
    "text", ["", "nobody", "@", "a@", "@x", "a b@x", "a@b@c", "a@x..y", "a@" + "x" * 64, "a" * 250 + "@x.yz"]
)
def test_no_addresses(text: str) -> None:
    """KEY-016: the field is named."""
    with pytest.raises(InvalidRequest, match=r"^email: "):
        address(text, field="email")


@given(st.text())
def test_any_name(text: str) -> None:
    """KEY-017: what is kept is the same name, and keeping it again changes nothing."""
    try:
        kept = name(text, field="name")
    except InvalidRequest:
        return
    assert comparable(kept) == comparable(text)
    assert name(kept, field="name") == kept
    assert comparable(comparable(text)) == comparable(text)


@given(st.text())
def test_any_address(text: str) -> None:
    """KEY-016: an address that can be compared, or a refusal."""
    try:
        kept = address(text, field="email")
    except InvalidRequest:
        return
    assert comparable_address(kept) == comparable_address(address(kept, field="email"))
