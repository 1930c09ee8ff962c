"""Every error a caller can meet: one tree; each class has its HTTP status, close code and public code.

Contract: ERR-001..017. A constructor takes one string, the public text (it must survive pickling between
processes), and that text never holds a key, a path or a stack trace (ERR-020).
"""

from __future__ import annotations

from typing import ClassVar


class KaleidoError(Exception):
    """Root of the tree; met as itself it is an unexpected failure (500, close 1011: ERR-009)."""

    status: ClassVar[int] = 500
    close_code: ClassVar[int] = 1011
    code: ClassVar[str] = "internal_error"
    default_message: ClassVar[str] = "Something went wrong on our side."
    retry_after_s: int | None = None

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.default_message)

    @property
    def message(self) -> str:
        """The public text."""
        return str(self.args[0])


class InvalidRequest(KaleidoError):
    """The caller sent something out of bounds; the message names the field (ERR-002, ERR-010)."""

    status = 400
    close_code = 1008
    code = "invalid_request"
    default_message = "The request is not valid."


class StartRequired(InvalidRequest):
    """Audio arrived before `start`; the connection is kept (ASR-037)."""

    code = "start_required"
    default_message = "Send a start message before audio."


class InvalidMessage(InvalidRequest):
    """An unknown or malformed message; the connection is kept (ASR-037)."""

    code = "invalid_message"
    default_message = "The message is not understood."


class WavHeader(InvalidRequest):
    """A frame begins with a RIFF header; it is dropped and the connection is kept (ASR-037)."""

    code = "wav_header"
    default_message = "Send raw PCM16LE audio without a WAV header."


class InvalidAudio(InvalidRequest):
    """A file is no recording in a known format, or is broken (VP-001)."""

    code = "invalid_audio"
    default_message = "The file is not a recording that can be read."


class AudioTooLong(InvalidRequest):
    """A recording lasts longer than the surface takes (VP-001, OUT-002)."""

    code = "audio_too_long"
    default_message = "The recording is too long."


class UnsafeUrl(InvalidRequest):
    """A URL that may not be fetched: private host, odd port, credentials, redirect (NET-001, NET-002)."""

    code = "unsafe_url"
    default_message = "This URL cannot be used."


class FetchFailed(InvalidRequest):
    """A permitted URL that gave nothing: no answer, an error, too slow (NET-002)."""

    code = "fetch_failed"
    default_message = "The URL could not be fetched."


class Unauthorized(KaleidoError):
    """Missing, unknown or revoked key: all three look the same (KEY-010, KEY-011)."""

    status = 401
    close_code = 4401
    code = "unauthorized"
    default_message = "Missing or invalid API key."


class Forbidden(KaleidoError):
    """A team member without the right to manage keys (KEY-005)."""

    status = 403
    close_code = 4401
    code = "forbidden"
    default_message = "Your role does not allow this."


class NotFound(KaleidoError):
    """Unknown or foreign id, which must look alike (ERR-011, KEY-015)."""

    status = 404
    close_code = 1008
    code = "not_found"
    default_message = "Not found."


class ModelNotFound(NotFound):
    """No model of a route has the name asked for; the message lists those that are there (OAI-005)."""

    code = "model_not_found"


class SessionNotFound(NotFound):
    """Unknown, expired or foreign `session_id` (ERR-015)."""

    code = "session_not_found"
    default_message = "The session does not exist or has expired."


class MethodNotAllowed(KaleidoError):
    """The path exists, the method does not."""

    status = 405
    code = "method_not_allowed"
    default_message = "Method not allowed."


class Conflict(KaleidoError):
    """Another writer was first."""

    status = 409
    code = "conflict"
    default_message = "The resource was changed by someone else."


class AlreadyExists(Conflict):
    """A name or an address that is taken (KEY-016, KEY-017)."""

    code = "already_exists"
    default_message = "It exists already."


class IdempotencyConflict(Conflict):
    """The same `Idempotency-Key` with another body (JOB-005)."""

    code = "idempotency_conflict"
    default_message = "This Idempotency-Key was used with another body."


class IdempotencyInProgress(Conflict):
    """The first request with this `Idempotency-Key` has not been answered yet (JOB-005)."""

    code = "idempotency_in_progress"
    default_message = "A request with this Idempotency-Key is under way."


class TooLarge(KaleidoError):
    """A body or message over its limit (ERR-012)."""

    status = 413
    close_code = 1009
    code = "too_large"
    default_message = "The body is too large."


class PreconditionFailed(InvalidRequest):
    """The file is not in the state that the caller expects (RFC 9110, 15.5.13)."""

    status = 412
    code = "precondition_failed"
    default_message = "The file is not the one that If-Match or If-Unmodified-Since means."


