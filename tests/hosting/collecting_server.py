"""Start a server that collects drawings, and send it requests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from files.drawings import LabelledDrawing, parse
from tests.hosting.running_server import LONG, Serving, ask, collected, serving, small_site

STROKES = [[[0, 0, 0], [5, 0, 16], [2, 9, 40]]]
GOOD = {"label": "7", "strokes": STROKES}
FAST = LONG + "import hosting.collect.routes; hosting.collect.routes.REQUESTS_PER_MINUTE = 100_000"


@dataclass
class Collecting:
    """A server that collects drawings."""

    serving: Serving
    folder: Path

    @property
    def token(self) -> str:
        return (self.folder / "token").read_text().strip()

    @property
    def text(self) -> str:
        return collected(self.folder)

    def labels(self) -> list[str]:
        return [entry.label for entry in self.drawings()]

    def drawings(self) -> list[LabelledDrawing]:
        return [parse(line, "here") for line in self.text.splitlines()]

    def empty(self) -> None:
        for path in self.folder.glob("*.jsonl"):
            path.unlink()

    def post(
        self,
        body: bytes,
        *lines: str,
        method: str = "POST",
        path: str = "/collect",
        host: str = "here:80",
        port: int | None = None,
    ) -> tuple:
        """Status, headers and body of the answer; with the token unless lines are given.

        `port` is that of a proxy.
        """
        lines = lines or (f"Authorization: Bearer {self.token}",)
        head = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *lines]
        if "Transfer-Encoding: chunked" not in lines:
            head.append(f"Content-Length: {len(body)}")
        request = "\r\n".join([*head, "", ""]).encode() + body
        return split(ask(port, request) if port else self.serving.ask(request))


def split(said: bytes) -> tuple[int, dict[str, str], str]:
    head, _, body = said.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body.decode()


def line(**changed: object) -> bytes:
    return json.dumps(GOOD | changed).encode() + b"\n"


@contextmanager
def starting(folder: Path, first: str = "", *arguments: str) -> Iterator[Collecting]:
    site = small_site(folder / "web")
    command = ["--collect", str(folder / "collected"), *arguments]
    with serving(site, *command, first=first) as running:
        yield Collecting(running, folder / "collected")
