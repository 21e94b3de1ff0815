"""Random requests to /collect: drawings and other bodies, with and without the token."""

import json
import random

TOKEN = "soak" + "_" * 39  # of the server under test
STROKES = [[[0, 0], [5, 0, 16], [2.5, 9]]]
LABELS = ("7", "2026", "../../secret.txt", "\x00\x1b[2J", "\ud800", "x" * 64, "é\u2028")
NO_DRAWINGS = (
    *(b"", b"\n\n", b"{", b"[]", b"null", b"\xff\xfe", b"\x00" * 50, b"[" * 90_000, b"9" * 90_000),
    *(b'{"label": "7", "strokes": ' + text + b"}" for text in (b"[]", b"[[]]", b"[[[1e400, 0]]]")),
    *(b'{"label": "7", "strokes": ' + text + b"}" for text in (b"[[[NaN, 0]]]", b"7", b"{}")),
    *(b'{"label": ' + text + b', "strokes": [[[0, 0]]]}' for text in (b'""', b"7", b'["../.."]')),
    b'{"label": "7", "strokes": [[' + b"[0,0]," * 100_000 + b"[0,0]]]}",
)
BEARERS = (
    *[f"Authorization: Bearer {TOKEN}"] * 6,
    *(f"Authorization: bearer  {TOKEN} ", f"authorization:Bearer {TOKEN}"),
    *(f"Authorization: Basic {TOKEN}", f"Authorization: {TOKEN}", "Authorization: Bearer"),
    *(f"Authorization: Bearer {TOKEN[:-1]}", f"Authorization: Bearer {TOKEN}\x00", "X: y"),
    f"Authorization: Bearer {TOKEN}\r\nAuthorization: Bearer other",
)
ORIGINS = (
    *["X: y"] * 6,
    *("Origin: http://localhost", "Origin: null", "Origin: http://evil.example"),
    *("Origin: http://[", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-origin"),
    "Content-Encoding: gzip",
)


def sent(rng: random.Random) -> bytes:
    """Return a complete request with any content."""
    count = rng.choice((1, 1, 2, 30))
    good = [json.dumps({"label": rng.choice(LABELS), "strokes": STROKES})] * count
    body = "\n".join(good).encode()
    if rng.random() < 0.5:
        body = rng.choice((body + b"\n", b"")) + rng.choice(NO_DRAWINGS)
    path = rng.choice(["/collect"] * 8 + ["/collect/", "//collect", "/collect?x", "/%63ollect"])
    head = [f"POST {path} HTTP/1.1", "Host: localhost", rng.choice(BEARERS)]
    head += [rng.choice(ORIGINS), f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(head).encode() + body
