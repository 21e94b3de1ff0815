"""`make package`: the tarball's content, and the projects of docs/embedding.md, built with it."""

import http.server
import json
import re
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import brotli
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from export.browser.page import MODEL
from hosting.package import build as module
from hosting.package.__main__ import main
from hosting.package.build import TOOLS, PackageError, build
from tests.conftest import ROOT, Pen, Strokes, Watched
from tests.frameworks.test_frameworks import HERE, half
from tests.web.pad.test_loading import NODE

# Otherwise a second later, or when marks are asked for.
FETCH_ALL = """async pad => {
    const recognizer = await pad.ready;
    await recognizer.fetchAll();
    await recognizer.read(pad.drawing, { marks: "." });
}"""
FRAMEWORKS = HERE / "node_modules"
VITE = FRAMEWORKS / "vite" / "bin" / "vite.js"
DOCUMENT = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")
# Vite's `base` of each project, its path on the host; "./" for any path. The one at / comes first,
# because Vite empties the folder that it builds in.
BASES = {"react": "/", "vue": "/some/where/", "plain": "./", "svelte": "./", "alpine": "./"}
BASES |= {"lit": "./"}
INDEX = """<!doctype html>
<html lang="en"><title>Count</title><link rel="icon" href="data:,">
<main></main><script type="module" src="main.jsx"></script></html>"""
# What the lines in docs/embedding.md leave out, because every project has it.
AROUND = {
    "plain": {},
    "react": {
        "index.html": INDEX,
        "main.jsx": """import { createRoot } from "react-dom/client";
import { Count } from "./Count.jsx";
createRoot(document.querySelector("main")).render(<Count />);""",
        "vite.config.js": """import react from "@vitejs/plugin-react";
export default { plugins: [react()] };""",
    },
    "vue": {
        "index.html": INDEX,
        "main.jsx": """import { createApp } from "vue";
import Count from "./Count.vue";
createApp(Count).mount("main");""",
    },
    "svelte": {
        "index.html": INDEX,
        "main.jsx": """import { mount } from "svelte";
import Count from "./Count.svelte";
mount(Count, { target: document.querySelector("main") });""",
        "vite.config.js": """import { svelte } from "@sveltejs/vite-plugin-svelte";
export default { plugins: [svelte()] };""",
    },
    "alpine": {},
    "lit": {
        "index.html": INDEX,
        "main.jsx": """import "./count-form.js";
document.querySelector("main").append(document.createElement("count-form"));""",
    },
}
# Alpine evaluates text; nothing else needs more than this.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' {}; connect-src 'self'; img-src data:"
)
TYPED = """import { DigitPad, type Reading } from "digitpad";
import { type Recognizer, loadRecognizer } from "digitpad/recognizer";

const pad: DigitPad = document.querySelector("digit-pad")!;
pad.value = "1";
pad.drawing = [[[1, 2], [3, 4, 5]]];
const { text, symbols }: Reading = pad.reading;
DigitPad.texts.clear = "Empty";
const recognizer: Recognizer = await loadRecognizer(undefined, { onProgress: (part) => part * 2 });
console.log(text, symbols[0].digit, (await recognizer.read(pad.drawing)).confidence);
// @ts-expect-error
pad.value = 1;
// @ts-expect-error
pad.draw();
"""


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory, tarball: Path) -> Path:
    """Return a folder in which the tarball is installed, with the lines of docs/embedding.md."""
    root = tmp_path_factory.mktemp("installed")
    (root / "node_modules").symlink_to(FRAMEWORKS)  # Node.js looks for packages further up
    folder = root / "projects"
    folder.mkdir()
    (folder / "package.json").write_text('{ "private": true, "type": "module" }')
    options = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund"]
    module.npm("install", *options, str(tarball), cwd=folder)
    for name, files in AROUND.items():
        (folder / name).mkdir()
        for file, content in (documented(name) | files).items():
            (folder / name / file).write_text(content)
    return folder


@pytest.fixture(scope="module")
def built(projects: Path) -> Path:
    """Return a folder with all projects, built by Vite for the path that each has on its host."""
    for name, base in BASES.items():
        out = projects / "dist" / path_of(name)
        vite_build(projects / name, "--base", base, "--outDir", out, "--emptyOutDir")
    return projects / "dist"


@pytest.fixture
def package(projects: Path) -> Path:
    return projects / "node_modules" / "digitpad"


@pytest.fixture(scope="module")
def context(watched: Watched) -> BrowserContext:
    return watched.context(viewport={"width": 600, "height": 500})


