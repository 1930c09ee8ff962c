"""Files inside of URLs: VID-005, VID-006."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from serve_app.core import data_url as module
from serve_app.core.data_url import SLICE, Content, data_url
from serve_app.errors import InvalidRequest, TooLarge

LIMIT = 10**6


def taken(url: str, limit_bytes: int = LIMIT) -> Content:
    return data_url(url, limit_bytes=limit_bytes)


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        ("data:image/png;base64,", "image/png"),
        ("DATA:Image/SVG+xml;BASE64,", "image/svg+xml"),
        ("data:;base64,", ""),
        ("data:image/jpeg;name=a.jpg;charset=utf-8;base64,", "image/jpeg"),
        ('data:image/jpeg; name="a.jpg"; base64,', "image/jpeg"),
        ("data:image/*;base64,", "image/*"),
    ],
)
def test_heads(head: str, media_type: str) -> None:
    """VID-005, VID-020: any case, with parameters or none; without a type nothing is declared."""
    assert taken(f"{head}AAEC") == Content(b"\x00\x01\x02", media_type)


@pytest.mark.parametrize(
    "url",
    [
        "data:",
        "data:image/png,AAEC",
        "data:image/png;base64",
        "data:image/png;base64 ,AAEC",
        "data:image/png;charset=utf-8,AAEC",
        "data:;;;;;;;;" + ";" * 10**6,
        "data:image/png" + "x" * 10**6 + ";base64,AAEC",
    ],
    ids=lambda url: url[:30],
)
def test_heads_that_are_none(url: str) -> None:
    """VID-005: told at once, however long they are."""
    with pytest.raises(InvalidRequest, match="must begin with data:"):
        taken(url)


@pytest.mark.parametrize(
    "text",
    [
        "AAE",
        "AAEC=",
        "AA==AAEC",
        "AA=A",
        "====",
        "AAEC====",
        "AAE\n",
        "AAEC\nAAEC",
        " AAEC",
        "AA-_",
        "AA%2B",
        "ก" * 4,
        "A" * (SLICE - 4) + "AA==" + "AAEC",
        "A" * SLICE + "A",
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_base64_that_is_none(text: str) -> None:
    """VID-006: no white space, no other alphabet, padding only at the end, also where it ends a slice."""
    with pytest.raises(InvalidRequest, match="base64 is not valid"):
        taken(f"data:;base64,{text}")


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """VID-006: exact after decoding, and known before it."""
    for size in range(100, 104):
        text = base64.b64encode(bytes(size)).decode()
        assert len(taken(f"data:;base64,{text}", limit_bytes=size).data) == size
        with pytest.raises(TooLarge):
            taken(f"data:;base64,{text}", limit_bytes=size - 1)
    monkeypatch.setattr(module, "binascii", None)
    with pytest.raises(TooLarge):
        taken("data:;base64," + "!" * 10**6, limit_bytes=1000)


@given(data=st.binary(max_size=300), slice_=st.sampled_from([4, 8, 64]))
@example(data=b"", slice_=4)
def test_what_was_encoded_comes_out(data: bytes, slice_: int) -> None:
    """VID-005: whatever the bytes, and wherever slices begin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SLICE", slice_)
        assert taken(f"data:;base64,{base64.b64encode(data).decode()}").data == data


@given(text=st.text("AZaz09+/=", max_size=24))
def test_as_strict_as_the_standard(text: str) -> None:
    """VID-006: slices let nothing pass that the decoder refuses as a whole, nor a broken group of four."""
    whole: bytes | None = None
    with suppress(binascii.Error):
        whole = None if len(text) % 4 else binascii.a2b_base64(text, strict_mode=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SLICE", 4)
        try:
            found: bytes | None = taken(f"data:;base64,{text}").data
        except InvalidRequest:
            found = None
    assert found == whole
