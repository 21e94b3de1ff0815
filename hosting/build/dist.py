"""The site as static hosts take it: `dist/`, made of web/.

`dist/<hash>/` has modules, model, styles and icons: a change of any gives all of them another
address, so that they are kept for ever, and never met in a mixture of versions. Beside it stands
what has to keep its address: the pages, the service worker and its list, and for those who embed
`digit-pad.js` and `recognizer.js`, which lead into the folder.
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
from hosting.build.relink import SiteError, not_found, relinked, relinked_manifest
from hosting.headers import HASHED

PAGES = ("index.html", "embed.html")
MANIFEST = "manifest.webmanifest"
BESIDE = {*PAGES, MANIFEST, "sw.js", "files.js"}  # a service worker governs its own folder alone
STABLE = ("digit-pad.js", "recognizer.js")
LEADS = re.compile(rf'export \* from "\./({HASHED})/.+";\n')
BASE = re.compile(r"/([A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*")
COMPRESSED = {".bin", ".css", ".html", ".js", ".json", ".svg", ".webmanifest"}
WORTH = 0.95  # of its size: above that a compressed variant saves nobody anything


@dataclass(frozen=True)
class Built:
    """What was written: the hashed folder, those kept of earlier builds, files and bytes of all."""

    folder: str
    kept: list[str]
    files: int
    size: int


def build(web: Path, out: Path, base: str = "/") -> Built:
    """Make `out` of the page's folder; after an error `out` is as it was.

    Args:
        web: the page's folder.
        out: what to write; missing, or written by this function before.
        base: where the site will live on its host, as `/digitpad/`.

    Raises:
        SiteError: the page names a file that is not there, or `out` holds something else.
        BlockingIOError: another build is at it.
        OSError: something cannot be read or written.
    """
    if not BASE.fullmatch(base):
        raise SiteError(f"{base!r} is no place for a site: give it as / or as /digitpad/")
    with replace_folder(out) as aside:
        latest = folder_of(out)
        files = files_of(web)
        lasting = [name for name in files if name not in BESIDE]
        folder = hash_of(web, lasting)

        def move(link: str) -> str:
            if link in lasting:
                return f"{folder}/{link}"
            if link in files or link == "./":
                return link
            raise SiteError(f"{web}: a page names {link}, which is not there: `git checkout web`")

        for name in lasting:
            copy(web / name, aside / folder / name)
        for name in PAGES:
            write(aside / name, relinked(read(web / name), move))
        write(aside / MANIFEST, relinked_manifest(read(web / MANIFEST), move))
        copy(web / "sw.js", aside / "sw.js")
        precache.write(aside)  # now: what comes below the page itself never asks for
        for name in STABLE:
            write(aside / name, f'export * from "./{folder}/{name}";\n')  # as LEADS has it
        write(aside / "404.html", not_found(base, folder))
        write(aside / ".nojekyll", "")  # GitHub Pages: publish the files as they are
        kept = outlived(out, latest, folder)
        for name in kept:
            shutil.copytree(out / name, aside / name)
        compress(aside)
        write(aside / "_headers", host_headers.headers_file(base, [folder, *kept]))
        sizes = [path.stat().st_size for path in aside.rglob("*") if path.is_file()]
    return Built(folder, kept, len(sizes), sum(sizes))


def files_of(web: Path) -> list[str]:
    """The files of the page's folder, by path in it, without declarations for the type checker."""
    paths = [path.relative_to(web) for path in web.rglob("*") if path.is_file()]
    named = [path for path in paths if not precache.hidden(path) and path.suffix != ".ts"]
    return sorted(path.as_posix() for path in named)


def hash_of(web: Path, names: list[str]) -> str:
    """A name for these files: another as soon as one of them, or its path, is another."""
    digest = hashlib.sha256()
    for name in names:
        digest.update(f"{name} {hashlib.sha256((web / name).read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:16]


def folder_of(out: Path) -> str | None:
    """The hashed folder of the site in `out`; None where nothing is. Raises SiteError."""
    if not out.exists() or not any(out.iterdir()):
        return None
    try:
        found = LEADS.fullmatch(read(out / STABLE[0]))
    except (OSError, ValueError):
        found = None
    if not found:
        raise SiteError(f"{out} holds something else than a built site: move it, or give --out")
    return found[1]


def outlived(out: Path, latest: str | None, folder: str) -> list[str]:
    """Hashed folders of earlier builds that stay.

    A tab opened before this version is published asks for the parts it has not fetched yet, as the
    reader of pictures, at their old addresses. One version back will do: tabs that are older still
    say that they could not fetch the part. Building the same once more keeps what there was.
    """
    if latest is None:
        return []
    names = [latest] if latest != folder else sorted(path.name for path in out.iterdir())
    return [n for n in names if re.fullmatch(HASHED, n) and n != folder and (out / n).is_dir()]


def compress(site: Path) -> None:
    """Write each file's `.br` and `.gz` beside it, where they are worth it."""
    for path in sorted(site.rglob("*")):
        if path.suffix not in COMPRESSED or not path.is_file():
            continue
        content = path.read_bytes()
        variants = {".br": brotli.compress(content), ".gz": gzip.compress(content, mtime=0)}
        for suffix, variant in variants.items():
            if len(variant) <= WORTH * len(content):
                path.with_name(path.name + suffix).write_bytes(variant)


def read(path: Path) -> str:
    """Return a text file's content."""
    return path.read_text(encoding="utf-8")


def write(path: Path, text: str) -> None:
    """Write a text file as it is given, on any system."""
    path.write_bytes(text.encode())


def copy(source: Path, target: Path) -> None:
    """Copy a file's content, whatever its rights: a web server has to read it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
