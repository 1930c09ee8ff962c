"""The public API as one ASGI application."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from serve_app import api
from serve_app.backends import Backends
from serve_app.flows.accounts.audio_meter import AudioMeters
from serve_app.http.access_log import AccessLog, redact_server_logs
from serve_app.http.body_limit import BodyLimit
from serve_app.http.canonical_path import CanonicalPath
from serve_app.http.error_responses import ErrorBoundary
from serve_app.http.exception_handlers import answer_for_framework_errors
from serve_app.http.head_requests import HeadRequests
from serve_app.http.headers import RateHeaders, RequestId
from serve_app.http.surface import Surface
from serve_app.sockets.socket import OpenSockets

MIDDLEWARE = (RequestId, AccessLog, CanonicalPath, RateHeaders, HeadRequests, ErrorBoundary, BodyLimit)
"""Outermost first. What adds headers stands outside the edge, so that failures carry them too."""
SHOWN_TO_PAGES = (
    "accept-ranges",
    "content-location",
    "content-range",
    "etag",
    "retry-after",
    "x-request-id",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
)


def create_app(backends: Backends) -> FastAPI:
    """Every surface of `serve_app.api` on one app (RT-44)."""
    redact_server_logs()
    app = FastAPI(
        title="Kaleido Serve", redoc_url=None, redirect_slashes=False, middleware=_middleware(backends)
    )
    app.state.backends = backends
    app.state.sockets = OpenSockets()
    app.state.meters = AudioMeters(backends.limits, patience_s=backends.settings.session_lease_s)
    app.state.error_forms = {}
    answer_for_framework_errors(app)
    for router in surfaces():
        app.router.routes.extend(router.routes)
        if isinstance(router, Surface):
            app.state.error_forms |= router.error_forms
    return app


def _middleware(backends: Backends) -> list[Middleware]:
    cross_origin = Middleware(
        CORSMiddleware,
        allow_origins=backends.settings.cors_origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=SHOWN_TO_PAGES,
    )
    return [cross_origin, *(Middleware(each) for each in MIDDLEWARE)]


def surfaces() -> Iterator[APIRouter]:
    """The `router` of every file in `serve_app/api`, in the order of their names."""
    for module in sorted(pkgutil.iter_modules(api.__path__), key=lambda found: found.name):
        router: APIRouter = importlib.import_module(f"{api.__name__}.{module.name}").router
        yield router
