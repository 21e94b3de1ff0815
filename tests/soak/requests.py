"""Draw unusual and malformed HTTP requests from a seed."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from hosting.serve.channel import MAX_PIPELINED
from tests.soak import collecting
from tests.soak import http_tokens as odd

DELIVERIES = {"whole": 70, "pieces": 14, "stop": 5, "unread": 3, "reset": 8}  # in percent


@dataclass(frozen=True)
class Case:
    """What one client sends, and how."""

    sent: bytes
    method: str = "GET"  # of the first request; the response to HEAD has no body
    delivery: str = "whole"  # one of DELIVERIES


def draw_case(seed: int, number: int, outside: str) -> Case:
    """Return the case of one client, always the same for the same arguments.

    Args:
        seed: seed of the run.
        number: index of the client.
        outside: absolute path of a file that must not be served.
    """
    rng = random.Random(f"{seed}:{number}")
    delivery = rng.choices(list(DELIVERIES), list(DELIVERIES.values()))[0]
    if delivery == "unread":
        return pipelined(rng, delivery, rng.randint(1, 300))
    kind = rng.random()
    if kind < 0.08:
        return pipelined(rng, delivery, rng.choice((2, 3, MAX_PIPELINED, 5, 40)))
    if kind < 0.12:
        return Case(noise(rng), "", delivery)
    if kind < 0.2:
        return Case(collecting.sent(rng), "POST", delivery)
    return single(rng, delivery, outside)


def pipelined(rng: random.Random, delivery: str, count: int) -> Case:
    """Return several valid requests, sent without waiting for responses."""
    requests = [f"GET {rng.choice(odd.FILES)} HTTP/1.1\r\nHost: x\r\n\r\n" for _ in range(count)]
    return Case("".join(requests).encode(), "GET", delivery)


def noise(rng: random.Random) -> bytes:
    """Return bytes that are not HTTP/1: random, a TLS hello, an HTTP/2 preface, blank lines."""
    return rng.choice(
        (
            rng.randbytes(rng.choice((1, 50, 5000))),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(500),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
            b"\r\n" * rng.choice((1, 100, 9000)),
            b"\x00" * 20000,
        )
    )


def single(rng: random.Random, delivery: str, outside: str) -> Case:
    """Return one request with unusual parts in up to five places."""
    unusual = [rng.random() < 0.4 for _ in range(5)]
    method = rng.choice(odd.METHODS) if unusual[0] else "GET"
    path = target(rng, outside) if unusual[1] else rng.choice(odd.FILES)
    version = rng.choice(odd.VERSIONS) if unusual[2] else "HTTP/1.1"
    lines = ["Host: localhost"] if rng.random() < 0.9 else []
    if unusual[3]:
        lines += [rng.choice(HEADERS)(rng) for _ in range(rng.randint(1, 4))]
    if rng.random() < 0.02:
        lines += ["X: y"] * rng.choice((100, 2000, 4000))
    more, body = body_with_length(rng) if unusual[4] else ([], b"")
    if rng.random() < 0.5:
        more.append("Connection: close")
    end = rng.choice(("\n", "\r", "\r\n \r\n")) if rng.random() < 0.03 else "\r\n"
    head = end.join([f"{method} {path} {version}", *lines, *more, "", ""])
    return Case(head.encode() + body, method, delivery)


HEADERS: tuple[Callable[[random.Random], str], ...] = (
    *[lambda rng: f"Range: {rng.choice(odd.RANGES)}"] * 2,
    lambda rng: f"Accept-Encoding: {rng.choice(odd.ENCODINGS)}",
    lambda rng: f"If-Modified-Since: {rng.choice(odd.DATES)}",
    lambda rng: f"If-None-Match: {rng.choice(odd.TAGS)}",
    lambda rng: f"If-Range: {rng.choice(odd.DATES)}",
    lambda rng: f"Host: {rng.choice(odd.HOSTS)}",
    *[lambda rng: rng.choice(odd.LINES)] * 2,
)


def target(rng: random.Random, outside: str) -> str:
    """Return a path that leads outside the site, to nothing, or is malformed."""
    base, file = rng.choice(odd.BASES), rng.choice(odd.FILES)
    destination = rng.choice((*odd.PLACES, outside.lstrip("/")))
    steps = rng.randint(1, 6)
    ups = "".join(rng.choice(odd.UP) + rng.choice(odd.SLASH) for _ in range(steps))
    letters = "".join(chr(rng.randrange(rng.choice((256, 0xD800)))) for _ in range(20))
    return rng.choice(
        (
            *[base + ups + destination] * 4,
            rng.choice(odd.SLASH) + outside,
            f"file://{outside}",
            f"http://localhost{base}{ups}{destination}",
            f"http://[{destination}",
            base + letters,
            f"{file}?{letters}",
            base + "".join(f"%{byte:02x}" for byte in rng.randbytes(20)),
            f"{base}%{rng.choice(odd.ESCAPES)}",
            file + rng.choice(odd.ENDINGS),
            rng.choice(odd.NO_PATHS),
            "/" + "a" * rng.choice((200, 300, 5000, 15000, 20000)),
            "/" + "a/" * rng.choice((10, 1000, 7000)),
        )
    )


def body_with_length(rng: random.Random) -> tuple[list[str], bytes]:
    """Return header lines and a body, which rarely match."""
    size = rng.choice((0, 1, 5, 500, 9000))
    body, chunks = rng.randbytes(size), rng.choice(odd.CHUNKS)
    length, chunked = f"Content-Length: {size}", "Transfer-Encoding: chunked"
    return rng.choice(
        (
            ([length], body),
            ([f"Content-Length: {size + 5}"], body),
            ([f"Content-Length: {size // 2}"], body),
            ([f"Content-Length: {rng.choice(odd.LENGTHS)}"], body),
            ([length, f"Content-Length: {size + 1}"], body),
            ([length, chunked], chunks),
            ([chunked], chunks),
            ([chunked], chunks),
            ([f"Transfer-Encoding: {rng.choice(odd.CODINGS)}"], chunks),
            (["Content-Length: 1500000"], b"a" * 1_500_000),
            (["Content-Length: 5", "Expect: 100-continue"], b"hello"),
        )
    )
