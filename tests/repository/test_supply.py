"""Origin of shipped code: licences in NOTICE, and hashes without registries in every lock."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "web/vendor"
RUNTIME = ROOT / "export/runtime"
NODE = shutil.which("node", path=Path(sys.executable).parent) or shutil.which("node")
COMPLETE = RUNTIME / "complete"
OURS = {"tfjs.d.ts"}  # written in this project, for the type check
LICENCES = {"LICENSE.tfjs"}
NOTICE = " ".join((ROOT / "NOTICE").read_text(encoding="utf-8").split())
NPM_FOLDERS = ["export/runtime", "bench/peers/js", "tests/frameworks", "hosting/package"]
NPM_LOCKS = [f"{folder}/package-lock.json" for folder in NPM_FOLDERS]


def locked(lock: str) -> dict[str, dict[str, Any]]:
    """Return the packages of a lock by path."""
    packages = json.loads((ROOT / lock).read_text(encoding="utf-8"))["packages"]
    return {place: facts for place, facts in packages.items() if place}


def shipped() -> list[str]:
    """Return the packages that the bundles name, as name@version."""
    texts = [(folder / "tfjs.js").read_text(encoding="utf-8") for folder in (VENDOR, COMPLETE)]
    return sorted(
        {
            name
            for text in texts
            for name in re.search(r"^ \* Packages: (.+)$", text, re.MULTILINE)[1].split()
        }
    )


def test_the_vendor_folder_contains_only_the_bundle() -> None:
    assert {file.name for file in VENDOR.iterdir()} == {"tfjs.js"} | OURS | LICENCES
    assert {file.name for file in COMPLETE.iterdir()} == {"tfjs.js"} | LICENCES


@pytest.mark.parametrize("package", [*shipped(), "esbuild@0.28.2", "assemblyscript@0.28.20"])
def test_notice_lists_every_shipped_package_with_its_licence(package: str) -> None:
    name, _, version = package.rpartition("@")
    facts = locked(NPM_LOCKS[0])[f"node_modules/{name}"]
    assert facts["version"] == version
    listed = re.search(rf"(?i){re.escape(name)} {re.escape(version)}(.+?)\)", NOTICE)
    assert listed, f"NOTICE does not name {name} {version}"
    assert f"({facts['license']}" in listed[0]


def test_the_bundle_contains_only_tensorflow_and_our_code() -> None:
    assert {name.rpartition("@")[0] for name in shipped()} == {
        *("@tensorflow/tfjs-backend-cpu", "@tensorflow/tfjs-converter", "@tensorflow/tfjs-core")
    }


def test_the_webassembly_contains_no_assemblyscript_runtime(tmp_path: Path) -> None:
    text = tmp_path / "kernels.wat"
    command = [NODE, RUNTIME / "node_modules/assemblyscript/bin/asc.js", "kernels.ts", "-O3"]
    options = ["--noAssert", "--runtime", "stub", "--enable", "simd", "--use", "abort="]
    subprocess.run([*command, *options, "--textFile", text], cwd=RUNTIME, check=True)
    functions = re.findall(r"^ \(func \$(\S+)", text.read_text(), re.MULTILINE)
    assert len(functions) >= 4
    assert [name for name in functions if not name.startswith("kernels/")] == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-serve.lock"])
def test_every_requirement_is_pinned_with_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"(?<!\\)\n(?=\S)", text.strip())
    assert len(entries) > 5
    pinned = re.compile(r"[\w.-]+==[^\s;]+( ; [^\\]+)?( \\\n +--hash=sha256:[0-9a-f]{64})+\s*")
    assert [entry for entry in entries if not pinned.fullmatch(entry)] == []


@pytest.mark.parametrize("lock", NPM_LOCKS)
def test_every_npm_package_is_pinned_with_a_checksum_and_no_registry(lock: str) -> None:
    packages = locked(lock)
    assert len(packages) > 5
    for place, facts in packages.items():
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", facts.get("integrity", "")), place
        assert "resolved" not in facts, place
        facts.pop("funding", None)  # where its authors take donations
    assert "://" not in json.dumps(packages)
