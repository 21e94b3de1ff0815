"""Serve the page and its peers as a host would, with Brotli and caching, and log responses."""

import hashlib
import mimetypes
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote

import brotli

from bench.peers.convnet import BUILT, PEERS, built
from files.atomic import write_atomically

WEB = Path(__file__).parents[2] / "web"
BEST_QUALITY, FAST_QUALITY = 11, 4  # of Brotli: as on a host, and for smoke tests
POLL_SECONDS = 0.1  # `shutdown` waits up to this long
TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm"}
# Without the two cross-origin isolation headers, which enable WebAssembly threads: many static
# hosts cannot send them, and they make the browser start another process for the page.
HEADERS = {"Cache-Control": "public, max-age=86400"}


@dataclass(frozen=True)
class Sent:
    """One response: time of the request in seconds since 1970, path, and bytes of the body."""

    when: float
    path: str
    size: int


@dataclass
class Site:
    """A running server: the page is at `address/ours/`, the peers are at `address/peers/`."""

    address: str
    folders: dict[str, list[Path]]
    quality: int
    log: list[Sent] = field(default_factory=list)
    _bodies: dict[Path, tuple[int, bytes]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, path: str) -> Path | None:
        """Return the file for a URL's path, from the first folder that contains it, or None."""
        _, prefix, name = (unquote(path.split("?")[0]) + "/").split("/", 2)
        name = name.removesuffix("/") or "index.html"
        for folder in self.folders.get(prefix, []):
            file = (folder / name).resolve()
            if file.is_file() and file.is_relative_to(folder.resolve()):
                return file
        return None

    def body(self, file: Path) -> bytes:
        """Return a file's content after Brotli, cached in memory until the file changes."""
        stamp = file.stat().st_mtime_ns
        with self._lock:
            if self._bodies.get(file, (0, b""))[0] != stamp:
                self._bodies[file] = stamp, compressed(file.read_bytes(), self.quality)
            return self._bodies[file][1]


def compressed(content: bytes, quality: int) -> bytes:
    """Compress with Brotli; cached between runs, since the peers' files take half a minute."""
    cached = BUILT / "brotli" / f"{hashlib.sha256(content).hexdigest()[:24]}.{quality}"
    if not cached.is_file():
        small = brotli.compress(content, quality=quality)
        write_atomically(cached, lambda file: file.write(small))
    return cached.read_bytes()


@contextmanager
def serving(quality: int = BEST_QUALITY, peers: bool = False) -> Iterator[Site]:
    """Serve the page on this machine, with `peers` also the alternatives; yield the Site.

    Raises PeerError, ExportError or OSError.
    """
    with ExitStack() as stack:
        pages = Path(stack.enter_context(TemporaryDirectory(prefix="digitpad-bench-")))
        folders = {"ours": [WEB], "peers": peer_folders(pages) if peers else []}
        site = Site("", folders, quality)
        server = stack.enter_context(Server(("127.0.0.1", 0), partial(Handler, site)))
        site.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,))
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


def peer_folders(pages: Path) -> list[Path]:
    """Return the folders of the peers' files: `pages`, their network, shared files, packages."""
    write_pages(pages)
    packages = PEERS / "node_modules"
    return [
        *(pages, PEERS, built(), WEB),
        packages / "@tensorflow/tfjs/dist",
        packages / "@tensorflow/tfjs-backend-wasm/dist",
        packages / "onnxruntime-web/dist",
        packages / "@litertjs/core/wasm",
    ]


def write_pages(folder: Path) -> None:
    """Write a page for each peer: a common body, and a head that loads the peer's files."""
    page = (PEERS / "page.html").read_text(encoding="utf-8")
    for head in (PEERS / "heads").iterdir():
        text = page.replace("HEAD", head.read_text(encoding="utf-8"))
        (folder / head.name).write_text(text, encoding="utf-8")


class Server(ThreadingHTTPServer):
    """A server with a thread for each connection."""

    request_queue_size = 64


class Handler(BaseHTTPRequestHandler):
    """Handler for the files of a Site."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together

    def __init__(self, site: Site, *arguments: object) -> None:
        self.site = site
        super().__init__(*arguments)

    def handle(self) -> None:
        """Handle requests until the connection ends, also if a browser closes it in between."""
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        """Send a file, compressed if the client accepts Brotli."""
        when = time.time()
        file = self.site.find(self.path)
        if file is None:
            self.send_error(404)
            return
        accepts_brotli = "br" in self.headers.get("Accept-Encoding", "")
        body = self.site.body(file) if accepts_brotli else file.read_bytes()
        media_type = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]
        self.send_response(200)
        self.send_header("Content-Type", media_type or "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        if accepts_brotli:
            self.send_header("Content-Encoding", "br")
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.site.log.append(Sent(when, self.path, len(body)))

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""
