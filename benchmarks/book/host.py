"""A host of the built site that compresses as hosts do, and counts what it sends."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gzip
import http.server
import mimetypes
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

SITE = Path(__file__).parents[2] / "_build" / "html"
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
"""With which Chromium asks for nothing but the page."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """A file that was asked for: its name, its bytes on the disk and on the wire."""

    name: str
    raw: int
    sent: int


@functools.cache
def compressed(path: Path) -> bytes:
    """Return a file as a host sends it."""
    return gzip.compress(path.read_bytes(), 6)


class Host(http.server.BaseHTTPRequestHandler):
    """A host of the site that notes what it answers."""

    answers: list[Answer] = []  # noqa: RUF012 (of the class: each request makes an object)

    def do_GET(self) -> None:
        path = SITE / urlsplit(self.path).path.lstrip("/")
        if not path.is_file():
            self.send_error(404)
            return
        data = compressed(path)
        self.send_response(200)
        self.send_header("Content-Type", mimetypes.guess_type(path.name)[0] or "text/plain")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(data)
        self.answers.append(Answer(path.name, path.stat().st_size, len(data)))

    def log_message(self, *arguments: object) -> None:
        pass


@contextlib.contextmanager
def hosted() -> Iterator[str]:
    """Serve the built site from this machine; give its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
