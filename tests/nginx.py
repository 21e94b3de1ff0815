"""The site served by nginx at /some/where/: `make nginx`.

    python -m tests.nginx [PYTEST ARGUMENTS]

builds the site, starts nginx with the configuration of hosting/build/nginx.py, and runs the tests
below and tests/web against it. Tests with a host of their own still use that. Not part of
`make test`, because nginx must be installed; the target does that.
"""

import gzip
import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hosting.build.dist import build
from hosting.build.nginx import configuration
from hosting.headers import HEADERS, IMMUTABLE, NO_CACHE

ROOT = Path(__file__).resolve().parents[1]
BASE = "/some/where/"
SITE = os.environ.get("DIGITPAD_SITE", "")
MAIN = """daemon off; {user} pid {folder}/pid; error_log stderr crit;
events {{ }}
http {{
    include {types};
    access_log off;
    client_body_temp_path {folder}/temp; proxy_temp_path {folder}/temp;
    fastcgi_temp_path {folder}/temp; uwsgi_temp_path {folder}/temp; scgi_temp_path {folder}/temp;
    include {folder}/site.conf;
}}
"""


def main(arguments: list[str]) -> int:
    """Serve the site, run the tests and return pytest's exit status."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as url:
        command = [sys.executable, "-m", "pytest", *(arguments or [__file__, "tests/web"])]
        environment = os.environ | {"DIGITPAD_SITE": url}
        return subprocess.run(command, cwd=ROOT, env=environment).returncode


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Build the site into a folder and serve it with nginx; yield its URL."""
    build(ROOT / "web", folder / "host" / BASE.strip("/"), BASE)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    text = configuration(BASE, str(folder / "host"), f"127.0.0.1:{port}", "localhost")
    (folder / "site.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""  # otherwise the workers cannot read the folder
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if nginx is None:
        sys.exit("digitpad: nginx is not installed: `make nginx` installs it")
    built = subprocess.run([nginx, "-V"], capture_output=True, text=True).stderr
    types = Path(re.search(r"--conf-path=(\S+)", built)[1]).parent / "mime.types"
    (folder / "nginx.conf").write_text(MAIN.format(user=user, folder=folder, types=types))
    command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    with subprocess.Popen(command) as process:
        try:
            wait_for(port, process)
            yield f"http://127.0.0.1:{port}{BASE}"
        finally:
            process.terminate()


def wait_for(port: int, process: subprocess.Popen) -> None:
    """Wait until nginx accepts connections; exit if it ends before."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("digitpad: nginx does not start: see above")


def request(path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    """Request a path without normalising it; `content` of the response is its body."""
    connection = http.client.HTTPConnection(urlsplit(SITE).netloc, timeout=60)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=named)
    response = connection.getresponse()
    response.content = response.read()
    connection.close()
    return response


@pytest.fixture(scope="module")
def hashed() -> str:
    """Return the path of the hashed folder, as named in the page."""
    return BASE + re.search(r'src="(\w+)/app\.js"', request(BASE).content.decode())[1] + "/"


def check_headers(response: http.client.HTTPResponse, caching: str) -> None:
    """Check that the response has each header once, with its value."""
    for name, value in (HEADERS | {"Cache-Control": caching}).items():
        assert response.headers.get_all(name) == [value], (name, response.status)


def test_every_file_is_sent_with_every_header() -> None:
    files = re.findall(r'^  "(.+)": "sha256-', request(f"{BASE}files.js").content.decode(), re.M)
    assert len(files) > 30
    for name in ["", "sw.js", "files.js", "digit-pad.js", "404.html", *files]:
        response = request(BASE + name)
        assert response.status == 200 and response.content, name
        check_headers(response, IMMUTABLE if re.match(r"[0-9a-f]{16}/", name) else NO_CACHE)


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        (BASE + "nothing", "GET", 404),
        (BASE + "nothing/at/all.js", "GET", 404),
        (BASE + "0123456789abcdef/app.js", "GET", 404),
        (BASE + "model/", "GET", 404),
        ("/", "GET", 403),
        (BASE[:-1], "GET", 301),
        (BASE, "POST", 405),
        (BASE + "%00", "GET", 400),
        (BASE + "%2e%2e/%2e%2e/%2e%2e/etc/passwd", "GET", 400),
        (BASE + "x" * 40_000, "GET", 414),
    ],
)
def test_every_error_is_sent_with_every_header(path: str, method: str, status: int) -> None:
    response = request(path, method)
    assert response.status == status
    check_headers(response, NO_CACHE)
    assert not re.search(rb"<script|<style|\sstyle=|\son\w+=", response.content)
    if status == 404:
        assert f'<a href="{BASE}">' in response.content.decode()


def test_304_and_206_responses_are_sent_with_every_header(hashed: str) -> None:
    path = hashed + "app.js"
    whole = request(path)
    unchanged = request(path, If_None_Match=whole.headers["ETag"])
    assert unchanged.status == 304
    check_headers(unchanged, IMMUTABLE)
    for part in ("bytes=0-9", "bytes=999999999-"):
        response = request(path, Range=part)
        assert (response.status, response.content) == (200, whole.content)
        check_headers(response, IMMUTABLE)
    head = request(path, "HEAD")
    assert (head.status, head.content) == (200, b"")
    check_headers(head, IMMUTABLE)


def test_the_precompressed_variant_is_sent_to_clients_that_accept_it(hashed: str) -> None:
    for path in (BASE, hashed + "vendor/tfjs.js"):
        plain, packed = request(path), request(path, Accept_Encoding="gzip")
        assert (
            packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
        )
        assert packed.headers["Vary"] == "Accept-Encoding"
        assert gzip.decompress(packed.content) == plain.content
        assert len(packed.content) < 0.5 * len(plain.content)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("", "text/html"),
        ("manifest.webmanifest", "application/manifest+json"),
        ("digit-pad.js", "application/javascript"),
        ("404.html", "text/html"),
    ],
)
def test_files_have_the_right_media_types(name: str, kind: str) -> None:
    assert request(BASE + name).headers["Content-Type"] == kind


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
