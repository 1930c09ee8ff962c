"""Serve application builders: what `import_path` in `configs/*.yaml` points at.

One application per model: a change in an application's `args` restarts that application only, and a new one
restarts nobody. Deployment options (GPU shares, replicas, autoscaling) stand in the config, under the only
deployment of each application: `model`, `api` or `dispatcher`.
"""

# No `from __future__ import annotations` here: Serve reads the builders' annotations as they stand, to turn
# `args` into the pydantic model.

from ray import serve
from ray.serve import Application, Deployment

from deployments.config import MODEL_DEPLOYMENT, ApiArgs, DispatcherArgs, ModelArgs, build_engine
from deployments.gateway.replica import Gateway, ProxiedApi
from deployments.jobs.replica import DispatcherReplica
from deployments.logs import log_to_stderr
from deployments.tasks import row_of

ENOUGH_REQUESTS = 10_000
"""Behind Serve's proxy a WebSocket counts as a request for its whole life; our leases limit them."""
HEALTH_CHECK_S = 1.0
"""A replica that was killed is missed, and its place filled, this soon."""
HAND_BACK_S = 10.0
"""After its drain a dispatcher hands jobs back, and its last claim may wait for a store that is away."""


class Placed:
    """Before a replica class: it loads its engine where Serve placed it, and is ready when it answers."""

    _ready = False

    async def __init__(self, args: ModelArgs) -> None:
        log_to_stderr()
        super().__init__(build_engine(args), args.public_names, **args.replica)
        await self.start()
        self._ready = True

    def __del__(self) -> None:
        """Called by Serve when the replica is to stop: an engine's processes end with it."""
        if self._ready:
            self.close()


def model(args: ModelArgs) -> Application:
    """One model as an application of its own, without a public route."""
    row = row_of(args.task)
    deployment = serve.deployment(
        type(row.replica.__name__, (Placed, row.replica), {}),
        name=MODEL_DEPLOYMENT,
        max_ongoing_requests=row.in_flight(args.replica),
        health_check_period_s=HEALTH_CHECK_S,
    )
    return deployment.bind(args)


def api(args: ApiArgs) -> Application:
    """The public API on its own port. Replacing it starts the new gateway before the old one drains."""
    drain_s = args.build_settings().drain_s
    gateway = serve.deployment(
        Gateway,
        name="api",
        health_check_period_s=HEALTH_CHECK_S,
        max_surge_percent=100,
        # The drain, the linger and the last answers (deployments.gateway.listener), with room to spare.
        graceful_shutdown_timeout_s=drain_s + 15,
        # Serve itself has nothing to wait for: the gateway's requests are its own.
        graceful_shutdown_wait_loop_s=0.1,
    )
    return gateway.bind(args)


def api_behind_proxy(args: ApiArgs) -> Application:
    """The public API behind Serve's HTTP proxy."""
    drain_s = args.build_settings().drain_s
    proxied = serve.deployment(
        ProxiedApi,
        name="api",
        health_check_period_s=HEALTH_CHECK_S,
        max_ongoing_requests=ENOUGH_REQUESTS,
        max_surge_percent=100,
        graceful_shutdown_timeout_s=drain_s,
    )
    return proxied.bind(args)


def dispatcher(args: DispatcherArgs) -> Application:
    """What runs the jobs. Replacing it, or one replica less, lets running jobs finish for a while."""
    return jobs_deployment(DispatcherReplica, args).bind(args)


def jobs_deployment(replica: type, args: DispatcherArgs) -> Deployment:
    """A dispatcher of this class; the new one claims already while the old one drains."""
    return serve.deployment(  # type: ignore[return-value]  # its stub knows the decorator form only
        replica,
        name="dispatcher",
        health_check_period_s=HEALTH_CHECK_S,
        max_surge_percent=100,
        graceful_shutdown_timeout_s=args.drain_s + HAND_BACK_S,
        # Serve itself has nothing to wait for: nobody calls a dispatcher.
        graceful_shutdown_wait_loop_s=0.1,
    )
