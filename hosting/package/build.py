"""Build the npm package `digitpad` from web/.

The package contains the modules that `<digit-pad>` and the recognizer load, as they are, the model,
TypeScript's declarations, and descriptions of the element for editors. `entries/` contains the
modules that the package exports, and package.json its name, version and tools.

Bundlers give files other addresses. They recognise a file by `new URL("…", import.meta.url)`, so
the package's model.js names each file of the model in that way, and tells the recognizer.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from files.atomic import write_atomically
from files.node_tools import tool

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TOOLS = HERE / "node_modules"

# What the pad and the recognizer load. `.dependency-cruiser.json` forbids them anything else.
MODULES = (
    *("digit-pad.js", "recognizer.js", "ink.js", "segment.js", "formats.js"),
    *("ink/*.js", "pad/*.js", "recognition/*.js", "marks/*.js"),
)
OTHERS = ("first-stroke.js", "types.d.ts", "vendor/*", "model/*")
NOT_PACKED = {"marks-on-pictures.json"}  # the package reads no pictures
LICENCES = ("LICENSE", "NOTICE")
MANIFEST, HTML_DATA = "custom-elements.json", "html-custom-data.json"
DECLARATIONS = (
    *("--allowJs", "--checkJs", "--strict", "--declaration", "--emitDeclarationOnly"),
    *("--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler"),
    *("--lib", "es2022,dom,dom.iterable"),
)
# `no-inline` keeps Vite from turning a small file into a data: URL, which a policy with
# `connect-src 'self'` blocks (https://vite.dev/guide/assets#explicit-inline-handling).
MODEL_JS = """\
/** Tells the recognizer where a bundler has put the files of the model. */
import {{ moved, ownModel }} from "./web/recognition/model-files.js";

const files = {{
{files}
}};
for (const [name, url] of Object.entries(files)) moved[new URL(name, ownModel()).href] = url;
"""
MODEL_FILE = '  "{0}": new URL("./web/model/{0}?no-inline", import.meta.url),'


class PackageError(RuntimeError):
    """The package cannot be built. The message is one line: reason and remedy."""


def build(out: Path, web: Path = ROOT / "web") -> Path:
    """Build the package and return the path of its tarball, `digitpad-VERSION.tgz` in `out`.

    The same files give the same bytes.

    Args:
        out: folder to write to, created if it is missing.
        web: the page's folder.

    Raises:
        PackageError: Node.js or a tool of the build is missing or fails.
        OSError: a file cannot be read or written.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        package = Path(temporary) / "package"
        copy_files(package, web)
        (package / "model.js").write_text(model_module(web / "model"), encoding="utf-8")
        write_declarations(package, web)
        describe_element(package)
        packed = npm("pack", "--silent", "--pack-destination", temporary, cwd=package)
        name = packed.split()[-1]
        tarball = (Path(temporary) / name).read_bytes()
    write_atomically(out / name, lambda file: file.write(tarball))
    return out / name


def copy_files(package: Path, web: Path) -> None:
    """Copy what the package has in common with the repository."""
    for pattern in (*MODULES, *OTHERS):
        for path in (each for each in sorted(web.glob(pattern)) if each.name not in NOT_PACKED):
            target = package / "web" / path.relative_to(web)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    for path in (*(ROOT / name for name in LICENCES), *(HERE / "entries").iterdir()):
        shutil.copyfile(path, package / path.name)
    facts = json.loads((HERE / "package.json").read_text(encoding="utf-8"))
    del facts["devDependencies"]
    write_json(package / "package.json", facts)


def model_module(model: Path) -> str:
    """Return the text of model.js, which names the files of a model's folder."""
    facts = json.loads((model / "meta.json").read_text(encoding="utf-8"))
    names = ["meta.json", *(name for name in facts["files"] if name not in NOT_PACKED)]
    lines = [MODEL_FILE.format(name) for name in names]
    return MODEL_JS.format(files="\n".join(lines))


def write_declarations(package: Path, web: Path) -> None:
    """Write TypeScript's declaration of each module, and of those that it has types from."""
    modules = [path for pattern in MODULES for path in sorted(web.glob(pattern))]
    tsc = TOOLS / "typescript" / "bin" / "tsc"
    node(tsc, *DECLARATIONS, "--rootDir", web, "--outDir", package / "web", *modules, cwd=web)
    for path in (package / "web").rglob("*.d.ts"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('types"', 'types.js"'), encoding="utf-8")


def describe_element(package: Path) -> None:
    """Write the custom elements manifest and, from it, HTML data for VS Code."""
    analyzer = TOOLS / "@custom-elements-manifest" / "analyzer" / "cem.js"
    config = HERE / "manifest.config.js"
    node(analyzer, "analyze", "--config", config, cwd=package)
    path = package / MANIFEST
    if not path.is_file():
        raise PackageError(f"the analyzer wrote no {MANIFEST}: check {config.name}")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    write_json(path, manifest)
    write_json(package / HTML_DATA, html_data(manifest))


def html_data(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest's elements as VS Code's custom data.

    The format is https://github.com/microsoft/vscode-custom-data.
    """
    found = [each for module in manifest["modules"] for each in module["declarations"]]
    elements = [each for each in found if each.get("customElement")]
    return {"version": 1.1, "tags": [tag(each) for each in elements]}


def tag(element: dict[str, Any]) -> dict[str, Any]:
    """Return an element of a manifest as a tag of VS Code's custom data."""
    return {
        "name": element["tagName"],
        "description": element["description"],
        "attributes": [
            {"name": each["name"], "description": each["description"]}
            for each in element["attributes"]
        ],
    }


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON with indentation and a final line break."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def node(script: Path, *arguments: str | Path, cwd: Path) -> str:
    """Run a script with Node.js and return its output. Raises PackageError."""
    if not script.is_file():
        raise PackageError(f"{script} is missing: `make package` installs it")
    return run([required("node"), script, *arguments], cwd)


def npm(*arguments: str, cwd: Path) -> str:
    """Run npm and return its output. Raises PackageError."""
    return run([required("npm"), *arguments, "--ignore-scripts"], cwd)


def run(command: Sequence[str | Path], cwd: Path) -> str:
    """Run a command in a folder and return its output. Raises PackageError."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines() or ["it says nothing"]
        raise PackageError(f"{Path(command[1]).name} failed: {said[0]}")
    return done.stdout


def required(name: str) -> str:
    """Return the path of node or npm. Raises PackageError."""
    found = tool(name)
    if not found:
        raise PackageError(f"there is no {name} here: `make package` installs it")
    return found
