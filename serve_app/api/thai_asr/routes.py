"""Thai live captions: configuration, sessions and the stream (RT-01..03)."""

from __future__ import annotations

import re
from typing import Annotated
from uuid import uuid4

from fastapi import Body, Request, WebSocket
from pydantic import BaseModel

from serve_app.api.thai_asr.conversation import Conversation
from serve_app.api.thai_asr.events import Identity, KeyLimits, Ready, Tenant
from serve_app.api.thai_asr.messages import SessionConfig
from serve_app.auth import Caller
from serve_app.backends import Backends
from serve_app.engines import ASR
from serve_app.errors import DailyAudioQuotaExceeded, SessionNotFound, TooManySessions
from serve_app.http.dependencies import BackendsDep, CallerDep, backends_of, socket_caller
from serve_app.http.origin import socket_origin
from serve_app.http.surface import surface
from serve_app.settings import Settings
from serve_app.sockets.session import open_session
from serve_app.sockets.socket import OpenSockets, Socket

TAG = "thai-asr"
PATH = "/api/thai-asr"
SESSIONS = "asr_sessions"
SESSION_ID = re.compile(r"[0-9a-f]{32}")
STREAM_CHUNK_MS = 80
"""What a client should gather per message on a slow link (ASR-004: shown, not a session field)."""

router = surface(PATH, TAG)


class Defaults(BaseModel):
    """Session values of a caller who chooses none (ASR-003)."""

    sample_rate: int
    frame_ms: int
    stream_chunk_ms: int = STREAM_CHUNK_MS
    partial_interval_ms: int
    min_decode_audio_ms: int
    decode_window_ms: int
    vad: bool
    endpointing: bool


class ConfigView(Identity):
    """JSON 1."""

    engine_impl: str | None
    """The engine that really answers (ASR-002); null while none does."""
    defaults: Defaults
    notes: list[str]
    tenant: Tenant
    limits: KeyLimits


class SlaTargets(BaseModel):
    """ASR-020."""

    speech_detected_p95_ms: int = 60
    first_partial_p95_ms: int = 250
    final_after_eou_p95_ms: int = 800


class SessionView(Identity):
    """JSON 2."""

    session_id: str
    ws_url: str
    config: SessionConfig
    sla_targets: SlaTargets = SlaTargets()
    tenant: Tenant


@router.get("/config")
async def read_config(caller: CallerDep, backends: BackendsDep) -> ConfigView:
    """The service, its defaults, and what is left of the caller's limits."""
    engine = backends.settings.asr_engine
    card = (await backends.cards.of(ASR)).get(engine)
    notes = ["Captions are revised while you speak; store the text of final events only."]
    return ConfigView(
        **dict(_identity(backends.settings)),
        engine_impl=card.impl if card else None,
        defaults=Defaults(**SessionConfig().model_dump()),
        notes=[*notes, card.note] if card and card.note else notes,
        tenant=_tenant(caller),
        limits=await _limits(backends, caller),
    )


@router.post("/sessions")
async def create_session(
    request: Request,
    caller: CallerDep,
    backends: BackendsDep,
    config: Annotated[SessionConfig | None, Body()] = None,
) -> SessionView:
    """A session to connect to within ten minutes (ASR-010, ASR-019, ASR-023)."""
    config = config or SessionConfig()
    if await backends.limits.sessions_held(caller) >= caller.policy.concurrent_sessions:
        raise TooManySessions
    await backends.models.find(ASR, backends.settings.asr_engine)  # ERR-005: tell at once, not on connect
    session_id = uuid4().hex
    document = {"team_id": caller.team_id, "config": config.model_dump()}
    lifetime = backends.settings.asr_session_ttl_s
    await backends.store.put(SESSIONS, session_id, document, expected_version=0, ttl_s=lifetime)
    return SessionView(
        **dict(_identity(backends.settings)),
        session_id=session_id,
        ws_url=f"{socket_origin(request, backends.settings)}{PATH}/stream?session_id={session_id}",
        config=config,
        tenant=_tenant(caller),
    )


@router.websocket("/stream")
async def stream(websocket: WebSocket) -> None:
    """Audio in, captions out (ASR-030..053)."""
    await websocket.accept()
    settings = backends_of(websocket).settings
    asked = websocket.query_params.get("session_id", "")
    session_id = asked if SESSION_ID.fullmatch(asked) else ""
    socket = Socket(websocket, session_id, settings.asr_max_message_bytes)
    sockets: OpenSockets = websocket.app.state.sockets
    with sockets.opened(socket):
        await socket.serve(_converse(websocket, socket), settings.asr_idle_timeout_s)


async def _converse(websocket: WebSocket, socket: Socket) -> None:
    """Admit the caller, then talk until somebody ends it. Raises what ended it."""
    backends = backends_of(websocket)
    settings = backends.settings
    caller = await socket_caller(websocket, TAG)
    session = await _session(backends, caller, socket.session_id)
    opened = await open_session(socket, caller, backends, websocket.app.state.meters)
    recognizer = await backends.models.find(ASR, settings.asr_engine)
    talk = Conversation(socket, session, _identity(settings), backends, recognizer, opened.count_audio)
    socket.cleanup.push_async_callback(talk.close)
    socket.send(await _ready(backends, caller, session, socket.session_id))
    await opened.run(talk.run())


async def _session(backends: Backends, caller: Caller, session_id: str) -> SessionConfig:
    """The caller's own session. Raises SessionNotFound (ERR-015, KEY-015)."""
    found = await backends.store.get(SESSIONS, session_id) if session_id else None
    if found is None or found.body["team_id"] != caller.team_id:
        raise SessionNotFound
    return SessionConfig.model_validate(found.body["config"])


async def _ready(backends: Backends, caller: Caller, session: SessionConfig, session_id: str) -> Ready:
    """Raises DailyAudioQuotaExceeded when nothing is left of the day (QUO-006)."""
    limits = await _limits(backends, caller)
    if limits.today_audio_seconds_used >= limits.daily_audio_seconds:
        raise DailyAudioQuotaExceeded
    return Ready(
        **dict(_identity(backends.settings)),
        session_id=session_id,
        sample_rate=session.sample_rate,
        config=session,
        tenant=_tenant(caller),
        limits=limits,
    )


def _identity(settings: Settings) -> Identity:
    return Identity(mode=settings.asr_mode, backend=settings.asr_backend, engine=settings.asr_engine)


def _tenant(caller: Caller) -> Tenant:
    return Tenant(team_id=caller.team_id, team_name=caller.team_name, key_prefix=caller.key_prefix)


async def _limits(backends: Backends, caller: Caller) -> KeyLimits:
    usage = await backends.limits.audio_today(caller)
    return KeyLimits(
        requests_per_minute=caller.policy.requests_per_minute,
        concurrent_sessions=caller.policy.concurrent_sessions,
        daily_audio_seconds=_whole(usage.limit),
        today_audio_seconds_used=_whole(usage.used),
    )


def _whole(seconds: float) -> int | float:
    """Whole seconds as the documentation shows them, parts of seconds to the millisecond."""
    return int(seconds) if seconds == int(seconds) else round(seconds, 3)
