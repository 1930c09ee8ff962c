"""A web host on loopback: a package index, a model hub or plain files, whose lines can be cut."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

COMMIT = "5f1c" * 10


class WebHost:
    """Serves `pages` by path, ranges too."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.cut_after: dict[str, int] = {}
        """Path to the bytes of one answer after which the line is cut."""
        self.knows_ranges = True
        self.answers_left: dict[str, int] = {}
        """How often a path is answered before it is a 503."""
        self.requests: Counter[str] = Counter()
        self.ranges: list[str] = []
        self.url = ""

    def file(self, path: str, body: bytes, kind: str = "application/octet-stream") -> str:
        """Serve a body; its SHA-256."""
        self.pages[path] = (kind, body)
        return hashlib.sha256(body).hexdigest()

    def index(self, package: str, wheel: bytes, *, listed: str = "", html: bool = False) -> str:
        """Serve a wheel and the page of its package; the hash it is listed under, by default its own."""
        path = f"/files/{package}-1.0.0-py3-none-any.whl"
        sha256 = listed or hashlib.sha256(wheel).hexdigest()
        self.file(path, wheel)
        if html:
            page = f'<a href="../..{path}#sha256={sha256}">{package}</a>'
            self.file(f"/simple/{package}/", page.encode(), "text/html")
        else:
            files = [{"filename": package, "url": f"../..{path}", "hashes": {"sha256": sha256}}]
            body = json.dumps({"files": files}).encode()
            self.file(f"/simple/{package}/", body, "application/vnd.pypi.simple.v1+json")
        return sha256

    def repository(self, name: str, files: dict[str, bytes]) -> None:
        """Serve a hub's repository at `main`, which is `COMMIT`; its first file is a large one (LFS)."""
        siblings: list[dict[str, Any]] = []
        tree: list[dict[str, Any]] = []
        for number, (file, body) in enumerate(files.items()):
            sha256 = self.file(f"/{name}/resolve/{COMMIT}/{file}", body)
            lfs = {"lfs": {"sha256": sha256, "size": len(body), "pointerSize": 100}} if number == 0 else {}
            siblings.append({"rfilename": file, "size": len(body), "blobId": "0" * 40, **lfs})
            listed = {"lfs": {"oid": sha256, "size": len(body), "pointerSize": 100}} if lfs else {}
            tree.append({"type": "file", "path": file, "size": len(body), "oid": "0" * 40, **listed})
        self.file(f"/api/models/{name}/tree/{COMMIT}", json.dumps(tree).encode(), "application/json")
        info = {"id": name, "sha": COMMIT, "siblings": siblings}
        for revision in ("main", COMMIT):
            path = f"/api/models/{name}/revision/{revision}"
            self.file(path, json.dumps(info).encode(), "application/json")

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """GET and HEAD."""
        path = request.path.partition("?")[0]
        self.requests[path] += 1
        if path not in self.pages:
            request.send_error(404)
            return
        if path in self.answers_left:
            self.answers_left[path] -= 1
            if self.answers_left[path] < 0:
                request.send_error(503)
                return
        kind, body = self.pages[path]
        begin, total = 0, len(body)
        if self.knows_ranges and (wanted := request.headers.get("Range")) is not None:
            self.ranges.append(wanted)
            begin = int(wanted.removeprefix("bytes=").partition("-")[0])
            body = body[begin:]
        if begin and begin >= total:
            request.send_error(416)
            return
        request.send_response(206 if begin else 200)
        if begin:
            request.send_header("Content-Range", f"bytes {begin}-{total - 1}/{total}")
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.send_header("ETag", f'"{hashlib.sha256(self.pages[path][1]).hexdigest()}"')
        request.send_header("X-Repo-Commit", COMMIT)
        request.end_headers()
        if request.command == "GET":
            request.wfile.write(body[: self.cut_after.get(path, len(body))])


@contextmanager
def web_host() -> Iterator[WebHost]:
    """A host that runs meanwhile."""
    host = WebHost()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host.answer(self)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            """Silence."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        host.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()
