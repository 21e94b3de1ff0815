import gzip
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "export" / "runtime"
VENDOR = ROOT / "web" / "vendor"


@pytest.fixture(scope="module")
def bundle():
    return (VENDOR / "tfjs.js").read_text()


def test_the_committed_runtime_is_what_the_pinned_packages_give(tmp_path):
    node = shutil.which("node", path=Path(sys.executable).parent) or shutil.which("node")
    subprocess.run([node, RUNTIME / "build.mjs", tmp_path], check=True)
    for file in tmp_path.iterdir():
        assert (VENDOR / file.name).read_bytes() == file.read_bytes(), file.name
    assert {file.name for file in tmp_path.iterdir()} == {"tfjs.js", "LICENSE.tfjs"}


def test_the_runtime_makes_no_code_from_text_and_asks_no_other_host(bundle):
    assert not re.search(r"(?<![\w.])(eval|Function)\(", bundle)
    code = bundle.partition("*/")[2]
    assert not re.search(r"\b(import|require)\(", code)


def test_the_runtime_carries_its_licence(bundle):
    assert "Apache License" in (VENDOR / "LICENSE.tfjs").read_text()
    assert bundle.startswith("/**\n * @license\n * TensorFlow.js 4.22.0")
    assert "web/vendor/LICENSE.tfjs" in (ROOT / "NOTICE").read_text()


def test_the_runtime_stays_small():
    assert len(gzip.compress((VENDOR / "tfjs.js").read_bytes(), 9)) < 65_000


def test_packages_are_pinned_and_the_lock_names_no_host():
    packages = json.loads((RUNTIME / "package.json").read_text())["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in packages.values())
    lock = (RUNTIME / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert lock.count('"integrity": "sha512-') >= len(packages)