class RangeNotSatisfiable(InvalidRequest):
    """The bytes asked for are not in the file (RFC 9110, 15.5.17)."""

    status = 416
    code = "range_not_satisfiable"
    default_message = "The range is outside of the file."


class UnsupportedMediaType(KaleidoError):
    """JSON was expected (ERR-013)."""

    status = 415
    code = "unsupported_media_type"
    default_message = "Send application/json."


class RateLimited(KaleidoError):
    """The request bucket is empty (ERR-003, ERR-014)."""

    status = 429
    close_code = 4429
    code = "rate_limited"
    default_message = "Too many requests."


class TooManySessions(RateLimited):
    """All session slots of the team are held (QUO-003)."""

    code = "concurrent_session_limit_exceeded"
    default_message = "Too many concurrent sessions."


class DailyAudioQuotaExceeded(RateLimited):
    """The audio seconds of this UTC day are used up (QUO-006)."""

    code = "daily_audio_quota_exceeded"
    default_message = "The daily audio quota is used up."


class Cancelled(KaleidoError):
    """The caller gave the work up: what stops an engine in the middle; nobody is left to read it."""

    status = 499
    close_code = 1000
    code = "cancelled"
    default_message = "The request was cancelled."


class IdleTimeout(KaleidoError):
    """No client message for too long: an ordinary end (ASR-052)."""

    status = 408
    close_code = 1000
    code = "timeout"
    default_message = "No message arrived for too long."


class SlowReader(KaleidoError):
    """The client does not read what it is sent."""

    status = 408
    close_code = 1008
    code = "slow_reader"
    default_message = "The client reads too slowly."


class Restarting(KaleidoError):
    """This process is being replaced; the client reconnects."""

    status = 503
    close_code = 1012
    code = "service_restart"
    default_message = "The server is being replaced; reconnect."


class Unavailable(KaleidoError):
    """A policy look-up or a model runtime is unavailable (ERR-005)."""

    status = 503
    code = "service_unavailable"
    default_message = "The service is temporarily unavailable."
    retry_after_s = 1


class EngineUnavailable(Unavailable):
    """No replica of the model answers (ERR-005)."""

    code = "engine_unavailable"
    default_message = "The model runtime is unavailable."


class StoreUnavailable(Unavailable):
    """Keys and limits cannot be looked up (ERR-005)."""

    code = "store_unavailable"
    default_message = "Keys and limits cannot be checked right now."


class QueueFull(Unavailable):
    """As many jobs of this kind wait as may wait (JOB-007)."""

    code = "queue_full"
    default_message = "Too many jobs are waiting; try again shortly."
    retry_after_s = 10


class StorageFull(Unavailable):
    """The file could not be written: the disk is full or gone."""

    code = "storage_full"
    default_message = "The file could not be stored."
    retry_after_s = 60


class Saturated(Unavailable):
    """The engine's queue is full, or does not move; answered instead of hanging (ERR-008, LLM-009)."""

    status = 429
    close_code = 4429
    code = "saturated"
    default_message = "The model is saturated; try again shortly."


class UpstreamUnreachable(KaleidoError):
    """The runtime of an asynchronous surface could not be reached, or timed out (ERR-006)."""

    status = 502
    code = "upstream_unreachable"
    default_message = "The model runtime could not be reached."


class DecodeFailed(KaleidoError):
    """The engine failed on this audio (ASR-046)."""

    code = "decode_failed"
    default_message = "The audio could not be decoded."


class SynthesisFailed(KaleidoError):
    """The engine failed on this text (ERR-007)."""

    code = "synthesis_failed"
    default_message = "The text could not be spoken."


class GenerationFailed(KaleidoError):
    """The language model failed on this conversation."""

    code = "generation_failed"
    default_message = "The answer could not be generated."


class VideoFailed(KaleidoError):
    """The engine failed on this picture and prompt (VID-014)."""

    code = "video_failed"
    default_message = "The video could not be generated."


class AlignmentFailed(KaleidoError):
    """The engine failed on this recording and text."""

    code = "alignment_failed"
    default_message = "The text could not be aligned."


class EngineNotInstalled(KaleidoError):
    """An engine's package is missing; the message names the extra to install."""

    code = "engine_not_installed"
    default_message = "The engine is not installed."


def error_with(code: str, message: str) -> KaleidoError:
    """An error of the class that has this public code, or of the root where none has it."""
    return _with_code(KaleidoError, code)(message)


def _with_code(root: type[KaleidoError], code: str) -> type[KaleidoError]:
    if root.code == code:
        return root
    below = (_with_code(kind, code) for kind in root.__subclasses__())
    return next((kind for kind in below if kind is not KaleidoError), KaleidoError)
