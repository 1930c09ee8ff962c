"""Where weights come from, one file for each kind of source."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from deployments.checkpoints.sources.folder import Folder
from deployments.checkpoints.sources.hub import Hub
from deployments.checkpoints.sources.packages import Packages
from deployments.checkpoints.sources.url import Url

KINDS = {"folder": Folder, "packages": Packages, "hub": Hub, "url": Url}
"""By the field that tells a source of this kind from others."""


def _kind(source: Any) -> str | None:
    named = source if isinstance(source, dict) else dict(source)
    return next((kind for kind in KINDS if kind in named), None)


Source = Annotated[
    Annotated[Folder, Tag("folder")]
    | Annotated[Packages, Tag("packages")]
    | Annotated[Hub, Tag("hub")]
    | Annotated[Url, Tag("url")],
    Discriminator(
        _kind,
        custom_error_type="source",
        custom_error_message=f"a source has one of the fields {', '.join(KINDS)}",
    ),
]
