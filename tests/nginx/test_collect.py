"""`server.py --collect` behind nginx, which asks it as 127.0.0.1 unless it is told otherwise."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.hosting.collecting_server import Collecting, line, starting
from tests.nginx.__main__ import free_port, running

ROOT = Path(__file__).parents[2]
HOSTING = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
DOCUMENTED = re.findall(r"^ {4,}(proxy_set_header .+;)$", HOSTING, re.MULTILINE)
FOREIGN = "http://foreign.example/"
BARE = "proxy_pass {upstream};"
SEND = """([address, token, body]) => fetch(address, {
    method: "POST", headers: { Authorization: `Bearer ${token}` }, body,
}).then(response => response.status, () => "blocked")"""
SEND_BLINDLY = """([address, , body]) => fetch(address, { method: "POST", mode: "no-cors", body })
    .then(response => response.status, () => "blocked")"""

Proxied = tuple[Collecting, int]


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    """Start a server, and nginx with its default proxy_pass; return nginx's port."""
    folder = tmp_path_factory.mktemp("proxied")
    with starting(folder) as collecting, proxy(folder / "nginx", collecting, BARE) as port:
        yield collecting, port


def proxy(folder: Path, collecting: Collecting, *directives: str):
    """Run nginx before a server, with these lines in its location."""
    folder.mkdir()
    port = free_port()
    upstream = f"http://127.0.0.1:{collecting.serving.port}"
    inside = " ".join(directives).format(upstream=upstream)
    site = f"server {{ listen 127.0.0.1:{port}; location / {{ {inside} }} }}"
    return running(folder, site, port)


def send(collecting: Collecting, port: int, *said: str) -> int:
    """Send a drawing to a port as a browser's request with these headers; return the status."""
    bearer = f"Authorization: Bearer {collecting.token}"
    return collecting.post(line(), bearer, *said, host=f"127.0.0.1:{port}", port=port)[0]


def test_a_page_behind_the_default_proxy_pass_sends_and_a_foreign_one_does_not(
    proxied: Proxied, browser: Browser
) -> None:
    collecting, port = proxied
    own = f"http://127.0.0.1:{port}/"
    given = [f"{own}collect", collecting.token, line().decode()]
    page = browser.new_page()
    page.route(FOREIGN, lambda route: route.fulfill(body="<title>foreign</title>"))
    page.goto(FOREIGN)
    assert page.evaluate(SEND, given) == "blocked"
    assert page.evaluate(SEND_BLINDLY, given) in (0, "blocked"), "0 is an answer it cannot see"
    assert collecting.labels() == []
    page.goto(own)
    assert page.evaluate(SEND, given) == 200
    page.close()
    assert collecting.labels() == ["7"]
    collecting.empty()


def test_what_the_browser_says_decides_over_the_host_that_nginx_names(proxied: Proxied) -> None:
    collecting, port = proxied
    own = f"Origin: http://127.0.0.1:{port}"
    assert send(collecting, port, own, "Sec-Fetch-Site: same-origin") == 200
    assert send(collecting, port, own, "Sec-Fetch-Site: cross-site") == 403
    assert send(collecting, port, "Origin: http://evil.example") == 403
    assert send(collecting, port, own) == 403, "nginx asks for another host"
    collecting.empty()


@pytest.mark.parametrize("kind", ["Host", "X-Forwarded-Host"])
def test_with_the_documented_lines_browsers_that_say_nothing_are_served_too(
    tmp_path: Path, kind: str
) -> None:
    named = [each for each in DOCUMENTED if each.startswith(f"proxy_set_header {kind} ")]
    assert len(named) == 1
    options = ["--trust-proxy"] if kind != "Host" else []
    with (
        starting(tmp_path, "", *options) as collecting,
        proxy(tmp_path / "nginx", collecting, BARE, *named) as port,
    ):
        assert send(collecting, port, f"Origin: http://127.0.0.1:{port}") == 200
        assert send(collecting, port, "Origin: http://evil.example") == 403
        said = ("Origin: http://evil.example", "X-Forwarded-Host: evil.example")
        assert send(collecting, port, *said) == 403
