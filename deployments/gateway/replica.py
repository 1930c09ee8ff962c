"""The ingress: uvicorn runs inside a Serve replica, on the public port (design decision: 700 streams per core
against 20 behind Serve's own Python proxy, and a redeploy under load loses no request)."""

from __future__ import annotations

from ray import serve
from starlette.types import ASGIApp

from deployments.bootstrap import build_backends
from deployments.config import ApiArgs
from deployments.gateway.listener import Listener
from deployments.logs import log_to_stderr
from deployments.ray_cluster.models import ClusterModels
from serve_app.app import create_app


class Gateway:
    """Serves the public API on its own port; Serve places it, watches it and replaces it."""

    async def __init__(self, args: ApiArgs) -> None:
        log_to_stderr()
        self._settings = args.build_settings()
        self._backends = build_backends(self._settings, ClusterModels())
        self._listener = Listener.of(create_app(self._backends), self._settings)
        await self._listener.start()

    def check_health(self) -> None:
        """Serve replaces a gateway that no longer listens."""
        self._listener.check()

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """Serve sees no requests of ours; these are what a gateway scales by."""
        return {"sockets": float(self._listener.open_sockets), "requests": float(self._listener.requests)}

    async def __del__(self) -> None:
        """Called by Serve and awaited when the replica is to stop: drain."""
        if hasattr(self, "_listener"):
            await self._listener.drain(self._settings.drain_s)
            await self._backends.close()


@serve.ingress()
class ProxiedApi:
    """The same app behind Serve's own proxy, for those who want the plain way."""

    def __init__(self, args: ApiArgs) -> None:
        self._args = args

    def __serve_build_asgi_app__(self) -> ASGIApp:
        return create_app(build_backends(self._args.build_settings(), ClusterModels()))
