"""The files and the errors of the site as nginx serves them."""

import gzip
import http.client
import os
import re
from urllib.parse import urlsplit

import pytest

from hosting.headers import HEADERS, IMMUTABLE, NO_CACHE

BASE = "/some/where/"
SITE = os.environ.get("DIGITPAD_SITE", "")


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
    for name in ["", "sw.js", "files.js", "digit-pad.js", "first-stroke.js", "404.html", *files]:
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
