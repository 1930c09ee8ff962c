"""A repository of a model hub, through `huggingface_hub`: HF_ENDPOINT, HF_TOKEN and its proxies hold."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from deployments.checkpoints.download import PARALLEL
from deployments.checkpoints.errors import DISK_FULL, SourceFailed
from deployments.checkpoints.files import Facts, FileName
from deployments.checkpoints.sources.base import Conversion, Fetchable, Fetched

# The library itself is imported late: it takes 0.2 s, and every replica reads the catalogue.
if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

COMMIT = re.compile("[0-9a-f]{40}")
TIMEOUT_S = 10.0
"""For what the hub knows about a repository."""
NO_ACCESS = {401, 403}


class Hub(Fetchable):
    """Bytes are pinned by a commit; a branch is resolved once, and the commit recorded."""

    hub: str
    """`owner/name`."""
    revision: str
    include: tuple[str, ...] = ()
    """Patterns of the files that are needed; all by default."""
    files: Mapping[FileName, Facts] = Field(default={})
    """Those of which something is known."""
    convert: Conversion | None = None

    @property
    def label(self) -> str:
        """The repository, without its revision: that is recorded by itself."""
        return f"hub {self.hub}"

    @property
    def pinned(self) -> bool:
        """Whether the revision is a commit."""
        return bool(COMMIT.fullmatch(self.revision))

    @property
    def conversion(self) -> Conversion | None:
        """What is to be done with the files."""
        return self.convert

    @property
    def expected(self) -> Mapping[str, Facts]:
        """Files of which something is known, where they are used as they come."""
        return {} if self.convert else self.files

    def room(self) -> int:
        """What the hub says, and as much again where it is converted."""
        with _failures(self.label):
            size = sum(facts.bytes or 0 for facts in self._published(self._info()).values())
            return size * (2 if self.convert else 1)

    def fetch(self, folder: Path, scratch: Path, name: str) -> Fetched:
        """See `Fetchable`."""
        from huggingface_hub import snapshot_download
        from huggingface_hub.utils import disable_progress_bars

        if not sys.stderr.isatty():
            disable_progress_bars()
        with _failures(self.label):
            info = self._info()
            snapshot_download(
                self.hub,
                revision=info.sha,
                local_dir=folder,
                allow_patterns=list(self.include) or None,
                max_workers=PARALLEL,
                endpoint=_endpoint(),
            )
            shutil.rmtree(folder / ".cache", ignore_errors=True)  # the library's own notes
            return Fetched({**self._published(info), **self.files}, info.sha)

    def _info(self) -> ModelInfo:
        from huggingface_hub import HfApi

        api = HfApi(endpoint=_endpoint())
        return api.model_info(self.hub, revision=self.revision, files_metadata=True, timeout=TIMEOUT_S)

    def _published(self, info: ModelInfo) -> dict[str, Facts]:
        """Sizes, and the hashes of large files."""
        from huggingface_hub.utils import filter_repo_objects

        siblings = filter_repo_objects(
            info.siblings or [], allow_patterns=list(self.include) or None, key=lambda file: file.rfilename
        )
        return {
            file.rfilename: Facts(sha256=file.lfs.sha256 if file.lfs else None, bytes=file.size or None)
            for file in siblings
        }


@contextmanager
def _failures(label: str) -> Iterator[None]:
    """The library's own errors, and those of the HTTP library that its version stands on."""
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except (OSError, *HfHubHTTPError.__bases__) as failure:
        if getattr(failure, "errno", None) in DISK_FULL:
            raise
        raise SourceFailed(f"{label}: {_reason(failure)}") from failure


def _endpoint() -> str | None:
    """Read when it is needed; the library reads it when it is imported."""
    return os.environ.get("HF_ENDPOINT")


def _reason(failure: BaseException) -> str:
    status = getattr(getattr(failure, "response", None), "status_code", None)
    if status in NO_ACCESS:
        return f"the hub answers {status}: accept the model's terms there and set HF_TOKEN"
    if status:
        return f"the hub answers {status}"
    return str(failure).partition("\n")[0] or type(failure).__name__
