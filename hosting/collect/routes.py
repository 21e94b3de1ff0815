"""Route `POST /collect`, which stores drawings in a collection.

The body is a drawings file in UTF-8, whatever its Content-Type. The token comes as
`Authorization: Bearer TOKEN`. 200 with `{"kept": n}` means that all n drawings are on disk; any
other response is one line that says why none is stored.
"""

import errno
import hmac
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, request

from files.drawings import DataError, LabelledDrawing, parse
from hosting.collect.rate_limit import RateLimit
from hosting.collect.store import Collection, StorageFull
from hosting.serve.channel import BODY_BYTES

REQUESTS_PER_MINUTE = 240  # a class of thirty, each a few times
BYTES_PER_MINUTE = 32 << 20  # thirty thousand digits, which take seconds to check
DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

Response = tuple[Any, int, dict[str, str]]


def collect_routes(collection: Collection) -> Blueprint:
    """Return a blueprint with the route `POST /collect`."""
    routes = Blueprint("collect", __name__)
    rate_limit = RateLimit(REQUESTS_PER_MINUTE, BYTES_PER_MINUTE)
    warned = threading.Event()

    @routes.post("/collect", provide_automatic_options=False)
    def collect() -> Response:
        if is_cross_site(request.headers):
            if "Sec-Fetch-Site" not in request.headers and not warned.is_set():
                warned.set()  # once: anybody can cause it
                warn_of_proxy(request.headers)
            return error_response(403, "only the page of this server may send drawings")
        if not has_valid_token(request.headers.get("Authorization", ""), collection.token):
            why = "open the link that the server printed when it was started"
            return error_response(401, why, {"WWW-Authenticate": "Bearer"})
        request.max_content_length = BODY_BYTES
        body = request.get_data(cache=False)
        if wait := rate_limit.seconds_until_allowed(len(body)):
            why = f"rate limit exceeded; wait {wait} seconds"
            return error_response(429, why, {"Retry-After": str(wait)})
        return save_drawings(collection, body)

    return routes


def save_drawings(collection: Collection, body: bytes) -> Response:
    """Store the drawings of a request body; return the response."""
    try:
        drawings = drawings_in(body)
        collection.keep(drawings)
    except DataError as error:
        return error_response(400, str(error))
    except StorageFull:
        return error_response(507, "the folder for drawings on the server is full")
    except OSError as error:
        print(f"digitpad: {collection.folder}: {error.strerror}", file=sys.stderr, flush=True)
        if error.errno in DISK_FULL:
            return error_response(507, "the disk of the server is full")
        return error_response(500, "the server could not write the drawings")
    return {"kept": len(drawings)}, 200, {"Cache-Control": "no-store"}


def drawings_in(body: bytes) -> list[LabelledDrawing]:
    """Parse a drawings file. Raises DataError, which names the line."""
    try:
        lines = body.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise DataError("the drawings are not in UTF-8") from None
    numbered = enumerate(lines, 1)
    drawings = [parse(line, f"line {number}") for number, line in numbered if line.strip()]
    if not drawings:
        raise DataError("the request contains no drawing")
    return drawings


def is_cross_site(headers: Mapping[str, str]) -> bool:
    """Tell whether the browser marks the request as coming from another site's page.

    Sec-Fetch-Site is the browser's own comparison, whatever Host a proxy sends on. Browsers send it
    over HTTPS and to localhost; else `Origin` has to name this host. Programs send neither.
    """
    if site := headers.get("Sec-Fetch-Site"):
        return site != "same-origin"
    origin = headers.get("Origin")
    return origin is not None and origin.lower() not in own_origins(headers)


def own_origins(headers: Mapping[str, str]) -> set[str]:
    """Return the origins that a browser may give for a page of this server.

    X-Forwarded-Host is there only if the operator trusts the proxy. Several proxies make a list of
    it, and some name the port in X-Forwarded-Port; scripts of other sites can send neither.
    """
    hosts = listed(headers.get("X-Forwarded-Host") or headers.get("Host", ""))
    ports = listed(headers.get("X-Forwarded-Port", ""))
    named = {host for host in hosts if ":" in host.rpartition("]")[2]}
    named |= {f"{host}:{port}" for host in hosts - named for port in ports}
    # HTTPS ends at a proxy; some name the default port, which browsers leave out.
    return {
        f"{scheme}://{name}"
        for host in hosts | named
        for scheme, port in (("http", ":80"), ("https", ":443"))
        for name in (host, host.removesuffix(port))
    }


def listed(value: str) -> set[str]:
    """Return the values of a header that several proxies may have extended, in lower case."""
    return {each.strip().strip('"').lower() for each in value.split(",")} - {""}


def warn_of_proxy(headers: Mapping[str, str]) -> None:
    """Tell the operator that a proxy may be the reason why drawings are refused."""
    host = headers.get("X-Forwarded-Host") or headers.get("Host", "")
    origin, host = (ascii(each[:100]) for each in (headers.get("Origin", ""), host))
    print(
        f"digitpad: drawings from a page of {origin} are refused, because this server is asked as "
        f"{host}: if that is a proxy's address, see docs/hosting.md#behind-a-proxy",
        file=sys.stderr,
        flush=True,
    )


def has_valid_token(authorization: str, token: str) -> bool:
    """Tell whether the header is `Bearer TOKEN`, comparing in constant time."""
    scheme, _, given = authorization.partition(" ")
    same = hmac.compare_digest(given.strip().encode(), token.encode())
    return same and scheme.lower() == "bearer"


def error_response(status: int, why: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a plain-text response of one line."""
    said = f"{status} {HTTPStatus(status).phrase}: {why}\n"
    sent = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    return said, status, sent | dict(headers or {})
