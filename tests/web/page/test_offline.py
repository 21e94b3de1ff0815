"""The page offline, and updates to it, on its own host."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from export.browser.page import WEB
from files import precache
from tests.web.host import Host, draw_four

CACHED_FOR_OFFLINE = """async () => {
    const { active } = await navigator.serviceWorker.ready;
    if (active.state !== "activated") {
        await new Promise(resolve => active.addEventListener("statechange", resolve));
    }
}"""
LOOK = """async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
    const worker = registration.installing;
    if (!worker) return registration.waiting ? "waiting" : "nothing new";
    await new Promise(resolve => worker.addEventListener("statechange", resolve));
    return worker.state;
}"""
CACHES = "async () => (await caches.keys()).length"
TITLE = "digitpad: handwritten numbers, read on your own device"


def visited(context: BrowserContext, host: Host) -> Page:
    """Return a tab with the page, cached for offline use."""
    page = context.new_page()
    page.goto(host.url)
    page.evaluate(CACHED_FOR_OFFLINE)
    return page


def test_the_precache_list_is_up_to_date():
    assert (WEB / "files.js").read_text() == precache.listing(WEB), "run python -m files.precache"


def test_the_precache_list_has_all_files_and_no_hidden_ones(tmp_path):
    for name in (
        "a.js",
        "sw.js",
        "files.js",
        "model/m.bin",
        ".model-x.partial/m.bin",
        "d.d.txt",
        "types.d.ts",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    names = re.findall(r'^  "(.+)": "sha256-', precache.listing(tmp_path), re.MULTILINE)
    assert names == ["a.js", "model/m.bin"]


def test_the_service_worker_is_short():
    assert len((WEB / "sw.js").read_text().splitlines()) < 80


def test_after_one_visit_the_page_reads_offline(context, host):
    page = visited(context, host)
    host.broken.add("")  # all of it
    context.set_offline(True)
    page.reload()
    expect(page).to_have_title(TITLE)
    draw_four(page)
    page.goto(f"{host.url}?from=homescreen")
    draw_four(page)


def test_a_new_version_is_offered_and_waits_for_the_user(context, host):
    page = visited(context, host)
    expect(page.locator("#newer")).to_be_hidden()
    draw_four(page)
    host.publish("No drawing leaves this device.", "This is version B.")
    host.asked.clear()
    assert page.evaluate(LOOK) == "installed"
    names = {path.rsplit("/", 1)[-1] for path in host.asked}
    assert names == {"sw.js", "files.js", ""}, "unchanged files are not fetched again"
    expect(page.locator("#newer")).to_be_visible()
    other = context.new_page()
    other.goto(host.url)
    expect(other.locator("footer")).to_contain_text("No drawing leaves this device.")
    expect(other.locator("#newer")).to_be_visible()
    page.locator("#update").click()
    expect(page.locator("footer")).to_contain_text("This is version B.")
    expect(page.locator("#number")).to_have_text("4")  # the drawing is still there
    expect(other.locator("footer")).to_contain_text("No drawing leaves this device.")
    other.locator("#update").click()
    expect(other.locator("footer")).to_contain_text("This is version B.")
    assert page.evaluate(CACHES) == 1


@pytest.mark.parametrize("fault", ["missing", "half-copied"])
def test_an_incomplete_update_changes_nothing(context, host, fault):
    page = visited(context, host)
    if fault == "missing":
        (host.page / "style.css").write_text("body { color: red }")
        host.publish("No drawing leaves this device.", "This is version B.")
        host.broken.add("style.css")
    else:
        host.publish("No drawing leaves this device.", "This is version B.")
        host.publish("version B", "version C", listed=False)
    assert page.evaluate(LOOK) == "redundant"
    expect(page.locator("#newer")).to_be_hidden()
    assert page.evaluate(CACHES) == 1
    context.set_offline(True)
    page.reload()
    expect(page.locator("footer")).to_contain_text("No drawing leaves this device.")
    draw_four(page)


def test_the_page_works_without_service_workers(context, host):
    context.add_init_script("delete Navigator.prototype.serviceWorker")
    faults = []
    page = context.new_page()
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    with page.expect_response("**/offline.js") as keeping:
        page.goto(host.url)
    page.evaluate("url => import(url)", keeping.value.url)  # waits until it has run
    draw_four(page)
    assert not faults


def test_the_page_can_be_installed(context, host):
    page = visited(context, host)
    session = context.new_cdp_session(page)
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [each["errorId"] for each in errors] == ["in-incognito"]  # as always in Playwright
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    for icon in ("icons/192.png", "icons/512.png", "icons/maskable.png", "icons/apple.png"):
        assert (WEB / icon).read_bytes().startswith(b"\x89PNG")
