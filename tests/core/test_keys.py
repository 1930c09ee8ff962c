"""Raw keys: form, hashing, redaction."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.core import keys
from serve_app.core.keys import Kind

ENTROPY = st.binary(min_size=keys.ENTROPY_BYTES, max_size=keys.ENTROPY_BYTES)
PEPPER = b"pepper"


@given(ENTROPY, st.sampled_from(Kind))
def test_a_minted_key_has_the_documented_form_and_reads_back(entropy: bytes, kind: Kind) -> None:
    """KEY-002: `kvid_<prefix>_<secret>`, the prefix 8 lower-case letters and digits."""
    raw = keys.mint(kind, entropy)
    start, prefix, secret = raw.reveal().split("_")
    assert (start, len(prefix)) == (kind.value, 8)
    assert prefix.isalnum()
    assert prefix == prefix.lower()
    assert keys.parse(kind, raw.reveal()) == raw
    assert secret == raw.secret


@given(ENTROPY, ENTROPY)
def test_every_bit_of_entropy_is_in_the_key(one: bytes, other: bytes) -> None:
    """KEY-012: at least 128 bits; no two inputs share a key."""
    assert (keys.ENTROPY_BYTES - 5) * 8 >= 128
    same = keys.mint(Kind.KEY, one).reveal() == keys.mint(Kind.KEY, other).reveal()
    assert same == (one == other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kvid",
        "kvid_abcd1234_",
        "kvid_abcd1234_tooshort",
        "kvid_ABCD1234_" + "a" * 32,
        "kvid_abcd123_" + "a" * 32,
        "kvmt_abcd1234_" + "a" * 32,
        "kvid_abcd1234_" + "a" * 32 + "\n",
        " kvid_abcd1234_" + "a" * 32,
        "kvid_abcd1234_" + "é" * 32,
        "kvid_abcd1234_" + "a" * 65,
    ],
)
def test_a_malformed_key_is_no_key(text: str) -> None:
    """KEY-010: nothing but the exact form is looked up."""
    assert keys.parse(Kind.KEY, text) is None


@given(st.text())
def test_any_text_parses_or_is_refused(text: str) -> None:
    """KEY-010: parsing never fails in another way."""
    found = keys.parse(Kind.KEY, text)
    assert found is None or found.reveal() == text


def test_the_stored_form_is_an_hmac_under_the_pepper() -> None:
    """KEY-012: HMAC-SHA-256 of the secret under the server pepper."""
    assert keys.digest("secret", PEPPER) == hmac.new(PEPPER, b"secret", hashlib.sha256).hexdigest()
    assert keys.digest("secret", b"other") != keys.digest("secret", PEPPER)


def test_an_unknown_prefix_is_compared_too_and_never_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    """KEY-012: a dummy comparison, in constant time, for an unknown prefix."""
    compared: list[tuple[str, str]] = []
    real = hmac.compare_digest

    def watched(one: str, other: str) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    assert not keys.matches("secret", None, PEPPER)
    assert keys.matches("secret", keys.digest("secret", PEPPER), PEPPER)
    assert not keys.matches("Secret", keys.digest("secret", PEPPER), PEPPER)
    assert [len(other) for _, other in compared] == [64, 64, 64]


def test_what_equals_the_dummy_still_does_not_match(monkeypatch: pytest.MonkeyPatch) -> None:
    """KEY-012: the dummy opens nothing, even for a secret whose digest were equal to it."""
    monkeypatch.setattr(keys, "digest", lambda secret, pepper: keys.NOBODY)
    assert not keys.matches("secret", None, PEPPER)


@given(ENTROPY, st.sampled_from(Kind))
def test_no_secret_survives_redaction(entropy: bytes, kind: Kind) -> None:
    """KEY-013, ERR-020: wherever a key stands in a text, its secret is hidden."""
    raw = keys.mint(kind, entropy)
    for text in (
        f"GET /x?api_key={raw.reveal()}&y=1 HTTP/1.1",
        f"KeyError: '{raw.reveal()}'",
        f"/x?API%5FKEY={raw.reveal().replace('_', '%5F')}",
        f"{raw.reveal()} and {raw.reveal()}",
    ):
        assert raw.secret not in keys.redact(text)


def test_redaction_leaves_the_rest_of_a_text_alone() -> None:
    """KEY-013: only keys are hidden, so that a log stays useful."""
    assert keys.redact("GET /x?session_id=1&api_key=abc&y=2") == "GET /x?session_id=1&api_key=***&y=2"
    assert keys.redact("สวัสดี kvid_abcd1234_" + "a" * 32) == "สวัสดี kvid_abcd1234_***"


def test_the_secret_is_not_in_the_repr() -> None:
    """KEY-003: a key that ends up in a message by accident shows no secret."""
    raw = keys.mint(Kind.KEY, bytes(range(keys.ENTROPY_BYTES)))
    assert raw.secret not in repr(raw)
    assert raw.secret not in str(raw)
