"""Serve files over WSGI: ETag, ranges, precompressed variants and the common headers."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from whitenoise import WhiteNoise

from hosting.headers import HASHED_FOLDER, HEADERS, IMMUTABLE, NO_CACHE

HASHED_PATH = re.compile(f"/{HASHED_FOLDER}/")
CACHEABLE = ("200", "206", "304")  # errors under a hashed folder must not be cached


def with_files(site: Path, application: Callable) -> Callable:
    """Wrap a WSGI application so that files under `site` take precedence."""
    files = WhiteNoise(
        application,
        root=str(site),
        index_file=True,
        autorefresh=True,  # an export replaces the model while the server runs
        max_age=None,
        allow_all_origins=False,
        mimetypes={".webmanifest": "application/manifest+json"},  # unknown to WhiteNoise
    )

    def answer(environ: dict, start_response: Callable) -> Iterable[bytes]:
        try:
            return files(environ, start_response)
        except OSError:  # deleted meanwhile, or unreadable
            return application(environ, start_response)

    return answer


def with_headers(application: Callable) -> Callable:
    """Wrap a WSGI application so that every response has the headers of hosting/headers.py."""

    def answer(environ: dict, start_response: Callable) -> Iterable[bytes]:
        is_hashed = HASHED_PATH.match(environ["PATH_INFO"])

        def start(status: str, headers: list[tuple[str, str]], *error: object) -> Callable:
            cache = IMMUTABLE if is_hashed and status.startswith(CACHEABLE) else NO_CACHE
            sent = {"Cache-Control": cache, **dict(headers), **HEADERS}
            if not status.startswith("304"):
                # WhiteNoise omits it for empty bodies, which would end the connection.
                sent.setdefault("Content-Length", "0")
            return start_response(status, list(sent.items()), *error)

        return application(environ, start)

    return answer
