"""Two hundred visitors at once: the server under load, as `python server.py` starts it."""

import asyncio
import json
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

from bench.medians import median, percentile, short
from bench.peers.site import WEB
from bench.result import ROOT, Result
from files.precache import FILE_LIST
from train.reporting.format import markdown_table

CONNECTIONS, SECONDS, WARM = 200, 30.0, 5.0
SMOKE = 20, 1.0, 0.5
PATIENCE = 120  # seconds for an answer; one that takes longer is a failed request
HEAD = "GET /{} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
READY = re.compile(r"digitpad is at http://localhost:(\d+)")


@dataclass
class Load:
    """What visitors met."""

    waits: list[float] = field(default_factory=list)  # seconds from a request to its whole answer
    received: int = 0  # bytes of bodies
    failures: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many were made."""
        return len(self.waits) + len(self.failures)


def run(smoke: bool) -> Result:
    """Load the server, and look at its memory before, once warm, and after."""
    connections, seconds, warm = SMOKE if smoke else (CONNECTIONS, SECONDS, WARM)
    with serving() as (port, process):
        memory = {"at the start": process.memory_info().rss}
        print(f"load: {connections} connections", file=sys.stderr, flush=True)
        visits(port, connections, warm)
        memory["after warm-up"] = process.memory_info().rss
        begun = time.perf_counter()
        load = visits(port, connections, seconds)
        took = time.perf_counter() - begun
        memory["at the end"] = process.memory_info().rss
    milliseconds = [1000 * wait for wait in load.waits]
    data = {
        "connections": connections,
        "seconds": took,
        "warm-up, seconds": warm,
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
    """Start server.py on a free port; yield the port and the process."""
    command = [sys.executable, "server.py", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as started:
        try:
            said = started.stdout.readline()
            ready = READY.search(said)
            if ready is None:
                raise OSError(f"server.py does not start: {said.strip() or 'see above'}")
            yield int(ready[1]), psutil.Process(started.pid)
        finally:
            started.terminate()


def page_files() -> dict[str, bytes]:
    """What a first visit asks for, by its path: the page, and what its service worker keeps."""
    listed = (WEB / FILE_LIST).read_text(encoding="utf-8").partition("self.FILES = ")[2]
    names = [*json.loads(listed.rstrip().removesuffix(";")), FILE_LIST, "sw.js"]
    files = {name: (WEB / name).read_bytes() for name in names}
    return {"": files.pop("index.html"), **files}


def visits(port: int, connections: int, seconds: float) -> Load:
    """Visit over and over on so many connections, each kept, for so long."""

    async def visited() -> Load:
        load, files, end = Load(), page_files(), time.perf_counter() + seconds
        every = (visitor(port, files, k, end, load) for k in range(connections))
        await asyncio.gather(*every)
        return load

    # A thread of its own: where Playwright is at work, its loop runs in this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, visited()).result()


async def visitor(port: int, files: dict[str, bytes], start: int, end: float, load: Load) -> None:
    """Ask for one file after another on one connection, from number `start` on, once at least."""
    asked = [(HEAD.format(name).encode(), content) for name, content in files.items()]
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        number = start
        while number == start or time.perf_counter() < end:
            head, content = asked[number % len(asked)]
            number += 1
            begun = time.perf_counter()
            writer.write(head)
            async with asyncio.timeout(PATIENCE):
                if fault := await answered(reader, content):
                    load.failures.append(fault)
                    break
            load.waits.append(time.perf_counter() - begun)
            load.received += len(content)
        writer.close()
        await writer.wait_closed()
    except (OSError, EOFError, TimeoutError) as error:
        load.failures.append(f"{type(error).__name__}: {error}")


async def answered(reader: asyncio.StreamReader, content: bytes) -> str | None:
    """Read an answer; return what is wrong with it, or None."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = LENGTH.search(head)
    if length is None or not head.startswith(b"HTTP/1.1 200 "):
        return head.split(b"\r\n", 1)[0].decode("latin-1")
    body = await reader.readexactly(int(length[1]))
    return None if body == content else "another body than the file's"


def tables(data: dict[str, Any]) -> str:
    """Speed and memory, in Markdown."""
    memory = data["resident memory, bytes"]
    rows = [
        ["requests", f"{data['requests']:,}"],
        ["failed", data["failed requests"]],
        ["requests a second", short(data["requests a second"])],
        ["MB a second", short(data["bytes a second"] / 1e6)],
        ["median wait for a whole answer, ms", short(data["median, ms"])],
        ["95th percentile, ms", short(data["95th percentile, ms"])],
        *([f"resident memory {when}, MB", short(size / 1e6)] for when, size in memory.items()),
    ]
    said = (
        f"`python server.py` on loopback, asked for the {data['files a visit']} files of a first "
        "visit over and over, each answer compared with its file; the clients are one process on "
        f"the same machine. {data['warm-up, seconds']:.0f} seconds of the same went before."
    )
    head = [f"{data['connections']} connections, {data['seconds']:.0f} s", ""]
    return f"{said}\n\n{markdown_table(head, rows)}"
