"""The list of the page's files that its service worker keeps: `python -m files.precache`.

web/files.js has each file's checksum, in the form of the `integrity` attribute. The export writes
it anew; so must whoever changes a file of the page by hand, or visitors keep the old page.
"""

import base64
import hashlib
import json
from pathlib import Path

from files.atomic import replace

LIST = "files.js"
OWN = {LIST, "sw.js"}  # browsers fetch these two by themselves, to see whether there is news
KEPT = {".bin", ".css", ".html", ".js", ".json", ".png", ".svg", ".webmanifest"}


def main() -> None:
    """Write the list of web/."""
    web = Path(__file__).parents[1] / "web"
    write(web)
    print(f"wrote {web / LIST}")


def write(web: Path) -> None:
    """Write the list of a page's folder."""
    replace(web / LIST, lambda file: file.write(listing(web).encode()))


def listing(web: Path) -> str:
    """The list as JavaScript, with a version that changes as soon as any file does."""
    files = {
        path.relative_to(web).as_posix(): integrity(path.read_bytes())
        for path in sorted(web.rglob("*"))
        if path.suffix in KEPT and not hidden(path.relative_to(web))
    }
    files = {name: checksum for name, checksum in files.items() if name not in OWN}
    text = json.dumps(files, indent=2)
    version = hashlib.sha256(text.encode()).hexdigest()[:16]
    said = "// Written by `python -m files.precache`: what sw.js keeps, with checksums.\n"
    return f'{said}self.VERSION = "{version}";\nself.FILES = {text};\n'


def hidden(path: Path) -> bool:
    """Whether a path leads through what an export writes aside."""
    return any(part.startswith(".") for part in path.parts)


def integrity(content: bytes) -> str:
    """`sha256-…`, as https://www.w3.org/TR/SRI/ has it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content).digest()).decode()


if __name__ == "__main__":
    main()
