"""The one address that takes something in: `POST /collect`, drawings for a collection.

The body is a drawings file, the token comes as `Authorization: Bearer TOKEN`. 200 and
`{"kept": n}` say that its n drawings are on the disk; every other answer is one line that says why
none of them is kept. Whatever the body is called, it is read as what it is.
"""

import errno
import hmac
import sys
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, request

from files.drawings import DataError, LabelledDrawing, parse
from hosting.collect.rate_limit import Allowance
from hosting.collect.store import Collection, Full
from hosting.serve.channel import BODY_BYTES

REQUESTS = 240  # a minute: a class of thirty, each a few times
BYTES = 32 << 20  # a minute: thirty thousand digits; to check them takes seconds
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

Answer = tuple[Any, int, dict[str, str]]


def reception(collection: Collection) -> Blueprint:
    """Return the route that takes drawings in."""
    made = Blueprint("reception", __name__)
    allowance = Allowance(REQUESTS, BYTES)

    @made.post("/collect", provide_automatic_options=False)
    def collect() -> Answer:
        if is_foreign(request.headers):
            return refused(403, "drawings are taken from the page of this server alone")
        if not is_known(request.headers.get("Authorization", ""), collection.token):
            why = "open the link that the server printed when it was started"
            return refused(401, why, {"WWW-Authenticate": "Bearer"})
        request.max_content_length = BODY_BYTES
        body = request.get_data(cache=False)
        if wait := allowance.wait(len(body)):
            why = f"more is sent than is taken in a minute; wait {wait} seconds"
            return refused(429, why, {"Retry-After": str(wait)})
        return taken(collection, body)

    return made


def taken(collection: Collection, body: bytes) -> Answer:
    """Keep a body's drawings; the answer."""
    try:
        drawings = drawings_in(body)
        collection.keep(drawings)
    except DataError as error:
        return refused(400, str(error))
    except Full:
        return refused(507, "the file of drawings has reached its largest size here")
    except OSError as error:
        print(f"digitpad: {collection.file}: {error.strerror}", file=sys.stderr, flush=True)
        if error.errno in NO_ROOM:
            return refused(507, "no room is left on the disk here")
        return refused(500, "the drawings could not be written here")
    return {"kept": len(drawings)}, 200, {"Cache-Control": "no-store"}


def drawings_in(body: bytes) -> list[LabelledDrawing]:
    """All drawings of a drawings file. Raises DataError, which names the line."""
    try:
        lines = body.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise DataError("the drawings are not in UTF-8") from None
    numbered = enumerate(lines, 1)
    drawings = [parse(line, f"line {number}") for number, line in numbered if line.strip()]
    if not drawings:
        raise DataError("there is no drawing in it")
    return drawings


def is_foreign(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that another site's page asks."""
    host = headers.get("Host", "").lower()
    own = (f"http://{host}", f"https://{host}")  # the latter where a proxy stands before
    if headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return True
    return headers.get("Origin", own[0]).lower() not in own


def is_known(authorization: str, token: str) -> bool:
    """Whether it is `Bearer TOKEN`; takes as long for any token."""
    scheme, _, given = authorization.partition(" ")
    same = hmac.compare_digest(given.strip().encode(), token.encode())
    return same and scheme.lower() == "bearer"


def refused(status: int, why: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer of one line."""
    said = f"{status} {HTTPStatus(status).phrase}: {why}\n"
    sent = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    return said, status, sent | dict(headers or {})
