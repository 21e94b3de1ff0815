"""Serve the page in web/ at http://localhost:8000.

    python server.py
    python server.py --host 0.0.0.0     # for phones in the same network; prints a QR code
    python server.py --port 9000
    python server.py --public-url https://pad.example.org/     # another address for link and code
    python server.py --site dist        # serves what `make site` wrote
    python server.py --access-log       # logs each response, see hosting/serve/access_log.py
    python server.py --collect DIR      # stores sent drawings, see hosting/collect/routes.py

Everything but /healthz and /collect is a static file, so any static host can serve the page. This
server adds correct media types, revalidation (browsers notice a new model at once) and an error at
start-up if a file is missing.
"""

import argparse
import hashlib
import ipaddress
import os
import re
import socket
import sys
from errno import EACCES, EADDRINUSE
from pathlib import Path

import segno
from flask import Flask
from werkzeug.exceptions import HTTPException

from files import model_meta
from hosting.collect.routes import collect_routes
from hosting.collect.store import Collection, CollectionError
from hosting.serve import access_log
from hosting.serve.public_url import parse_public_url
from hosting.serve.server import Server
from hosting.serve.static import with_files, with_headers

WEB = Path(__file__).resolve().parent / "web"
PRECACHE_ENTRY = re.compile(r'^ *"(.+?)": "sha256-', re.MULTILINE)  # of files.js


def create_app(site: Path = WEB, collection: Collection | None = None) -> Flask:
    """Return the Flask application that serves the files under `site`.

    With a collection, `POST /collect` stores drawings in it.
    """
    app = Flask("digitpad", static_folder=None)
    app.url_map.merge_slashes = False  # it would redirect to the Host of the request

    @app.errorhandler(HTTPException)
    def handle_error(error: HTTPException) -> tuple[str, int, dict[str, str]]:
        headers = dict(error.get_headers()) | {"Content-Type": "text/plain"}  # includes Allow
        return f"{error.code} {error.name}\n", error.code, headers

    @app.get("/healthz")
    def health() -> tuple[dict[str, str], int, dict[str, str]]:
        fault = find_missing_file(site)
        status = fault.replace(f"{site}{os.sep}", "") if fault else "ok"  # hide local paths
        return {"status": status}, 503 if fault else 200, {"Cache-Control": "no-store"}

    if collection:
        app.register_blueprint(collect_routes(collection))
    app.wsgi_app = with_headers(with_files(site, app.wsgi_app))
    return app


def find_missing_file(site: Path) -> str | None:
    """Return one line about a missing or damaged file of the page or its model, or None."""
    page = site / "index.html"
    page_from = model_from = "write it with `make site`"
    if site == WEB:
        page_from = "get it with `git checkout web`"
        model_from = "get it with `git checkout web/model`, or make it with `make export`"
    listed = site / "files.js"
    names = PRECACHE_ENTRY.findall(listed.read_text(encoding="utf-8")) if listed.is_file() else []
    for file in (page, *(site / name for name in names)):
        if not file.is_file():
            return f"{file} is missing: {page_from}"
    for model in sorted(site.glob("*/model")) or [site / "model"]:  # dist/, then web/
        if fault := find_damaged_file(model):
            return f"{fault}: {model_from}"
    return None


def find_damaged_file(model: Path) -> str | None:
    """Return a description of a missing or damaged file of a model, or None."""
    meta = model / "meta.json"
    try:
        files = model_meta.parse(meta.read_text(encoding="utf-8"))["files"]
        for name, expected in files.items():
            if hashlib.sha256((model / name).read_bytes()).hexdigest() != expected["sha256"]:
                return f"{model / name} is damaged"
    except OSError as error:
        return f"{error.filename} cannot be read ({error.strerror})"
    except ValueError:
        return f"{meta} is damaged"
    return None


