"""Serve the page in web/ at http://localhost:8000.

    python server.py
    python server.py --host 0.0.0.0     # for a phone in the same network; shows a QR code
    python server.py --port 9000

Every answer is a static file, so any static host does as well; this one adds right media types,
revalidation (a re-exported model is seen at once) and an early word when the model is missing.
"""

import argparse
import hashlib
import ipaddress
import logging
import signal
import socket
import sys
from contextlib import suppress
from errno import EACCES, EADDRINUSE
from pathlib import Path
from wsgiref.headers import Headers

import segno
import waitress
from flask import Flask, Response
from whitenoise import WhiteNoise

from hosting import facts
from hosting.headers import FRESH, HEADERS

WEB = Path(__file__).resolve().parent / "web"
SENT = HEADERS | {"Cache-Control": FRESH}


def create_app(web: Path = WEB) -> Flask:
    """Return the application that serves the files under `web`, and 404 for all else."""
    app = Flask("digitpad", static_folder=None)

    def add_headers(headers: Headers, path: str, url: str) -> None:
        for name, value in SENT.items():
            headers[name] = value

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.update(SENT)
        return response

    app.wsgi_app = WhiteNoise(
        app.wsgi_app,
        root=str(web),
        index_file=True,
        autorefresh=True,  # looks at the disk on each request: an export swaps the model
        allow_all_origins=False,
        mimetypes={".webmanifest": "application/manifest+json"},  # not among WhiteNoise's own
        add_headers_function=add_headers,
    )
    return app


def missing(web: Path) -> str | None:
    """Return one line that says what of the page or its model is missing or damaged, or None."""
    page, meta = web / "index.html", web / "model" / "meta.json"
    remedy = "get it with `git checkout web/model`, or make it with `make export`"
    if not page.is_file():
        return f"{page} is missing: get it with `git checkout web`"
    try:
        files = facts.parse(meta.read_text(encoding="utf-8"))["files"]
        for name, expected in files.items():
            content = (meta.parent / name).read_bytes()
            if hashlib.sha256(content).hexdigest() != expected["sha256"]:
                return f"{meta.parent / name} is damaged: {remedy}"
    except OSError as error:
        return f"{error.filename} cannot be read ({error.strerror}): {remedy}"
    except ValueError:
        return f"{meta} is damaged: {remedy}"
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


def announce(host: str, port: int) -> None:
    """Say where the page is; for a host that others can reach, also where they find it."""
    everywhere = host in ("0.0.0.0", "::")
    address = lan_address() if everywhere else f"[{host}]" if ":" in host else host
    if everywhere and address is None:
        print("This machine is in no network, so no phone can reach it.")
    elif not _is_loopback(host):
        url = f"http://{address}:{port}"
        print(f"On a phone in the same network: {url}")
        if "utf" in sys.stdout.encoding.lower():  # the code is drawn in block characters
            segno.make(url, micro=False).terminal(compact=True)
    here = "localhost" if everywhere or _is_loopback(host) else address
    print(f"digitpad is at http://{here}:{port} (Ctrl-C stops)", flush=True)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def main() -> None:
    """Read the command line, serve until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="server.py", description="Serve digitpad's page from web/.", allow_abbrev=False
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
    options = parser.parse_args()
    if not 0 <= options.port <= 65535:
        parser.error(f"--port {options.port} is out of range: choose one from 1024 to 65535")
    if fault := missing(WEB):
        sys.exit(f"digitpad: {fault}")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it tells of each short wait
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as quietly as Ctrl-C
    with listen(options.host, options.port) as listening, suppress(KeyboardInterrupt):
        announce(options.host, listening.getsockname()[1])
        waitress.create_server(create_app(), sockets=[listening], threads=8, ident=None).run()


if __name__ == "__main__":
    main()
