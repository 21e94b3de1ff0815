"""Run thousands of malformed HTTP clients against server.py: `python -m tests.soak http`.

No client may receive a byte from outside the site, a response that lacks a header, or a server
error. Afterwards the server must work as before, without more memory or open files.
"""

import os
import re
import signal
import socket
import struct
import tempfile
import time
import urllib.request
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from unittest.mock import patch

import psutil

from hosting.headers import HEADERS
from tests.hosting.running_server import SECRET, TIMEOUT_SECONDS, serving, small_site
from tests.soak.collecting import TOKEN
from tests.soak.requests import Case, draw_case
from train.data.drawings import read

CLIENTS = 4  # at once, besides the stalled ones
MAX_STALLED = 40  # connections that stay open without completing their request
CHECK_INTERVAL = 250  # requests between health checks
MAX_GROWTH = 4e6  # bytes of memory, after warm-up
# Large drawings fragment the heap: with default settings the server grew by 20 MB in the first
# 28,000 clients and no further in 60,000. This is not a leak, but would hide one. So free memory is
# returned to the system before each measurement, which glibc can do in its first arena only.
ALLOCATOR = {"PYTHONMALLOC": "malloc", "MALLOC_ARENA_MAX": "1"}
TRIM = """
import ctypes, gc, signal
def trim(*_):
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    open({trimmed!r}, "w").close()
signal.signal(signal.SIGUSR1, trim)
hosting.serve.channel.LINGER_SECONDS = 600  # so that slow clients read their responses
"""
SETTLE_SECONDS = 1  # for the server to read what clients left behind
KEPT_RESPONSE = re.compile(rb'\{"kept":(\d+)\}\n')
SECRETS = (SECRET, TOKEN.encode())
FORBIDDEN = (*SECRETS, b"Traceback", b"Werkzeug", b"werkzeug", b"waitress", b"Flask", b"gunicorn")
LOG_LINE = re.compile(r"\S+T\S+ 127\.0\.0\.1 [!-~]+ [!-~]+ [1-5]\d\d \d+ \d+\.\d")
HINT = re.compile(r"digitpad: drawings from a page of '[ -~]*' are refused, [ -~]{,250}")  # once


def run(count: int, seed: int) -> list[str]:
    """Run `count` clients; return the lines of a report. Raises AssertionError."""
    with (
        tempfile.TemporaryDirectory(prefix="digitpad-soak-") as folder,
        served(Path(folder)) as fuzz,
        ThreadPoolExecutor(CLIENTS) as clients,
    ):
        for start in range(0, count, CHECK_INTERVAL):
            numbers = range(start, min(count, start + CHECK_INTERVAL))
            list(clients.map(partial(fuzz.run_client, seed), numbers))
            fuzz.check_health()
            if start <= count // 4 < start + CHECK_INTERVAL:  # the end of the warm-up
                warm = fuzz.usage()
        memory, files = fuzz.usage()
        end = time.monotonic() + TIMEOUT_SECONDS
        while (memory > warm[0] + MAX_GROWTH or files > warm[1]) and time.monotonic() < end:
            memory, files = fuzz.usage()  # a slow server frees memory late, a leak never does
        logged, collected = fuzz.read_log(), fuzz.read_collection()
        assert memory <= warm[0] + MAX_GROWTH, f"memory grew from {warm[0]:,} to {memory:,} bytes"
        assert files <= warm[1], f"open descriptors grew from {warm[1]} to {files}"
    statuses = ", ".join(f"{status}: {n:,}" for status, n in sorted(fuzz.statuses.items()))
    return [
        f"{count:,} clients, seed {seed}; {sum(fuzz.statuses.values()):,} responses: {statuses}",
        f"{fuzz.silent:,} incomplete requests closed without a response, "
        f"{fuzz.left:,} clients disconnected or stalled",
        f"{logged:,} lines in the access log, all well formed, nothing else on stderr",
        f"{collected:,} drawings collected, exactly the accepted ones, all well formed",
        f"memory {warm[0] / 1e6:.1f} MB after warm-up, {memory / 1e6:.1f} MB at the end; "
        f"descriptors {warm[1]}, {files}",
    ]


