"""The server under load, with slow clients, and during shutdown."""

import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from bench import load
from hosting.headers import HEADERS
from hosting.serve.server import CONNECTIONS
from tests.hosting.running_server import (
    LONG,
    ROOT,
    TIMEOUT_SECONDS,
    Serving,
    read_on,
    serving,
    small_site,
)

BIG = bytes(range(256)) * 160_000  # 41 MB: more than kernel and waitress buffer for a client
GET_BIG = b"GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return small_site(tmp_path / "web")


@pytest.fixture
def big_site(site: Path) -> Path:
    """Write the small site with one large file."""
    (site / "big.bin").write_bytes(BIG)
    return site


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Start a server for several tests; it must write nothing to stderr."""
    with serving(small_site(tmp_path_factory.mktemp("quiet") / "web"), first=LONG) as server:
        yield server
        server.process.terminate()
        assert server.stopped() == (0, "")


def get(path: str, *lines: str) -> bytes:
    """Return a request with `Connection: close`."""
    head = [f"GET {path} HTTP/1.1", "Host: x", "Connection: close", *lines]
    return "".join(f"{line}\r\n" for line in [*head, ""]).encode()


def split(response: bytes) -> tuple[str, dict[str, str], bytes]:
    """Split a response into status line, headers and body."""
    head, _, body = response.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return first, dict(line.split(": ", 1) for line in lines), body


def eventually(holds: Callable[[], bool]) -> bool:
    """Wait until a condition holds; return False after TIMEOUT_SECONDS."""
    end = time.monotonic() + TIMEOUT_SECONDS
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


def refuses(server: Serving) -> bool:
    """Tell whether the server refuses new connections."""
    try:
        server.connect().close()
    except ConnectionError:
        return True
    return False


def test_a_download_in_progress_at_sigterm_is_completed(big_site: Path) -> None:
    with serving(big_site, first=LONG) as server, server.connect() as client:
        client.sendall(GET_BIG)
        begun = client.recv(1000)
        server.process.send_signal(signal.SIGTERM)
        assert eventually(lambda: refuses(server)), "it still accepts"
        first, _, body = split(begun + read_on(client))
        assert first == "HTTP/1.1 200 OK"
        assert body == BIG
        assert server.stopped() == (0, "")


def test_at_ctrl_c_a_started_request_is_answered_and_idle_connections_close(site: Path) -> None:
    limits = LONG + "hosting.serve.channel.LINGER_SECONDS = 0.1"  # the client stays connected
    with serving(site, first=limits) as server, server.connect() as busy, server.connect() as idle:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        while b"</title>" not in idle.recv(65536):
            pass
        busy.sendall(b"GET /script.js HTTP/1.1\r\n")
        server.process.send_signal(signal.SIGINT)
        assert idle.recv(65536) == b""
        busy.sendall(b"Host: x\r\n\r\n")
        first, headers, body = split(read_on(busy))
        assert (first, body) == ("HTTP/1.1 200 OK", b"export const one = 1;")
        assert headers["Connection"] == "close"
        assert server.stopped() == (0, "")


def test_at_sigterm_a_client_that_sends_after_the_last_response_is_not_reset(site: Path) -> None:
    with serving(site, first=LONG) as server, server.connect() as client:
        client.sendall(b"PUT / HTTP/1.1\r\n")
        server.process.send_signal(signal.SIGTERM)
        assert eventually(lambda: refuses(server))
        client.sendall(b"Content-Length: 5000000\r\n\r\n")
        first, _, _ = split(read_on(client))
        assert first == "HTTP/1.1 413 Request Entity Too Large"
        time.sleep(0.5)  # the loop turns several times
        client.sendall(b"a" * 5_000_000)
        client.close()
        assert server.stopped() == (0, "")


def test_a_second_signal_ends_it_at_once(big_site: Path) -> None:
    with serving(big_site, first=LONG) as server, server.connect() as client:
        client.sendall(GET_BIG)
        client.recv(1000)
        server.process.send_signal(signal.SIGTERM)
        assert eventually(lambda: refuses(server))
        assert server.process.poll() is None, "the download is in progress"
        server.process.send_signal(signal.SIGTERM)
        assert server.stopped() == (-signal.SIGTERM, "")


def test_a_client_that_never_reads_does_not_delay_the_shutdown(big_site: Path) -> None:
    brief = LONG + "hosting.serve.server.STOP_SECONDS = 0.5"
    with serving(big_site, first=brief) as server, server.connect() as client:
        client.sendall(GET_BIG)
        client.recv(1000)
        server.process.send_signal(signal.SIGTERM)
        assert server.stopped() == (0, "")


def test_after_kill_9_under_load_it_restarts_on_the_same_port_with_intact_files(
    big_site: Path,
) -> None:
    with serving(big_site) as server:
        clients = [threading.Thread(target=hammer, args=[server]) for _ in range(20)]
        for client in clients:
            client.start()
        time.sleep(0.5)
        server.process.kill()
        server.process.wait()
        for client in clients:
            client.join()
    # The last `--port` counts.
    with serving(big_site, "--port", str(server.port)) as again:
        assert again.port == server.port
        assert split(again.ask(get("/big.bin")))[2] == BIG
        assert split(again.ask(get("/healthz")))[2] == b'{"status":"ok"}\n'


def hammer(server: Serving) -> None:
    """Send requests until the server is gone."""
    with suppress(OSError):
        while True:
            server.ask(get("/big.bin"))


def test_two_hundred_connections_are_served_without_errors() -> None:
    with load.serving() as (port, _):
        met = load.visits(port, 200, 1.0)
    assert met.failures == []
    assert met.requests >= 200


def test_slow_clients_do_not_block_others(big_site: Path) -> None:
    with serving(big_site, first=LONG) as server, ExitStack() as stack:
        slow = [stack.enter_context(server.connect()) for _ in range(100)]
        for client in slow[:50]:
            client.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        for client in slow[50:]:
            client.sendall(GET_BIG * 2)  # does not read
        for _ in range(50):
            for client in slow[:50]:
                client.sendall(b"a")
            assert split(server.ask(get("/script.js")))[2] == b"export const one = 1;"
        for client in slow[:50]:
            client.sendall(b"\r\nConnection: close\r\n\r\n")
            assert split(read_on(client))[2] == b"<title>pad</title>"


def test_a_request_must_arrive_in_time(site: Path) -> None:
    brief = LONG + "hosting.serve.channel.REQUEST_SECONDS = 0.2"
    with serving(site, first=brief) as server, server.connect() as client:
        assert dripped(client) == b""


def dripped(client: socket.socket) -> bytes:
    """Send an endless header byte by byte; return the response."""
    client.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
    client.settimeout(0.1)
    end = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < end:
        try:
            client.sendall(b"a")
            return client.recv(100)
        except TimeoutError:
            continue
        except ConnectionError:
            return b""
    raise AssertionError("it may go on for ever")


def test_a_response_that_is_never_read_is_dropped_and_its_file_closed(big_site: Path) -> None:
    on_signal = """
