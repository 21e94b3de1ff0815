"""The pad in a notebook: in a frame, without a server, under VS Code's strict policy."""

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from export import notebook
from export.convert import predictor
from train.ink import render

# VS Code allows inline scripts in outputs, and no `blob:` or `data:` URLs.
POLICY = """<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none';
script-src https://*.vscode-cdn.net 'unsafe-inline' 'unsafe-eval';
style-src https://*.vscode-cdn.net 'unsafe-inline'; img-src https: http: data:;
font-src https:; connect-src https:; child-src https: data:">"""


@pytest.fixture(scope="module")
def shipped() -> str:
    """Return the HTML of a pad with the shipped network."""
    return notebook.pad(notebook.WEB / "model").data


def pads(page: Page, *outputs: str) -> list[tuple[Locator, Locator]]:
    """Return the pad of each output, and the line below it."""
    page.set_content(POLICY + "".join(outputs))
    frames = page.locator("iframe").all()
    assert len(frames) == len(outputs)
    inside = [frame.content_frame for frame in frames]
    return [(frame.locator("digit-pad"), frame.locator("output")) for frame in inside]


@pytest.mark.parametrize("digit", ["2", "4", "7"])
def test_a_drawn_digit_is_read(digit, page, draw, drawings, shipped):
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    [(pad, line)] = pads(page, shipped)
    draw(page, drawings[digit], pad)
    expect(pad).to_have_js_property("value", digit)
    expect(line).to_have_text(re.compile(rf"^{digit}: \d+\.\d%$"))
    assert requests == [], "the pad makes no requests"


def test_a_pad_with_other_operations_works_next_to_the_shipped_network(
    page, draw, drawings, shipped, exported, network
):
    other = notebook.pad(exported("baseline")).data
    (first, _), (second, line) = pads(page, shipped, other)
    for pad in (first, second):
        draw(page, drawings["2"], pad)
    expect(first).to_have_js_property("value", "2")
    expect(line).not_to_be_empty()
    strokes, [probabilities] = second.evaluate(
        "pad => [pad.drawing, pad.reading.symbols.map(symbol => Array.from(symbol.probabilities))]"
    )
    fields = render(strokes)[None, ..., None]
    expected = predictor(network("baseline"))(fields).probabilities
    assert np.abs(np.array(probabilities) - expected[0]).max() < 1e-3
