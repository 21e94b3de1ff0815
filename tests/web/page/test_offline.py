"""The page offline, and updates to it, on its own host."""

import re
from collections.abc import Callable

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
OFFLINE_NOTE = "footer [data-subject=offline]"
TITLE = "digitpad: handwritten numbers, read on your own device"

Fault = Callable[[Host, BrowserContext], object]


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
    assert len((WEB / "sw.js").read_text().splitlines()) < 90


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


@pytest.mark.parametrize("fault", ["missing", "half-copied", "page of another version"])
def test_an_incomplete_update_changes_nothing(context, host, fault):
    page = visited(context, host)
    if fault == "missing":
        (host.page / "style.css").write_text("body { color: red }")
        host.publish("No drawing leaves this device.", "This is version B.")
        host.broken.add("style.css")
    elif fault == "half-copied":
        (host.page / "style.css").write_text("body { color: red }")
        host.publish("No drawing leaves this device.", "This is version B.")
        (host.page / "style.css").write_text("body { color: blue }")
    else:
        host.publish('<p id="caption">', '<p id="sentence">')
        host.publish('<p id="sentence">', '<p id="words">', listed=False)
    assert page.evaluate(LOOK) == "redundant"
    expect(page.locator("#newer")).to_be_hidden()
    assert page.evaluate(CACHES) == 1
    context.set_offline(True)
    page.reload()
    expect(page.locator("footer")).to_contain_text("No drawing leaves this device.")
    draw_four(page)


def reads_offline(context: BrowserContext, host: Host, page: Page) -> None:
    host.broken.add("")  # all of it
    context.set_offline(True)
    page.reload()
    expect(page).to_have_title(TITLE)
    draw_four(page)
    host.broken.clear()
    context.set_offline(False)


ALTERED = {
    "a script at the end": lambda html: html.replace(
        "</body>", '<script src="measure.js"></script></body>'
    ),
    "a minifier": lambda html: re.sub(
        r'\b(id|src|href)="([^" /]+)"', r"\1=\2", re.sub(r">\s+<", "><", html)
    ),
    "a filter that writes whole addresses": lambda html: re.sub(
        r'(src|href)="(?!\./)([^":]+)"', r'\1="/sub/path/\2"', html
    ),
    "versions in addresses": lambda html: html.replace('.js"', '.js?ver=1.2"').replace(
        'href="style.css"', "href='./style.css?t=7'"
    ),
    "upper case": lambda html: re.sub(
        r"<(/?)(script|p|link|div)\b", lambda tag: tag[0].upper(), html
    ),
    "a style and a note": lambda html: html.replace(
        "<title>", "<style>body{margin:0}</style><!-- checked --><title>"
    ),
}


@pytest.mark.parametrize("change", ALTERED)
def test_a_page_that_the_host_alters_is_kept_as_it_is_served(context, host, change):
    index = host.page / "index.html"
    index.write_text(ALTERED[change](html := index.read_text()))
    assert index.read_text() != html
    page = visited(context, host)
    reads_offline(context, host, page)
    expect(page.locator(OFFLINE_NOTE)).to_have_count(0)
    served = page.evaluate("async () => (await fetch('.')).text()")
    assert served == index.read_text()


@pytest.mark.parametrize(
    "name",
    ["manifest.webmanifest", "favicon.svg", "icons/512.png", "embed.css", "embed.html", "embed.js"],
)
@pytest.mark.parametrize("fault", ["missing", "altered"])
def test_files_that_reading_does_not_need_may_be_missing(context, host, name, fault):
    if fault == "missing":
        host.broken.add(name)
    else:
        (host.page / name).write_bytes(b"optimised by the host")
    page = visited(context, host)
    reads_offline(context, host, page)
    expect(page.locator(OFFLINE_NOTE)).to_have_count(0)


def broken(name: str) -> Fault:
    return lambda host, context: host.broken.add(name)


def altered(name: str, old: str, new: str) -> Fault:
    def alter(host: Host, context: BrowserContext) -> None:
        file = host.page / name
        file.write_text(file.read_text().replace(old, new, 1))

    return alter


def no_room(host: Host, context: BrowserContext) -> None:
    """Let the worker's cache refuse every file."""
    file = host.page / "sw.js"
    full = "throw new DOMException('', 'QuotaExceededError');"
    file.write_text(f"Cache.prototype.put = async () => {{ {full} }};\n{file.read_text()}")


NOT_KEPT: dict[str, tuple[Fault, str]] = {
    "a file is missing": (
        broken("picture/rules/removal.js"),
        "the host answers with status 503 for picture/rules/removal.js",
    ),
    "a file is altered": (
        altered("explain/occlusion.js", "\n", "\n// by the host\n"),
        "explain/occlusion.js did not arrive as it was published",
    ),
    "the page has no module": (
        altered("index.html", 'rel="modulepreload" href="ink/render.js"', 'rel="modulepreload"'),
        "index.html did not arrive as it was published",
    ),
    "a part of the page is a comment": (
        altered("index.html", '<p id="newer" hidden>', '<!-- <p id="newer" hidden> --><p hidden>'),
        "index.html did not arrive as it was published",
    ),
    "the worker is missing": (broken("sw.js"), "the host answers with status 503 for sw.js"),
    "the list is missing": (
        broken("path/files.js"),
        "the host answers with status 503 for files.js",
    ),
    "there is no room": (no_room, "the browser cannot store it"),
    "the browser has no service workers": (
        lambda host, context: context.add_init_script("delete Navigator.prototype.serviceWorker"),
        "this browser does not allow it here",
    ),
}


@pytest.mark.parametrize("name", NOT_KEPT)
def test_where_the_page_cannot_be_kept_it_says_why(context, host, name):
    fault, reason = NOT_KEPT[name]
    fault(host, context)
    page = context.new_page()
    page.goto(host.url)
    sentence = f"This page cannot be kept for offline use, because {reason}."
    expect(page.locator(OFFLINE_NOTE)).to_have_text(sentence)
    draw_four(page)


def test_the_page_is_kept_once_the_host_is_mended(context, host):
    host.broken.add("style.css")
    page = context.new_page()
    page.goto(host.url)
    expect(page.locator(OFFLINE_NOTE)).to_contain_text("style.css")
    host.broken.clear()
    page.reload()
    page.evaluate(CACHED_FOR_OFFLINE)
    expect(page.locator(OFFLINE_NOTE)).to_have_count(0)
    reads_offline(context, host, page)


def test_an_insecure_address_is_named_as_the_reason(context, host):
    page = context.new_page()
    page.goto(host.url.replace("127.0.0.1", "laptop.test"))
    expect(page.locator(OFFLINE_NOTE)).to_contain_text("its address does not begin with https:")


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