def lan_address() -> str | None:
    """Return this machine's IPv4 address in its network, None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737; selects a route, sends nothing
            return probe.getsockname()[0]
        except OSError:
            return None


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; exit with one line if that fails."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=host == "::")
    except OSError as error:
        if error.errno == EADDRINUSE:
            other = f"--port {port + 1 if port < 65535 else 8000}"
            reason = f"port {port} is taken: stop the program that uses it, or try {other}"
        elif error.errno == EACCES:
            reason = f"port {port} needs privileges: choose one from 1024, for example --port 8000"
        else:
            reason = f"{host} is not an address of this machine: use --host 127.0.0.1 or 0.0.0.0"
    sys.exit(f"digitpad: {reason}")


def announce(
    host: str, port: int, collection: Collection | None = None, public_url: str | None = None
) -> None:
    """Print the URL of the page, and a QR code if other machines can reach it.

    They reach it under `public_url`, if this machine cannot know its address there. The token of a
    collection is in the URL's fragment, which browsers do not send.
    """
    fragment = f"/#collect={collection.token}" if collection else ""
    everywhere = host in ("0.0.0.0", "::")
    address = lan_address() if everywhere else f"[{host}]" if ":" in host else host
    if public_url:
        _print_link("On other devices", public_url + fragment.removeprefix("/"))
    elif everywhere and address is None:
        print("This machine has no network connection, so phones cannot reach it.")
    elif not _is_loopback(host):
        _print_link("On a phone in the same network", f"http://{address}:{port}{fragment}")
    here = "localhost" if everywhere or _is_loopback(host) else address
    print(f"digitpad is at http://{here}:{port}{fragment} (Ctrl-C stops)", flush=True)
    if collection:
        print(f"Anyone with this link can send drawings to {collection.folder}", flush=True)


def _print_link(title: str, url: str) -> None:
    print(f"{title}: {url}")
    if "utf" in sys.stdout.encoding.lower():  # the QR code consists of block characters
        segno.make(url, micro=False).terminal(compact=True)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def main() -> None:
    """Serve the page until a signal arrives."""
    options = parse_arguments()
    if fault := find_missing_file(options.site):
        sys.exit(f"digitpad: {fault}")
    if options.access_log:
        access_log.enable()
    with listen(options.host, options.port) as listening:
        collection = open_collection(options.collect, options.site)
        server = Server(create_app(options.site, collection), listening, options.trust_proxy)
        announce(options.host, listening.getsockname()[1], collection, options.public_url)
        server.run()


def open_collection(folder: Path | None, site: Path) -> Collection | None:
    """Return the collection in a folder, None without a folder; exit with one line on errors."""
    if folder is None:
        return None
    if folder.is_relative_to(site):
        sys.exit(f"digitpad: {folder} would be public: choose a folder outside {site}")
    try:
        return Collection(folder)
    except CollectionError as error:
        sys.exit(f"digitpad: {error}")


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="server.py", description="Serve the page of digitpad.", allow_abbrev=False
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; 0.0.0.0 admits other machines in the network"
        " (default: %(default)s, this machine only)",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=8000,
        help="port; 0 selects a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--site",
        type=lambda folder: Path(folder).resolve(),
        default=WEB,
        metavar="DIR",
        help="folder to serve: web/, or dist/ from `make site` (default: web/)",
    )
    parser.add_argument(
        "--collect",
        type=lambda folder: Path(folder).resolve(),
        metavar="DIR",
        help="store drawings sent by visitors in DIR, a file for each request; only the printed"
        " link permits sending (default: accept none)",
    )
    parser.add_argument(
        "--public-url",
        metavar="URL",
        help="address for the printed link and QR code, where the server cannot know it: behind a"
        " proxy, in Docker, WSL or a VPN (default: this machine's address)",
    )
    parser.add_argument(
        "--trust-proxy",
        action="store_true",
        help="take this server's name from X-Forwarded-Host; only behind a proxy that sets it"
        " (default: from Host)",
    )
    parser.add_argument(
        "--access-log",
        action="store_true",
        help="log each response on stderr (default: off)",
    )
    options = parser.parse_args()
    if not options.host:
        parser.error("--host is empty: omit it or give an address")
    if not 0 <= options.port <= 65535:
        parser.error(f"--port {options.port} is out of range: choose one from 1024 to 65535")
    if options.public_url is not None:
        try:
            options.public_url = parse_public_url(options.public_url)
        except ValueError as error:
            sys.exit(f"digitpad: {error}")
    return options


if __name__ == "__main__":
    main()