@dataclass
class Fuzz:
    """The server under test, and counts of its responses."""

    port: int
    process: psutil.Process
    site: Path
    log: Path
    files: list[bytes]
    statuses: Counter = field(default_factory=Counter)
    silent: int = 0
    left: int = 0
    stalled: deque[socket.socket] = field(default_factory=deque)
    accepted: Counter = field(default_factory=Counter)  # drawings, by response body

    def run_client(self, seed: int, number: int) -> None:
        """Run one client. A failure names seed and number, so that it can be repeated."""
        case = draw_case(seed, number, str(self.site.parent / "secret.txt"))
        try:
            self.visit(case)
        except AssertionError as fault:
            raise AssertionError(f"seed {seed}, client {number}: {fault}: {case!r:.600}") from fault

    def visit(self, case: Case) -> None:
        """Send a case, read the responses and check them."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_SECONDS)
        try:
            if case.delivery in ("stop", "unread", "reset"):
                self.disconnect(client, case)
                return
            received, reset = exchange(client, case)
        except TimeoutError:
            raise AssertionError("no response, and the connection stays open") from None
        finally:
            if client not in self.stalled:
                client.close()
        for forbidden in (*FORBIDDEN, str(self.site.parent).encode()):
            assert forbidden not in received, f"{forbidden!r} in {received!r:.900}"
        assert not reset, f"reset after {received!r:.900}"
        responses = list(parse_responses(received, case.method))
        for status, headers, body in responses:
            self.check_response(status, headers, body, case)
            self.statuses[status] += 1
        self.silent += not responses

    def disconnect(self, client: socket.socket, case: Case) -> None:
        """Stop in the middle of a request, then stall or reset the connection."""
        self.left += 1
        with suppress(OSError, TimeoutError):
            if case.delivery == "unread":
                client.setblocking(False)
                client.send(case.sent)
            else:
                client.sendall(case.sent[: max(1, len(case.sent) // 2)])
        if case.delivery == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        self.stalled.append(client)
        if len(self.stalled) > MAX_STALLED:
            self.stalled.popleft().close()

    def check_response(
        self, status: int, headers: dict[str, list[str]], body: bytes, case: Case
    ) -> None:
        """Raise AssertionError for a response that the server must not send."""
        coding = status == 501 and b"transfer-encoding" in case.sent.lower()
        assert status < 500 or coding, f"status {status}"
        for name, value in HEADERS.items():
            assert headers.get(name.lower()) == [value], f"{name} of {status} is wrong: {headers}"
        assert len(headers.get("cache-control", [])) == len(headers.get("date", [])) == 1, headers
        assert "server" not in headers and "via" not in headers, headers
        assert "://" not in "".join(headers.get("location", [])), headers
        if status == 200 and (kept := KEPT_RESPONSE.fullmatch(body)):
            self.accepted[body] += int(kept[1])
        elif case.method != "HEAD" and status == 200:
            assert body in self.files, f"not a file of the site: {body!r:.300}"
        if case.method != "HEAD" and status == 206:
            is_part = any(body in content for content in self.files)
            assert is_part, f"not a part of a file: {body!r:.300}"
        if status >= 400:
            assert body.count(b"\n") <= 1 and len(body) < 200, f"more than one line: {body!r:.300}"

    def check_health(self) -> None:
        """Check that the server responds and has written nothing but its access log."""
        url = f"http://127.0.0.1:{self.port}/healthz"
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
            assert response.status == 200
        self.read_log()

    def read_log(self) -> int:
        """Check each line of the access log; return their number."""
        lines = self.log.read_text(encoding="utf-8").split("\n")[:-1]
        unexpected = [line for line in lines if not LOG_LINE.fullmatch(line)]
        unexpected = unexpected[1:] if unexpected and HINT.fullmatch(unexpected[0]) else unexpected
        assert not unexpected, "on stderr: " + "\n".join(unexpected)[:2000]
        return len(lines)

    def read_collection(self) -> int:
        """Read the collected drawings; return their number."""
        files = sorted((self.site.parent / "collected").glob("*.jsonl"))
        found = sum(len(list(read(file))) for file in files)
        accepted = self.accepted.total()
        # A client that left without reading the response may have sent a complete request.
        most = accepted + 30 * self.left
        assert accepted <= found <= most, f"{found} drawings, {accepted} were accepted"
        return found

    def usage(self) -> tuple[int, int]:
        """Disconnect all clients; return the server's memory in bytes and open descriptors."""
        while self.stalled:
            self.stalled.popleft().close()
        wait(lambda: not self.process.net_connections("tcp")[1:], "connections stay open")
        time.sleep(SETTLE_SECONDS)
        trimmed = self.site.parent / "trimmed"
        self.process.send_signal(signal.SIGUSR1)
        wait(trimmed.exists, "memory is not returned")
        trimmed.unlink()
        return self.process.memory_info().rss, self.process.num_fds()


