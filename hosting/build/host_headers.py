"""Write `_headers`, the header rules of Netlify and Cloudflare Pages."""

from hosting.headers import HEADERS, IMMUTABLE, NO_CACHE

# Cloudflare Pages redirects to URLs without `.html`.
STABLE_PATHS = ("", "index.html", "embed.html", "embed", "manifest.webmanifest") + (
    ("sw.js", "files.js", "digit-pad.js", "recognizer.js", "first-stroke.js")
)


def headers_file(base: str, folders: list[str]) -> str:
    """Return the content of `_headers` for a site at `base` with these hashed folders.

    If several rules match, Cloudflare Pages joins a header's values with commas
    (https://developers.cloudflare.com/pages/configuration/headers/); Netlify does not document its
    behaviour. So no header occurs in two rules that match the same URL.
    """
    rules = {f"{base}*": HEADERS}
    rules |= {f"{base}{name}/*": {"Cache-Control": IMMUTABLE} for name in folders}
    rules |= {f"{base}{name}": {"Cache-Control": NO_CACHE} for name in STABLE_PATHS}
    return "".join(
        f"{path}\n" + "".join(f"  {name}: {value}\n" for name, value in headers.items())
        for path, headers in rules.items()
    )
