"""A form with one pad, and writing with marks on it."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator

from tests.web.recognition.test_marks import written

FORM = """<!doctype html>
<html lang="en"><title>Form</title><link rel="icon" href="favicon.svg">
<script type="module" src="digit-pad.js"></script>
<form action="sent.html"><label for="price">Price</label>
<digit-pad id="price" name="price" required ATTRIBUTES></digit-pad>
<button>Send</button></form></html>"""
SENT = "<!doctype html><title>Sent</title><link rel=icon href=favicon.svg><p>Sent"

Open = Callable[..., Locator]


def set_drawing(pad: Locator, drawings: dict[str, Any], text: str) -> None:
    drawing = [[[100 * x, 100 * y] for x, y in stroke] for stroke in written(drawings, text)]
    pad.evaluate("(pad, drawing) => { pad.drawing = drawing; }", drawing)
