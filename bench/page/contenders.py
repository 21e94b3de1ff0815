"""The page, the alternatives that it is compared with, and a visit to any of them."""

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
READING_TIMEOUT_MS = 600_000  # only for hangs: long enough for a busy core with slow 4G
# A promise, because polling would run on the measured thread.
AWAIT = """timeout => Promise.race([
    probe.done.then(() => ({
        first: probe.first, text: probe.text, origin: performance.timeOrigin,
    })),
    new Promise((_, reject) => setTimeout(reject, timeout, new Error("no reading in time"))),
])"""
SETTLE_MS = 1500  # until a new window is idle and the previous one has closed
IDLE_MS = 1000  # after the first reading, for the files that a page loads later


@dataclass(frozen=True)
class Contender:
    """One way to read digits in a browser."""

    name: str
    path: str
    heavy: bool = False  # megabytes: measured in every third round only on slow 4G


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
    """A contender does not work here. The message is one line with the reason."""


@dataclass(frozen=True)
class Visit:
    """Result of a first visit: first reading, and responses before and after it."""

    backend: str
    text: str
    milliseconds: float
    before: list[Sent]
    after: list[Sent]


@contextmanager
def opened(browser: Browser, url: str, drawing: Strokes, setting: dict | None = None) -> Iterator:
    """Open a page with an empty cache, and yield it before its first reading.

    Args:
        browser: a running browser.
        url: URL of a contender.
        drawing: set on the pad as soon as that is defined.
        setting: keyword arguments of `throttle`.
    """
    context = browser.new_context(viewport=VIEW)
    try:
        context.add_init_script(PROBE.replace("DRAWING", json.dumps(drawing)))
        page = context.new_page()
        page.set_default_timeout(READING_TIMEOUT_MS)
        # A new context opens a window, in which the browser first loads pages of its own.
        page.wait_for_timeout(SETTLE_MS)
        throttle(page, **setting or {})
        page.goto(url, wait_until="commit")
        yield page
    finally:
        context.close()


def throttle(page: Page, cpu: float = 1, network: dict | None = None) -> None:
    """Slow down a page until the next call.

    Args:
        page: an open page.
        cpu: factor by which its thread is slowed down.
        network: arguments of Network.emulateNetworkConditions in the DevTools protocol.
    """
    session = page.context.new_cdp_session(page)
    if network:
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", {"offline": False, **network})
    session.send("Emulation.setCPUThrottlingRate", {"rate": cpu})


def first_reading(page: Page) -> dict[str, Any]:
    """Wait for the first reading.

    Returns:
        `text`; `first`, milliseconds since `origin`; `origin`, the start of navigation in
        milliseconds since 1970.
    """
    return page.evaluate(AWAIT, READING_TIMEOUT_MS)


def visit(browser: Browser, site: Site, contender: Contender, drawing: Strokes) -> Visit:
    """Visit a contender and record its requests. Raises Unusable if it does not read."""
    start, faults = len(site.log), []
    try:
        with opened(browser, f"{site.address}/{contender.path}", drawing) as page:
            page.on("pageerror", lambda error: faults.append(str(error)))
            reading = first_reading(page)
            page.wait_for_timeout(IDLE_MS)
            pad = page.locator("digit-pad, peer-pad").first
            backend = pad.get_attribute("data-backend") or "its own"
    except Error as error:
        reason = (faults or str(error).strip().splitlines())[0]
        raise Unusable(f"{contender.name} does not read here: {reason}") from error
    moment = (reading["origin"] + reading["first"]) / 1000
    sent = site.log[start:]
    before = [each for each in sent if each.when <= moment]
    after = [each for each in sent if each.when > moment]
    return Visit(backend, reading["text"], reading["first"], before, after)
