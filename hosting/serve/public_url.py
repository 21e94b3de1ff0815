"""Check the address under which other devices reach the page: `server.py --public-url`."""

import re
from urllib.parse import urlsplit

FORBIDDEN = re.compile(r"[\s\x00-\x1f\x7f<>\"\\^`{|}]")
EXAMPLE = "give one like https://pad.example.org/ or http://192.168.1.7:8000/"


def parse_public_url(text: str) -> str:
    """Return the address with a slash at its end. Raises ValueError, one line with a remedy."""
    named = f"--public-url {text[:100]!a}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port  # raises for a port beyond 65535
    except ValueError:
        raise ValueError(f"{named} has an invalid host or port: {EXAMPLE}") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"{named} does not begin with http:// or https://: {EXAMPLE}")
    if not host or FORBIDDEN.search(text) or port == 0:
        raise ValueError(f"{named} has an invalid host or port: {EXAMPLE}")
    if "@" in parts.netloc:
        raise ValueError(f"{named} has a user name, which the link would show: {EXAMPLE}")
    if "?" in text or "#" in text:
        raise ValueError(f"{named} has a part after ? or #, where the link's token goes: {EXAMPLE}")
    return text.rstrip("/") + "/"
