"""An empty page of the site with the recognizer, and how many fields its network classifies."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from export.browser.page import BLANK, LOAD
from tests.conftest import TIMEOUT_MS

# Read drawings one after another; return for each how many fields the network classified.
COUNT_CLASSIFIED = """async drawings => {
    const { Network } = await import("./recognition/network.js");
    const { predict } = Network.prototype;
    let images = 0;
    Network.prototype.predict = function (pixels) {
        images += pixels.length / 784;
        return predict.call(this, pixels);
    };
    const counts = [];
    for (const strokes of drawings) {
        images = 0;
        await recognizer.read(strokes);
        counts.push(images);
    }
    Network.prototype.predict = predict;
    return counts;
}"""


@pytest.fixture(scope="module")
def blank(browser: Browser, code: str) -> Iterator[Page]:
    """Yield an empty page of the site, shared by all tests of a file."""
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.route("**/blank.html", lambda route: route.fulfill(body=BLANK, content_type="text/html"))
    page.goto(f"{code}blank.html")
    yield page
    page.close()


@pytest.fixture(scope="module")
def opened(blank: Page) -> Page:
    """Load the shipped model on it."""
    blank.evaluate(LOAD)
    return blank
