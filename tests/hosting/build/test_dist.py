"""`make site`: the content of dist/, and how it works on static hosts."""

import gzip
import http.server
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache, partial
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urljoin

import brotli
import pytest
from playwright.sync_api import Page, expect

from export.browser.page import WEB
from hosting.build import dist as module
from hosting.build.dist import HASHED_FOLDER, BuildResult, build, list_files
from hosting.build.relink import SiteError, relink, relink_manifest
from hosting.headers import HEADERS, IMMUTABLE, NO_CACHE
from tests.conftest import ROOT, Pen, Strokes
from tests.web.page.test_hosting import expect_reading, open_ready, python_http_server
from tests.web.page.test_offline import CACHED_FOR_OFFLINE, LOOK

BASE = "/digitpad/"
TOP = {"index.html", "embed.html", "404.html", "manifest.webmanifest", "sw.js", "files.js"}
EMBEDDED = {"digit-pad.js", "recognizer.js", "first-stroke.js"}
TOP |= EMBEDDED | {"_headers", ".nojekyll"}
PACKED = {".br", ".gz"}
EMBEDDING = """<!doctype html><title>A shop</title><link rel="icon" href="data:,">
<script type="module" src="{url}digit-pad.js"></script><digit-pad></digit-pad>"""
READ_WITHOUT_PAD = """async ([url, drawing]) => {
    const { loadRecognizer } = await import(`${url}recognizer.js`);
    return (await (await loadRecognizer()).read(drawing)).text;
}"""


