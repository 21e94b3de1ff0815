"""Log each response on stderr: time, client, method, path, status, bytes, milliseconds.

    2026-11-23T19:35:00+00:00 127.0.0.1 GET /model/meta.json 200 3334 1.2

Spaces separate the seven fields. Method and path are percent-encoded, so that no request can
forge a line, a field or a terminal escape sequence. Query strings are omitted for privacy.
"""

import logging
import sys
from datetime import UTC, datetime
from urllib.parse import quote

MAX_FIELD = 200  # characters of a method or a path, which may have kilobytes

log = logging.getLogger("digitpad.access")
log.propagate = False
log.setLevel(logging.CRITICAL)  # off until enable() is called


def enable() -> None:
    """Start logging."""
    if not log.handlers:
        log.addHandler(logging.StreamHandler(sys.stderr))
    log.setLevel(logging.INFO)


def log_response(
    client: str, method: str, path: str, status: str, size: int, seconds: float
) -> None:
    """Log one response.

    Args:
        client: IP address.
        method: as received.
        path: decoded, one character per byte, as WSGI's PATH_INFO.
        status: for example `404 Not Found`.
        size: bytes of the body.
        seconds: from the complete request to the complete response, without sending it.
    """
    if log.isEnabledFor(logging.INFO):
        when = datetime.now(UTC).isoformat(timespec="seconds")
        code, milliseconds = status.split()[0], f"{1000 * seconds:.1f}"
        fields = [when, client, escape(method), escape(path), code, str(size), milliseconds]
        log.info("%s", " ".join(fields))


def escape(text: str) -> str:
    """Percent-encode a text and truncate it to MAX_FIELD; return a dash if it is empty."""
    short = quote(text[:MAX_FIELD], safe="/-._~!$&()*+,;=:@", encoding="latin-1", errors="replace")
    return short + ("..." if len(text) > MAX_FIELD else "") or "-"
