"""Names of files that are kept here: VID-005, TTS-018."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.reference_paths import uploaded_path


@pytest.mark.parametrize("form", ["/uploads/{}", "uploads/{}", "/uploads/{}?exp=1&sig=x"])
def test_files_of_this_site(form: str) -> None:
    """VID-005: as answers name them, signed or not."""
    assert uploaded_path(form.format("generations/a.png")) == "generations/a.png"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "/uploads",
        "/uploads/",
        "/uploads/a.png",
        "//uploads/generations/a.png",
        "/uploads//generations/a.png",
        "/uploads/generations/../a.png",
        "/uploads/./generations/a.png",
        "/uploads/generations\\a.png",
        "/uploads/C:/a.png",
        "/uploads/generations/a\x00.png",
        "/Uploads/generations/a.png",
        "/files/generations/a.png",
        "http://api.test/uploads/generations/a.png",
        "file:///uploads/generations/a.png",
    ],
)
def test_other_names(value: str) -> None:
    """VID-005, OUT-002: name nothing."""
    assert uploaded_path(value) == ""


@given(st.text("ab/.\\:?%", max_size=12))
def test_no_name_leads_out(rest: str) -> None:
    """OUT-002: whatever is written behind `/uploads/`."""
    parts = uploaded_path(f"/uploads/{rest}").split("/")
    assert ".." not in parts[:]
    assert parts == [""] or (len(parts) > 1 and all(parts))
