"""The server: its responses, messages, options and shutdown."""

import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import server
from hosting.headers import HEADERS, IMMUTABLE, NO_CACHE
from tests.hosting.running_server import ROOT, TIMEOUT_SECONDS, server_beside, small_site

READY = re.compile(r"digitpad is at (http://\S+:(\d+)) \(Ctrl-C stops\)")


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """Write a small site with a model: index.html, script.js, model/."""
    return small_site(tmp_path / "web")


class Client(FlaskClient):
    """A client that reads each response completely, so that its file is closed."""

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        return super().open(*arguments, buffered=True, **options)


@pytest.fixture
def client(web: Path) -> FlaskClient:
    app = server.create_app(web)
    app.test_client_class = Client
    return app.test_client()


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(web: Path) -> Iterator[Start]:
    """Return a function that starts a copy of server.py, which serves `web`, with arguments."""
    program = server_beside(web)
    started = []

    def start_one(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, program, *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
        started.append(subprocess.Popen(command, **pipes))
        return started[-1]

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


def address(process: subprocess.Popen[str]) -> str:
    """Return the URL that the server prints when it is ready."""
    for line in process.stdout:
        if found := READY.search(line):
            return found[1]
    raise AssertionError(f"never ready: {process.stderr.read()}")


def error_of(process: subprocess.Popen[str]) -> str:
    """Return the one line of error with which the server exits."""
    _, output = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode not in (0, None)
    assert re.fullmatch(r"digitpad: [^\n]+\n", output), output
    return output


def test_the_page_is_at_the_root(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert b"<title>pad</title>" in answer.data


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.js", "text/javascript"),
        ("a.json", "application/json"),
        ("a.bin", "application/octet-stream"),
        ("a.wasm", "application/wasm"),
        ("a.webmanifest", "application/manifest+json"),
        ("a.css", "text/css"),
        ("a.svg", "image/svg+xml"),
        ("a.png", "image/png"),
    ],
)
def test_media_types_do_not_depend_on_the_system(
    web: Path, client: FlaskClient, name: str, media_type: str
) -> None:
    (web / name).write_bytes(b"x")
    assert client.get(f"/{name}").mimetype == media_type