import signal
signal.signal(signal.SIGUSR1, lambda *_: setattr(hosting.serve.channel, "STALLED_SECONDS", 0))
"""
    with serving(big_site, first=LONG + on_signal) as server:
        process = psutil.Process(server.process.pid)
        before = process.num_fds()
        with server.connect() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(GET_BIG * 2)
            assert eventually(lambda: process.num_fds() >= before + 3)
            server.process.send_signal(signal.SIGUSR1)
            assert eventually(lambda: process.num_fds() <= before)


def test_of_many_pipelined_requests_two_are_answered(site: Path) -> None:
    with serving(site) as server:
        received = server.ask(b"GET /script.js HTTP/1.1\r\nHost: x\r\n\r\n" * 6)
    assert received.count(b"HTTP/1.1 200 OK") == received.count(b"export const one = 1;") == 2
    assert received.count(b"Connection: close") == 1
    assert received.rindex(b"Connection: close") > received.rindex(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        ("400 Bad Request", b"no http\r\n\r\n"),
        ("400 Bad Request", b"GET http://[::1/ HTTP/1.1\r\n\r\n"),
        ("400 Bad Request", b"PUT / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n"),
        ("413 Request Entity Too Large", b"PUT / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n"),
        ("431 Request Header Fields Too Large", b"GET / HTTP/1.1\r\nX: " + b"a" * 20000),
        ("501 Not Implemented", b"PUT / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n"),
    ],
)
def test_an_error_is_one_line_with_every_header(
    quiet: Serving, status: str, request_: bytes
) -> None:
    first, headers, body = split(quiet.ask(request_))
    assert first.endswith(f" {status}")
    assert headers.items() >= HEADERS.items()
    assert "Server" not in headers
    assert body.startswith(f"{status}: ".encode()) and body.count(b"\n") == 1


def test_the_error_for_a_too_large_body_reaches_the_client(quiet: Serving) -> None:
    sized = b"PUT / HTTP/1.1\r\nContent-Length: 5000000\r\n\r\n" + b"a" * 5_000_000
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    chunked = b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 80
    for request_ in (sized, chunked):
        first, _, body = split(quiet.ask(request_))
        assert first == "HTTP/1.1 413 Request Entity Too Large"
        assert b"smaller than 1048576 bytes" in body


def test_an_exception_of_the_application_shows_no_traceback(site: Path) -> None:
    broken = "server.create_app = lambda *given: lambda environ, start: 1 // 0"
    with serving(site, first=broken) as server:
        first, headers, body = split(server.ask(get("/")))
        assert "ZeroDivisionError" in server.log.read_text(), "the operator gets the traceback"
    assert first == "HTTP/1.1 500 Internal Server Error"
    assert headers.items() >= HEADERS.items()
    assert body == b"500 Internal Server Error: internal error of the server\n"


@pytest.mark.parametrize(("limit", "count"), [(304, 80), (20_000, CONNECTIONS)])
def test_the_connection_limit_follows_the_descriptor_limit(
    limit: int, count: int
) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most != resource.RLIM_INFINITY and most < limit:
        pytest.skip(f"this machine allows {most} descriptors")
    program = (
        "import resource; from hosting.serve.server import max_connections\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (200, {limit})); print(max_connections())"
    )
    command = [sys.executable, "-c", program]
    limit = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert int(limit) == count


def test_the_event_loop_is_idle_while_threads_send(site: Path) -> None:
    slow = """
import os, time
Connection, Server = hosting.serve.channel.Connection, hosting.serve.server.Server
send, turn, turns = Connection.send, Server._poll_once, iter(range(100))
def send_slowly(*given, **named):
    time.sleep(0.5)
    return send(*given, **named)
def counted(*given):
    if next(turns, None) is None:
        os._exit(3)
    turn(*given)
Connection.send, Server._poll_once = send_slowly, counted
"""
    with serving(site, first=slow) as server, server.connect() as one, server.connect() as other:
        for client in (one, other):
            client.sendall(get("/script.js"))
            time.sleep(0.2)
        for client in (one, other):
            first, _, body = split(read_on(client))
            assert (first, body) == ("HTTP/1.1 200 OK", b"export const one = 1;")
