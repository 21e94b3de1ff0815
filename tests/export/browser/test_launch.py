"""Find, install and start a browser; installing is faked, since it takes minutes and root."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from export.browser import launch as chrome


@pytest.fixture(scope="module")
def real_browser() -> str:
    """Return this machine's browser, before a test hides it."""
    path = chrome.find()
    assert path
    return path


@pytest.fixture(autouse=True)
def clear_cache(real_browser: str) -> Iterator[None]:
    """Clear the cache of `find` before and after each test."""
    chrome.find.cache_clear()
    yield
    chrome.find.cache_clear()


def pretend(folder: Path, name: str, script: str) -> Path:
    """Write an executable shell script into a folder; return its path."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Hide all browsers; return the only folder on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("DIGITPAD_BROWSER", raising=False)
    monkeypatch.setattr(chrome, "APPLICATIONS", ())
    monkeypatch.setattr(chrome, "_downloaded", lambda: str(tmp_path / "not-downloaded"))
    return folder


def test_an_installed_browser_is_found_by_its_name(nothing_installed: Path) -> None:
    assert chrome.find() is None
    chrome.find.cache_clear()
    path = pretend(nothing_installed, "google-chrome", "echo Google Chrome 130")
    assert chrome.find() == str(path)


def test_a_stub_that_does_not_run_is_skipped(nothing_installed: Path) -> None:
    pretend(nothing_installed, "google-chrome", "echo install the snap >&2; exit 1")
    path = pretend(nothing_installed, "chromium", "echo Chromium 130")
    assert chrome.find() == str(path)


def test_the_environment_overrides_what_is_installed(
    nothing_installed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend(nothing_installed, "google-chrome", "echo Google Chrome 130")
    mine = pretend(tmp_path, "mine", "echo Mine 1")
    monkeypatch.setenv("DIGITPAD_BROWSER", str(mine))
    assert chrome.find() == str(mine)


def test_an_override_that_does_not_run_is_an_error(
    nothing_installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(nothing_installed, "google-chrome", "echo Google Chrome 130")
    monkeypatch.setenv("DIGITPAD_BROWSER", "/no/such/browser")
    with pytest.raises(chrome.BrowserError, match="DIGITPAD_BROWSER=/no/such/browser"):
        chrome.find()


def test_playwrights_installed_browser_is_found(
    nothing_installed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = pretend(tmp_path, "downloaded", "echo Chromium 130")
    monkeypatch.setattr(chrome, "_downloaded", lambda: str(path))
    assert chrome.find() == str(path)


def test_playwrights_download_comes_before_the_package_manager(
    nothing_installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apt = pretend(nothing_installed, "apt-get", "")
    monkeypatch.setattr(chrome, "_root_prefix", lambda: [])
    commands = [" ".join(command) for _, command in chrome._sources()]
    assert "playwright install " in commands[0]
    assert commands[-1].endswith(f"exec {apt} install --yes chromium")


def test_the_package_manager_is_used_only_with_root_rights(
    nothing_installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(nothing_installed, "apt-get", "")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    pretend(nothing_installed, "sudo", "exit 1")
    assert len(chrome._sources()) == 1
    pretend(nothing_installed, "sudo", "exit 0")
    assert chrome._sources()[-1][1][:2] == (str(nothing_installed / "sudo"), "-n")


def test_the_next_source_is_tried_when_one_fails(
    real_browser: str, nothing_installed: Path, monkeypatch: pytest.MonkeyPatch, capfd
) -> None:
    prepared = pretend(nothing_installed, "prepared", f'PATH={os.defpath} exec {real_browser} "$@"')
    late = nothing_installed / "chromium"
    install = f"import os; os.rename({str(prepared)!r}, {str(late)!r})"
    sources = [
        ("a failing source", (sys.executable, "-c", "raise SystemExit(1)")),
        ("a working source", (sys.executable, "-c", install)),
        ("a needless source", (sys.executable, "-c", "")),
    ]
    monkeypatch.setattr(chrome, "_sources", lambda: sources)
    assert chrome.ensure() == str(late)
    assert capfd.readouterr().out.splitlines() == [
        "no browser yet: a failing source",
        "no browser yet: a working source",
    ]


def test_without_any_browser_the_command_fails_with_one_line(
    nothing_installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = ("a failing source", (sys.executable, "-c", "raise SystemExit(1)"))
    monkeypatch.setattr(chrome, "_sources", lambda: [failing])
    with pytest.raises(SystemExit) as end:
        chrome.main()
    assert end.value.code.startswith("digitpad: no browser was found or could be installed: ")
    assert "\n" not in end.value.code


def test_a_browser_that_does_not_start_is_reported(
    nothing_installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(nothing_installed, "chromium", 'test "$1" = --version && echo Chromium 130')
    with pytest.raises(chrome.BrowserError, match="chromium does not start"), chrome.launch():
        pass


@pytest.mark.parametrize("ends_first", [0, 1])
def test_launches_may_end_in_any_order(ends_first: int) -> None:
    launches = [chrome.launch(), chrome.launch()]
    browsers = [each.__enter__() for each in launches]
    launches[ends_first].__exit__(None, None, None)
    page = browsers[1 - ends_first].new_page()
    assert page.evaluate("1 + 1") == 2
    launches[1 - ends_first].__exit__(None, None, None)
    with chrome.launch() as browser:
        assert browser.new_page().evaluate("1 + 1") == 2


def test_the_command_prints_the_browser() -> None:
    command = [sys.executable, "-m", "export.browser"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert output == f"browser: {chrome.find()}\n"
