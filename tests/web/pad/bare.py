"""A bare page with two pads and a fake recognizer that reads the number of strokes."""

from typing import Any

from playwright.sync_api import Locator, expect

from tests.conftest import FIREFOX

RECOGNIZER = """
globalThis.loads = [];
globalThis.delays = [];
export async function loadRecognizer(url) {
  globalThis.loads.push(url.href);
  const readNow = (drawing) => {
    const text = drawing.length > 8 ? "?" : String(drawing.length);
    const strokes = drawing.map((_, index) => index);
    const pieces = drawing.map(({ length }, stroke) => ({ stroke, from: 0, to: length - 1 }));
    const symbol = { digit: drawing.length, confidence: 1, strokes, pieces, line: 0 };
    return { text, confidence: 1, symbols: [symbol] };
  };
  return { readNow, async read(drawing) {
    await (globalThis.delays.shift() ?? new Promise((resolve) => setTimeout(resolve)));
    return readNow(drawing);
  } };
}
"""
MOUSE = 0 if FIREFOX else 1  # the pointerId of the mouse
HOLD = "() => delays.push(new Promise((resolve) => (window.release = resolve)))"
RELEASE = "() => new Promise((resolve) => { release(); setTimeout(resolve); })"
# Whole pixels, because Firefox rounds positions of the mouse; and room around the pads to draw in.
PAGE = """<!doctype html>
<html lang="en"><title>Pads</title>
<style>body { margin: 40px } fieldset { padding: 6px }</style>
<script type="module" src="digit-pad.js"></script>
<form><fieldset><digit-pad id="a" name="code" label="Code"></digit-pad></fieldset></form>
<digit-pad id="b"></digit-pad>
"""


def stroke(
    pad: Locator, start: tuple[float, float], end: tuple[float, float], **mouse: Any
) -> None:
    """Draw a straight stroke with the mouse, in CSS pixels from the pad's corner."""
    box, pen = pad.bounding_box(), pad.page.mouse
    assert box
    pen.move(box["x"] + start[0], box["y"] + start[1])
    pen.down(**mouse)
    pen.move(box["x"] + end[0], box["y"] + end[1], steps=5)
    pen.up(**mouse)


def drawing(pad: Locator) -> list[list[list[float]]]:
    return pad.evaluate("pad => pad.drawing")


def value_becomes(pad: Locator, value: str) -> None:
    expect(pad).to_have_js_property("value", value)
