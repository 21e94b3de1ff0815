"""Check that tests, links, paths, commands and functions named in the documentation exist."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "models" / "experiments" / "README.md",
]
README_LINES = 130
MAX_LINES, MAX_FILES = 400, 12  # of a file of code, of a folder
CODE = (".css", ".html", ".js", ".mjs", ".py", ".ts")
BUILT = ("export/runtime/complete/", "models/", "web/vendor/")
NO_CODE = {"notebooks/number_recognition.ipynb"}
SUFFIXES = (
    *(".css", ".csv", ".gif", ".gz", ".h5", ".html", ".js", ".json", ".jsonl", ".keras", ".lock"),
    *(".md", ".mjs", ".npz", ".png", ".py", ".toml", ".ts", ".txt", ".webmanifest", ".yml"),
)
# Prefixes of paths that commands create and git ignores.
MADE = (".venv/", "collected/", "dist/", "models/.training/", "node_modules/")
# Placeholders for files and folders of the reader.
PLACEHOLDERS = re.compile(r"\b(DIR|FILE|HOST|MODEL|PATH|SEED)\b")
# Begin a definition in Python or JavaScript; methods have none.
KEYWORDS = r"(export )?(async )?(def |class |function |const )?"
OTHER_MODULES = {"http.server", "pytest"}

page = pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


def prose(page: Path) -> str:
    """Return a page without its indented code."""
    return re.sub(r"^    .*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)


def spans(page: Path) -> list[str]:
    """Return the code spans of a page."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose(page))]


def anchors(page: Path) -> set[str]:
    """Return the fragments of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def looks_like_a_path(word: str) -> bool:
    """Tell whether a word of a code span names a file or a folder of the repository."""
    if word.startswith(("/", "~")) or any(part in word for part in ("://", "::", "=")):
        return False
    return "/" in word and word.endswith(("/", *SUFFIXES)) and not PLACEHOLDERS.search(word)


def test_the_readme_is_short() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= README_LINES


def test_every_test_that_the_failure_modes_name_exists() -> None:
    table = (ROOT / "docs" / "failure-modes.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", table)
    rows = re.findall(r"^\| (?!When)[A-Z`].*$", table, re.MULTILINE)
    assert len(named) >= len(rows) > 25
    assert all("::test_" in row for row in rows)
    for file, name in named:
        assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{name}"


@page
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in link:
            continue
        path, _, fragment = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if fragment:
            assert fragment in anchors(target), link


@page
def test_every_path_in_backticks_exists(page: Path) -> None:
    for word in (word for span in spans(page) for word in span.split()):
        if looks_like_a_path(word) and not word.startswith(MADE):
            assert list(ROOT.glob(word.rstrip("/"))), word


@page
def test_every_module_that_a_command_names_can_be_run(page: Path) -> None:
    named = re.findall(r"python -m ([a-z_][\w.]*\w)", page.read_text(encoding="utf-8"))
    for module in set(named) - OTHER_MODULES:
        path = ROOT / module.replace(".", "/")
        file = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
        assert file.is_file(), module
        assert "main()" in file.read_text(encoding="utf-8"), f"{module} is no command"


def test_every_function_that_the_architecture_names_is_in_its_file() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|.* \| `([\w./-]+)` \| ((?:`#?\w+`(?:, )?)+) \|$", text, re.MULTILINE)
    assert len(rows) > 40
    for file, names in rows:
        code = (ROOT / file).read_text(encoding="utf-8")
        for name in re.findall(r"`(#?\w+)`", names):
            definition = rf"^\s*{KEYWORDS}\*?{name}( = | extends |[:(])"
            assert re.search(definition, code, re.MULTILINE), f"{file}: {name}"


def test_only_the_named_files_and_folders_are_large() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    code = [
        Path(name)
        for name in listed.stdout.splitlines()
        if name.endswith(CODE) and not name.startswith(BUILT) and (ROOT / name).exists()
    ]
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in code}
    large = {str(path) for path, length in lengths.items() if length > MAX_LINES}
    sizes = Counter(str(path.parent) + "/" for path in code)
    large |= {folder for folder, count in sizes.items() if count > MAX_FILES}
    exceptions = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
    exceptions = exceptions.partition("### Exceptions")[2].partition("\n## ")[0]
    assert large == set(re.findall(r"`([^`]+[/.](?:\w+)?)`", exceptions)) - NO_CODE
