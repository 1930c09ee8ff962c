"""Indexes are found as pip finds them, and strange answers are told plainly."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from deployments.checkpoints.download import client
from deployments.checkpoints.errors import SourceFailed
from deployments.checkpoints.package_index import PYPI, file_url, pip_settings
from tests.checkpoints.web_host import WebHost

SHA256 = "0a" * 32


@pytest.fixture
def pip_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pip's only settings file."""
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT", "PIP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "pip.conf"


def test_pips_own_settings_hold(pip_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file, over it the environment; folders are no index."""
    pip_file.write_text(
        "[global]\nindex-url = https://mirror.example/simple/\nproxy = http://proxy.example:3128\n"
        "cert = /etc/own.pem\nextra-index-url = file:///srv/wheels\n  https://second.example/simple\n"
    )
    found = pip_settings()
    assert found.indexes == ("https://mirror.example/simple", "https://second.example/simple")
    assert (found.cert, found.proxy) == ("/etc/own.pem", "http://proxy.example:3128")
    monkeypatch.setenv("PIP_INDEX_URL", "https://other.example/simple")
    assert pip_settings().indexes[0] == "https://other.example/simple"


def test_without_settings_it_is_pypi(pip_file: Path) -> None:
    """As with pip."""
    pip_file.write_text("")
    assert pip_settings().indexes == (PYPI,)


def test_without_a_pip_it_is_pypi(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Environments made by uv have none."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'No module named pip' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    assert pip_settings().indexes == (PYPI,)


def test_the_second_index_is_asked_too(host: WebHost) -> None:
    """And a file is told by its hash, whatever else is listed."""
    sha256 = host.index("tiny", b"wheel")
    with client() as http:
        url = file_url(http, (f"{host.url}/none", f"{host.url}/simple"), "tiny", sha256)
        assert http.get(url).content == b"wheel"
        with pytest.raises(SourceFailed, match=r"tiny with the known SHA-256 is not at 127\.0\.0\.1"):
            file_url(http, (f"{host.url}/simple",), "tiny", SHA256)


def test_a_password_goes_to_its_own_host_only(host: WebHost) -> None:
    """Files of an index behind a password are behind it too; those elsewhere get none."""
    files = [
        {"url": url, "hashes": {"sha256": SHA256}} for url in ("/files/tiny.whl", "https://cdn.example/tiny")
    ]
    secret = host.url.replace("//", "//me:secret@")
    kind = "application/vnd.pypi.simple.v1+json"
    found = []
    for number, file in enumerate(files):
        host.file(f"/simple/tiny-{number}/", json.dumps({"files": [file]}).encode(), kind)
        with client() as http:
            found.append(file_url(http, (f"{secret}/simple",), f"tiny-{number}", SHA256))
    assert [url.userinfo for url in found] == [b"me:secret", b""]
    assert found[0] == httpx.URL(f"{secret}/files/tiny.whl")


@pytest.mark.parametrize("body", [b"{", b'{"files": [{"url": "x"}]}', b'{"files": [1]}'])
def test_a_host_that_is_no_index(host: WebHost, body: bytes) -> None:
    """The next source is tried."""
    host.file("/simple/tiny/", body, "application/vnd.pypi.simple.v1+json")
    with client() as http, pytest.raises(SourceFailed, match=r"127\.0\.0\.1 does not answer as an index"):
        file_url(http, (f"{host.url}/simple",), "tiny", SHA256)


def test_a_proxy_that_needs_another_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """A SOCKS proxy in the environment must not end a start with a trace."""
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    with pytest.raises(SourceFailed, match="the proxy cannot be used"):
        client()
