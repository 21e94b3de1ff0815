"""The access log: one line per response, which no request can forge."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosting.running_server import LONG, Serving, serving, small_site

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Start one server with an access log for all tests."""
    site = small_site(tmp_path_factory.mktemp("logging") / "web")
    with serving(site, "--access-log", first=LONG) as server:
        yield server
        before = server.log.read_text(encoding="utf-8")
        server.process.terminate()
        assert server.stopped() == (0, before)


def logged(server: Serving, *requests: bytes) -> list[str]:
    """Send requests; return their lines in the log, without times."""
    before = server.log.read_text(encoding="utf-8")
    for request in requests:
        server.ask(request + b" HTTP/1.0\r\n\r\n")
    lines = server.log.read_text(encoding="utf-8").removeprefix(before).splitlines()
    for line in lines:
        assert re.fullmatch(TIME + r" 127\.0\.0\.1 \S+ \S+ \d{3} \d+ \d+\.\d", line), line
    return [" ".join(line.split(" ")[2:6]) for line in lines]


def test_it_logs_requests_and_responses(server: Serving) -> None:
    asked = [b"GET /script.js?drawing=secret", b"HEAD /script.js", b"GET /nowhere", b"DELETE /"]
    assert logged(server, *asked) == [
        "GET /script.js 200 21",
        "HEAD /script.js 200 0",
        "GET /nowhere 404 14",
        "DELETE / 405 0",
    ]


def test_it_logs_requests_that_never_reach_the_application(server: Serving) -> None:
    large = b"GET /" + b"a" * 20000
    lines = logged(server, b"no http at all", large, b"GET http://[")
    assert [line.rsplit(" ", 1)[0] for line in lines] == ["- - 400", "- - 431", "GET - 400"]


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (b"/%0a2026-01-01T00:00:00+00:00%20forged", "/%0A2026-01-01T00:00:00+00:00%20forged"),
        (b"/\x1b[2J\x00%85%FF", "/%1B%5B2J%00%85%FF"),
        (b"/\x85\xff", "-"),
        (b'/"%20200%20"\'\\', "/%22%20200%20%22%27%5C"),
        (b"/" + b"a" * 5000, "/" + "a" * 199 + "..."),
        (b"?", "-"),
    ],
)
def test_a_path_cannot_forge_a_line_or_a_field(server: Serving, path: bytes, written: str) -> None:
    (line,) = logged(server, b"GET " + path)
    assert line.split(" ")[1] == written


def test_it_is_off_by_default(tmp_path: Path) -> None:
    with serving(small_site(tmp_path / "web")) as server:
        assert logged(server, b"GET /") == []
        server.process.terminate()
        assert server.stopped() == (0, "")
