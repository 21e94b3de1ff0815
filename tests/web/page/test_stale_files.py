"""A page with parts of two versions, from a browser's cache or a partial update."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from export import meta
from files import precache
from tests.conftest import TIMEOUT_MS
from tests.web.host import Host, draw_four


@pytest.fixture
def context(browser: Browser) -> BrowserContext:
    """Yield a context that caches as the host allows, without a service worker."""
    made = browser.new_context(service_workers="block", reduced_motion="reduce")
    made.set_default_timeout(TIMEOUT_MS)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def code_is_kept(host: Host) -> None:
    """Let browsers cache code for an hour, but not the page and the model."""
    host.kept = ".js"


def loads(page: Page) -> list[str]:
    """Return the list of pages loaded from now on."""
    found: list[str] = []
    page.on("domcontentloaded", lambda loaded: found.append(loaded.url))
    return found


def visited(context: BrowserContext, host: Host) -> Page:
    page = context.new_page()
    page.goto(host.url)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    return page


def change(host: Host, name: str, old: str, new: str) -> None:
    file = host.page / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def next_format(host: Host) -> None:
    """Publish a version whose model and code have another format."""
    change(host, "recognition/model-files.js", "FORMAT = 1", "FORMAT = 2")
    described = meta.read(host.page / "model") | {"format": 2}
    (host.page / "model" / meta.NAME).write_text(meta.text(described), encoding="utf-8")
    precache.write(host.page)


def test_old_cached_code_with_a_new_model_is_refetched(context, host):
    page = visited(context, host)
    next_format(host)
    loaded = loads(page)
    page.goto(host.url)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    draw_four(page)
    assert len(loaded) == 2, "the first load, and one reload"


def test_stale_code_is_refetched_though_the_host_alters_the_page(context, host):
    page = visited(context, host)
    next_format(host)
    host.publish("<title>", "<!-- by the host --><title>", listed=False)
    (host.page / "favicon.svg").unlink()
    loaded = loads(page)
    page.goto(host.url)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    draw_four(page)
    assert len(loaded) == 2


def test_failing_scripts_of_others_do_not_reload_the_page(context, host):
    scripts = [
        f'<script src="{source}"></script>'
        for source in ("https://filter.invalid/inject.js", "measure.js")
    ]
    change(host, "index.html", "</body>", f"{''.join(scripts)}</body>")
    loaded = loads(page := context.new_page())
    page.goto(host.url)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    page.evaluate("() => { setTimeout(() => JSON.parse('<html>')); }")
    draw_four(page)
    expect(page.get_by_role("alert")).to_be_hidden()
    assert len(loaded) == 1


def test_old_cached_code_that_lacks_an_export_is_refetched(context, host):
    page = visited(context, host)
    change(host, "digit-pad.js", "export { commandOf,", "export { commandOf as orderOf,")
    change(
        host, "app.js", "import { commandOf, update }", "import { orderOf as commandOf, update }"
    )
    change(host, "index.html", 'src="app.js"', 'src="app.js?new"')  # the rest is cached
    precache.write(host.page)
    loaded = loads(page)
    page.goto(host.url)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    draw_four(page)
    assert len(loaded) == 2


@pytest.mark.parametrize("part", ["model/meta.json", "ink/render.js"])
def test_a_half_updated_host_is_reported_without_a_reload_loop(context, host, part):
    page = context.new_page()
    if part == "ink/render.js":  # arrives after the module that imports it
        change(host, part, "export function render", "export function older")
    else:
        described = meta.read(host.page / "model") | {"format": 2}
        (host.page / part).write_text(meta.text(described), encoding="utf-8")
    loaded = loads(page)
    page.goto(host.url)
    of_model = "The model has format 2, this page reads"
    message = "is being updated" if part == "ink/render.js" else of_model
    expect(page.locator("body")).to_contain_text(message)
    page.wait_for_timeout(500)
    assert len(loaded) == 1, "the listed files are not there yet"


def test_without_session_storage_the_page_does_not_reload(context, host):
    page = visited(context, host)
    next_format(host)
    page.add_init_script("delete Window.prototype.sessionStorage; delete window.sessionStorage")
    loaded = loads(page)
    page.goto(host.url)
    expect(page.locator("#caption")).to_contain_text("The model has format 2")
    page.wait_for_timeout(500)
    assert len(loaded) == 1
