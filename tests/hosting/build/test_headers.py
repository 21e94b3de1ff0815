"""The list of headers agrees with every file that repeats a part of it."""

from pathlib import Path

import pytest

from hosting.headers import META_POLICY

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", ["index.html", "embed.html"])
def test_the_pages_contain_the_policy_for_hosts_without_headers(name: str) -> None:
    page = (ROOT / "web" / name).read_text(encoding="utf-8")
    tag = f'<meta http-equiv="Content-Security-Policy" content="{META_POLICY}">'
    assert page.count("Content-Security-Policy") == 1
    assert tag in page