@pytest.fixture
def page(context: BrowserContext, watched: Watched, servers: ExitStack) -> Iterator[Page]:
    """Yield a page; pages of several hosts share a context. `servers` stop after it is closed."""
    page = context.new_page()
    watched.origins.clear()
    yield page
    page.close()
    watched.check()


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the built projects under a strict policy."""

    def do_GET(self) -> None:
        if self.path == "/favicon.ico":
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def end_headers(self) -> None:
        more = "'unsafe-eval'" if self.path.startswith("/alpine/") else ""
        self.send_header("Content-Security-Policy", POLICY.format(more))
        super().end_headers()

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def host(built: Path) -> Iterator[str]:
    handler = partial(Handler, directory=str(built))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def path_of(name: str) -> str:
    """Return a project's path on the host, without the first slash."""
    return f"{name}/" if BASES[name] == "./" else BASES[name].removeprefix("/")


def documented(name: str) -> dict[str, str]:
    """Return the files that docs/embedding.md shows for a framework, by their names."""
    section = DOCUMENT.partition("## With npm and a bundler\n")[2].partition("\n## ")[0]
    heading = "" if name == "plain" else f"### {name.capitalize()}\n"
    lines = section.partition(heading)[2] if heading else section
    shown = re.findall(r"`([\w.-]+)`:\n\n((?:    .*\n|\n(?=    ))+)", lines.partition("\n### ")[0])
    assert shown, f"docs/embedding.md shows no file for {name}"
    return {file: re.sub(r"(?m)^    ", "", text) for file, text in shown}


