"""Ink appears under the pointer, and test tools can draw, wherever and however a pad is shown."""

import pytest
from playwright.sync_api import Locator, Page

from tests.web.pad.bare import MOUSE, drawing, value_becomes

FRAME = '<iframe id="frame" width="500" height="400" style="{style}" src="framed.html"></iframe>'
FRAMED = """<!doctype html>
<html lang="en"><title>Framed</title>
<script type="module" src="digit-pad.js"></script>
<p>Above<digit-pad></digit-pad></html>"""
WRAP = """(pad, style) => {
  const outer = document.createElement("div");
  outer.style.cssText = "width: 300px; " + style;
  pad.before(outer);
  outer.append(pad);
}"""
# As Cypress' `trigger` and Testing Library's `fireEvent` make them.
DRAW = """(surface, [points, options, lift]) => {
  const { x, y } = surface.getBoundingClientRect();
  points.forEach(([dx, dy], k) => surface.dispatchEvent(new PointerEvent(
    k ? "pointermove" : "pointerdown",
    { bubbles: true, composed: true, clientX: x + dx, clientY: y + dy, ...options })));
  const [dx, dy] = points.at(-1);
  if (lift) surface.dispatchEvent(new PointerEvent("pointerup",
    { bubbles: true, clientX: x + dx, clientY: y + dy, ...options }));
}"""


# In coordinates of the pad's own frame.
NOTE = """surface => { surface.seen = [];
  for (const name of ["pointerdown", "pointerup"]) surface.addEventListener(name,
    ({ clientX, clientY }) => surface.seen.push([clientX, clientY])); }"""
SEEN = """surface => {
  const { x, y, width, height } = surface.querySelector("path").getBoundingClientRect();
  return [surface.seen, [x + width / 2, y + height / 2]];
}"""


def draw_in_the_middle(page: Page, pad: Locator) -> None:
    """Draw a line in the middle of a pad, and compare where the pointer was and where it is."""
    surface = pad.locator(".surface")
    surface.evaluate(NOTE)
    box = surface.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 20, y - 25)
    page.mouse.down()
    page.mouse.move(x + 10, y + 35, steps=4)
    page.mouse.up()
    [[start, end], middle] = surface.evaluate(SEEN)
    assert start != end
    assert middle == pytest.approx([(start[0] + end[0]) / 2, (start[1] + end[1]) / 2], abs=0.6)


@pytest.mark.parametrize(
    "style",
    [
        "zoom: 1.7",
        "zoom: 0.6; transform: translate(30px, 40px) scale(1.5)",
        "transform: skew(20deg, 10deg); margin: 80px",
        "scale: 2 1.2; transform-origin: 0 0",
        "rotate: 30deg; position: fixed; top: 150px; left: 60px; z-index: 1",
        "transform: matrix(-1, 0, 0, 1, 20, 30)",
        "direction: rtl; writing-mode: vertical-rl; height: 200px; padding: 11.3px",
        "height: 200px; overflow: auto; padding-top: 150px; padding-bottom: 400px",
        "position: fixed; left: 13.4px; bottom: 20.7px; width: 333.3px",
    ],
)
def test_ink_is_under_the_pointer(a: Locator, pads: Page, style: str) -> None:
    a.evaluate(WRAP, style)
    a.scroll_into_view_if_needed()
    draw_in_the_middle(pads, a)


def test_ink_is_under_the_pointer_on_a_surface_with_a_border(a: Locator, pads: Page) -> None:
    pads.evaluate("""() => { const sheet = new CSSStyleSheet();
      sheet.replaceSync("::part(surface) { border: 9px solid; border-left-width: 30px }");
      document.adoptedStyleSheets.push(sheet); }""")
    draw_in_the_middle(pads, a)


TURNED = pytest.mark.chromium("positions within transformed frames")


@pytest.mark.parametrize(
    "style",
    ["", "zoom: 1.3", pytest.param("transform: scale(.8) rotate(-20deg)", marks=TURNED)],
)
def test_ink_is_under_the_pointer_in_a_frame(
    pads: Page, a: Locator, code: str, style: str
) -> None:
    pads.route("**/framed.html", lambda r: r.fulfill(body=FRAMED, content_type="text/html"))
    a.evaluate("(pad, html) => { pad.outerHTML = html; }", FRAME.format(style=style))
    pad = pads.frame_locator("#frame").locator("digit-pad")
    pad.evaluate("pad => pad.ready")
    draw_in_the_middle(pads, pad)


def test_ink_is_under_the_pointer_after_the_page_is_scrolled_within_a_stroke(
    a: Locator, pads: Page
) -> None:
    pads.evaluate("document.body.style.height = '4000px'")
    a.evaluate("pad => { pad.style.margin = '300px 0'; }")
    box, mouse = a.bounding_box(), pads.mouse
    assert box
    mouse.move(box["x"] + 50, box["y"] + 50)
    mouse.down()
    pads.evaluate("scrollBy(0, 40)")
    mouse.move(box["x"] + 150, box["y"] + 50)
    mouse.up()
    [points] = drawing(a)
    assert points[-1][:2] == pytest.approx([149, 89])


@pytest.mark.parametrize("options", [{}, {"pointerId": 7, "pointerType": "touch"}, {"buttons": 1}])
def test_events_of_test_tools_draw(a: Locator, options: dict) -> None:
    points = [[30, 40], [60, 50], [90, 70], [120, 100]]
    a.locator(".surface").evaluate(DRAW, [points, options, True])
    value_becomes(a, "1")
    [line] = drawing(a)
    assert [point[:2] for point in line] == points


def test_a_stroke_whose_end_was_missed_ends_with_the_next(a: Locator) -> None:
    surface = a.locator(".surface")
    surface.evaluate(DRAW, [[[30, 40], [60, 50]], {}, False])
    surface.evaluate(DRAW, [[[30, 80], [60, 90]], {}, True])
    value_becomes(a, "2")


def test_a_button_released_elsewhere_ends_the_stroke(a: Locator, pads: Page) -> None:
    surface = a.locator(".surface")
    surface.evaluate(DRAW, [[[30, 40], [60, 50]], {"pointerId": MOUSE}, False])
    box = surface.bounding_box()
    assert box
    pads.mouse.move(box["x"] + 90, box["y"] + 90)  # with no button down
    value_becomes(a, "1")
    assert len(drawing(a)[0]) == 2


def test_nothing_is_drawn_on_a_pad_that_is_not_shown(a: Locator) -> None:
    a.evaluate("pad => { pad.style.transform = 'scale(0)'; }")
    a.locator(".surface").evaluate(DRAW, [[[30, 40], [60, 50]], {}, True])
    assert drawing(a) == []
