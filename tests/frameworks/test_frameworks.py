"""Pads bound to the state of React, Vue, Svelte, Alpine and Lit, as their users bind them."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.conftest import Pen, Strokes, Watched
from tests.web.pad.bare import value_becomes
from tests.web.pad.test_loading import NODE

HERE = Path(__file__).parent
FRAMEWORKS = ["react", "vue", "svelte", "alpine", "lit"]
# `code` is bound to `input`, `total` to `change`.
FIELDS = ["code", "total"]
PAGE = """<!doctype html>
<html lang="en"><title>{framework}</title>
<style>digit-pad {{ inline-size: 400px }}</style>
<script type="importmap">{{ "imports": {{ "digitpad": "./digit-pad.js" }} }}</script>
<main></main>
<script type="module" src="apps/{framework}.js"></script></html>"""
SENT = "() => Object.fromEntries(new FormData(document.forms[0]))"

pytestmark = [
    pytest.mark.parametrize("framework", FRAMEWORKS),
    pytest.mark.parametrize("field", FIELDS),
]


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the apps, bundled."""
    out = tmp_path_factory.mktemp("apps")
    vite = [NODE, HERE / "node_modules/vite/bin/vite.js", "build"]
    command = [*vite, "--config", HERE / "vite.config.js", "--outDir", out]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, f"{built.stdout}{built.stderr}"
    return out


@pytest.fixture(scope="module")
def context(watched: Watched) -> BrowserContext:
    return watched.context(viewport={"width": 600, "height": 700})


@pytest.fixture
def app(
    context: BrowserContext, watched: Watched, code: str, apps: Path, framework: str
) -> Iterator[Page]:
    """Yield a page with a form of two pads, bound by a framework."""
    page = context.new_page()
    body = PAGE.format(framework=framework)
    page.route("**/bound.html", lambda r: r.fulfill(body=body, content_type="text/html"))
    page.route("**/apps/*.js", lambda r: r.fulfill(path=apps / Path(r.request.url).name))
    page.goto(code + "bound.html")
    page.locator("digit-pad").last.evaluate("pad => pad.ready")
    yield page
    page.close()
    watched.check()


@pytest.fixture
def pad(app: Page, field: str) -> Locator:
    return app.locator(f"digit-pad[name={field}]")


def half(strokes: Strokes, side: int) -> Strokes:
    """Return a digit at half its size: 0 in the left half of the pad, 1 in the right half."""
    return [[[x / 2 + side / 2, y / 2 + 0.25] for x, y, *_ in stroke] for stroke in strokes]


def state(page: Page) -> dict[str, Any]:
    """Return the framework's state, as it shows it."""
    return json.loads(page.locator("output").inner_text())


def state_becomes(page: Page, field: str, value: str) -> None:
    """Wait for a value in the framework's state, and check that the pad and the form hold it."""
    expect(page.locator("output")).to_contain_text(f'"{field}":"{value}"')
    value_becomes(page.locator(f"digit-pad[name={field}]"), value)
    assert page.evaluate(SENT) == {name: state(page)[name] for name in FIELDS}


def render(page: Page) -> None:
    """Let the framework render again, with the same values."""
    renders = state(page)["renders"]
    page.evaluate("() => { app.render(); }")
    expect(page.locator("output")).to_contain_text(f'"renders":{renders + 1}')


def assign(page: Page, value: str) -> None:
    """Let the framework assign a value to both pads."""
    page.evaluate("value => { app.assign({ code: value, total: value }); }", value)


def test_digits_drawn_one_after_the_other_arrive(
    app: Page, pad: Locator, field: str, draw: Pen, drawings: dict[str, Strokes]
) -> None:
    draw(app, half(drawings["2"], 0), pad)
    state_becomes(app, field, "2")
    draw(app, half(drawings["7"], 1), pad)
    state_becomes(app, field, "27")


def test_rendering_again_keeps_the_drawing(
    app: Page, pad: Locator, field: str, draw: Pen, drawings: dict[str, Strokes]
) -> None:
    draw(app, half(drawings["2"], 0), pad)
    render(app)  # the drawing may not be read yet
    state_becomes(app, field, "2")
    drawn = pad.evaluate("pad => pad.drawing")
    render(app)
    assert pad.evaluate("pad => pad.drawing") == drawn


def test_what_the_framework_assigns_shows_in_the_pad(
    app: Page, pad: Locator, field: str, draw: Pen, drawings: dict[str, Strokes]
) -> None:
    assign(app, "40")
    state_becomes(app, field, "40")
    expect(pad.get_by_role("textbox")).to_have_value("40")
    draw(app, half(drawings["2"], 0), pad)
    state_becomes(app, field, "2")
    assign(app, "41")
    state_becomes(app, field, "41")
    expect(pad.get_by_role("textbox")).to_have_value("41")
    assign(app, "")
    state_becomes(app, field, "")
    assert pad.evaluate("pad => pad.drawing") == []


def test_a_typed_and_a_cleared_value_arrive(app: Page, pad: Locator, field: str) -> None:
    entry = pad.get_by_role("textbox")
    entry.press_sequentially("60")
    entry.blur()
    state_becomes(app, field, "60")
    render(app)
    state_becomes(app, field, "60")
    pad.get_by_role("button", name="Clear").click()
    state_becomes(app, field, "")
