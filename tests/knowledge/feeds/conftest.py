"""A real website on a loopback port, and time that passes only when someone sleeps."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from knowledge.feeds.feed import Caller, Feed, Fetched, Progress
from knowledge.feeds.mirror import Mirror
from knowledge.feeds.stand_ins import NO_SUCH_PAGE
from knowledge.feeds.visitor import Patience
from knowledge.feeds.website import fetch

Special = Callable[[BaseHTTPRequestHandler], None]


class Clock:
    """Time that passes only when someone sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)

    def __call__(self) -> float:
        return self.now


class RealTime(Clock):
    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def __call__(self) -> float:
        return time.monotonic()


@dataclass
class Site:
    """What the website serves, and who asked for what."""

    url: str = ""
    pages: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    special: dict[str, Special] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Method and path of every request, in order."""
    headers: list[dict[str, str]] = field(default_factory=list)
    not_modified: int = 0
    open: int = 0
    most_open: int = 0

    def put(self, path: str, body: str | bytes, kind: str = "text/html; charset=utf-8", **headers: str) -> None:
        data = body if isinstance(body, bytes) else body.encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        mark = f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
        self.pages[path] = (data, {"Content-Type": kind, "ETag": mark, **named})

    def page(self, path: str, text: str, links: str = "") -> None:
        self.put(
            path, f"<html><head><title>{text}</title></head><body><h1>{text}</h1><p>{text}.</p>{links}</body></html>"
        )

    def sitemap(self, *paths: str, name: str = "/sitemap.xml") -> None:
        entries = "".join(f"<url><loc>{path if '//' in path else self.url + path}</loc></url>" for path in paths)
        self.put(
            name,
            f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>',
            "application/xml",
        )

    def status(self, path: str, status: int, **headers: str) -> None:
        """Answer a path with a bare status."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        self.special[path] = answer

    def take_asked(self) -> list[str]:
        """Return the paths asked for since the last call, but for the one that no site has."""
        taken, self.asked = self.asked, []
        return [line.removeprefix("GET ") for line in taken if NO_SUCH_PAGE not in line]


def serve(site: Site) -> Iterator[Site]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        wbufsize = -1  # an answer leaves when it is no longer counted as open

        def do_GET(self) -> None:
            with lock:
                site.asked.append(f"{self.command} {self.path}")
                site.headers.append(dict(self.headers))
                site.open += 1
                site.most_open = max(site.most_open, site.open)
            try:
                self.answer()
            finally:
                with lock:
                    site.open -= 1

        def answer(self) -> None:
            if self.path in site.special:
                site.special[self.path](self)
                return
            if self.path not in site.pages:
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            data, headers = site.pages[self.path]
            if self.headers.get("If-None-Match") == headers.get("ETag", "-"):
                site.not_modified += 1
                self.send_response(304)
                self.end_headers()
                return
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_arguments: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def site() -> Iterator[Site]:
    yield from serve(Site())


@pytest.fixture
def other_site() -> Iterator[Site]:
    yield from serve(Site())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass
class Visits:
    """Syncs of the website, one after the other, into one mirror."""

    site: Site
    clock: Clock
    folder: Path
    options: dict[str, object] = field(default_factory=dict)
    progress: Progress | None = None
    patience: Patience = field(default_factory=lambda: Patience(silence_seconds=5))

    def __call__(self, path: str = "/sitemap.xml", **options: object) -> Fetched:
        options = {"url": self.site.url + path, "allow": (self.site.url + "/help/",), **self.options, **options}
        feed = Feed(name="shop", kind="website", **options)  # type: ignore[arg-type]
        agent = "Frontdesk/1 (+help@shop.example)"
        caller = Caller(agent=agent, progress=self.progress, sleep=self.clock.sleep, clock=self.clock)
        return fetch(feed, Mirror(self.folder), caller, patience=self.patience)

    def held(self) -> dict[str, str]:
        """Return path below the host's folder -> content, of every file of the mirror but its state."""
        files = [path for path in self.folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
        return {path.relative_to(self.folder).as_posix().partition("/")[2]: path.read_text() for path in files}


@pytest.fixture
def visit(site: Site, clock: Clock, tmp_path: Path) -> Visits:
    return Visits(site, clock, tmp_path / "mirror")
