"""What a disk says when it can take no more."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from serve_app.errors import StorageFull

DISK_FAILED = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.ESTALE, errno.ENODEV}
)
"""Full, over a quota, over a size limit, broken, read-only or gone: the disk's fault, not the program's."""


@contextmanager
def disk_failures() -> Iterator[None]:
    """Turns the failures of a disk into StorageFull."""
    try:
        yield
    except OSError as failed:
        if failed.errno in DISK_FAILED:
            raise StorageFull from failed
        raise
