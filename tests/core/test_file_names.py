"""Names of uploaded files: OUT-004."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.file_names import LONGEST, file_name

THAI = "utf-8''%E0%B8%81.wav"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('filename="a.wav"', "a.wav"),
        ("filename=a.wav", "a.wav"),
        ('FileName="ก.wav"', "ก.wav"),
        (f"filename*={THAI}", "ก.wav"),
        (f"filename*={THAI.upper()}", "ก.WAV"),
        ("filename*=iso-8859-1'en'%E9.wav", "é.wav"),
        ("filename*0=a; filename*1=b.wav", "ab.wav"),
        (f'filename="=?utf-8?B?4LiBLndhdg==?="; filename*={THAI}', "ก.wav"),
        (f'filename*={THAI}; filename="other.wav"', "ก.wav"),
        ('filename="=?utf-8?B?4LiBLndhdg==?="', "ก.wav"),
        ('filename="=?utf-8?Q?=E0=B8=81.wav?="', "ก.wav"),
        ('filename="=?no-such?B?4LiB?="', "=?no-such?B?4LiB?="),
        ('filename="a%22b%0D%0a.wav"', 'a"b.wav'),
        ('filename="100%25 %E0.wav"', "100%25 %E0.wav"),
        ('filename="a\\"b;c.wav"', 'a"b;c.wav'),
        ('filename="C:\\music\\a.wav"', "a.wav"),
        ('filename="../../etc/passwd"', "passwd"),
        ("filename*=utf-8''..%2F..%2Fa.wav", "a.wav"),
        ('filename=""', ""),
        ('filename="a\tb\x00.wav"', "ab.wav"),
        (f'filename="{"ก" * 300}"', "ก" * LONGEST),
        ("x=1", None),
        ("", None),
    ],
)
def test_spellings(written: str, name: str | None) -> None:
    """OUT-004: RFC 7578, 8187, 2231 and 2047, and what browsers write; `filename*` wins."""
    assert file_name(f'form-data; name="file"; {written}') == name


@given(st.text())
def test_any_header(header: str) -> None:
    """OUT-004: gives a bare name or none."""
    for disposition in (header, f"form-data; filename={header}", f"form-data; filename*={header}"):
        name = file_name(disposition) or ""
        assert not {"/", "\\"} & set(name)
        assert len(name) <= LONGEST
        assert "Cc" not in map(unicodedata.category, name)
