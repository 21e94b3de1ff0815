"""Write the service worker's precache list, web/files.js: `python -m files.precache`.

The list holds a checksum for each file, in the form of the `integrity` attribute, and the parts
that index.html must have, also where a host alters it. The export rewrites it. After editing a file
in web/ by hand, run the command; otherwise visitors keep the old page.
"""

import base64
import hashlib
import json
import re
from pathlib import Path

from files.atomic import write_atomically

FILE_LIST = "files.js"
NOT_CACHED = {FILE_LIST, "sw.js"}  # browsers fetch these two themselves to look for updates
# Attributes by which the page finds its scripts and its scripts find their elements; values with
# spaces are no such names.
PART = re.compile(r'\s((?:href|id|src)="[^"\s]+"|type="module")')
OPTIONAL_SUFFIXES = (".png", ".svg", ".webmanifest")  # see web/sw.js
CACHED_SUFFIXES = {".bin", ".css", ".html", ".js", ".json", ".png", ".svg", ".webmanifest"}


def main() -> None:
    """Write web/files.js."""
    web = Path(__file__).parents[1] / "web"
    write(web)
    print(f"wrote {web / FILE_LIST}")


def write(web: Path) -> None:
    """Write the precache list of a folder that holds a copy of web/."""
    write_atomically(web / FILE_LIST, lambda file: file.write(listing(web).encode()))


def listing(web: Path) -> str:
    """Return the list as JavaScript, with a version that changes when any file changes."""
    files = {name: integrity((web / name).read_bytes()) for name in cached_names(web)}
    text = json.dumps(files, indent=2)
    version = hashlib.sha256(text.encode()).hexdigest()[:16]
    header = "// Written by `python -m files.precache`: what sw.js keeps, with checksums.\n"
    parts = json.dumps(page_parts(web / "index.html"))
    return f'{header}self.VERSION = "{version}";\nself.FILES = {text};\nself.PARTS = {parts};\n'


def cached_names(web: Path) -> list[str]:
    """Return the files that the service worker keeps, as paths relative to `web` with slashes."""
    paths = [path.relative_to(web) for path in sorted(web.rglob("*"))]
    names = [p.as_posix() for p in paths if p.suffix in CACHED_SUFFIXES and not hidden(p)]
    return [name for name in names if name not in NOT_CACHED]


def page_parts(page: Path) -> list[str]:
    """Return the attributes, without quotes, that the page does not work without."""
    html = page.read_text(encoding="utf-8") if page.is_file() else ""
    parts = dict.fromkeys(part.replace('"', "") for part in PART.findall(html))
    return [part for part in parts if not part.endswith(OPTIONAL_SUFFIXES)]


def hidden(path: Path) -> bool:
    """Check for a part that starts with a dot, such as an export's temporary folder."""
    return any(part.startswith(".") for part in path.parts)


def integrity(content: bytes) -> str:
    """Return `sha256-…` as defined by https://www.w3.org/TR/SRI/."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content).digest()).decode()


if __name__ == "__main__":
    main()
