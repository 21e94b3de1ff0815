"""The nginx configuration agrees with the list of headers; `make nginx` runs it."""

import re

from hosting.build.nginx import EXAMPLE, configuration
from hosting.headers import HEADERS, IMMUTABLE, NO_CACHE


def test_the_example_is_up_to_date() -> None:
    assert EXAMPLE.read_text() == configuration(), "run python -m hosting.build.nginx"


def test_every_header_is_added_once_to_errors_too_and_no_location_drops_them() -> None:
    text = configuration()
    added = re.findall(r'^    add_header (\S+) "(.+)" always;$', text, re.MULTILINE)
    assert len(added) == text.count("add_header ") - 1, "a comment speaks of it too"
    assert dict(added) == HEADERS | {"Cache-Control": "$digitpad_cache"}
    assert len(added) == len(HEADERS) + 1


def test_only_successful_responses_from_a_hashed_folder_are_immutable() -> None:
    pattern, value = re.search(r'"~(\S+ \S+)" "(.+)";', configuration("/a.b/")).groups()
    assert value == IMMUTABLE and f'default "{NO_CACHE}";' in configuration()
    assert re.search(pattern, "200 /a.b/0123456789abcdef/app.js")
    for other in (
        "404 /a.b/0123456789abcdef/app.js",
        "200 /a.b/index.html",
        "200 /a.b/0123456789abcde/app.js",
        "200 /axb/0123456789abcdef/app.js",
        "200 /else/a.b/0123456789abcdef/app.js",
    ):
        assert not re.search(pattern, other), other


def test_the_configuration_is_well_formed_at_the_root_and_under_a_path() -> None:
    for base in ("/", "/some/where/"):
        text = re.sub(r'"[^"]*"|#.*', "", configuration(base))
        assert text.count("{") == text.count("}") > 3
        assert all(line.strip()[-1:] in ("", ";", "{", "}") for line in text.splitlines())
        assert f"location {base} {{" in text
    assert "return 301 /some/where/;" in configuration("/some/where/")
    assert "return 301" not in configuration("/")
