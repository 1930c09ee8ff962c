"""Names and URLs of generated files (OUT-001, TTS-028)."""

from __future__ import annotations

import hashlib
import secrets

from itsdangerous import Signer

from serve_app.auth import pepper
from serve_app.backends import Backends
from serve_app.settings import Settings

SUFFIX_BYTES = 16
"""128 bits: nobody guesses a name."""
SALT = b"kaleido output url 1"
"""Keeps these signatures apart from all else the pepper is used for."""


def output_path(folder: str, prefix: str, utc_date: str, extension: str) -> str:
    """A new name that cannot be guessed: `generations/tts/tts_f5_20260605_<suffix>.wav` (TTS-028).

    `utc_date` is `YYYY-MM-DD`, as clocks here give it.
    """
    day = utc_date.replace("-", "")
    return f"{folder}/{prefix}_{day}_{secrets.token_hex(SUFFIX_BYTES)}.{extension}"


def output_url(backends: Backends, path: str) -> str:
    """The site-relative URL of an output, which opens with its team's key; where the settings give such URLs
    a lifetime, also without one, so long."""
    lifetime_s = backends.settings.output_url_lifetime_s
    if lifetime_s <= 0:
        return f"/uploads/{path}"
    expiry = str(int(backends.clock.now() + lifetime_s))
    return f"/uploads/{path}?exp={expiry}&sig={_signature(backends.settings, path, expiry)}"


def signature_opens(backends: Backends, path: str, expiry: str, signature: str) -> bool:
    """Whether we signed exactly this path and expiry (Unix seconds), and it has not passed."""
    genuine = _signer(backends.settings).verify_signature(_signed(path, expiry), signature)
    return genuine and backends.clock.now() < int(expiry)


def _signature(settings: Settings, path: str, expiry: str) -> str:
    return _signer(settings).get_signature(_signed(path, expiry)).decode()


def _signer(settings: Settings) -> Signer:
    """HMAC-SHA-256 under a key derived from the pepper; compares in constant time."""
    return Signer(pepper(settings), salt=SALT, key_derivation="hmac", digest_method=hashlib.sha256)


def _signed(path: str, expiry: str) -> bytes:
    # No path holds a line break, so that the two parts cannot be shifted against each other.
    return f"{path}\n{expiry}".encode("utf-8", "surrogatepass")
