"""What the demo prints: the caption rule of ASR-049 on a terminal and in a log."""

from __future__ import annotations

import io

import pytest

from demo.screen import BOLD, DIM, RESET, REWRITE, CaptionLine
from loadtests.recording import Event


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


EVENTS = [
    ("speech_start", ""),
    ("partial", "สวัสดี"),
    ("partial", "สวัสดีครับ"),
    ("stabilized_partial", "สวัสดี"),
    ("partial", "สวัสดีครับ"),
    ("final", "สวัสดีครับ"),
]


def play(out: io.StringIO, width: int = 80) -> str:
    line = CaptionLine(out, lambda: width)
    for kind, text in EVENTS:
        line.show(Event(0, {"type": kind, "text": text}))
    return out.getvalue()


def test_a_log_gets_one_line_per_change() -> None:
    """ASR-044, ASR-049: the stable prefix stands in brackets."""
    assert play(io.StringIO()).splitlines() == [
        "  [] สวัสดี",
        "  [] สวัสดีครับ",
        "  [สวัสดี] ครับ",
        "  = สวัสดีครับ",
    ]


def test_a_terminal_gets_one_line_that_is_rewritten(monkeypatch: pytest.MonkeyPatch) -> None:
    """ASR-044, ASR-049: bright prefix, dim tail, one line feed."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = play(Terminal())
    assert shown.count("\n") == 1
    assert shown.split(REWRITE)[1:] == [
        f"  {BOLD}{RESET}{DIM}สวัสดี{RESET}",
        f"  {BOLD}{RESET}{DIM}สวัสดีครับ{RESET}",
        f"  {BOLD}สวัสดี{RESET}{DIM}ครับ{RESET}",
        f"  {BOLD}สวัสดีครับ{RESET}{DIM}{RESET}\n",
    ]


def test_a_long_caption_keeps_its_end() -> None:
    """A line that wraps could not be rewritten."""
    shown = play(Terminal(), width=8)
    assert f"{BOLD}สดีครับ{RESET}" in shown
