"""Pages and manifest whose files have moved into a folder beside them."""

import json
from collections.abc import Callable
from html.parser import HTMLParser

from hosting.headers import META_POLICY

LINKS = {"href", "src"}
# Attributes that name files, or run, in ways that no page of ours does: better no site than one
# with a link that leads nowhere.
UNKNOWN = {"srcset", "imagesrcset", "poster", "data", "action", "background", "style"}

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

Move = Callable[[str], str]


class SiteError(ValueError):
    """The site cannot be made: one line that says why and what to do."""


class Links(HTMLParser):
    """Finds the start tags that name files: `found` has each tag's text, attribute and value."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the links of a tag. Raises SiteError for those that nobody could follow."""
        text = self.get_starttag_text() or ""
        for name, value in attrs:
            if name in UNKNOWN or name.startswith("on"):
                raise SiteError(f"{text} has {name}: teach hosting/build/relink.py about it")
            if name not in LINKS:
                continue
            if value is None or f'{name}="{value}"' not in text:
                raise SiteError(f'{text}: write its {name} as {name}="…"')
            self.found.append((text, name, value))


def relinked(page: str, move: Move) -> str:
    """The page with `move(link)` in place of each link. Raises SiteError, as `move` may."""
    links = Links()
    links.feed(page)
    links.close()
    for tag, name, value in links.found:
        moved = tag.replace(f' {name}="{value}"', f' {name}="{move(value)}"')
        page = page.replace(tag, moved)
    return page


def relinked_manifest(manifest: str, move: Move) -> str:
    """The web app manifest with its icons moved; what else it names is the folder that it is in."""
    document = json.loads(manifest)
    if document["start_url"] != "./" or document["scope"] != "./":
        raise SiteError("manifest.webmanifest: start_url and scope have to be ./")
    for icon in document["icons"]:
        icon["src"] = move(icon["src"])
    return json.dumps(document, indent=2) + "\n"


def not_found(base: str, folder: str) -> str:
    """The page for addresses that are nothing, at whatever depth: its links start at the root."""
    return NOT_FOUND.format(policy=META_POLICY, base=base, folder=folder)
