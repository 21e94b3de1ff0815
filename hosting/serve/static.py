"""Files as WSGI answers: ETag, ranges, precompressed variants, and every header that they need."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from whitenoise import WhiteNoise

from hosting.headers import FRESH, HASHED, HEADERS, LASTING

LASTS = re.compile(f"/{HASHED}/")
WHOLE = ("200", "206", "304")  # a refusal under that folder does not last


def with_files(site: Path, application: Callable) -> Callable:
    """Return the WSGI application that serves the files under `site`, else what the other does."""
    files = WhiteNoise(
        application,
        root=str(site),
        index_file=True,
        autorefresh=True,  # looks at the disk on each request: an export swaps the model
        max_age=None,
        allow_all_origins=False,
        mimetypes={".webmanifest": "application/manifest+json"},  # not among WhiteNoise's own
    )

    def answer(environ: dict, start_response: Callable) -> Iterable[bytes]:
        try:
            return files(environ, start_response)
        except OSError:  # a file that went away just now, or may not be read
            return application(environ, start_response)

    return answer


def with_headers(application: Callable) -> Callable:
    """Return the WSGI application whose every answer carries the list of hosting/headers.py."""

    def answer(environ: dict, start_response: Callable) -> Iterable[bytes]:
        lasts = LASTS.match(environ["PATH_INFO"])

        def start(status: str, headers: list[tuple[str, str]], *error: object) -> Callable:
            cache = LASTING if lasts and status.startswith(WHOLE) else FRESH
            sent = {"Cache-Control": cache, **dict(headers), **HEADERS}
            if not status.startswith("304"):
                # WhiteNoise leaves it out of answers without a body; the connection would end.
                sent.setdefault("Content-Length", "0")
            return start_response(status, list(sent.items()), *error)

        return application(environ, start)

    return answer
