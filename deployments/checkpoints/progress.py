"""Shows how far a download is: a bar on a terminal, a line for each file elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType

import click
from tqdm import tqdm

from deployments.checkpoints.errors import SourceFailed
from deployments.checkpoints.files import megabytes


class Progress:
    """One bar for all files of a source; threads may share it."""

    def __init__(self, name: str, total: int) -> None:
        """`total` in bytes; 0 where it is not known."""
        self._bar = tqdm(
            desc=f"  {name}", total=total or None, unit="B", unit_scale=True, disable=not sys.stderr.isatty()
        )
        self._stopped = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def file(self, name: str, size: int | None) -> None:
        """A file begins."""
        if self._bar.disable:
            click.echo(f"  {name}{f' ({megabytes(size)})' if size else ''}", err=True)

    def advance(self, count: int) -> None:
        """So many bytes more are here. Raises SourceFailed after `stop`."""
        if self._stopped:
            raise SourceFailed("stopped")
        self._bar.update(count)

    def stop(self) -> None:
        """Whoever advances from now on is to give up."""
        self._stopped = True
