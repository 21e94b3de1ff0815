"""One line for each answer, on stderr: time, client, method, path, status, bytes, milliseconds.

    2026-11-23T19:35:00+00:00 127.0.0.1 GET /model/meta.json 200 3334 1.2

The seven stand between spaces. What a client chooses is written as in a URL, so that no request
can forge a line, a field or a terminal's escape. Query strings are left out: they may tell more
about a visitor than whoever keeps the log should know.
"""

import logging
import sys
from datetime import UTC, datetime
from urllib.parse import quote

LONGEST = 200  # characters of a method or a path; the server takes kilobytes of either

log = logging.getLogger("digitpad.access")
log.propagate = False
log.setLevel(logging.CRITICAL)  # until it is switched on


def switch_on() -> None:
    """Write the log from now on."""
    if not log.handlers:
        log.addHandler(logging.StreamHandler(sys.stderr))
    log.setLevel(logging.INFO)


def note(client: str, method: str, path: str, status: str, size: int, seconds: float) -> None:
    """Write the line of one answer.

    Args:
        client: the address that it went to.
        method: as it came.
        path: without percent signs, a character a byte, as WSGI has it.
        status: as `404 Not Found`.
        size: bytes of the body.
        seconds: from the whole request to the whole answer, without its way to the client.
    """
    if log.isEnabledFor(logging.INFO):
        when = datetime.now(UTC).isoformat(timespec="seconds")
        code, milliseconds = status.split()[0], f"{1000 * seconds:.1f}"
        said = [when, client, escaped(method), escaped(path), code, str(size), milliseconds]
        log.info("%s", " ".join(said))


def escaped(text: str) -> str:
    """Text as in a URL's path, cut off where it is long, a dash where there is none."""
    short = quote(text[:LONGEST], safe="/-._~!$&()*+,;=:@", encoding="latin-1", errors="replace")
    return short + ("..." if len(text) > LONGEST else "") or "-"
