"""Builds what the API stands on; the same for the gateway, for Serve's proxy and for `make dev`."""

from __future__ import annotations

from deployments.vad.silero import SileroDetector
from serve_app.auth import KeyRing, pepper
from serve_app.backends import Backends, Models
from serve_app.clock import SystemClock
from serve_app.limits import Limits
from serve_app.outbound.fetch import Fetcher
from serve_app.settings import Settings
from serve_app.stores import open_store
from serve_app.stores.disk.files import DiskFiles


def build_backends(settings: Settings, models: Models) -> Backends:
    """The backends of one process. Raises StoreUnavailable when the store cannot be opened."""
    clock = SystemClock()
    store = open_store(settings)
    return Backends(
        settings=settings,
        store=store,
        files=DiskFiles(settings.files or settings.data / "files", store),
        fetch=Fetcher(),
        models=models,
        keys=KeyRing(store, pepper(settings), clock),
        limits=Limits(store, clock, settings.session_lease_s),
        clock=clock,
        new_detector=SileroDetector,
    )
