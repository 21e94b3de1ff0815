"""Headers as Netlify and Cloudflare Pages take them: the file `_headers`."""

from hosting.headers import FRESH, HEADERS, LASTING

# Cloudflare Pages serves pages without `.html` too, and leads there.
KEEPING_THEIR_ADDRESS = ("", "index.html", "embed.html", "embed", "manifest.webmanifest") + (
    ("sw.js", "files.js", "digit-pad.js", "recognizer.js")
)


def headers_file(base: str, folders: list[str]) -> str:
    """The text of `_headers` for a site at `base` with those hashed folders.

    Where several rules match, Cloudflare Pages joins a header's values with commas
    (https://developers.cloudflare.com/pages/configuration/headers/), and Netlify does not say what
    it does: so no header stands in two rules that match the same address.
    """
    rules = {f"{base}*": HEADERS}
    rules |= {f"{base}{name}/*": {"Cache-Control": LASTING} for name in folders}
    rules |= {f"{base}{name}": {"Cache-Control": FRESH} for name in KEEPING_THEIR_ADDRESS}
    return "".join(
        f"{path}\n" + "".join(f"  {name}: {value}\n" for name, value in said.items())
        for path, said in rules.items()
    )
