"""Per-machine settings, read from the environment (`KALEIDO_...`); each field is documented under it."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What differs between a laptop and a cluster."""

    model_config = SettingsConfigDict(env_prefix="KALEIDO_", frozen=True)

    host: str = "127.0.0.1"
    """Address the gateway listens on; a cluster node behind a load balancer sets 0.0.0.0."""
    port: int = 8000
    """The one public port (RT-44)."""
    data: Path = Path(".kaleido")
    """Folder of the SQLite store, the server pepper and the demo key."""
    store_url: str = ""
    """`redis://host:port/db` for a cluster; empty for SQLite in `data`."""
    pepper: SecretStr = SecretStr("")
    """Server secret under which key secrets are hashed (KEY-012); empty: made once and kept in `data`.
    Every node of a cluster must be given the same one."""
    public_base_url: str = ""
    """`https://api.example.com`: the origin of `ws_url`; empty: taken from the request (ASR-022)."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose X-Forwarded-Proto and X-Forwarded-Host are believed (ASR-022)."""
    cors_origins: tuple[str, ...] = ("*",)
    """Web pages that may call from a browser. Any, by default: keys travel in headers and there are no
    cookies, so a foreign page gains nothing that its own key does not open."""
    optional_auth_surfaces: frozenset[str] = frozenset()
    """Surfaces that answer without a key, for development only (KEY-014)."""

    asr_mode: str = "benchmark_spike"
    asr_backend: str = "persistent_decoder"
    asr_engine: str = "typhoon"
    """Public strings of the streaming surface (ASR-002); `asr_engine` is also the model looked up."""
    asr_session_ttl_s: float = 600.0
    """A session may be connected this long after creation (ASR-023)."""
    asr_idle_timeout_s: float = 60.0
    """A socket without a client message this long is closed (ASR-052)."""
    asr_max_message_bytes: int = 1024 * 1024
    """Largest WebSocket message: 32 s of 16 kHz audio, far above any real-time frame."""
    asr_silence_ms: int = 800
    """Trailing silence that ends an utterance by itself when `endpointing` is on for the session."""

    transcribe_engine: str = "whisper"
    """Public name of the engine behind `/transcribe`, and behind `whisper-1` for OpenAI clients."""
    max_upload_bytes: int = 200 * 1024 * 1024
    """Largest multipart body (ERR-012): two hours of 128 kbit/s, or nearly two of 16 kHz WAV, with room."""
    transcribe_max_audio_s: float = 7200.0
    """Longest recording (OUT-002): two hours hold a lecture or a meeting, while a few MB of a well compressed
    file could decode to days."""

    tts_pairs: dict[str, frozenset[str]] = {
        "f5": frozenset({"th", "en"}),
        "vieneu_v2": frozenset({"vi"}),
        "cosytts": frozenset({"en", "zh", "ja", "ko"}),
        "qwen_viet_tts": frozenset({"vi"}),
        "omnivoice": frozenset({"en", "zh", "vi", "th", "ms", "lo", "ja", "ko"}),
    }
    """Which languages each public model speaks (TTS-009)."""
    tts_max_waiting: int = 500
    """Speech jobs that may wait at once (JOB-007): about ten minutes of one replica's work."""
    reference_voices: Path | None = None
    """Folder behind the `F5-TTS/...` paths that callers may name (TTS-011); None: `F5-TTS` in `data`."""

    reading_aligner: str = "thai"
    """Public name of the aligner that judges pronunciation."""
    reading_sync_wait_s: float = 20.0
    """A score that is ready within this time is the answer itself (RS-021)."""
    reading_max_bytes: int = 25 * 1024 * 1024
    reading_max_audio_s: float = 600.0
    """Largest and longest recording of a form (RS-012)."""
    reading_max_characters: int = 5000
    """Longest reference text: about a thousand words, more than a pupil reads in the longest recording."""
    reading_weak_below: float = 0.2
    """Pronunciation with a lower average confidence is not shown (RS-039): it tells of a bad alignment rather
    than of the pupil."""
    reading_focus_below: float = 0.5
    """A word with a lower confidence is one to practise (RS-058): the engine rather doubts that it was said
    so."""
    reading_max_waiting: int = 500
    """Readings that may wait at once (JOB-007)."""

    llm_models: frozenset[str] = frozenset({"qwen3-4b"})
    """Language models that are promised: one of them that does not run is a 503, any other name a 404."""
    llm_owned_by: str = "kaleidovid-local"
    """`owned_by` of the models' list (LLM-002)."""
    llm_max_choices: int = 8
    """Most answers to one request, `n`: each is a generation of its own in one place (LLM-009)."""

    video_max_pixels: int = 64_000_000
    """Of a picture (VID-006): more than the 50 megapixels of telephones. A JPEG of that size takes 120 MB
    while it is decoded, a PNG 300 to 800, a WebP 1000; one is decoded at a time."""
    video_max_waiting: int = 100
    """Videos that may wait at once (JOB-007): at half a minute each, an hour's work of one GPU."""

    job_lease_s: float = 10.0
    """A job whose process died is taken over this soon, well inside the 30 s of JOB-002."""
    job_attempts: int = 3
    """JOB-004."""
    job_retry_delays_s: tuple[float, ...] = (1.0, 5.0)
    """Pause before the second attempt and before all later ones: a replica is replaced in a few seconds."""
    job_keep_s: float = 7 * 86_400.0
    output_keep_s: float = 7 * 86_400.0
    upload_keep_s: float = 86_400.0
    """How long records, outputs and uploads outlive the end of their job (JOB-006)."""
    files: Path | None = None
    """Folder of generated and uploaded files; None: `files` in `data`. On a cluster, a shared mount."""
    output_url_lifetime_s: float = 0.0
    """Above 0, URLs of outputs carry a signature that opens them without a key this long (OUT-001)."""

    session_lease_s: float = 30.0
    """A dead process frees its session slots within this time (QUO-009)."""
    key_recheck_s: float = 10.0
    """How often an open socket looks whether its key still lives; well inside the 30 s of KEY-011."""
    drain_s: float = 20.0
    """How long a replaced gateway lets open sockets finish before it closes them with 1012."""
