"""Files below a URL, for example on a mirror of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx
from pydantic import Field, HttpUrl

from deployments.checkpoints.download import Wanted, client, download_all
from deployments.checkpoints.files import Facts, FileName
from deployments.checkpoints.sources.base import Fetchable, Fetched


class Url(Fetchable):
    """Each file is at `url/name`."""

    url: HttpUrl
    files: dict[FileName, Facts] = Field(min_length=1)

    @property
    def label(self) -> str:
        """Host and path; a URL may carry a password."""
        return f"{self.url.host}{(self.url.path or '').rstrip('/')}"

    @property
    def pinned(self) -> bool:
        """Whether every file's hash is known."""
        return all(facts.sha256 for facts in self.files.values())

    @property
    def expected(self) -> Mapping[str, Facts]:
        """All files."""
        return self.files

    def room(self) -> int:
        """The sizes that are known."""
        return sum(facts.bytes or 0 for facts in self.files.values())

    def fetch(self, folder: Path, scratch: Path, name: str) -> Fetched:
        """See `Fetchable`."""
        base = str(self.url).rstrip("/")
        wanted = [
            Wanted(httpx.URL(f"{base}/{file}"), folder / file, file, facts)
            for file, facts in self.files.items()
        ]
        with client() as http:
            download_all(http, wanted, name)
        return Fetched(self.files)
