"""Downloads over HTTP that survive cut connections and continue where an earlier one ended."""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

from deployments.checkpoints.errors import SourceFailed, WrongBytes
from deployments.checkpoints.files import Facts, sha256_of
from deployments.checkpoints.progress import Progress

PARALLEL = 4
"""Files at once: mirrors give one connection a share of the line, and more than a few are impolite."""
ATTEMPTS = 3
"""Without a byte more, before a source is given up; a connection that is cut but gives some may go on."""
WAIT_S = 1.0
"""Before the second attempt, and as much longer before each later one."""
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
"""A line that is silent for so long is cut; a host that does not answer must not hold up a start."""
RETRIED = {408, 429, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file: where it is, where it goes, what it is called, what is known of it."""

    url: httpx.URL
    target: Path
    name: str
    facts: Facts


def client(*, cert: str = "", proxy: str = "") -> httpx.Client:
    """A client that knows the environment's proxies; a certificate file and a proxy may be given.

    Raises SourceFailed for a kind of proxy that needs another package.
    """
    verify = ssl.create_default_context(cafile=cert) if cert else True
    try:
        return httpx.Client(verify=verify, proxy=proxy or None, timeout=TIMEOUT, follow_redirects=True)
    except ImportError as missing:
        raise SourceFailed(f"the proxy cannot be used: {missing}") from missing


def download_all(http: httpx.Client, wanted: Sequence[Wanted], name: str) -> None:
    """Fetch some files at once; `name` is shown.

    Raises SourceFailed for the first that cannot be had, OSError when it cannot be written.
    """
    total = sum(file.facts.bytes or 0 for file in wanted)
    with ThreadPoolExecutor(PARALLEL) as pool, Progress(name, total) as progress:
        try:
            list(pool.map(lambda file: _download(http, file, progress), wanted))
        finally:
            progress.stop()  # what still runs after a failure or Ctrl-C ends at its next piece


def _download(http: httpx.Client, file: Wanted, progress: Progress) -> None:
    progress.file(file.name, file.facts.bytes)
    file.target.parent.mkdir(parents=True, exist_ok=True)
    progress.advance(_size(file.target) if file.facts.sha256 else 0)
    failures = 0
    while failures < ATTEMPTS and not _complete(file):
        before = _size(file.target)
        try:
            _continue(http, file, progress)
            break
        except httpx.RequestError as cut:
            failures = 0 if _size(file.target) > before else failures + 1
            if failures == ATTEMPTS:
                raise SourceFailed(f"{file.url.host}: {cut}") from cut
            time.sleep(WAIT_S * failures)
    _check(file)


def _continue(http: httpx.Client, file: Wanted, progress: Progress) -> None:
    """Ask for the rest. Without a known hash it is begun anew: the file may be another one by now."""
    if not file.facts.sha256:
        file.target.unlink(missing_ok=True)
    have = _size(file.target)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with http.stream("GET", file.url, headers=headers) as reply:
        _require_answer(reply, file)
        with file.target.open("ab" if reply.status_code == httpx.codes.PARTIAL_CONTENT else "wb") as out:
            for chunk in reply.iter_raw():
                out.write(chunk)
                progress.advance(len(chunk))


def _require_answer(reply: httpx.Response, file: Wanted) -> None:
    """Raises SourceFailed for an answer that will not change, ReadError for one that may."""
    if reply.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        file.target.unlink()  # more than there is: something else
        raise httpx.ReadError("it does not continue here")
    if reply.status_code in RETRIED:
        raise httpx.ReadError(f"status {reply.status_code}")
    if not reply.is_success:
        raise SourceFailed(f"{file.url.host} answers {reply.status_code} for {file.name}")


def _check(file: Wanted) -> None:
    """Raises WrongBytes."""
    if file.facts.sha256 and (found := sha256_of(file.target)) != file.facts.sha256:
        raise WrongBytes(f"{file.name} from {file.url.host} has the SHA-256 {found}, not {file.facts.sha256}")


def _complete(file: Wanted) -> bool:
    return bool(file.facts.sha256) and _size(file.target) == file.facts.bytes


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