def vite_build(project: Path, *options: str | Path) -> None:
    """Build a project; fail if Vite warns about the package."""
    command = [NODE, VITE, "build", project, *options, "--logLevel", "warn"]
    done = subprocess.run(command, cwd=project.parent, capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert not re.search(r"import\.meta|node_modules/digitpad", said), said


def draw_number(page: Page, draw: Pen, drawings: dict[str, Strokes]) -> None:
    """Draw 27, digit after digit; check that the form sends it and the whole model was fetched."""
    pad = page.locator("digit-pad")
    draw(page, half(drawings["2"], 0), pad)
    expect(pad).to_have_js_property("value", "2")
    draw(page, half(drawings["7"], 1), pad)
    expect(pad).to_have_js_property("value", "27")
    assert pad.evaluate("pad => [...new FormData(pad.form)]") == [["count", "27"]]
    pad.evaluate(FETCH_ALL)
    fetched = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    for file in (each for each in MODEL.iterdir() if each.name not in module.NOT_PACKED):
        assert [url for url in fetched if re.search(rf"/{file.stem}\b.*\{file.suffix}", url)], file


@pytest.mark.parametrize("name", BASES)
def test_a_built_project_reads_what_is_drawn(
    host: str, page: Page, name: str, draw: Pen, drawings: dict[str, Strokes]
) -> None:
    page.goto(host + path_of(name))
    draw_number(page, draw, drawings)
    if name != "plain":
        expect(page.locator("output")).to_have_text("27")


@pytest.mark.parametrize("base", ["/", "/some/where/"])
def test_the_development_server_serves_the_model(
    projects: Path,
    page: Page,
    servers: ExitStack,
    base: str,
    draw: Pen,
    drawings: dict[str, Strokes],
) -> None:
    command = [NODE, VITE, projects / "react", "--host", "127.0.0.1", "--port", "0", "--base", base]
    serving = servers.enter_context(
        subprocess.Popen(command, cwd=projects, stdout=subprocess.PIPE, text=True)
    )
    servers.callback(serving.terminate)
    lines = iter(serving.stdout.readline, "")
    plain = (re.sub(r"\x1b\[[\d;]*m", "", line) for line in lines)
    urls = (re.search(r"http://127\.0\.0\.1:\d+/\S*", line) for line in plain)
    page.goto(next(url[0] for url in urls if url))
    draw_number(page, draw, drawings)


def test_what_vite_makes_of_it_has_the_size_of_its_parts(built: Path, package: Path) -> None:
    sizes = {path: path.read_bytes() for path in sorted((built / "plain").rglob("*.*"))}
    packed = {path: len(brotli.compress(content)) for path, content in sizes.items()}
    for path, content in sizes.items():
        print(f"{len(content):>8,} bytes, {packed[path]:>7,} after Brotli: {path.name}")
    print(f"{sum(map(len, sizes.values())):>8,} bytes, {sum(packed.values()):>7,} after Brotli")
    # The model is copied, and the modules are there once.
    copied = {path.stat().st_size for path in (package / "web" / "model").iterdir()}
    assert copied <= {len(content) for content in sizes.values()}
    modules = [path for path in package.rglob("*.js") if path.name != "index.js"]
    assert sum(map(len, sizes.values())) < sum(copied) + sum(p.stat().st_size for p in modules)


def test_the_same_files_give_the_same_tarball(tarball: Path, tmp_path: Path) -> None:
    assert build(tmp_path).read_bytes() == tarball.read_bytes()


def test_the_tarball_holds_the_modules_as_they_are(tarball: Path, package: Path) -> None:
    facts = json.loads((package / "package.json").read_text())
    assert tarball.name == f"digitpad-{facts['version']}.tgz"
    with tarfile.open(tarball) as archive:
        assert all(name.startswith("package/") for name in archive.getnames())
    for path in (package / "web").rglob("*.*"):
        if not path.name.endswith(".d.ts"):
            original = ROOT / "web" / path.relative_to(package / "web")
            assert path.read_bytes() == original.read_bytes()
    exported = [path for path in facts["exports"].values() if not path.endswith("package.json")]
    for name in (*exported, facts["types"], facts["customElements"], *facts["sideEffects"]):
        assert (package / name).is_file(), name
    assert not {"devDependencies", "scripts", "dependencies"} & facts.keys()


def test_the_tarball_holds_every_module_that_its_modules_import(package: Path) -> None:
    modules = [path for path in package.rglob("*.js") if path.name != "tfjs.js"]
    assert len(modules) > 15
    for path in modules:
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        for name in re.findall(r'(?:from|import) ?\(?"(\.[^"]+)"', text):
            assert (path.parent / name).is_file(), f"{path.name} imports {name}"


def test_the_tarball_holds_the_licences(package: Path) -> None:
    for name in ("LICENSE", "NOTICE"):
        assert (package / name).read_bytes() == (ROOT / name).read_bytes()
    assert json.loads((package / "package.json").read_text())["license"] == "Apache-2.0"
    assert (package / "web" / "vendor" / "LICENSE.tfjs").is_file()


def test_node_imports_it(projects: Path) -> None:
    script = """for (const name of ["digitpad", "digitpad/recognizer"])
        console.log(Object.keys(await import(name)).join());"""
    command = [NODE, "--input-type=module", "--eval", script]
    done = subprocess.run(command, cwd=projects, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("DigitPad\nRecognizerError,loadRecognizer\n", "")


def test_typescript_knows_its_types(projects: Path) -> None:
    (projects / "typed.mts").write_text(TYPED)
    options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2022"]
    tsc = TOOLS / "typescript" / "bin" / "tsc"
    command = [NODE, tsc, *options, "typed.mts"]
    done = subprocess.run(command, cwd=projects, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_manifest_describes_what_users_can_use(package: Path) -> None:
    manifest = json.loads((package / "custom-elements.json").read_text())
    [described] = manifest["modules"]
    [element] = described["declarations"]
    assert element["tagName"] == "digit-pad"
    section = DOCUMENT.partition("## Attributes\n")[2].partition("\n## ")[0]
    cells = "".join(re.findall(r"(?m)^\| (`.*?) \|", section))
    documented_attributes = set(re.findall(r"`([\w-]+)`", cells)) - {"title", "autofocus"}
    assert {each["name"] for each in element["attributes"]} == documented_attributes
    names = [each["name"] for each in element["members"]]
    assert {"value", "drawing", "undo", "reportValidity"} <= set(names)
    assert not [name for name in names if name.startswith("#") or name.endswith("Callback")]
    assert {each["name"] for each in element["events"]} == {
        *("input", "change", "progress", "load", "error")
    }
    assert all(each["description"] for kind in ("attributes", "events") for each in element[kind])


def test_editors_learn_the_attributes(package: Path) -> None:
    data = json.loads((package / "html-custom-data.json").read_text())
    [tag] = data["tags"]
    assert data["version"] == 1.1
    assert tag["name"] == "digit-pad"
    assert "pattern" in [each["name"] for each in tag["attributes"]]


def test_model_files_are_listed_by_meta_json() -> None:
    text = module.model_module(MODEL)
    named = re.findall(r"\./web/model/([\w.-]+)\?", text)
    kept = {path.name for path in MODEL.iterdir()} - module.NOT_PACKED
    assert sorted(named) == sorted(kept)


def test_the_versions_in_the_documentation_are_those_of_the_tests() -> None:
    pins = json.loads((HERE / "package.json").read_text())["devDependencies"]
    for name, package in [
        *(("Vite", "vite"), ("React", "react"), ("Vue", "vue"), ("Svelte", "svelte")),
        *(("Alpine", "alpinejs"), ("Lit", "lit")),
    ]:
        short = pins[package].rpartition(".")[0]
        assert re.search(rf"\b{name} {re.escape(short)}\b", " ".join(DOCUMENT.split())), name
    version = json.loads((ROOT / "hosting/package/package.json").read_text())["version"]
    named = set(re.findall(r"digitpad-([\d.]+)\.tgz", DOCUMENT))
    assert named == {version}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"TOOLS": Path("nowhere")}, "nowhere/typescript/bin/tsc is missing: `make package`"),
        ({"DECLARATIONS": ("--noSuchOption",)}, "tsc failed: error TS5023: Unknown compiler opt"),
    ],
)
def test_a_failure_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: dict, said: str
) -> None:
    for name, value in broken.items():
        monkeypatch.setattr(module, name, value)
    with pytest.raises(PackageError) as raised:
        build(tmp_path)
    assert str(raised.value).startswith(said)
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"^digitpad: .*/file: File exists: choose another --out"):
        main(["--out", str(tmp_path / "file")])
