"""`POST /collect` as hostile and as honest clients meet it, at a server that runs."""

import json
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import sleep

import pytest

import server as program
from files.drawings import LabelledDrawing
from hosting.collect import store
from hosting.collect.routes import BYTES_PER_MINUTE, REQUESTS_PER_MINUTE
from hosting.headers import HEADERS
from hosting.serve.channel import BODY_BYTES
from tests.hosting.collecting_server import FAST, GOOD, STROKES, Collecting, line, split, starting
from tests.hosting.running_server import read_on, small_site

AGAIN = LabelledDrawing("again", STROKES)


def test_what_is_kept_is_said_with_every_header(collecting: Collecting) -> None:
    status, headers, body = collecting.post(line() + b"\r\n\n" + line(label="2026", more=[1]))
    assert (status, json.loads(body)) == (200, {"kept": 2})
    assert headers.items() >= HEADERS.items()
    assert headers["Cache-Control"] == "no-store"
    assert len(list(collecting.folder.glob("*.jsonl"))) == 1
    assert [json.loads(text) for text in collecting.text.splitlines()] == [
        GOOD,
        GOOD | {"label": "2026"},
    ]


@pytest.mark.parametrize(
    "said",
    [
        "X: y",
        "Authorization: Bearer",
        "Authorization: Bearer " + "A" * 43,
        "Authorization: Bearer \xe9\xff",
        "Authorization: Basic {token}",
        "Authorization: {token}",
        "Cookie: token={token}",
    ],
)
def test_without_the_token_nothing_is_kept(collecting: Collecting, said: str) -> None:
    status, headers, body = collecting.post(line(), said.format(token=collecting.token))
    assert (status, headers["Www-Authenticate"]) == (401, "Bearer")
    assert body == ("401 Unauthorized: open the link that the server printed when it was started\n")
    assert collecting.text == ""


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "the request contains no drawing"),
        (b"\n \n", "the request contains no drawing"),
        (line() + b"{", "line 2: not JSON; fix or remove the line"),
        (line() + b"[" * 500_000, "line 2: not JSON; fix or remove the line"),
        (b'{"a":' * 100_000, "line 1: not JSON; fix or remove the line"),
        (b"1" * 500_000, "line 1: not JSON; fix or remove the line"),
        (line() + b"\xff\xfe", "the drawings are not in UTF-8"),
        (line() + b"\n[]", 'line 3: needs "label" and "strokes"'),
        (line(label="") + line(), "line 1: the label must be a string of 1 to 64 characters"),
        (line(label="1" * 65), "line 1: the label must be a string of 1 to 64 characters"),
        (line(label=["../.."]), "line 1: the label must be a string of 1 to 64 characters"),
        (line(strokes=[]), "line 1: the drawing has no strokes"),
        (line(strokes=[[]]), "line 1: stroke 1 has no points"),
        (line(strokes=[[[[0, 0], 0]]]), "line 1: stroke 1 has a point that is not [x, y] or"),
        (line(strokes=[[[0, 1e13]]]), "line 1: stroke 1 has a coordinate beyond 1e+12"),
        (line(strokes=[[[float("nan"), 0]]]), "line 1: stroke 1 has a coordinate that is not a f"),
        (line(strokes=[[[0, float("inf")]]]), "line 1: stroke 1 has a coordinate that is not a f"),
        (line(strokes=[[[0, 0, float("inf")]]]), "line 1: stroke 1 has a time that is not a fini"),
        (line(strokes=[[[0, 0]]] * 301), "line 1: the drawing has more than 300 strokes"),
        (b'{"label":"7","strokes":[[' + b"[1,1]," * 100_000 + b"[1,1]]]}", "line 1: the drawing h"),
    ],
)
def test_of_a_body_with_a_bad_line_nothing_is_kept_and_the_line_is_named(
    collecting: Collecting, body: bytes, why: str
) -> None:
    status, headers, said = collecting.post(body)
    assert status == 400
    assert said.startswith(f"400 Bad Request: {why}")
    assert said.count("\n") == 1 and len(said) < 200
    assert headers.items() >= HEADERS.items()
    assert collecting.text == ""


