"""Hypothesis strategies for damaged files: truncated, flipped, repeated, with unexpected values."""

import copy
import json
import re
from collections.abc import Iterator

from hypothesis import strategies as st

NASTY = [
    *(b"NaN", b"Infinity", b"1e400", b"-1e400", b"1e-400", b"5e-324", b"1.7e308", b"-0.0", b"-1"),
    *(b"9" * 5000, b"-9223372036854775808", b"18446744073709551615", b"0x1f", b"1_0", b"1e12"),
    *(b"", b"\0", b"\0\0\0\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc0\x80", b"\\ud800", b"\\u0000"),
    *(b"\r", b"\r\n", b"\n\n", b"\xe2\x80\xa8", b"\x1a", b" ", b"\t", b'"', b"'", b",", b"\\"),
    *(b"null", b"true", b"{}", b"[]", b"[[]]", b'""', b'"x"', b"[1]", b'{"0": 1, "1": 2}'),
    *(b"__proto__", b"../../etc/passwd", b"/dev/zero", b"\xd9\xa3", b"\xf0\x9f\x98\x80"),
]
# Rarely drawn, because each has a hundred thousand bytes; deeper than any stack.
DEEP = [b"[" * 100_000, b'{"a":' * 30_000, b"[" * 50_000 + b"]" * 50_000, b"9" * 100_000]
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")


class Content(bytes):
    """Bytes of a file, with a short repr for messages."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes, {bytes(self[:80])!r}…>"


@st.composite
def mutated(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """Return one of the files with up to four mutations."""
    data = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(0, 4))):
        data = draw(st.sampled_from(MUTATIONS))(draw, data)
    return Content(data)


def position(draw: st.DrawFn, data: bytes) -> int:
    return draw(st.integers(0, len(data)))


def stretch(draw: st.DrawFn, data: bytes) -> tuple[int, int]:
    start = position(draw, data)
    return start, min(len(data), start + draw(st.integers(1, 64)))


def nasty(draw: st.DrawFn) -> bytes:
    deep = draw(st.integers(0, 49)) == 0
    return draw(st.sampled_from(DEEP if deep else NASTY))


def truncate(draw: st.DrawFn, data: bytes) -> bytes:
    return data[: position(draw, data)]


def flip(draw: st.DrawFn, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 8)) if data else 0):
        changed[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(changed)


def remove(draw: st.DrawFn, data: bytes) -> bytes:
    start, end = stretch(draw, data)
    return data[:start] + data[end:]


def duplicate(draw: st.DrawFn, data: bytes) -> bytes:
    start, end = stretch(draw, data)
    return data[:end] + data[start:end] * draw(st.sampled_from([1, 2, 50])) + data[end:]


def insert(draw: st.DrawFn, data: bytes) -> bytes:
    start = position(draw, data)
    return data[:start] + nasty(draw) + data[start:]


def replace_number(draw: st.DrawFn, data: bytes) -> bytes:
    """Replace one of the first hundred numbers by an unexpected value."""
    numbers = [found.span() for found, _ in zip(NUMBER.finditer(data), range(100), strict=False)]
    if not numbers:
        return data
    start, end = draw(st.sampled_from(numbers))
    return data[:start] + nasty(draw) + data[end:]


def change_line_ends(draw: st.DrawFn, data: bytes) -> bytes:
    return data.replace(b"\n", draw(st.sampled_from([b"\r\n", b"\r", b"", b"\n\n"])))


def add_byte_order_mark(draw: st.DrawFn, data: bytes) -> bytes:
    return b"\xef\xbb\xbf" + data


def change_encoding(draw: st.DrawFn, data: bytes) -> bytes:
    return data.decode("latin-1").encode(draw(st.sampled_from(["utf-16", "utf-32-le", "utf-8"])))


def repeat(draw: st.DrawFn, data: bytes) -> bytes:
    return data + data


MUTATIONS = [
    *(truncate, flip, remove, duplicate, insert, insert, replace_number, replace_number),
    *(change_line_ends, add_byte_order_mark, change_encoding, repeat),
]

VALUES = [
    *(None, True, 0, -1, 0.5, 1e300, "", "x", "../x", "https://example.org/x"),
    *([], [1], {}, {"a": 1}),
]


@st.composite
def altered(draw: st.DrawFn, original: bytes) -> bytes:
    """Return a JSON document with one to three values changed, renamed or removed."""
    document = json.loads(original)
    for _ in range(draw(st.integers(1, 3))):
        places = list(locations(document))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        change = draw(st.sampled_from(["value", "value", "remove", "rename"]))
        if change == "value":
            holder[key] = copy.deepcopy(draw(st.sampled_from(VALUES)))
        else:
            value = holder.pop(key)
            if change == "rename" and isinstance(holder, dict):
                holder[draw(st.sampled_from(["", "x", "../x", "/dev/zero", "\n", "\0"]))] = value
    return Content(json.dumps(document).encode())


def locations(value: object) -> Iterator[tuple]:
    """Yield the container and key of every value in a JSON document."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from locations(value[key])
