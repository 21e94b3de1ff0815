"""The page and what one would use instead, and one visit of any of them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Error, Page

from bench.peers.convnet import PEERS
from bench.peers.drawings import Strokes
from bench.peers.site import Sent, Site

PROBE = (PEERS / "probe.js").read_text(encoding="utf-8")
VIEW = {"width": 1280, "height": 800}
PATIENCE = 600_000  # milliseconds; it only bounds what hangs, also on a busy core and slow 4G
# The protocol's own promise: a question asked again and again would run on the measured thread.
AWAIT = """patience => Promise.race([
    probe.done.then(() => ({
        first: probe.first, text: probe.text, origin: performance.timeOrigin,
    })),
    new Promise((_, give_up) => setTimeout(give_up, patience, new Error("no reading came"))),
])"""
SETTLED = 1500  # milliseconds until a new window is idle, and the one before has gone
CALM = 1000  # milliseconds after the first reading in which a page may fetch the rest


@dataclass(frozen=True)
class Contender:
    """One way to read digits in a browser."""

    name: str
    path: str
    heavy: bool = False  # megabytes: on a slow line it runs in every third round


OURS = Contender("digitpad", "ours/")
STOCK = (
    Contender("tf.js, default", "peers/stock.html"),
    Contender("tf.js, CPU", "peers/stock.html?backend=cpu"),
    Contender("tf.js, WASM", "peers/wasm.html?backend=wasm"),
)
CONTENDERS = (
    OURS,
    *STOCK,
    Contender("ONNX Runtime Web", "peers/onnx.html", heavy=True),
    Contender("LiteRT.js", "peers/litert.html", heavy=True),
)


class Unusable(RuntimeError):
    """A contender does not read here: one line that says why."""


@dataclass(frozen=True)
class Visit:
    """What a first visit showed, until the first reading and after it."""

    backend: str
    text: str
    milliseconds: float
    before: list[Sent]
    after: list[Sent]


@contextmanager
def opened(browser: Browser, url: str, drawing: Strokes, setting: dict | None = None) -> Iterator:
    """Yield a page in a context of its own, with nothing in its cache, on its way to a reading.

    Args:
        browser: that runs.
        url: of a contender.
        drawing: that is there as soon as the pad is.
        setting: `cpu`, how many times slower, and `network`, as the protocol's
            Network.emulateNetworkConditions takes it.
    """
    context = browser.new_context(viewport=VIEW)
    try:
        context.add_init_script(PROBE.replace("DRAWING", json.dumps(drawing)))
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        # A new context is a new window, and the browser loads its own pages into that meanwhile.
        page.wait_for_timeout(SETTLED)
        slow(page, **setting or {})
        page.goto(url, wait_until="commit")
        yield page
    finally:
        context.close()


def slow(page: Page, cpu: float = 1, network: dict | None = None) -> None:
    """Slow a page's thread, or its network, until told otherwise."""
    session = page.context.new_cdp_session(page)
    if network:
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", {"offline": False, **network})
    session.send("Emulation.setCPUThrottlingRate", {"rate": cpu})


def first_reading(page: Page) -> dict[str, Any]:
    """Wait for it: `first`, milliseconds since navigation began, the `text`, and that `origin`."""
    return page.evaluate(AWAIT, PATIENCE)


def visit(browser: Browser, site: Site, contender: Contender, drawing: Strokes) -> Visit:
    """Visit a contender and watch what it fetches. Raises Unusable where it does not read."""
    start, faults = len(site.log), []
    try:
        with opened(browser, f"{site.address}/{contender.path}", drawing) as page:
            page.on("pageerror", lambda error: faults.append(str(error)))
            reading = first_reading(page)
            page.wait_for_timeout(CALM)
            pad = page.locator("digit-pad, peer-pad").first
            backend = pad.get_attribute("data-backend") or "its own"
    except Error as error:
        said = (faults or str(error).strip().splitlines())[0]
        raise Unusable(f"{contender.name} does not read here: {said}") from error
    moment = (reading["origin"] + reading["first"]) / 1000
    sent = site.log[start:]
    before = [each for each in sent if each.when <= moment]
    after = [each for each in sent if each.when > moment]
    return Visit(backend, reading["text"], reading["first"], before, after)
