"""The key ring and its pepper."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from serve_app.auth import Policy, pepper
from serve_app.backends import Backends
from serve_app.core.keys import Kind
from serve_app.errors import Unauthorized
from serve_app.settings import Settings
from tests.fakes import team_with_key


async def test_only_a_digest_is_stored(backends: Backends, data_files: Callable[[], bytes]) -> None:
    """KEY-003, KEY-012: neither the raw key nor its secret is anywhere in the data folder."""
    _, raw = await team_with_key(backends)
    secret = raw.split("_")[2].encode()
    kept = data_files()
    assert raw.split("_")[1].encode() in kept
    assert secret not in kept


async def test_a_taken_prefix_is_minted_anew(backends: Backends, monkeypatch: pytest.MonkeyPatch) -> None:
    """KEY-002: two keys never share a prefix."""
    entropy = iter([b"a" * 25, b"a" * 25, b"b" * 25])
    monkeypatch.setattr("serve_app.auth.secrets.token_bytes", lambda size: next(entropy))
    one = await backends.keys.issue(Kind.KEY, {})
    other = await backends.keys.issue(Kind.KEY, {})
    assert one.prefix != other.prefix


async def test_a_member_token_is_no_key(backends: Backends) -> None:
    """KEY-010: the token of the admin surface opens no public surface."""
    token = await backends.keys.issue(Kind.MEMBER, {"team_id": "team_1"})
    with pytest.raises(Unauthorized):
        await backends.keys.authenticate(token.reveal())


def test_the_pepper_of_the_settings_wins(tmp_path: Path) -> None:
    """KEY-012: a cluster gives every node the same pepper; then no file is made."""
    assert pepper(Settings(data=tmp_path / "new", pepper=SecretStr("from the vault"))) == b"from the vault"
    assert not (tmp_path / "new").exists()


def test_many_processes_agree_on_one_pepper(tmp_path: Path) -> None:
    """KEY-012: the pepper file is made once, whole and private, whoever comes first."""
    code = (
        "from serve_app.auth import pepper; from serve_app.settings import Settings; import pathlib, sys;"
        "sys.stdout.buffer.write(pepper(Settings(data=pathlib.Path(sys.argv[1]))))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "data")]
    racing = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    peppers = {process.communicate()[0] for process in racing}
    assert len(peppers) == 1
    assert len(peppers.pop()) >= 32
    assert os.listdir(tmp_path / "data") == ["pepper"]
    assert stat.S_IMODE((tmp_path / "data" / "pepper").stat().st_mode) == 0o600


async def test_a_policy_belongs_to_the_key(backends: Backends) -> None:
    """QUO-001: 120 requests a minute, 3 sessions and 3600 s a day unless the key says otherwise."""
    _, raw = await team_with_key(backends)
    assert (await backends.keys.authenticate(raw)).policy == Policy(120, 3, 3600)
