"""Serve a small site with a model and a secret file beside it through server.py."""

import hashlib
import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import server

ROOT = Path(server.__file__).parent
SECRET = b"not for the web"
TIMEOUT_SECONDS = 300  # only for hangs
# Statements for `serving(first=...)`: limits that a slow machine does not reach.
LONG = """
hosting.serve.server.STOP_SECONDS = hosting.serve.server.IDLE_SECONDS = 600
hosting.serve.channel.REQUEST_SECONDS = hosting.serve.channel.STALLED_SECONDS = 600
hosting.serve.channel.LINGER_SECONDS = 600
"""
PORT = re.compile(r"digitpad is at http://localhost:(\d+)")


def small_site(folder: Path) -> Path:
    """Write index.html, script.js and model/ into a folder, and secret.txt beside it."""
    model = folder / "model"
    model.mkdir(parents=True)
    (folder / "index.html").write_text("<title>pad</title>")
    (folder / "script.js").write_text("export const one = 1;")
    (folder.parent / "secret.txt").write_bytes(SECRET)
    files = {"model.json": b"{}", "weights.bin": bytes(range(256))}
    for name, content in files.items():
        (model / name).write_bytes(content)
    described = {
        n: {"bytes": len(c), "sha256": hashlib.sha256(c).hexdigest()} for n, c in files.items()
    }
    (model / "meta.json").write_text(json.dumps({"files": described}))
    return folder


def server_beside(folder: Path) -> Path:
    """Copy server.py beside `folder`, its default site if that is named web; return the path."""
    shutil.copy(ROOT / "server.py", folder.parent)
    for package in ("files", "hosting"):
        shutil.copytree(ROOT / package, folder.parent / package)
    return folder.parent / "server.py"


@dataclass(frozen=True)
class Serving:
    """A running server."""

    process: subprocess.Popen[str]
    port: int
    log: Path  # its stderr

    def connect(self) -> socket.socket:
        """Open a connection."""
        return connect(self.port)

    def ask(self, request: bytes) -> bytes:
        """Send a request on a new connection; return all bytes until the server closes it."""
        return ask(self.port, request)

    def stopped(self) -> tuple[int, str]:
        """Wait for the end; return exit status and stderr."""
        return self.process.wait(TIMEOUT_SECONDS), self.log.read_text(encoding="utf-8")


def connect(port: int) -> socket.socket:
    """Open a connection to a port of this machine."""
    return socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)


def ask(port: int, request: bytes) -> bytes:
    """Send a request on a new connection; return all bytes until the server closes it."""
    with connect(port) as client:
        client.sendall(request)
        return read_on(client)


def collected(folder: Path) -> str:
    """All lines that a server collected in a folder, in the order of their files' names."""
    files = sorted(folder.glob("*.jsonl"))
    return "".join(path.read_text(encoding="utf-8") for path in files)


def read_on(client: socket.socket) -> bytes:
    """Return all received bytes until the other side closes the connection."""
    return b"".join(iter(lambda: client.recv(65536), b""))


@contextmanager
def serving(site: Path, *arguments: str, first: str = "") -> Iterator[Serving]:
    """Serve a site with this checkout's server.py, after running the statements in `first`."""
    program = f"import server, hosting.serve.server, hosting.serve.channel\n{first}\nserver.main()"
    command = [sys.executable, "-c", program, "--site", str(site), "--port", "0", *arguments]
    log = site.parent / "stderr.txt"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            found = PORT.search(process.stdout.readline())
            assert found, log.read_text(encoding="utf-8")
            yield Serving(process, int(found[1]), log)
        finally:
            process.kill()
