"""A short run of `python -m tests.soak http`, and checks that it detects faults."""

from collections import Counter
from pathlib import Path

import psutil
import pytest

from hosting.headers import HEADERS
from tests.soak.http import Fuzz, parse_responses, run
from tests.soak.requests import Case, draw_case

SENT = {name.lower(): [value] for name, value in HEADERS.items()} | {
    "cache-control": ["no-cache"],
    "date": ["Mon, 23 Nov 2026 19:35:00 GMT"],
}


def test_hundreds_of_malformed_clients_do_no_harm() -> None:
    report = run(400, seed=7)
    assert report[0].startswith("400 clients, seed 7; ")


def test_a_seed_reproduces_the_clients() -> None:
    first, again, other = ([draw_case(s, n, "/x") for n in range(50)] for s in (1, 1, 2))
    assert first == again != other


def test_the_clients_include_every_kind() -> None:
    cases = [draw_case(7, number, "/x") for number in range(400)]
    kinds = Counter(case.delivery for case in cases)
    assert kinds.keys() == {"whole", "pieces", "stop", "unread", "reset"}
    for part in (b"%2e%2e", b"Range:", b"Transfer-Encoding:", b"\x00", b"Content-Length: -1"):
        assert any(part in case.sent for case in cases), part
    assert max(len(case.sent) for case in cases) > 1_000_000


@pytest.fixture
def fuzz(tmp_path: Path) -> Fuzz:
    """Return a Fuzz without a server."""
    site = tmp_path / "web"
    return Fuzz(0, psutil.Process(), site, tmp_path / "stderr.txt", [b"one", b""])


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (500, {}, b""),
        (501, {}, b""),
        (200, {}, b"another file's"),
        (206, {}, b"another file's"),
        (200, {"server": ["waitress"]}, b"one"),
        (200, {"referrer-policy": []}, b"one"),
        (200, {"referrer-policy": ["no-referrer", "no-referrer"]}, b"one"),
        (302, {"location": ["http://evil.example/"]}, b""),
        (404, {}, b"one line\nand another\n"),
    ],
)
def test_a_bad_response_is_detected(
    fuzz: Fuzz, status: int, headers: dict[str, list[str]], body: bytes
) -> None:
    fuzz.check_response(200, SENT, b"one", Case(b""))
    with pytest.raises(AssertionError):
        fuzz.check_response(status, SENT | headers, body, Case(b""))


def test_a_traceback_in_the_log_is_detected(fuzz: Fuzz) -> None:
    good = "2026-11-23T19:35:00+00:00 127.0.0.1 GET / 200 3 1.2\n"
    fuzz.log.write_text(good)
    assert fuzz.read_log() == 1
    fuzz.log.write_text(good + "Traceback (most recent call last):\n")
    with pytest.raises(AssertionError, match="Traceback"):
        fuzz.read_log()


def test_a_lost_drawing_is_detected(fuzz: Fuzz) -> None:
    file = fuzz.site.parent / "collected" / "one.jsonl"
    file.parent.mkdir()
    file.write_text('{"label": "7", "strokes": [[[0, 0]]]}\n')
    fuzz.check_response(200, SENT, b'{"kept":1}\n', Case(b""))
    assert fuzz.read_collection() == 1
    fuzz.check_response(200, SENT, b'{"kept":1}\n', Case(b""))
    with pytest.raises(AssertionError, match="1 drawings, 2 were accepted"):
        fuzz.read_collection()


def test_pipelined_responses_are_separated() -> None:
    received = (
        b"HTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: a\r\nX: b\r\n\r\none"
        b"HTTP/1.1 404 NOT FOUND\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
        b"HTTP/1.1 304 Not Modified\r\n\r\n"
    )
    read = [(status, body) for status, _, body in parse_responses(received, "GET")]
    assert read == [(200, b"one"), (404, b"two"), (304, b"")]
    with pytest.raises(AssertionError, match="Content-Length is 3, but 2 bytes came"):
        list(parse_responses(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\non", "GET"))