def test_an_unchanged_file_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/model/weights.bin")
    assert first.headers["Cache-Control"] == "no-cache"
    again = client.get("/model/weights.bin", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_new_model_is_served_immediately(web: Path, client: FlaskClient) -> None:
    tag = client.get("/model/weights.bin").headers["ETag"]
    (web / "model" / "weights.bin").write_bytes(b"new weights")
    answer = client.get("/model/weights.bin", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.data) == (200, b"new weights")


def test_range_requests_are_supported(client: FlaskClient) -> None:
    answer = client.get("/model/weights.bin", headers={"Range": "bytes=16-31"})
    assert (answer.status_code, answer.data) == (206, bytes(range(16, 32)))


def test_a_compressed_variant_is_preferred(web: Path, client: FlaskClient) -> None:
    (web / "script.js.br").write_bytes(b"brotli")
    answer = client.get("/script.js", headers={"Accept-Encoding": "gzip, br"})
    assert (answer.headers["Content-Encoding"], answer.data) == ("br", b"brotli")
    assert answer.mimetype == "text/javascript"


@pytest.mark.parametrize(
    ("method", "path", "asked", "status"),
    [
        ("GET", "/", {}, 200),
        ("GET", "/script.js", {}, 200),
        ("GET", "/index.html", {}, 302),
        ("GET", "/healthz", {}, 200),
        ("GET", "/nowhere", {}, 404),
        ("POST", "/script.js", {}, 405),
        ("POST", "/healthz", {}, 405),
        ("GET", "/script.js", {"Range": "bytes=0-4"}, 206),
        ("GET", "/script.js", {"Range": "bytes=99-"}, 416),
        ("GET", "/script.js", {"If-Modified-Since": "Fri, 31 Dec 2100 00:00:00 GMT"}, 304),
    ],
)
def test_every_response_has_every_header(
    client: FlaskClient, method: str, path: str, asked: dict[str, str], status: int
) -> None:
    answer = client.open(path, method=method, headers=asked)
    assert answer.status_code == status
    assert {name: answer.headers.getlist(name) for name in HEADERS} == {
        name: [value] for name, value in HEADERS.items()
    }
    assert len(answer.headers.getlist("Cache-Control")) == 1
    assert "Server" not in answer.headers
    assert ("Content-Length" in answer.headers) == (status != 304), "else it disconnects"


def test_an_error_of_its_own_is_one_line(web: Path) -> None:
    app = server.create_app(web)
    app.add_url_rule("/fault", view_func=lambda: 1 // 0)
    answer = app.test_client().get("/fault")
    assert (answer.status_code, answer.text) == (500, "500 Internal Server Error\n")
    assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]


def test_a_file_deleted_during_the_request_is_not_found(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*arguments: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("whitenoise.responders.StaticFile.get_response", gone)
    assert client.get("/script.js").status_code == 404


def test_healthz_checks_page_and_model(web: Path, client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    assert answer.headers["Cache-Control"] == "no-store"
    (web / "model" / "weights.bin").write_bytes(b"cut short")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json["status"].startswith("model/weights.bin is damaged: ")
    assert answer.headers["Cache-Control"] == "no-store"
    assert str(web.parent) not in answer.text


@pytest.fixture
def dist(web: Path) -> Path:
    """Return the small site in the layout of `make site`, with a hashed folder."""
    folder = web.parent / "dist"
    shutil.copytree(web, folder / "0123456789abcdef")
    (folder / "0123456789abcdef" / "index.html").rename(folder / "index.html")
    return folder


def test_the_hashed_folder_of_a_built_site_is_immutable(dist: Path) -> None:
    (dist / "0123456789abcdef" / "script.js.gz").write_bytes(b"gzip")
    client = server.create_app(dist).test_client()
    lasting = {"Accept-Encoding": "gzip"}
    with client.get("/0123456789abcdef/script.js", headers=lasting) as answer:
        assert answer.data == b"gzip"
        assert answer.headers["Cache-Control"] == IMMUTABLE
    for path in ("/", "/0123456789abcdef/nowhere.js", "/nowhere"):
        with client.get(path) as answer:
            assert answer.headers["Cache-Control"] == NO_CACHE, path


def test_the_model_is_checked_in_a_built_site_too(dist: Path, start: Start) -> None:
    url = address(start("--port", "0", "--site", str(dist))).replace("localhost", "127.0.0.1")
    with urllib.request.urlopen(f"{url}/healthz") as answer:
        assert answer.status == 200
    model = dist / "0123456789abcdef" / "model"
    (model / "weights.bin").unlink()
    with pytest.raises(urllib.error.HTTPError, match="503") as ill:
        urllib.request.urlopen(f"{url}/healthz")
    ill.value.close()
    output = error_of(start("--port", "0", "--site", str(dist)))
    assert "weights.bin cannot be read" in output and "make site" in output
    shutil.rmtree(model)
    assert "meta.json cannot be read" in error_of(start("--port", "0", "--site", str(dist)))


def test_a_folder_without_a_page_is_no_site(tmp_path: Path, start: Start) -> None:
    output = error_of(start("--port", "0", "--site", str(tmp_path)))
    assert "index.html is missing" in output and "make site" in output


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "//etc/passwd", "/..\\secret.txt"],
)
def test_nothing_outside_the_site_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_only_reading_is_possible(client: FlaskClient) -> None:
    assert client.post("/script.js").status_code == 405
    assert client.delete("/nowhere").status_code == 404


def test_it_prints_its_url_when_it_is_ready(start: Start) -> None:
    url = address(start("--port", "0"))
    assert url.startswith("http://localhost:")
    with urllib.request.urlopen(url.replace("localhost", "127.0.0.1")) as answer:
        assert b"<title>pad</title>" in answer.read()


def test_an_unknown_path_is_404_without_a_debugger(start: Start) -> None:
    url = address(start("--port", "0")).replace("localhost", "127.0.0.1")
    with pytest.raises(urllib.error.HTTPError, match="404") as missing:
        urllib.request.urlopen(f"{url}/console")
    with missing.value as answer:
        assert b"Werkzeug" not in answer.read()


@pytest.mark.parametrize("asked_to_end", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_quietly_when_asked(start: Start, asked_to_end: signal.Signals) -> None:
    # Background jobs of a shell ignore Ctrl-C, and so would the server that they start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = start("--port", "0")
        address(process)
    finally:
        signal.signal(signal.SIGINT, before)
    process.send_signal(asked_to_end)
    assert process.communicate(timeout=TIMEOUT_SECONDS) == ("", "")
    assert process.returncode == 0


def test_a_port_in_use_is_named_and_another_proposed(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        output = error_of(start("--port", str(port)))
    assert f"port {port} is taken" in output
    assert "--port" in output


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid", "::bad::"])
def test_a_host_of_another_machine_is_named(start: Start, host: str) -> None:
    output = error_of(start("--host", host, "--port", "0"))
    assert host in output
    assert "127.0.0.1" in output


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_an_invalid_port_is_rejected(start: Start, port: str) -> None:
    process = start("--port", port)
    _, output = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 2
    assert "--port" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("name", ["index.html", "model/meta.json", "model/model.json"])
def test_a_missing_file_is_named_at_start(
    web: Path, start: Start, name: str
) -> None:
    (web / name).unlink()
    output = error_of(start("--port", "0"))
    assert name in output
    assert "git checkout" in output


def test_a_missing_module_of_the_page_is_named(web: Path) -> None:
    (web / "files.js").write_text(
        'self.FILES = {\n  "script.js": "sha256-x",\n  "pen.js": "sha256-y"\n};'
    )
    assert "pen.js is missing" in server.find_missing_file(web)


def test_an_empty_host_is_rejected(start: Start) -> None:
    process = start("--host", "", "--port", "0")
    assert "--host is empty" in process.communicate(timeout=TIMEOUT_SECONDS)[1]


def test_a_weight_file_that_is_missing_or_cut_short_is_named(web: Path) -> None:
    assert server.find_missing_file(web) is None
    weights = web / "model" / "weights.bin"
    weights.write_bytes(weights.read_bytes()[:100])
    assert "weights.bin is damaged" in server.find_missing_file(web)
    weights.unlink()
    assert "weights.bin cannot be read" in server.find_missing_file(web)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"files": []}', '{"files": {"a": {}}}'])
def test_a_damaged_meta_json_is_named(web: Path, text: str) -> None:
    (web / "model" / "meta.json").write_text(text)
    assert "meta.json is damaged" in server.find_missing_file(web)


def test_the_shipped_site_is_complete() -> None:
    assert server.find_missing_file(server.WEB) is None


def test_on_all_addresses_a_url_for_phones_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr(server, "lan_address", lambda: "192.168.7.9")
    server.announce("0.0.0.0", 8123)
    output = capsys.readouterr().out
    assert "On a phone in the same network: http://192.168.7.9:8123" in output
    assert "digitpad is at http://localhost:8123 (Ctrl-C stops)" in output
    code = [line for line in output.splitlines() if "▄" in line or "█" in line]
    assert len(code) > 10, "a QR code is printed"


def test_without_a_network_it_says_that_phones_cannot_connect(
    monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr(server, "lan_address", lambda: None)
    server.announce("0.0.0.0", 8123)
    output = capsys.readouterr().out
    assert "no network connection" in output
    assert "http://localhost:8123" in output


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_on_localhost_no_url_for_phones_is_printed(host: str, capsys) -> None:
    server.announce(host, 8123)
    assert capsys.readouterr().out == "digitpad is at http://localhost:8123 (Ctrl-C stops)\n"


def test_the_printed_url_for_phones_works(start: Start) -> None:
    url = address(start("--host", "0.0.0.0", "--port", "0"))
    reachable = url.replace("localhost", server.lan_address() or "127.0.0.1")
    with urllib.request.urlopen(reachable) as answer:
        assert answer.status == 200


def test_help_names_every_option() -> None:
    command = [sys.executable, ROOT / "server.py", "--help"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    words = ("--host", "--port", "8000", "--site", "--access-log", "--collect")
    assert all(word in output for word in words)


def test_it_is_ready_within_seconds(start: Start) -> None:
    process = start("--port", "0")
    address(process)
    used = psutil.Process(process.pid).cpu_times()  # processor time: others may be busy
    assert used.user + used.system < 3
