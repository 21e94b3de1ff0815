"""Explanations of a reading: which ink supports a digit, and each layer's activations."""

import numpy as np
import pytest
from playwright.sync_api import expect

from export import meta
from export.browser.page import WEB
from tests.web.page.test_accessibility import ZIGZAG, complaints

pytestmark = pytest.mark.usefixtures("ready")

# Log-odds of each digit: complete, and without the quarter of ink that supports it most or least.
ERASED = """async drawings => {
    const { src } = document.querySelector("script[type=module]");
    const { occlusionMaps } = await import(new URL("explain/occlusion.js", src));
    const recognizer = await document.querySelector("digit-pad").ready;
    const oddsOf = async (pixels, label) => {
        const probabilities = await recognizer.classify(pixels);
        const others = probabilities.reduce((sum, p, digit) => digit === label ? sum : sum + p, 0);
        return Math.log(probabilities[label] / others);
    };
    const found = [];
    for (const [label, strokes] of Object.entries(drawings)) {
        const { pixels } = recognizer.readNow(strokes).symbols[0];
        const answers = await occlusionMaps(recognizer, pixels);
        const { attribution } = answers.find(each => each.label === label);
        const inked = [...pixels.keys()].filter(place => pixels[place] > 0);
        inked.sort((a, b) => attribution[b] - attribution[a]);
        const quarter = inked.length >> 2;
        const ends = [inked.slice(0, quarter), inked.slice(-quarter)];
        found.push([await oddsOf(pixels, Number(label))]);
        for (const end of ends) {
            const left = pixels.slice();
            for (const place of end) left[place] = 0;
            found.at(-1).push(await oddsOf(left, Number(label)));
        }
    }
    return found;
}"""
INKED = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
    .some(value => value > 0)"""
SHOWN = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.reduce((sum, value) => (31 * sum + value) % 1_000_003, 7);
}"""


def read(page, number):
    """Wait for a reading of all strokes, so that the button explains that one."""
    expect(page.locator("#number")).to_have_text(number)


def opened(page):
    page.get_by_role("button", name="Look inside").press("Enter")
    return page.get_by_role("dialog", name="Inside the network")


def test_a_digit_removed_while_its_explanation_loads_is_still_explained(
    page, draw, drawings
):
    draw(page, drawings["4"])
    read(page, "4")
    expect(page.get_by_role("button", name="Look inside")).to_be_visible()
    page.evaluate(
        "() => { for (const id of ['why', 'clear']) document.getElementById(id).click(); }"
    )
    expect(page.get_by_role("dialog").locator("option").first).to_contain_text("4 (9")


def test_a_digit_is_explained_with_images_and_text(page, draw, drawings):
    expect(page.get_by_role("button", name="Look inside")).to_be_hidden()
    draw(page, drawings["4"])
    read(page, "4")
    dialog = opened(page)
    expect(dialog.get_by_role("status")).to_contain_text("Blue speaks for it, mostly at the")
    expect(dialog.get_by_label("Which ink speaks for").locator("option")).to_have_count(11)
    expect(dialog.locator("option").first).to_contain_text("4 (9")
    layers = meta.read(WEB / "model")["nodes"]["activations"]
    pictures = dialog.get_by_role("img", name="Layer ")
    expect(pictures).to_have_count(len(layers))
    rows, columns, count = layers[0]["shape"]
    expect(pictures.first).to_have_accessible_name(f"Layer 1: {count} maps of {rows} by {columns}")
    assert all(canvas.evaluate(INKED) for canvas in dialog.locator("canvas").all())
    assert complaints(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Look inside")).to_be_focused()


def test_another_digit_has_another_image_and_text(page, draw, drawings):
    draw(page, drawings["4"])
    read(page, "4")
    dialog = opened(page)
    status, attribution = dialog.get_by_role("status"), dialog.locator(".attribution")
    expect(status).to_contain_text("speaks for it")
    text, image = status.inner_text(), attribution.evaluate(SHOWN)
    page.keyboard.press("End")  # the least likely
    expect(status).not_to_have_text(text)
    expect(attribution).to_have_accessible_name(f"Your digit; {status.inner_text()}")
    assert attribution.evaluate(SHOWN) != image


def test_a_rejected_scribble_is_explained_as_no_digit(page, draw):
    draw(page, ZIGZAG)
    read(page, "?")
    expect(opened(page).locator("option").first).to_contain_text("no digit (")


def test_erasing_the_supporting_ink_lowers_the_probability(page, drawings):
    whole, without_most, without_least = np.array(page.evaluate(ERASED, drawings)).T
    assert np.all(without_most < whole)
    assert np.all(without_most < without_least)
    assert np.median(without_least - without_most) > 5, "in log-odds"


def test_its_code_is_fetched_on_demand(page, site):
    asked = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    page.goto(site)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    assert not [name for name in asked if name.startswith("explanation")]
