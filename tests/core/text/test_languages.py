"""A language by any of its spellings: VP-004."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.speech.rules import LANGUAGES
from serve_app.core.text.languages import CODES, SPELLINGS, language_code


@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        *(
            (spelling, "th")
            for spelling in ("th-TH", "th_TH", "TH", " Thai\n", "tha", "ภาษาไทย", "th-TH-u-nu-thai")
        ),
        *((spelling, "en") for spelling in ("en-US", "en_GB.UTF-8", "ENG", "English (US)", "eng-US")),
        *((spelling, "zh") for spelling in ("zh-Hant-TW", "zh_CN", "cmn-Hans-CN", "Chinese", "中文")),
        *((spelling, "vi") for spelling in ("vi-VN", "Tiếng Việt", "tie\u0302\u0301ng vie\u0302\u0323t")),
        *((spelling, "") for spelling in ("", " ", "auto", "AUTO ", "und")),
        *((spelling, "de") for spelling in ("de-DE", "ger", "deu", "Deutsch")),
        ("yue-HK", "yue"),
        ("haw-US", "haw"),
    ],
)
def test_spellings(spelling: str, code: str) -> None:
    """VP-004: tags of browsers and of POSIX, ISO 639-2 and 639-3, names; `auto` is none."""
    assert language_code(spelling) == code


@pytest.mark.parametrize("unknown", ["zz", "klingon", "thx", "th-", "th--TH", "-th", "t", "th TH", "th/TH"])
def test_what_is_no_spelling(unknown: str) -> None:
    """VP-004: stays what it is, and is no language that anybody knows."""
    assert language_code(unknown) == unknown.lower()
    assert language_code(unknown) not in CODES.values()


def test_the_table() -> None:
    """VP-004: no spelling means two languages, and each language spoken here has its row."""
    spelled = [name for row in SPELLINGS.strip().split("\n") for name in row.split(", ")]
    assert len(spelled) == len(set(spelled)) == len(CODES)
    assert set(LANGUAGES) <= set(CODES.values())
    assert all(language_code(code) == code for code in CODES.values())


@given(st.sampled_from(sorted(CODES)), st.sampled_from(["", " ", "\t"]), st.booleans())
def test_case_and_blanks_say_nothing(name: str, blank: str, upper: bool) -> None:
    """VP-004: nor does a second look at what was found."""
    code = language_code(f"{blank}{name.upper() if upper else name.title()}{blank}")
    assert code == CODES[name] == language_code(code)


@given(st.text())
def test_any_text(text: str) -> None:
    """VP-004: nothing is too odd to look at."""
    assert language_code(language_code(text)) in (language_code(text), "")
