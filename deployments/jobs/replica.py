"""The dispatcher as Serve runs it: placed, watched, scaled and drained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from deployments.bootstrap import build_backends
from deployments.config import DispatcherArgs
from deployments.jobs.autoscaling import BUSY, LOAD, load
from deployments.jobs.dispatcher import Dispatcher
from deployments.logs import log_to_stderr
from deployments.ray_cluster.models import ClusterModels
from serve_app.flows.job_registry import FLOWS
from serve_app.flows.jobs.flow import JobFlow


class DispatcherReplica:
    """One dispatcher, calling the models of the cluster."""

    flows: ClassVar[Mapping[str, JobFlow]] = FLOWS

    async def __init__(self, args: DispatcherArgs) -> None:
        log_to_stderr()
        self._args = args
        self._backends = build_backends(args.build_settings(), ClusterModels())
        self._dispatcher = Dispatcher(self._backends, self.flows, args.concurrency)
        self._dispatcher.start()

    def check_health(self) -> None:
        """Serve replaces a dispatcher that no longer claims."""
        self._dispatcher.check()

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """What `replicas_for_jobs` goes by. Raises StoreUnavailable; Serve then counts nothing."""
        jobs = load(await self._dispatcher.backlog(), self._args.concurrency)
        return {LOAD: jobs, BUSY: float(self._dispatcher.running > 0)}

    async def __del__(self) -> None:
        """Called by Serve and awaited when the replica is to stop."""
        if hasattr(self, "_dispatcher"):
            await self._dispatcher.drain(self._args.drain_s)
            await self._backends.close()
