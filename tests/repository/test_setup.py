"""Set-up: locks, the virtual environment, and messages for unsupported Pythons and machines."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import environment

ROOT = Path(environment.__file__).parent
LOCKS = ["requirements.lock", "requirements-serve.lock"]
REQUIREMENTS = ["requirements.txt", "requirements-serve.txt", "requirements-notebook.txt"]
PIN = re.compile(r"^([\w.-]+)==([^\s;]+)(?: ; (.+?))?(?: \\)?$", re.MULTILINE)
LINUX = {"implementation": "CPython", "system": "Linux", "machine": "x86_64", "libc": "glibc"}


def pins(name: str) -> dict[str, str]:
    """Return pinned versions by package of a requirements file or lock, with its includes."""
    text = (ROOT / name).read_text(encoding="utf-8")
    text = re.sub(r" +#.*$", "", text, flags=re.MULTILINE)
    found = {package: version for package, version, _ in PIN.findall(text)}
    for included in re.findall(r"^-r (\S+)$", text, re.MULTILINE):
        found |= pins(included)
    return found


@pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 10), (4, 0)])
def test_an_unsupported_python_is_named_with_what_to_do(version: tuple[int, int]) -> None:
    for purpose in environment.LOCKS:
        message = environment.fault(purpose, version=version, **LINUX)
        assert message.startswith(f"Python {version[0]}.{version[1]} is not supported: install")
        assert "\n" not in message


@pytest.mark.parametrize("version", [(3, 13), (3, 14), (3, 15)])
def test_newer_pythons_serve_and_say_what_training_needs(version: tuple[int, int]) -> None:
    for system in ({}, {"system": "Windows", "machine": "AMD64", "libc": ""}):
        assert environment.fault("serve", version, **LINUX | system) is None
        message = environment.fault("all", version, **LINUX | system)
        assert message.startswith(f"Python {version[0]}.{version[1]} serves (`make run`")
        assert "no wheels above 3.12: install Python 3.11 or 3.12, or" in message
        assert "\n" not in message


@pytest.mark.parametrize("version", [(3, 11), (3, 12)])
@pytest.mark.parametrize("purpose", ["serve", "all"])
def test_supported_pythons_are_accepted(version: tuple[int, int], purpose: str) -> None:
    assert environment.fault(purpose, version=version, **LINUX) is None
    mac = {**LINUX, "system": "Darwin", "machine": "arm64", "libc": ""}
    assert environment.fault(purpose, version=version, **mac) is None


def test_another_implementation_is_named() -> None:
    message = environment.fault("all", (3, 11), **{**LINUX, "implementation": "PyPy"})
    assert message.startswith("PyPy is not supported")


@pytest.mark.parametrize(
    ("different", "named"),
    [
        ({"machine": "aarch64"}, "Linux aarch64"),
        ({"system": "Darwin"}, "Darwin x86_64"),
        ({"system": "Windows", "machine": "AMD64"}, "Windows AMD64"),
        ({"libc": "musl"}, "glibc"),
    ],
)
def test_a_machine_that_cannot_train_is_named_but_can_serve(
    different: dict[str, str], named: str
) -> None:
    message = environment.fault("all", (3, 11), **{**LINUX, **different})
    assert named in message and "make run" in message and "\n" not in message
    assert environment.fault("serve", (3, 11), **{**LINUX, **different}) is None


def test_the_check_is_valid_syntax_in_old_pythons() -> None:
    source = (ROOT / "environment.py").read_text(encoding="utf-8")
    assert not re.search(r"\bf['\"]|->|:=|\basync\b", source)
    assert source.isascii(), "Python 2 needs a declaration for other characters"


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(PIN.findall(text)) > 5
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry.splitlines()[0]


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_pinned_to_one_version(name: str) -> None:
    lines = re.sub(r" *#.*$", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    asked = [line for line in lines.splitlines() if line and not line.startswith("-r ")]
    assert len(asked) > 3
    assert [line for line in asked if not PIN.fullmatch(line)] == []


@pytest.mark.parametrize("name", [*LOCKS, *REQUIREMENTS])
def test_requirements_name_no_index(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|--(extra-)?index|--find-links| @ ", text)


def test_the_npm_lock_names_no_registry() -> None:
    text = (ROOT / "export/runtime/package-lock.json").read_text(encoding="utf-8")
    assert '"integrity": "sha512-' in text
    assert '"resolved"' not in text


@pytest.mark.parametrize("name", [lock.removesuffix(".lock") for lock in LOCKS])
def test_locks_contain_the_pinned_requirements(name: str) -> None:
    asked, locked = pins(f"{name}.txt"), pins(f"{name}.lock")
    assert len(asked) > 3
    assert asked.items() <= locked.items()


@pytest.mark.parametrize("name", LOCKS[1:])
def test_the_locks_agree(name: str) -> None:
    assert pins(name).items() <= pins("requirements.lock").items()


@pytest.mark.parametrize(
    ("name", "version", "system"),
    [
        *(("requirements", version, "linux") for version in environment.VERSIONS),
        *(
            ("requirements-serve", version, system)
            for version in environment.SERVING
            for system in ("linux", "darwin", "win32")
        ),
    ],
)
def test_the_locks_cover_each_supported_python(
    name: str, version: tuple[int, int], system: str
) -> None:
    """Packages for one Python have a marker; the lock has both alternatives."""
    from packaging.markers import Marker

    wanted = {
        "python_version": "{}.{}".format(*version),
        "python_full_version": "{}.{}.1".format(*version),
    }
    text = (ROOT / f"{name}.lock").read_text(encoding="utf-8")
    chosen = [
        package
        for package, _, marker in PIN.findall(text)
        if not marker or Marker(marker).evaluate({**wanted, "sys_platform": system})
    ]
    assert len(chosen) == len(set(chosen)), "one version of each"
    assert {package.lower() for package in pins(f"{name}.txt")} <= set(chosen)


def test_the_installed_packages_match_the_lock() -> None:
    from importlib.metadata import version

    for package, locked in pins("requirements.txt").items():
        assert version(package) == locked, package


def check_out(folder: Path) -> Path:
    """Copy what the set-up needs, with empty locks, which need no network."""
    for name in ("Makefile", "environment.py"):
        shutil.copy(ROOT / name, folder)
    for name in LOCKS:
        (folder / name).write_text("")
    (folder / "server.py").write_text("import sys; print('serving', sys.argv[1:])")
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a fresh checkout."""
    return check_out(tmp_path)


