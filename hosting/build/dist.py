"""Build `dist/`, the site for static hosts, from web/.

`dist/<hash>/` contains modules, model, styles and icons. A change of any file changes the URL of
all of them, so browsers can cache them forever and never mix versions. Files that need a stable
URL stay outside: the pages, the service worker with its precache list, and for sites that embed
the pad `digit-pad.js` and `recognizer.js`, which re-export the modules in the folder, and a copy of
`first-stroke.js`, which is no module.
"""

import gzip
import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import brotli

from files import precache
from files.atomic import replace_folder
from hosting.build import host_headers
from hosting.build.relink import SiteError, not_found_page, relink, relink_manifest
from hosting.headers import HASHED_FOLDER

PAGES = ("index.html", "embed.html")
MANIFEST = "manifest.webmanifest"
NOT_HASHED = {*PAGES, MANIFEST, "sw.js", "files.js"}  # a service worker controls only its folder
STABLE_URLS = ("digit-pad.js", "recognizer.js")
STABLE_COPY = "first-stroke.js"
FORWARDER = re.compile(rf'export \* from "\./({HASHED_FOLDER})/.+";\n')
BASE = re.compile(r"/([A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*")
COMPRESSED = {".bin", ".css", ".html", ".js", ".json", ".svg", ".webmanifest"}
MAX_COMPRESSED_RATIO = 0.95  # larger variants are not worth a file


@dataclass(frozen=True)
class BuildResult:
    """Result of a build: hashed folder, folders kept from earlier builds, file count, bytes."""

    folder: str
    kept: list[str]
    files: int
    size: int


def build(web: Path, out: Path, base: str = "/") -> BuildResult:
    """Build the site in `out`. An error leaves `out` unchanged.

    Args:
        web: the page's folder.
        out: folder to write; missing, empty or an earlier build.
        base: path of the site on its host, for example `/digitpad/`.

    Raises:
        SiteError: a page links to a missing file, or `out` is not an earlier build.
        BlockingIOError: another build is writing `out`.
        OSError: a file cannot be read or written.
    """
    if not BASE.fullmatch(base):
        raise SiteError(f"{base!r} is not a valid base path: use / or a path such as /digitpad/")
    with replace_folder(out) as staging:
        latest = current_folder(out)
        files = list_files(web)
        hashed = [name for name in files if name not in NOT_HASHED]
        folder = content_hash(web, hashed)

        def map_link(link: str) -> str:
            if link in hashed:
                return f"{folder}/{link}"
            if link in files or link == "./":
                return link
            raise SiteError(f"{web}: a page links to {link}, which is missing: `git checkout web`")

        for name in hashed:
            copy(web / name, staging / folder / name)
        for name in PAGES:
            write(staging / name, relink(read(web / name), map_link))
        write(staging / MANIFEST, relink_manifest(read(web / MANIFEST), map_link))
        copy(web / "sw.js", staging / "sw.js")
        precache.write(staging)  # before files that the page does not request
        for name in STABLE_URLS:
            write(staging / name, f'export * from "./{folder}/{name}";\n')  # matches FORWARDER
        copy(web / STABLE_COPY, staging / STABLE_COPY)
        write(staging / "404.html", not_found_page(base, folder))
        write(staging / ".nojekyll", "")  # GitHub Pages: publish the files as they are
        kept = previous_builds(out, latest, folder)
        for name in kept:
            shutil.copytree(out / name, staging / name)
        compress(staging)
        write(staging / "_headers", host_headers.headers_file(base, [folder, *kept]))
        sizes = [path.stat().st_size for path in staging.rglob("*") if path.is_file()]
    return BuildResult(folder, kept, len(sizes), sum(sizes))


def list_files(web: Path) -> list[str]:
    """Return the relative paths of the page's files, without type declarations."""
    paths = [path.relative_to(web) for path in web.rglob("*") if path.is_file()]
    named = [path for path in paths if not precache.hidden(path) and path.suffix != ".ts"]
    return sorted(path.as_posix() for path in named)


def content_hash(web: Path, names: list[str]) -> str:
    """Return 16 hexadecimal digits of SHA-256 over the paths and contents of these files."""
    digest = hashlib.sha256()
    for name in names:
        digest.update(f"{name} {hashlib.sha256((web / name).read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:16]


def current_folder(out: Path) -> str | None:
    """Return the hashed folder of the site in `out`, None if empty. Raises SiteError."""
    if not out.exists() or not any(out.iterdir()):
        return None
    try:
        found = FORWARDER.fullmatch(read(out / STABLE_URLS[0]))
    except (OSError, ValueError):
        found = None
    if not found:
        raise SiteError(f"{out} is not a built site: move it or choose another --out")
    return found[1]


def previous_builds(out: Path, latest: str | None, folder: str) -> list[str]:
    """Return the hashed folders of earlier builds to keep.

    A tab opened before this version is published requests modules that it loads later, such as the
    picture reader, at their old URLs. One earlier version is enough: even older tabs report that a
    module could not be loaded. A rebuild of the same content keeps the same folders.
    """
    if latest is None:
        return []
    names = [latest] if latest != folder else sorted(path.name for path in out.iterdir())
    others = (name for name in names if re.fullmatch(HASHED_FOLDER, name) and name != folder)
    return [name for name in others if (out / name).is_dir()]


def compress(site: Path) -> None:
    """Write `.br` and `.gz` variants of each file if they save at least 5%."""
    for path in sorted(site.rglob("*")):
        if path.suffix not in COMPRESSED or not path.is_file():
            continue
        content = path.read_bytes()
        variants = {".br": brotli.compress(content), ".gz": gzip.compress(content, mtime=0)}
        for suffix, variant in variants.items():
            if len(variant) <= MAX_COMPRESSED_RATIO * len(content):
                path.with_name(path.name + suffix).write_bytes(variant)


def read(path: Path) -> str:
    """Return a text file's content."""
    return path.read_text(encoding="utf-8")


def write(path: Path, text: str) -> None:
    """Write a UTF-8 text file without newline conversion."""
    path.write_bytes(text.encode())


def copy(source: Path, target: Path) -> None:
    """Copy a file without its permissions, so that a web server can read it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
