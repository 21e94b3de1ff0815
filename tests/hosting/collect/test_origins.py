"""Which pages may send drawings: those of this server, also behind a proxy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosting.collecting_server import FAST, Collecting, line, starting

HTTPS = "\r\nX-Forwarded-Port: 443, 80\r\nX-Forwarded-Proto: https, http"  # of two proxies


@pytest.fixture(scope="module")
def behind_a_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collecting]:
    with starting(tmp_path_factory.mktemp("proxy"), FAST, "--trust-proxy") as made:
        yield made


@pytest.fixture
def trusting(behind_a_proxy: Collecting) -> Collecting:
    """A server that trusts its proxy, with an empty folder."""
    behind_a_proxy.empty()
    return behind_a_proxy


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (["Origin: http://evil.example"], 403),
        (["Origin: null"], 403),
        (["Origin: http://here:81"], 403),
        (["Origin: http://here:80.evil.example"], 403),
        (["Sec-Fetch-Site: cross-site"], 403),
        (["Sec-Fetch-Site: same-site", "Origin: http://here:80"], 403),
        (["Sec-Fetch-Site: none"], 403),
        (["Sec-Fetch-Site: cross-site", "X-Forwarded-Host: evil.example"], 403),
        (["Origin: http://evil.example", "X-Forwarded-Host: evil.example"], 403),
        (["Origin: https://here"], 403),
        (["Origin: http://here:81", "X-Forwarded-Port: 81"], 403),
        (["Sec-Fetch-Site: same-origin", "Origin: http://here:80"], 200),
        (["Origin: https://HERE:80"], 200),
        (["Origin: http://here"], 200),
    ],
)
def test_pages_of_other_sites_are_refused_token_or_not(
    collecting: Collecting, said: list[str], status: int
) -> None:
    bearer = f"Authorization: Bearer {collecting.token}"
    assert collecting.post(line(), bearer, *said)[0] == status
    assert len(collecting.labels()) == (status == 200)


def test_a_proxy_that_sends_another_host_does_not_keep_drawings_out(collecting: Collecting) -> None:
    """Browsers compare the origins themselves, over HTTPS and at localhost."""
    bearer = f"Authorization: Bearer {collecting.token}"
    for origin in ("https://pad.example", "http://localhost:8080"):
        said = (f"Origin: {origin}", "Sec-Fetch-Site: same-origin")
        assert collecting.post(line(), bearer, *said)[0] == 200
    assert len(collecting.labels()) == 2


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (["Origin: http://pad.lan", "X-Forwarded-Host: pad.lan"], 200),
        (["Origin: http://pad.lan:8080", "X-Forwarded-Host: pad.lan:8080"], 200),
        (["Origin: https://pad.lan", "X-Forwarded-Host: pad.lan:443"], 200),
        (["Origin: http://here:80"], 200),
        (["Origin: http://pad.lan", "X-Forwarded-Host: pad.lan, inner.lan"], 200),
        (["Origin: http://pad.lan", "X-Forwarded-Host: Pad.lan", "X-Forwarded-Port: 80"], 200),
        (["Origin: http://pad.lan:81", "X-Forwarded-Host: pad.lan", "X-Forwarded-Port: 81"], 200),
        (["Origin: https://pad.lan", f"X-Forwarded-Host: pad.lan{HTTPS}"], 200),
        (["Origin: https://pad.lan:444", "X-Forwarded-Host: a.lan, pad.lan:444"], 200),
        (["Origin: http://[::1]:81", "X-Forwarded-Host: [::1]", "X-Forwarded-Port: 81"], 200),
        (["Origin: http://pad.lan:82", "X-Forwarded-Host: pad.lan", "X-Forwarded-Port: 81"], 403),
        (["Origin: http://pad.lan:81", "X-Forwarded-Host: pad.lan:9", "X-Forwarded-Port: 81"], 403),
        (["Origin: http://", "X-Forwarded-Host: ,"], 403),
        (["Origin: http://evil.example", "X-Forwarded-Host: pad.lan"], 403),
        (["Origin: http://here:80", "X-Forwarded-Host: pad.lan"], 403),
        (["Origin: null", "X-Forwarded-Host: null"], 403),
        (["Sec-Fetch-Site: cross-site", "X-Forwarded-Host: pad.lan"], 403),
    ],
)
def test_a_trusted_proxy_names_the_host(trusting: Collecting, said: list[str], status: int) -> None:
    bearer = f"Authorization: Bearer {trusting.token}"
    assert trusting.post(line(), bearer, *said)[0] == status
    assert len(trusting.labels()) == (status == 200)


def test_the_operator_is_told_once_that_a_proxy_may_be_the_reason(tmp_path: Path) -> None:
    with starting(tmp_path) as collecting:
        bearer = f"Authorization: Bearer {collecting.token}"
        for _ in range(3):
            assert collecting.post(line(), bearer, "Origin: http://pad.lan")[0] == 403
            assert collecting.post(line(), bearer, "Sec-Fetch-Site: cross-site")[0] == 403
        collecting.serving.process.terminate()
        _, said = collecting.serving.stopped()
    assert said.count("\n") == 1
    assert "'http://pad.lan'" in said and "'here:80'" in said and "behind-a-proxy" in said
