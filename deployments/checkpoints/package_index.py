"""Where wheels lie: a package index, as pip is set to use it.

`pip download` itself knows every setting, but most versions begin a cut download anew, it hides how far it
is, and environments made by uv have no pip. So pip is asked for its settings, where there is one; the rest is
two requests.
Sources: PEP 503 and PEP 691, the simple API as pages and as JSON.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

import httpx

from deployments.checkpoints.errors import SourceFailed

PYPI = "https://pypi.org/simple"
JSON = "application/vnd.pypi.simple.v1+json"
ACCEPT = f"{JSON}, text/html;q=0.5"
SECTIONS = (":env:", "download", "install", "global")
"""Of pip's settings, the strongest first."""
PIP_S = 30.0
"""More than a slow disk needs to start Python and pip."""


@dataclass(frozen=True, slots=True)
class PipSettings:
    """What pip is told about indexes."""

    indexes: tuple[str, ...] = (PYPI,)
    cert: str = ""
    proxy: str = ""


def pip_settings() -> PipSettings:
    """From the environment and pip's files, as `pip config list` prints them: `section.name='value'`.

    Raises SourceFailed when pip does not answer; without a pip they are the defaults.
    """
    command = [sys.executable, "-m", "pip", "config", "list"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=PIP_S)
    except subprocess.TimeoutExpired as slow:
        raise SourceFailed(f"pip does not tell its settings within {PIP_S:g} s") from slow
    lines = (line.partition("=") for line in listed.stdout.splitlines() if "='" in line)
    values = {key: ast.literal_eval(value) for key, _, value in lines}

    def value(name: str, default: str = "") -> str:
        return next((values[key] for section in SECTIONS if (key := f"{section}.{name}") in values), default)

    indexes = (value("index-url", PYPI), *value("extra-index-url").split())
    return PipSettings(
        tuple(index.rstrip("/") for index in indexes if index.startswith("http")),
        value("cert"),
        value("proxy"),
    )


def file_url(http: httpx.Client, indexes: tuple[str, ...], package: str, sha256: str) -> httpx.URL:
    """The URL of the package's file with this hash, by which an index lists it. Raises SourceFailed."""
    for index in indexes:
        page = httpx.URL(f"{index}/{package}/")
        try:
            url = next((url for url, listed in _links(_page(http, page)) if listed == sha256), None)
        except (ValueError, KeyError, TypeError, httpx.InvalidURL) as strange:
            raise SourceFailed(f"{page.host} does not answer as an index") from strange
        if url is not None:
            # An index behind a password wants it for its files too.
            return url.copy_with(userinfo=page.userinfo) if url.host == page.host else url
    hosts = ", ".join(httpx.URL(index).host for index in indexes)
    raise SourceFailed(f"{package} with the known SHA-256 is not at {hosts or 'any index'}")


def _page(http: httpx.Client, url: httpx.URL) -> httpx.Response:
    try:
        reply = http.get(url, headers={"Accept": ACCEPT})
    except httpx.RequestError as unreachable:
        raise SourceFailed(f"{url.host} cannot be reached: {unreachable}") from unreachable
    if not reply.is_success and reply.status_code != httpx.codes.NOT_FOUND:
        raise SourceFailed(f"{url.host} answers {reply.status_code}")
    return reply


def _links(page: httpx.Response) -> Iterator[tuple[httpx.URL, str]]:
    """The URL and the SHA-256 of each file."""
    if page.headers.get("content-type", "").startswith(JSON):
        for file in page.json().get("files", ()):
            yield page.url.join(file["url"]), file["hashes"].get("sha256", "")
        return
    anchors = _Anchors()
    anchors.feed(page.text)
    for link in anchors.links:
        url = page.url.join(link)
        yield url.copy_with(fragment=None), url.fragment.removeprefix("sha256=")


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if tag == "a" and name == "href" and value]
