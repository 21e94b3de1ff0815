"""One list of headers, and every place that repeats a part of it says the same."""

from pathlib import Path

import pytest

from hosting.headers import META_POLICY

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", ["index.html", "embed.html"])
def test_the_pages_carry_the_policy_for_hosts_that_send_none(name: str) -> None:
    page = (ROOT / "web" / name).read_text(encoding="utf-8")
    tag = f'<meta http-equiv="Content-Security-Policy" content="{META_POLICY}">'
    assert page.count("Content-Security-Policy") == 1
    assert tag in page
