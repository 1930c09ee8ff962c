"""Our own log lines go to standard error; on a cluster Ray files that under the session's logs."""

from __future__ import annotations

import logging
import sys

OURS = ("kaleido", "serve_app", "deployments")
FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def log_to_stderr() -> None:
    """Show what we log, from INFO on (the access log's level); calling it again changes nothing."""
    for logger in map(logging.getLogger, OURS):
        if not logger.handlers:
            # The real one: Serve replaces sys.stderr by a logger that looks up the whole stack for each line.
            handler = logging.StreamHandler(sys.__stderr__)
            handler.setFormatter(logging.Formatter(FORMAT))
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
            logger.propagate = False
