"""Serve the page in web/ at http://localhost:8000.

    python server.py
    python server.py --host 0.0.0.0     # for a phone in the same network; shows a QR code
    python server.py --port 9000
    python server.py --site dist        # what `make site` wrote
    python server.py --access-log       # a line for each answer, see hosting/serve/access_log.py
    python server.py --collect DIR      # takes drawings in, see hosting/collect/routes.py

Every answer but those of /healthz and /collect is a static file, so any static host does as well;
this one adds right media types, revalidation (a re-exported model is seen at once) and an early
word when the model is missing.
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
from hosting.collect.routes import reception
from hosting.collect.store import Collection, CollectionError
from hosting.serve import access_log
from hosting.serve.server import Server
from hosting.serve.static import with_files, with_headers

WEB = Path(__file__).resolve().parent / "web"
LISTED = re.compile(r'^ *"(.+?)": "sha256-', re.MULTILINE)  # a file of the page, in files.js


def create_app(site: Path = WEB, collection: Collection | None = None) -> Flask:
    """Return the application that serves the files under `site`, and 404 for all else.

    Where there is a collection, it takes drawings for it at /collect.
    """
    app = Flask("digitpad", static_folder=None)
    app.url_map.merge_slashes = False  # it would redirect to whatever host the client named

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> tuple[str, int, dict[str, str]]:
        headers = dict(error.get_headers()) | {"Content-Type": "text/plain"}  # Allow is among them
        return f"{error.code} {error.name}\n", error.code, headers

    @app.get("/healthz")
    def health() -> tuple[dict[str, str], int, dict[str, str]]:
        fault = missing(site)
        said = fault.replace(f"{site}{os.sep}", "") if fault else "ok"  # no path of this machine
        return {"status": said}, 503 if fault else 200, {"Cache-Control": "no-store"}

    if collection:
        app.register_blueprint(reception(collection))
    app.wsgi_app = with_headers(with_files(site, app.wsgi_app))
    return app


def missing(site: Path) -> str | None:
    """Return one line that says what of the page or its model is missing or damaged, or None."""
    page = site / "index.html"
    page_from = model_from = "write it with `make site`"
    if site == WEB:
        page_from = "get it with `git checkout web`"
        model_from = "get it with `git checkout web/model`, or make it with `make export`"
    listed = site / "files.js"
    names = LISTED.findall(listed.read_text(encoding="utf-8")) if listed.is_file() else []
    for file in (page, *(site / name for name in names)):
        if not file.is_file():
            return f"{file} is missing: {page_from}"
    for model in sorted(site.glob("*/model")) or [site / "model"]:  # as in dist/, as in web/
        if fault := damage(model):
            return f"{fault}: {model_from}"
    return None


def damage(model: Path) -> str | None:
    """Return what of a model's folder is missing or damaged, or None."""
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
    """Return this machine's IPv4 address in its network, or None when it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737's test network: picks a route, sends nothing
            return probe.getsockname()[0]
        except OSError:
            return None


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at `host`; exit with one line when it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=host == "::")
    except OSError as error:
        if error.errno == EADDRINUSE:
            other = f"--port {port + 1 if port < 65535 else 8000}"
            reason = f"port {port} is taken: stop what uses it, or choose another with {other}"
        elif error.errno == EACCES:
            reason = f"port {port} is not allowed here: choose one from 1024 up, as --port 8000"
        else:
            reason = f"{host} is no address of this machine: use --host 127.0.0.1 or 0.0.0.0"
    sys.exit(f"digitpad: {reason}")


def announce(host: str, port: int, collection: Collection | None = None) -> None:
    """Say where the page is; for a host that others can reach, also where they find it.

    The token of a collection stands in the address' fragment, which browsers send nowhere.
    """
    fragment = f"/#collect={collection.token}" if collection else ""
    everywhere = host in ("0.0.0.0", "::")
    address = lan_address() if everywhere else f"[{host}]" if ":" in host else host
    if everywhere and address is None:
        print("This machine is in no network, so no phone can reach it.")
    elif not _is_loopback(host):
        url = f"http://{address}:{port}{fragment}"
        print(f"On a phone in the same network: {url}")
        if "utf" in sys.stdout.encoding.lower():  # the code is drawn in block characters
            segno.make(url, micro=False).terminal(compact=True)
    here = "localhost" if everywhere or _is_loopback(host) else address
    print(f"digitpad is at http://{here}:{port}{fragment} (Ctrl-C stops)", flush=True)
    if collection:
        print(f"Who opens this link can send drawings: {collection.file}", flush=True)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def main() -> None:
    """Read the command line, serve until a signal."""
    options = parsed()
    if fault := missing(options.site):
        sys.exit(f"digitpad: {fault}")
    if options.access_log:
        access_log.switch_on()
    with listen(options.host, options.port) as listening:
        collection = collection_at(options.collect, options.site)
        server = Server(create_app(options.site, collection), listening)
        announce(options.host, listening.getsockname()[1], collection)
        server.run()


def collection_at(folder: Path | None, site: Path) -> Collection | None:
    """Return the collection in a folder, None without one; exit with one line for an unfit one."""
    if folder is None:
        return None
    if folder.is_relative_to(site):
        sys.exit(f"digitpad: {folder} is served to everybody: choose a folder outside {site}")
    try:
        return Collection(folder)
    except CollectionError as error:
        sys.exit(f"digitpad: {error}")


def parsed() -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(
        prog="server.py", description="Serve digitpad's page.", allow_abbrev=False
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen at; 0.0.0.0 lets a phone in the same network in"
        " (default: %(default)s, this machine alone)",
    )
    parser.add_argument(
        "--port", type=int, default=8000, help="port, 0 for any free one (default: %(default)s)"
    )
    parser.add_argument(
        "--site",
        type=lambda folder: Path(folder).resolve(),
        default=WEB,
        metavar="DIR",
        help="folder to serve: web/ or what `make site` wrote, dist/ (default: web/)",
    )
    parser.add_argument(
        "--collect",
        type=lambda folder: Path(folder).resolve(),
        metavar="DIR",
        help="append drawings that people send to DIR/drawings.jsonl; only who opens the link that"
        " is printed can send (default: none are taken)",
    )
    parser.add_argument(
        "--access-log",
        action="store_true",
        help="write a line for each answer to stderr (default: none, so that the address stays"
        " in sight)",
    )
    options = parser.parse_args()
    if not options.host:
        parser.error("--host is empty: leave it out, or name an address")
    if not 0 <= options.port <= 65535:
        parser.error(f"--port {options.port} is out of range: choose one from 1024 to 65535")
    return options


if __name__ == "__main__":
    main()