def wait(condition: Callable[[], bool], message: str) -> None:
    """Wait until a condition holds. Raises AssertionError after TIMEOUT_SECONDS."""
    end = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < end, message
        time.sleep(0.02)


def exchange(client: socket.socket, case: Case) -> tuple[bytes, bool]:
    """Send a case; return all that the server sends, and whether the connection was reset."""
    received, reset = b"", False
    try:
        size = len(case.sent) if case.delivery == "whole" else max(1, len(case.sent) // 5)
        for start in range(0, len(case.sent), size):
            client.sendall(case.sent[start : start + size])
            if case.delivery == "pieces":
                time.sleep(0.001)
        client.shutdown(socket.SHUT_WR)
    except TimeoutError:
        raise
    except OSError:
        reset = True
    try:
        while chunk := client.recv(65536):
            received += chunk
    except ConnectionError:
        reset = True
    return received, reset


def parse_responses(rest: bytes, method: str) -> Iterator[tuple[int, dict[str, list[str]], bytes]]:
    """Yield status, headers by lower-case name, and body of each response to `method` requests."""
    while rest:
        head, found, rest = rest.partition(b"\r\n\r\n")
        assert found, f"incomplete header: {head!r:.900}"
        first, *lines = head.decode("latin-1").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.[01] ([1-5]\d\d) [A-Za-z ]+", first)
        assert match, f"not a status line: {first!r}"
        headers: dict[str, list[str]] = {}
        for line in lines:
            name, colon, value = line.partition(": ")
            assert colon, f"not a header: {line!r}"
            headers.setdefault(name.lower(), []).append(value)
        status = int(match[1])
        if status == 100:
            continue
        body = b""
        # A malformed request line may contain HEAD; its error response has a body.
        ended = not rest or rest.startswith(b"HTTP/")
        if status != 304 and not (method == "HEAD" and ended):
            body, rest = split_body(headers, rest)
        method = ""
        yield status, headers, body


def split_body(headers: dict[str, list[str]], rest: bytes) -> tuple[bytes, bytes]:
    """Split received bytes into the body and the bytes after it."""
    if "chunked" in headers.get("transfer-encoding", []):
        body = b""
        while True:
            size, _, rest = rest.partition(b"\r\n")
            end = int(size, 16)
            body, rest = body + rest[:end], rest[end + 2 :]
            if not end:
                return body, rest
    size = int(headers.get("content-length", [len(rest)])[0])
    assert len(rest) >= size, f"Content-Length is {size}, but {len(rest)} bytes came"
    return rest[:size], rest[size:]


@contextmanager
def served(folder: Path) -> Iterator[Fuzz]:
    """Serve a small site in the folder, with access log and collection; yield a Fuzz."""
    site = small_site(folder / "web")
    files = [path.read_bytes() for path in site.rglob("*") if path.is_file()]
    files += [b'{"status":"ok"}\n', b""]
    collected = folder / "collected"
    collected.mkdir()
    (collected / "token").write_text(TOKEN)
    first = TRIM.format(trimmed=str(folder / "trimmed"))
    with (
        patch.dict(os.environ, ALLOCATOR),
        serving(site, "--access-log", "--collect", str(collected), first=first) as server,
    ):
        yield Fuzz(server.port, psutil.Process(server.process.pid), site, server.log, files)
        server.process.terminate()
        code, _ = server.stopped()
        assert code == 0, f"exit status {code}"
