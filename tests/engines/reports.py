"""How the suites hear of an engine's progress, and stop it."""

from __future__ import annotations

from dataclasses import dataclass, field

from serve_app.engines import Progress


class Stopped(Exception):
    """Raised by a report, as the replica does when the caller has gone."""


@dataclass
class Reports:
    """Collects progress; raises at report number `stop_at`, counted from 1."""

    stop_at: int = 0
    seen: list[Progress] = field(default_factory=list)

    def __call__(self, progress: Progress) -> None:
        self.seen.append(progress)
        if len(self.seen) == self.stop_at:
            raise Stopped
