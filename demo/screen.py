"""Live captions on a terminal: words that stay are bright, words that may still change are dim."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from typing import TextIO

from loadtests.recording import Event
from loadtests.report import columns

INDENT = "  "
BOLD, DIM, RESET, REWRITE = "\x1b[1m", "\x1b[2m", "\x1b[0m", "\r\x1b[2K"


class CaptionLine:
    """The caption of one utterance: one rewritten line on a terminal, else a line for each change."""

    def __init__(self, out: TextIO = sys.stdout, width: Callable[[], int] | None = None) -> None:
        self._out = out
        self._live = out.isatty() and "NO_COLOR" not in os.environ
        self._width = width or (lambda: shutil.get_terminal_size().columns)
        self._stable, self._text, self._shown = "", "", ""

    def show(self, event: Event) -> None:
        """Take any server event of the utterance."""
        if event.kind == "stabilized_partial":
            self._stable = event.body["text"]
        elif event.kind in ("partial", "final"):
            self._text = event.body["text"]
        else:
            return
        self._write(final=event.kind == "final")

    def _write(self, *, final: bool) -> None:
        stable = self._text if final else self._stable
        tail = self._text.removeprefix(stable)  # the committed prefix is a prefix of every partial (ASR-044)
        line = self._styled(stable, tail) if self._live else _plain(stable, tail, final)
        if line != self._shown:
            self._out.write(f"{REWRITE}{INDENT}{line}" if self._live else f"{INDENT}{line}\n")
        if final and self._live:
            self._out.write("\n")
        self._out.flush()
        self._shown = line

    def _styled(self, stable: str, tail: str) -> str:
        """Cut at the left, between letters, where the terminal ends: a wrapped line cannot be rewritten."""
        room = self._width() - len(INDENT) - 1
        while stable and (columns(stable + tail) > room or not columns(stable[0])):
            stable = stable[1:]
        return f"{BOLD}{stable}{RESET}{DIM}{tail}{RESET}"


def _plain(stable: str, tail: str, final: bool) -> str:
    return f"= {stable}" if final else f"[{stable}] {tail}"