Run = tuple[Path, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a checkout and its first `make run`, where one of three Pythons works."""
    folder = check_out(tmp_path_factory.mktemp("used"))
    working = f'exec "{sys.executable}" "$@"'
    shims = {"python3.12": "exit 127", "python3.11": working, "python3": "exit 127"}
    return folder, make(folder, "run", PATH=only(folder / "bin", shims))


@pytest.fixture
def used(first_run: Run) -> Path:
    """Return a checkout after its first `make run`."""
    folder, ran = first_run
    assert "digitpad: creating .venv with Python" in ran.stdout, ran.stderr
    return folder


def make(checkout: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run make in a checkout."""
    inherited = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(
        [shutil.which("make"), *arguments],
        cwd=checkout,
        env={**inherited, **variables},
        capture_output=True,
        text=True,
    )


def only(folder: Path, programs: dict[str, str]) -> str:
    """Return a PATH that contains only these shell scripts, by name."""
    folder.mkdir()
    for name, script in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return str(folder)


def test_make_without_a_target_lists_the_targets(checkout: Path) -> None:
    message = make(checkout).stdout
    for target in ("run", "test", "train", "export", "retrain", "bench", "lint", "lock", "clean"):
        assert re.search(rf"make {target} +\w", message)


def test_make_run_ignores_host_and_port_of_the_environment(used: Path) -> None:
    ran = make(used, "run", HOST="my-laptop", PORT="3000")
    assert ran.stdout == "serving ['--host', '127.0.0.1', '--port', '8000']\n", ran.stderr
    ran = make(used, "run", "HOST=0.0.0.0", "PORT=9000")
    assert ran.stdout == "serving ['--host', '0.0.0.0', '--port', '9000']\n", ran.stderr
    ran = make(used, "run", "COLLECT=my drawings", PUBLIC_URL="http://elsewhere/")
    assert ran.stdout.endswith("'--port', '8000', '--collect', 'my drawings']\n"), ran.stderr
    ran = make(used, "run", "PUBLIC_URL=https://pad.example.org/")
    assert ran.stdout.endswith("'--public-url', 'https://pad.example.org/']\n"), ran.stderr


def test_a_changed_lock_is_installed_and_a_failed_install_is_repeated(used: Path) -> None:
    lock = used / "requirements-serve.lock"
    lock.write_text(f"no-such-package==1 --hash=sha256:{64 * '0'}\n")
    for _ in range(2):
        ran = make(used, "run", PIP_NO_INDEX="1")
        assert ran.returncode != 0
        assert "digitpad: pip could not install requirements-serve.lock" in ran.stderr
    lock.write_text("")
    ran = make(used, "run")
    assert "serving" in ran.stdout and "creating" not in ran.stdout, ran.stderr


def test_an_incomplete_environment_is_recreated(checkout: Path) -> None:
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").symlink_to("/no/such/python")
    (checkout / ".venv/installed-requirements-serve.lock").write_text("")
    ran = make(checkout, "run", f"PYTHON={sys.executable}")
    assert "serving" in ran.stdout, ran.stderr


def test_make_reports_a_missing_python(checkout: Path, tmp_path: Path) -> None:
    ran = make(checkout, "run", PATH=only(tmp_path / "bin", {}))
    assert ran.returncode != 0
    assert "digitpad: no Python runs here: install Python 3.11 or newer" in ran.stderr


def test_make_reports_a_named_python_that_does_not_run(checkout: Path) -> None:
    ran = make(checkout, "run", "PYTHON=/no/such/python")
    assert "digitpad: /no/such/python does not run here" in ran.stderr


def test_failing_python_shims_are_skipped(first_run: Run) -> None:
    _, ran = first_run
    assert "serving" in ran.stdout, ran.stderr


def test_a_python_without_venv_says_what_to_install(checkout: Path, tmp_path: Path) -> None:
    (checkout / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")
    bare = f'PYTHONPATH="{checkout}" exec "{sys.executable}" "$@"'
    ran = make(checkout, "run", PATH=only(tmp_path / "bin", {"python3": bare}))
    assert "digitpad: this Python cannot create a virtual environment" in ran.stderr
    assert "`apt-get install python{}.{}-venv`".format(*sys.version_info) in ran.stderr


# Installs as on Windows, whose Python makes .venv with Scripts and python.exe, and has no make.
WINDOWS = """
import os, subprocess, sys
import environment

call = subprocess.call

def as_on_windows(command, **options):
    status = call(command, **options)
    if command[1:3] == ["-m", "venv"]:
        os.rename(".venv/bin", ".venv/Scripts")
        os.rename(".venv/Scripts/python", ".venv/Scripts/python.exe")
    return status

environment.subprocess.call = as_on_windows
environment.fault = lambda purpose: None
sys.exit(environment.main(sys.argv[1:]))
"""


def test_an_environment_is_made_and_used_as_windows_lays_it_out(checkout: Path) -> None:
    inherited = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    for begins in ("digitpad: creating .venv", "digitpad: ready"):  # then it is there
        command = [sys.executable, "-c", WINDOWS, "serve"]
        ran = subprocess.run(command, cwd=checkout, env=inherited, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.startswith(begins)
        assert ran.stdout.endswith("`.venv/Scripts/python.exe server.py` serves the page\n")
    assert not (checkout / ".venv" / "bin" / "python").exists()


def test_without_a_purpose_the_command_says_what_to_name() -> None:
    command = [sys.executable, ROOT / "environment.py"]
    for arguments in ([], ["train"]):
        ran = subprocess.run([*command, *arguments], capture_output=True, text=True)
        assert (ran.returncode, ran.stderr.count("\n")) == (1, 1)
        assert "python environment.py serve" in ran.stderr


def test_serving_imports_nothing_that_windows_lacks() -> None:
    lacking = ["fcntl", "grp", "pwd", "resource", "termios"]
    hide = f"import sys; sys.modules.update(dict.fromkeys({lacking}))"
    command = [sys.executable, "-c", f"{hide}; import server; server.main()", "--help"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0 and "--collect" in ran.stdout, ran.stderr
