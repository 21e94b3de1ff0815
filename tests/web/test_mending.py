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


def test_old_code_in_the_browser_s_cache_meets_a_new_model_and_is_renewed_at_once(context, host):
    page = visited(context, host)
    next_format(host)
    loaded = loads(page)
    page.goto(host.url)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    draw_four(page)
    assert len(loaded) == 2, "once as asked, once to mend it"


def test_scripts_of_others_that_fail_are_none_of_the_pages(context, host):
    page = context.new_page()
    page.goto(host.url)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    loaded = loads(page)
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.src = "https://filter.invalid/inject.js";
        document.head.append(script);
        setTimeout(() => JSON.parse("<html>"));
        return new Promise(resolve => script.addEventListener("error", resolve));
    }""")
    draw_four(page)
    assert loaded == []


def test_old_code_that_lacks_what_new_code_imports_is_renewed_at_once(context, host):
    page = visited(context, host)
    change(host, "digit-pad.js", "export { commandOf,", "export { commandOf as orderOf,")
    change(
        host, "app.js", "import { commandOf, update }", "import { orderOf as commandOf, update }"
    )
    change(host, "index.html", 'src="app.js"', 'src="app.js?new"')  # the browser has kept the rest
    precache.write(host.page)
    loaded = loads(page)
    page.goto(host.url)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    draw_four(page)
    assert len(loaded) == 2


@pytest.mark.parametrize("part", ["model/meta.json", "ink.js"])
def test_a_half_updated_host_is_named_and_not_asked_again_and_again(context, host, part):
    page = context.new_page()
    if part == "ink.js":  # comes later than what imports from it
        change(host, part, "export function render", "export function older")
    else:
        described = meta.read(host.page / "model") | {"format": 2}
        (host.page / part).write_text(meta.text(described), encoding="utf-8")
    loaded = loads(page)
    page.goto(host.url)
    said = "is being updated" if part == "ink.js" else "The model has format 2, this page reads"
    expect(page.locator("body")).to_contain_text(said)
    page.wait_for_timeout(500)
    assert len(loaded) == 1, "what the list names is not there yet"


def test_where_the_tab_cannot_remember_it_is_not_tried(context, host):
    page = visited(context, host)
    next_format(host)
    page.add_init_script("delete Window.prototype.sessionStorage; delete window.sessionStorage")
    loaded = loads(page)
    page.goto(host.url)
    expect(page.locator("#caption")).to_contain_text("The model has format 2")
    page.wait_for_timeout(500)
    assert len(loaded) == 1
