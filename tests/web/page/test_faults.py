"""Faults around the page: it reports them, loses nothing, and recovers."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.conftest import TIMEOUT_MS
from tests.web.host import Host, draw_four

STEP = 3  # files: the connection is lost after 1, 1 + STEP, 1 + 2 STEP, ... of them
CODE = "text/javascript"
# The page's final states; the last is that no script arrived.
SAID = ", ".join(
    [f"html[data-model={state}]" for state in ("ready", "failed", "unsupported")]
    + ["html:not(.scripted) #unscripted"]
)
HUNG = "self.onmessage = () => self.close()"  # a worker that ran out of memory reports nothing


def lose_after(page: Page, passed: int) -> None:
    """Cut the connection after `passed` requests."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > passed:
            route.abort("internetdisconnected")
        else:
            route.continue_()

    page.route("**/*", answer)


def without_worker(browser: Browser) -> BrowserContext:
    """Return a new context without a service worker, which would request every file again."""
    context = browser.new_context(service_workers="block")
    context.set_default_timeout(TIMEOUT_MS)
    return context


def test_a_connection_lost_at_any_moment_of_loading_is_reported_and_recovered(
    browser: Browser, host: Host
) -> None:
    with without_worker(browser) as fresh:
        page = fresh.new_page()
        page.goto(host.url)
        expect(page.locator("html")).to_have_attribute("data-model", "ready")
        files = len(host.asked)
    for passed in range(1, files, STEP):
        with without_worker(browser) as fresh:
            page = fresh.new_page()
            lose_after(page, passed)
            page.goto(host.url)
            page.wait_for_selector(SAID)
            page.unroute_all(behavior="ignoreErrors")
            page.reload()
            expect(page.locator("html")).to_have_attribute("data-model", "ready")
            draw_four(page)


def test_a_stopped_service_worker_starts_again_offline(
    context: BrowserContext, host: Host
) -> None:
    page = context.new_page()
    page.goto(host.url)
    page.evaluate("navigator.serviceWorker.ready")
    page.reload()
    session = context.new_cdp_session(page)
    session.send("ServiceWorker.enable")
    session.send("ServiceWorker.stopAllWorkers")
    context.set_offline(True)
    page.reload()
    draw_four(page)


def test_a_stopped_picture_worker_is_reported(
    open_page: Callable[..., Page], site: str
) -> None:
    page = open_page(service_workers="block")  # it would bypass the route
    page.clock.install()
    page.route("**/picture/worker.js", lambda route: route.fulfill(body=HUNG, content_type=CODE))
    page.goto(site)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    page.get_by_role("button", name="Picture").click()
    picture = {"name": "a.png", "mimeType": "image/png", "buffer": b"any"}
    page.get_by_label("Choose a picture").set_input_files(picture)
    status = page.locator("dialog p[role=status]")
    expect(status).to_have_text("Looking at the picture")
    page.clock.fast_forward(31_000)
    expect(status).to_contain_text("took too long")


def test_a_restored_tab_has_its_drawing(
    page: Page, site: str, draw: Callable[..., None], drawings: dict[str, Any]
) -> None:
    page.goto(site)
    draw(page, drawings["2"])
    expect(page.locator("#number")).to_have_text("2")
    page.goto(f"{site}embed.html")
    page.go_back()
    expect(page.locator("#number")).to_have_text("2")