@pytest.fixture(scope="module", autouse=True)
def compressed_once() -> Iterator[None]:
    """Cache compressed contents, because the builds differ in a few files only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "brotli", SimpleNamespace(compress=cache(brotli.compress)))
        patch.setattr(module, "gzip", SimpleNamespace(compress=cache(gzip.compress)))
        yield


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """Return a copy of web/ that the test may change."""
    return Path(shutil.copytree(WEB, tmp_path / "web"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return the folder to build in."""
    return tmp_path / "host" / "digitpad"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site for /digitpad/; tests must not change it."""
    out = tmp_path_factory.mktemp("host") / "digitpad"
    build(WEB, out, BASE)
    return out


def contents(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def folders(dist: Path) -> set[str]:
    return {path.name for path in dist.iterdir() if path.is_dir()}


def headers_for(dist: Path, path: str) -> dict[str, str]:
    """Return the headers by `_headers` on a host that joins values, as Cloudflare Pages does."""
    found: dict[str, list[str]] = {}
    applies = False
    for line in (dist / "_headers").read_text().splitlines():
        if line.startswith("/"):
            applies = path.startswith(line[:-1]) if line.endswith("*") else path == line
        elif applies:
            name, value = line.strip().split(": ", 1)
            found.setdefault(name, []).append(value)
    return {name: ", ".join(values) for name, values in found.items()}


class Handler(http.server.SimpleHTTPRequestHandler):
    """A static host that applies `_headers` and records requests."""

    def __init__(self, dist: Path, asked: list[str], *arguments: object) -> None:
        self.dist, self.asked = dist, asked
        super().__init__(*arguments, directory=str(dist.parent))

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def end_headers(self) -> None:
        for name, value in headers_for(self.dist, self.path.split("?")[0]).items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


@pytest.fixture
def serve(servers: ExitStack) -> Callable[[Path], tuple[str, list[str]]]:
    """Return a function that serves a build; it returns the URL and the list of requests."""

    def start(dist: Path) -> tuple[str, list[str]]:
        asked: list[str] = []
        handler = partial(Handler, dist, asked)
        server = servers.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        # `shutdown` waits until a poll ends.
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        servers.callback(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}{BASE}", asked

    return start


def test_all_files_without_a_stable_url_are_in_the_hashed_folder_unchanged(dist: Path) -> None:
    (folder,) = folders(dist)
    assert re.fullmatch(HASHED_FOLDER, folder)
    plain = {name: content for name, content in contents(dist).items() if name[-3:] not in PACKED}
    assert {name for name in plain if "/" not in name} == TOP
    moved = {name.removeprefix(f"{folder}/"): c for name, c in plain.items() if "/" in name}
    hashed = [name for name in list_files(WEB) if name not in TOP - EMBEDDED]
    assert moved == {name: (WEB / name).read_bytes() for name in hashed}
    assert plain["first-stroke.js"] == (WEB / "first-stroke.js").read_bytes()
    assert "vendor/LICENSE.tfjs" in moved and "model/meta.json" in moved


def test_each_compressed_variant_matches_its_file_and_is_smaller(dist: Path) -> None:
    files = contents(dist)
    unpack = {".br": brotli.decompress, ".gz": gzip.decompress}
    packed = [name for name in files if name[-3:] in PACKED]
    assert len(packed) > 60
    for name in packed:
        assert unpack[name[-3:]](files[name]) == files[name[:-3]]
        assert len(files[name]) < len(files[name[:-3]])
    heavy = {name for name in files if len(files[name]) > 2000 and not name.endswith(".png")}
    heavy = {name for name in heavy if name[-3:] not in PACKED and "LICENSE" not in name}
    assert {f"{name}{suffix}" for name in heavy for suffix in PACKED} <= set(packed)


class LinkChecker(HTMLParser):
    """Collect a page's links, and its inline scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.links += [named[name] for name in ("href", "src") if name in named]
        if tag == "style" or (tag == "script" and not named.get("src")):
            self.inline.append(tag)
        self.inline += [name for name in named if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("name", ["index.html", "embed.html", "404.html"])
def test_every_link_of_a_page_resolves_and_nothing_is_inline(dist: Path, name: str) -> None:
    checked = LinkChecker()
    checked.feed((dist / name).read_text())
    assert checked.links and checked.inline == []
    for link in checked.links:
        path = urljoin(BASE + name, link)
        assert path.startswith(BASE)
        assert (dist / (path.removeprefix(BASE) or "index.html")).is_file(), link


def test_the_manifest_starts_the_page_and_its_icons_exist(dist: Path) -> None:
    manifest = json.loads((dist / "manifest.webmanifest").read_text())
    assert (manifest["start_url"], manifest["scope"]) == ("./", "./")
    assert len(manifest["icons"]) == 4
    assert all((dist / icon["src"]).is_file() for icon in manifest["icons"])


def test_the_service_worker_keeps_the_page_and_nothing_else(dist: Path) -> None:
    (folder,) = folders(dist)
    kept = set(re.findall(r'^  "(.+)": "sha256-', (dist / "files.js").read_text(), re.MULTILINE))
    assert {"index.html", "manifest.webmanifest", f"{folder}/app.js"} < kept
    assert not kept & {"404.html", "sw.js", "files.js", *EMBEDDED}
    assert (dist / "sw.js").read_bytes() == (WEB / "sw.js").read_bytes()


def test_each_header_is_sent_once_and_only_the_hashed_folder_is_immutable(dist: Path) -> None:
    (folder,) = folders(dist)
    for path in ["", "embed", *(set(contents(dist)) - {"_headers", ".nojekyll", "404.html"})]:
        if path[-3:] in PACKED:
            continue
        caching = IMMUTABLE if path.startswith(f"{folder}/") else NO_CACHE
        assert headers_for(dist, BASE + path) == HEADERS | {"Cache-Control": caching}, path
    assert headers_for(dist, BASE + "nothing") == HEADERS


def test_building_twice_gives_the_same_bytes(
    web: Path, out: Path, dist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(web, out, BASE)
    once = contents(out)
    monkeypatch.setattr(module, "brotli", brotli)  # compresses again
    monkeypatch.setattr(module, "gzip", gzip)
    build(web, out, BASE)
    assert once == contents(out) == contents(dist)


def test_any_change_of_content_renames_the_folder(web: Path, out: Path) -> None:
    first = build(web, out).folder
    change(web / "index.html")
    assert build(web, out).folder == first
    change(web / "model" / "meta.json")
    second = build(web, out).folder
    (web / "ink/render.js").rename(web / "ink/new.js")
    index = (web / "index.html").read_text()
    (web / "index.html").write_text(index.replace('"ink/render.js"', '"ink/new.js"'))
    assert len({first, second, build(web, out).folder}) == 3


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def test_the_previous_build_is_kept_and_older_ones_are_removed(web: Path, out: Path) -> None:
    builds: list[BuildResult] = []
    for _ in range(3):
        change(web / "app.js")
        builds.append(build(web, out, BASE))
    names = [built.folder for built in builds]
    assert [built.kept for built in builds] == [[], [names[0]], [names[1]]]
    assert folders(out) == set(names[1:])
    assert headers_for(out, f"{BASE}{names[1]}/app.js")["Cache-Control"] == IMMUTABLE
    whole = contents(out)
    assert build(web, out, BASE).kept == [names[1]], "the same after a rebuild"
    assert contents(out) == whole


@pytest.mark.parametrize("missing", ["app.js", "icons/512.png", "manifest.webmanifest", "sw.js"])
def test_a_failure_leaves_the_old_site(web: Path, out: Path, missing: str) -> None:
    build(web, out)
    before = contents(out.parent)
    change(web / "style.css")
    (web / missing).unlink()
    with pytest.raises((SiteError, FileNotFoundError), match=re.escape(missing)):
        build(web, out)
    assert contents(out.parent) == before


def test_a_folder_of_something_else_is_not_replaced(web: Path, out: Path) -> None:
    for name in ("thesis.txt", "digit-pad.js"):
        out.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("years of work")
        with pytest.raises(SiteError, match="is not a built site"):
            build(web, out)
        assert (out / name).read_text() == "years of work"


@pytest.mark.parametrize("base", ["", "digitpad/", "/digitpad", "//evil.example/", '/"/', "/../"])
def test_an_invalid_base_path_is_rejected(web: Path, out: Path, base: str) -> None:
    with pytest.raises(SiteError, match="is not a valid base path: use / or a path such as "):
        build(web, out, base)
    assert not out.exists()


@pytest.mark.parametrize(
    "page",
    [
        *("<img src=plain.png>", "<img src='single.png'>", "<a href>", '<img srcset="a.png 2x">'),
        *('<body onload="run()">', '<p style="color: red">', '<form action="elsewhere">'),
        *('<img src="unknown.png">', '<a href="a&amp;b.html">'),
    ],
)
def test_links_that_cannot_be_rewritten_are_rejected(page: str) -> None:
    def move(link: str) -> str:
        if link != "known.png":
            raise SiteError(link)
        return f"moved/{link}"

    assert relink('<img src="known.png">', move) == '<img src="moved/known.png">'
    with pytest.raises(SiteError):
        relink(page, move)


def test_a_manifest_with_another_start_url_is_rejected() -> None:
    manifest = json.dumps({"start_url": "/", "scope": "./", "icons": []})
    with pytest.raises(SiteError, match="start_url and scope must be"):
        relink_manifest(manifest, str)


def test_the_command_reports_its_output_and_errors_in_one_line(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "hosting", "--out", str(tmp_path / "dist"), *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    written = run("--base", BASE)
    assert (written.returncode, written.stderr) == (0, "")
    assert written.stdout.splitlines()[-1].startswith(f"publish {tmp_path}/dist/, all of it, at")
    wrong = run("--base", "digitpad")
    assert wrong.returncode == 1 and wrong.stdout == ""
    assert wrong.stderr == (
        "digitpad: 'digitpad' is not a valid base path: use / or a path such as /digitpad/\n"
    )


def test_any_static_host_serves_a_page_that_reads(
    page: Page, dist: Path, servers: ExitStack, drawings: dict[str, Strokes], draw: Pen
) -> None:
    host = servers.enter_context(python_http_server(dist.parent))
    open_ready(page, f"{host}digitpad/")
    for label in "407":
        expect_reading(page, drawings[label], draw, label)


def test_after_one_visit_the_built_site_reads_offline(
    page: Page, dist: Path, serve: Callable, drawings: dict[str, Strokes], draw: Pen
) -> None:
    url, asked = serve(dist)
    open_ready(page, url)
    page.evaluate(CACHED_FOR_OFFLINE)
    page.context.set_offline(True)
    asked.clear()
    page.reload()
    open_ready(page, url)
    expect_reading(page, drawings["5"], draw, "5")
    page.get_by_role("button", name="Picture").click()  # a module that was not loaded before
    expect(page.get_by_role("dialog", name="Read a picture")).to_be_visible()
    news = {BASE + "sw.js", BASE + "files.js"}  # browsers update it despite `set_offline`
    assert set(asked) <= news


def test_an_update_fetches_only_new_files_and_reads_offline(
    page: Page, web: Path, out: Path, serve: Callable, drawings: dict[str, Strokes], draw: Pen
) -> None:
    build(web, out, BASE)
    url, asked = serve(out)
    open_ready(page, url)
    page.evaluate(CACHED_FOR_OFFLINE)
    style = web / "style.css"
    style.write_text(style.read_text() + "\nh1 { letter-spacing: 3px }\n")
    built = build(web, out, BASE)
    asked.clear()
    assert page.evaluate(LOOK) == "installed"
    new = {f"{built.folder}/style.css", "", "embed.html", "manifest.webmanifest"}
    assert {path.removeprefix(BASE) for path in asked} == new | {"sw.js", "files.js"}
    page.locator("#update").click()
    expect(page.locator("h1")).to_have_css("letter-spacing", "3px")
    page.context.set_offline(True)
    page.reload()
    open_ready(page, url)
    expect_reading(page, drawings["2"], draw, "2")


def test_an_open_tab_of_the_previous_version_still_loads_its_modules(
    page: Page, web: Path, out: Path, serve: Callable
) -> None:
    page.add_init_script("delete Navigator.prototype.serviceWorker")  # as at an insecure address
    build(web, out, BASE)
    url, _ = serve(out)
    open_ready(page, url)
    change(web / "dialogs/picture.js")
    build(web, out, BASE)
    page.get_by_role("button", name="Picture").click()
    expect(page.get_by_role("dialog", name="Read a picture")).to_be_visible()


def test_another_site_embeds_the_pad_by_its_stable_url(
    page: Page,
    dist: Path,
    serve: Callable,
    servers: ExitStack,
    tmp_path: Path,
    drawings: dict[str, Strokes],
    draw: Pen,
    expected_errors: list[str],
) -> None:
    expected_errors.append("request to another origin")  # which is what embedding is
    url, _ = serve(dist)
    (tmp_path / "index.html").write_text(EMBEDDING.format(url=url))
    open_ready(page, servers.enter_context(python_http_server(tmp_path)))
    expect_reading(page, drawings["8"], draw, "8")
    assert page.evaluate(READ_WITHOUT_PAD, [url, drawings["3"]]) == "3"
