"""What can go wrong with weights; operators read the messages, callers never do."""

from __future__ import annotations

import errno

DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""The disk, the user's share of it, and the largest file that the system or the user's limits allow."""


class CheckpointError(Exception):
    """Weights are missing, are other bytes than they should be, or cannot be fetched."""


class SourceFailed(CheckpointError):
    """One source cannot give a checkpoint; the next one is tried."""


class WrongBytes(SourceFailed):
    """It gives something else. What it gave is of no use and is not kept."""


class NoRoom(CheckpointError):
    """The disk is too full. No other source would help."""
