"""HTTP requests as nobody's browser sends them, drawn from a seed."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from hosting.serve.channel import MAX_PIPELINED
from tests.soak import collecting
from tests.soak import http_tokens as odd

DELIVERIES = {"whole": 70, "pieces": 14, "stop": 5, "unread": 3, "reset": 8}  # of a hundred


@dataclass(frozen=True)
class Case:
    """What one client does."""

    sent: bytes
    method: str = "GET"  # of the first request: the answer to HEAD has no body
    delivery: str = "whole"  # or in pieces, or it stops halfway, never reads, resets


def case(seed: int, number: int, outside: str) -> Case:
    """The client of that number.

    Args:
        seed: of the whole run.
        number: of the client in it.
        outside: absolute path of a file that must not be served.
    """
    chance = random.Random(f"{seed}:{number}")
    delivery = chance.choices(list(DELIVERIES), list(DELIVERIES.values()))[0]
    if delivery == "unread":
        return pipelined(chance, delivery, chance.randint(1, 300))
    what = chance.random()
    if what < 0.08:
        return pipelined(chance, delivery, chance.choice((2, 3, MAX_PIPELINED, 5, 40)))
    if what < 0.12:
        return Case(noise(chance), "", delivery)
    if what < 0.2:
        return Case(collecting.sent(chance), "POST", delivery)
    return single(chance, delivery, outside)


def pipelined(chance: random.Random, delivery: str, count: int) -> Case:
    """Requests as browsers send them, but several without waiting."""
    asked = [f"GET {chance.choice(odd.FILES)} HTTP/1.1\r\nHost: x\r\n\r\n" for _ in range(count)]
    return Case("".join(asked).encode(), "GET", delivery)


def noise(chance: random.Random) -> bytes:
    """Bytes that are no HTTP/1 at all: chance, TLS's hello, HTTP/2's preface, nothing."""
    return chance.choice(
        (
            chance.randbytes(chance.choice((1, 50, 5000))),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + chance.randbytes(500),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
            b"\r\n" * chance.choice((1, 100, 9000)),
            b"\x00" * 20000,
        )
    )


def single(chance: random.Random, delivery: str, outside: str) -> Case:
    """One request, odd in one place or in several."""
    strange = [chance.random() < 0.4 for _ in range(5)]
    method = chance.choice(odd.METHODS) if strange[0] else "GET"
    path = target(chance, outside) if strange[1] else chance.choice(odd.FILES)
    version = chance.choice(odd.VERSIONS) if strange[2] else "HTTP/1.1"
    lines = ["Host: localhost"] if chance.random() < 0.9 else []
    if strange[3]:
        lines += [chance.choice(HEADERS)(chance) for _ in range(chance.randint(1, 4))]
    if chance.random() < 0.02:
        lines += ["X: y"] * chance.choice((100, 2000, 4000))
    more, body = framed(chance) if strange[4] else ([], b"")
    if chance.random() < 0.5:
        more.append("Connection: close")
    end = chance.choice(("\n", "\r", "\r\n \r\n")) if chance.random() < 0.03 else "\r\n"
    head = end.join([f"{method} {path} {version}", *lines, *more, "", ""])
    return Case(head.encode() + body, method, delivery)


HEADERS: tuple[Callable[[random.Random], str], ...] = (
    *[lambda chance: f"Range: {chance.choice(odd.RANGES)}"] * 2,
    lambda chance: f"Accept-Encoding: {chance.choice(odd.ENCODINGS)}",
    lambda chance: f"If-Modified-Since: {chance.choice(odd.DATES)}",
    lambda chance: f"If-None-Match: {chance.choice(odd.TAGS)}",
    lambda chance: f"If-Range: {chance.choice(odd.DATES)}",
    lambda chance: f"Host: {chance.choice(odd.HOSTS)}",
    *[lambda chance: chance.choice(odd.LINES)] * 2,
)


def target(chance: random.Random, outside: str) -> str:
    """A path that leads out, or nowhere, or is none."""
    base, file = chance.choice(odd.BASES), chance.choice(odd.FILES)
    place = chance.choice((*odd.PLACES, outside.lstrip("/")))
    steps = chance.randint(1, 6)
    ups = "".join(chance.choice(odd.UP) + chance.choice(odd.SLASH) for _ in range(steps))
    letters = "".join(chr(chance.randrange(chance.choice((256, 0xD800)))) for _ in range(20))
    return chance.choice(
        (
            *[base + ups + place] * 4,
            chance.choice(odd.SLASH) + outside,
            f"file://{outside}",
            f"http://localhost{base}{ups}{place}",
            f"http://[{place}",
            base + letters,
            f"{file}?{letters}",
            base + "".join(f"%{byte:02x}" for byte in chance.randbytes(20)),
            f"{base}%{chance.choice(odd.ESCAPES)}",
            file + chance.choice(odd.ENDINGS),
            chance.choice(odd.NO_PATHS),
            "/" + "a" * chance.choice((200, 300, 5000, 15000, 20000)),
            "/" + "a/" * chance.choice((10, 1000, 7000)),
        )
    )


def framed(chance: random.Random) -> tuple[list[str], bytes]:
    """Header lines and a body, which seldom fit each other."""
    size = chance.choice((0, 1, 5, 500, 9000))
    body, chunks = chance.randbytes(size), chance.choice(odd.CHUNKS)
    length, chunked = f"Content-Length: {size}", "Transfer-Encoding: chunked"
    return chance.choice(
        (
            ([length], body),
            ([f"Content-Length: {size + 5}"], body),
            ([f"Content-Length: {size // 2}"], body),
            ([f"Content-Length: {chance.choice(odd.LENGTHS)}"], body),
            ([length, f"Content-Length: {size + 1}"], body),
            ([length, chunked], chunks),
            ([chunked], chunks),
            ([chunked], chunks),
            ([f"Transfer-Encoding: {chance.choice(odd.CODINGS)}"], chunks),
            (["Content-Length: 1500000"], b"a" * 1_500_000),
            (["Content-Length: 5", "Expect: 100-continue"], b"hello"),
        )
    )
