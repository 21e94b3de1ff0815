"""Load `python server.py` with two hundred connections at once."""

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil

from bench.medians import format_number, median, percentile
from bench.peers.site import WEB
from bench.result import ROOT, Result
from files.precache import FILE_LIST, cached_names
from train.reporting.format import markdown_table

CONNECTIONS, SECONDS, WARM_UP_SECONDS = 200, 30.0, 5.0
SMOKE = 20, 1.0, 0.5
RESPONSE_TIMEOUT_SECONDS = 120  # a response that takes longer is a failed request
REQUEST = "GET /{} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
READY = re.compile(r"digitpad is at http://localhost:(\d+)")


@dataclass
class Load:
    """Response times and failures of all clients."""

    waits: list[float] = field(default_factory=list)  # seconds from request to complete response
    received: int = 0  # bytes of bodies
    failures: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """Number of requests made."""
        return len(self.waits) + len(self.failures)


def run(smoke: bool) -> Result:
    """Load the server; measure its memory at the start, after warm-up and at the end."""
    connections, seconds, warm_up = SMOKE if smoke else (CONNECTIONS, SECONDS, WARM_UP_SECONDS)
    with serving() as (port, process):
        memory = {"at the start": process.memory_info().rss}
        print(f"load: {connections} connections", file=sys.stderr, flush=True)
        visits(port, connections, warm_up)
        memory["after warm-up"] = process.memory_info().rss
        began = time.perf_counter()
        load = visits(port, connections, seconds)
        took = time.perf_counter() - began
        memory["at the end"] = process.memory_info().rss
    milliseconds = [1000 * wait for wait in load.waits]
    data = {
        "connections": connections,
        "seconds": took,
        "warm-up, seconds": warm_up,
        "files a visit": len(page_files()),
        "requests": load.requests,
        "failed requests": len(load.failures),
        "failures": sorted(set(load.failures)),
        "requests a second": len(load.waits) / took,
        "bytes a second": load.received / took,
        "median, ms": median(milliseconds),
        "95th percentile, ms": percentile(milliseconds, 95),
        "resident memory, bytes": memory,
    }
    return Result("load", tables(data), data, None)


@contextmanager
def serving() -> Iterator[tuple[int, psutil.Process]]:
    """Start server.py on a free port; yield port and process. Raises OSError."""
    command = [sys.executable, "server.py", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as started:
        try:
            line = started.stdout.readline()
            ready = READY.search(line)
            if ready is None:
                raise OSError(f"server.py does not start: {line.strip() or 'see above'}")
            yield int(ready[1]), psutil.Process(started.pid)
        finally:
            started.terminate()


def page_files() -> dict[str, bytes]:
    """Return the files of a first visit by path: the page and what its service worker keeps."""
    names = [*cached_names(WEB), FILE_LIST, "sw.js"]
    files = {name: (WEB / name).read_bytes() for name in names}
    return {"": files.pop("index.html"), **files}


def visits(port: int, connections: int, seconds: float) -> Load:
    """Request the page's files repeatedly on keep-alive connections for `seconds`."""

    async def visit_all() -> Load:
        load, files, end = Load(), page_files(), time.perf_counter() + seconds
        visitors = (visitor(port, files, k, end, load) for k in range(connections))
        await asyncio.gather(*visitors)
        return load

    # In another thread, because Playwright may run its event loop in this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, visit_all()).result()


async def visitor(port: int, files: dict[str, bytes], start: int, end: float, load: Load) -> None:
    """Request one file after another on one connection, from index `start`, at least one."""
    requests = [(REQUEST.format(name).encode(), content) for name, content in files.items()]
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        number = start
        while number == start or time.perf_counter() < end:
            request, content = requests[number % len(requests)]
            number += 1
            began = time.perf_counter()
            writer.write(request)
            async with asyncio.timeout(RESPONSE_TIMEOUT_SECONDS):
                if fault := await check_response(reader, content):
                    load.failures.append(fault)
                    break
            load.waits.append(time.perf_counter() - began)
            load.received += len(content)
        writer.close()
        await writer.wait_closed()
    except (OSError, EOFError, TimeoutError) as error:
        load.failures.append(f"{type(error).__name__}: {error}")


async def check_response(reader: asyncio.StreamReader, content: bytes) -> str | None:
    """Read a response; return what is wrong with it, or None if its body is `content`."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = LENGTH.search(head)
    if length is None or not head.startswith(b"HTTP/1.1 200 "):
        return head.split(b"\r\n", 1)[0].decode("latin-1")
    body = await reader.readexactly(int(length[1]))
    return None if body == content else "the body differs from the file"


def tables(data: dict[str, Any]) -> str:
    """Format speed and memory as Markdown."""
    memory = data["resident memory, bytes"]
    rows = [
        ["requests", f"{data['requests']:,}"],
        ["failed", data["failed requests"]],
        ["requests a second", format_number(data["requests a second"])],
        ["MB a second", format_number(data["bytes a second"] / 1e6)],
        ["median wait for a whole answer, ms", format_number(data["median, ms"])],
        ["95th percentile, ms", format_number(data["95th percentile, ms"])],
        *(
            [f"resident memory {when}, MB", format_number(size / 1e6)]
            for when, size in memory.items()
        ),
    ]
    summary = (
        "`python server.py` on loopback. The clients, one process on the same machine, request the "
        f"{data['files a visit']} files of a first visit again and again and compare each response "
        f"with its file, after {data['warm-up, seconds']:.0f} seconds of warm-up."
    )
    head = [f"{data['connections']} connections, {data['seconds']:.0f} s", ""]
    return f"{summary}\n\n{markdown_table(head, rows)}"
