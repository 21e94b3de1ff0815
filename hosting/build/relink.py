"""Rewrite the links of pages and manifest to files that moved into the hashed folder."""

import json
from collections.abc import Callable
from html.parser import HTMLParser

from hosting.headers import META_POLICY

LINKS = {"href", "src"}
# Attributes that can refer to files or run scripts and that no page uses yet. They fail the build,
# because a link in them would not be rewritten.
UNSUPPORTED = {"srcset", "imagesrcset", "poster", "data", "action", "background", "style"}

NOT_FOUND = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="{policy}">
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
    <meta name="color-scheme" content="light dark">
    <title>Not found: digitpad</title>
    <link rel="icon" href="{base}{folder}/favicon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="{base}{folder}/style.css">
  </head>
  <body>
    <main class="form">
      <h1>Nothing is here</h1>
      <p class="note">Numbers are read at <a href="{base}">digitpad</a>.</p>
    </main>
  </body>
</html>
"""

MapLink = Callable[[str], str]


class SiteError(ValueError):
    """The site cannot be built. The message is one line: reason and remedy."""


class LinkParser(HTMLParser):
    """Collect links: `found` lists (text of the start tag, attribute, value)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the links of a tag. Raises SiteError for attributes that cannot be rewritten."""
        text = self.get_starttag_text() or ""
        for name, value in attrs:
            if name in UNSUPPORTED or name.startswith("on"):
                raise SiteError(f"{text}: hosting/build/relink.py does not support {name}")
            if name not in LINKS:
                continue
            if value is None or f'{name}="{value}"' not in text:
                raise SiteError(f'{text}: write its {name} as {name}="…"')
            self.found.append((text, name, value))


def relink(page: str, map_link: MapLink) -> str:
    """Replace each link of a page by `map_link(link)`. Raises SiteError, as `map_link` may."""
    links = LinkParser()
    links.feed(page)
    links.close()
    for tag, name, value in links.found:
        moved = tag.replace(f' {name}="{value}"', f' {name}="{map_link(value)}"')
        page = page.replace(tag, moved)
    return page


def relink_manifest(manifest: str, map_link: MapLink) -> str:
    """Rewrite the icon links of the web app manifest. Raises SiteError."""
    document = json.loads(manifest)
    if document["start_url"] != "./" or document["scope"] != "./":
        raise SiteError("manifest.webmanifest: start_url and scope must be ./")
    for icon in document["icons"]:
        icon["src"] = map_link(icon["src"])
    return json.dumps(document, indent=2) + "\n"


def not_found_page(base: str, folder: str) -> str:
    """Return the 404 page. Its links are absolute, since it is served at any depth."""
    return NOT_FOUND.format(policy=META_POLICY, base=base, folder=folder)