@pytest.mark.parametrize(
    "label",
    ["../../web/index.html", "/etc/passwd", "a\x00b\n\x1b]0;x\x07", "CON", "\ud800", "''; --"],
)
def test_labels_are_kept_as_text_and_lead_nowhere(collecting: Collecting, label: str) -> None:
    beside = files(collecting.folder.parent)
    assert collecting.post(line(label=label))[0] == 200
    assert collecting.labels() == [label]
    assert "\x1b" not in collecting.text
    collecting.empty()
    assert files(collecting.folder.parent) == beside


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("size", [BODY_BYTES, 100_000_000])
def test_too_large_a_body_is_refused_whatever_it_holds(collecting: Collecting, size: int) -> None:
    bearer = f"Authorization: Bearer {collecting.token}"
    head = ["POST /collect HTTP/1.1", "Host: x", bearer, f"Content-Length: {size}", "", ""]
    with collecting.serving.connect() as client:
        client.sendall("\r\n".join(head).encode())
        for _ in range(0, size, 1_000_000):
            client.sendall(line() * (1_000_000 // len(line())))
        said = read_on(client)
    assert split(said)[0] == 413
    assert collecting.text == ""
    assert collecting.post(line())[0] == 200


def test_a_body_in_chunks_is_taken_too(collecting: Collecting) -> None:
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(line()), line())
    bearer = f"Authorization: Bearer {collecting.token}"
    assert collecting.post(body, bearer, "Transfer-Encoding: chunked")[0] == 200
    assert collecting.labels() == ["7"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_there_is_nothing_to_read_there(collecting: Collecting, method: str) -> None:
    collecting.post(line())
    status, headers, body = collecting.post(b"", method=method)
    assert status == 405
    assert headers["Allow"] == "POST"
    assert body == ("" if method == "HEAD" else "405 Method Not Allowed\n")


@pytest.mark.parametrize("path", ["/collected/{}", "/../collected/{}", "/collect/{}", "/collect/"])
@pytest.mark.parametrize("name", ["token", "a drawing"])
def test_what_was_collected_is_not_served(collecting: Collecting, path: str, name: str) -> None:
    collecting.post(line())
    (kept,) = collecting.folder.glob("*.jsonl")
    path = path.format(kept.name if name == "a drawing" else name)
    status, _, body = collecting.post(b"", "X: y", method="GET", path=path)
    assert (status, body) == (404, "404 Not Found\n")


def test_of_fifty_clients_at_once_every_drawing_is_there_once(collecting: Collecting) -> None:
    def send(client: int) -> int:
        labels = [f"{client} {number}" for number in range(4)]
        good = [line(label=label) for label in labels]
        sent = [good[0] + good[1], good[2] + b"{", good[3], line(strokes=[])]
        return [collecting.post(body)[0] for body in sent]

    with ThreadPoolExecutor(50) as clients:
        answered = list(clients.map(send, range(50)))
    assert answered == [[200, 400, 200, 400]] * 50
    expected = [f"{client} {number}" for client in range(50) for number in (0, 1, 3)]
    assert Counter(collecting.labels()) == Counter(expected)


def test_after_kill_9_every_drawing_that_was_accepted_is_there(tmp_path: Path) -> None:
    with starting(tmp_path, FAST) as collecting:

        def send(client: int) -> list[str]:
            accepted = []
            with suppress(OSError, ValueError, IndexError):  # the server is gone
                while True:
                    label = f"{client} {len(accepted)}"
                    if collecting.post(line(label=label))[0] == 200:
                        accepted.append(label)
            return accepted

        with ThreadPoolExecutor(8) as clients:
            sending = [clients.submit(send, client) for client in range(8)]
            # 2,000 bytes are some thirty drawings, of which eight may be unanswered.
            while len(collecting.text) < 2000 and not any(x.done() for x in sending):
                sleep(0.01)
            collecting.serving.process.send_signal(signal.SIGKILL)
        assert collecting.serving.stopped() == (-signal.SIGKILL, "")
        accepted = Counter(label for each in sending for label in each.result())
        assert len(accepted) > 8
        store.Collection(collecting.folder).keep([AGAIN])  # a server starts again on them
        accepted["again"] += 1
        unanswered = Counter(collecting.labels())
        unanswered.subtract(accepted)
        assert set(unanswered.values()) <= {0, 1} and unanswered.total() <= 8


@pytest.mark.parametrize("last", [1, 2])
def test_nothing_is_answered_before_the_disk_has_it(tmp_path: Path, last: int) -> None:
    # The first is of the token, the second of the file, the third of the folder, for its name.
    broken = f"""import os, errno
os.synced = []
def fsync(file, real=os.fsync):
    os.synced.append(file)
    if len(os.synced) > {last}: raise OSError(errno.EIO, "the disk is broken")
    real(file)
os.fsync = fsync"""
    with starting(tmp_path, broken) as collecting:
        status, headers, body = collecting.post(line())
        assert (status, body) == (
            500,
            "500 Internal Server Error: the server could not write the drawings\n",
        )
        assert headers.items() >= HEADERS.items()
        assert [path.name for path in collecting.folder.iterdir()] == ["token"]
        collecting.serving.process.terminate()
        _, said = collecting.serving.stopped()
        assert said == f"digitpad: {collecting.folder}: the disk is broken\n"


def test_a_full_disk_is_said_and_nothing_of_the_request_is_left(tmp_path: Path) -> None:
    little = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"
    with starting(tmp_path, little) as collecting:
        assert collecting.post(line() * 8)[0] == 200
        before = files(collecting.folder)
        status, _, body = collecting.post(line() * 20)
        assert (status, body) == (
            507,
            "507 Insufficient Storage: the disk of the server is full\n",
        )
        assert files(collecting.folder) == before
        assert collecting.post(line())[0] == 200, "what still fits is taken"
        assert len(collecting.labels()) == 9


def test_a_full_folder_is_said(tmp_path: Path) -> None:
    small = "import hosting.collect.store; hosting.collect.store.MAX_BYTES = 100"
    with starting(tmp_path, small) as collecting:
        assert collecting.post(line())[0] == 200
        status, _, body = collecting.post(line())
        assert status == 507
        assert body.endswith("the folder for drawings on the server is full\n")
        assert collecting.labels() == ["7"]


def test_who_sends_too_often_is_told_how_long_to_wait(tmp_path: Path) -> None:
    # The clock stands still: a slow machine would take longer than a minute for three drawings.
    few = """
import types, hosting.collect.rate_limit, hosting.collect.routes
hosting.collect.routes.REQUESTS_PER_MINUTE = 2
hosting.collect.rate_limit.time = types.SimpleNamespace(monotonic=lambda: 0.0)
"""
    with starting(tmp_path, few) as collecting:
        for _ in range(5):  # nobody can use the others' share up without the token
            assert collecting.post(line(), "X: y")[0] == 401
        assert [collecting.post(line())[0] for _ in range(2)] == [200, 200]
        status, headers, body = collecting.post(line())
        assert status == 429
        assert 0 < int(headers["Retry-After"]) <= 60
        assert body.endswith(f"wait {headers['Retry-After']} seconds\n")
        assert collecting.labels() == ["7", "7"]


def test_a_class_of_thirty_is_within_the_limits() -> None:
    assert REQUESTS_PER_MINUTE >= 30 * 4 and BYTES_PER_MINUTE >= 30 * BODY_BYTES


def test_without_a_collection_the_address_is_nothing(tmp_path: Path) -> None:
    client = program.create_app(small_site(tmp_path / "web")).test_client()
    for method in ("GET", "POST", "OPTIONS"):
        with client.open("/collect", method=method, data=line()) as answer:
            assert answer.status_code == 404
