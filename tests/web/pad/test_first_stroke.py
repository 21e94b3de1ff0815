"""What is drawn before digit-pad.js has arrived is shown, and taken over."""

import re
from collections.abc import Callable, Iterator

import brotli
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.conftest import ROOT, Watched, until
from tests.web.gate import Gate
from tests.web.pad.bare import RECOGNIZER, drawing, stroke, value_becomes

HEAD = """<!doctype html>
<html lang="en"><title>Early</title>
<script src="first-stroke.js"></script>
<script type="module" src="digit-pad.js"></script>
"""
TWO = """<digit-pad id="a" name="code"></digit-pad><digit-pad id="b"></digit-pad>"""
SHOWN = "pad => pad.querySelectorAll(':scope > svg path').length"
SHAPE = """pad => { const { x, y, width, height } = pad.getBoundingClientRect();
  return [x, y, width, height]; }"""
MIDDLE = """pad => { const path = (pad.shadowRoot ?? pad).querySelector("svg path");
  const { x, y, width, height } = path.getBoundingClientRect();
  return [x + width / 2, y + height / 2]; }"""


class Early:
    """A page whose module is held back."""

    def __init__(self, page: Page, gate: Gate) -> None:
        self.page, self.gate = page, gate
        self.a, self.b = page.locator("#a"), page.locator("#b")

    def define(self) -> None:
        """Let the module come, and wait until the pads are defined."""
        self.gate.decide(Route.continue_)
        until(self.page, lambda: self.page.evaluate("!document.querySelector(':not(:defined)')"))


Open = Callable[..., Early]


@pytest.fixture
def early(context: BrowserContext, watched: Watched, code: str) -> Iterator[Open]:
    """Return a function that opens a page with a body, two pads by default."""
    page = context.new_page()

    def opened(body: str = TWO, head: str = HEAD) -> Early:
        page.route("**/early.html", lambda r: r.fulfill(body=head + body, content_type="text/html"))
        page.route("**/other.html", lambda r: r.fulfill(body="", content_type="text/html"))
        page.route(
            "**/recognizer.js",
            lambda r: r.fulfill(body=RECOGNIZER, content_type="text/javascript"),
        )
        gate = Gate(page, "digit-pad.js")
        page.goto(code + "early.html", wait_until="commit")
        page.locator("digit-pad").last.wait_for(state="attached")
        return Early(page, gate)

    yield opened
    page.close()
    watched.check()


def point(pad: Locator, x: float, y: float) -> tuple[float, float]:
    """Return the viewport's coordinates of a point on a pad."""
    box = pad.bounding_box()
    assert box
    return box["x"] + 1 + x, box["y"] + 1 + y  # beside its border


def places(line: list[list[float]]) -> list[tuple[float, float]]:
    return [(x, y) for x, y, _ in line]


def test_strokes_from_before_the_script_are_shown_and_kept(early: Open) -> None:
    page = early()
    stroke(page.a, (51, 51), (151, 76))
    stroke(page.b, (31, 41), (31, 91))
    stroke(page.a, (71, 21), (71, 91))
    assert [page.a.evaluate(SHOWN), page.b.evaluate(SHOWN)] == [2, 1]
    before = page.a.evaluate(MIDDLE)
    page.define()
    value_becomes(page.a, "2")
    value_becomes(page.b, "1")
    assert page.a.evaluate(MIDDLE) == pytest.approx(before, abs=0.6)
    first, second = drawing(page.a)
    expected = [(50 + 20 * k, 50 + 5 * k) for k in range(6)]
    assert places(first) == expected
    assert places(second) == [(70, 20 + 14 * k) for k in range(6)]
    assert places(drawing(page.b)[0]) == [(30, 40 + 10 * k) for k in range(6)]
    assert page.a.evaluate(SHOWN) == page.a.evaluate("pad => pad.childElementCount") == 0


def test_times_are_those_of_the_strokes(early: Open) -> None:
    page = early()
    stroke(page.a, (51, 51), (151, 76))
    page.page.wait_for_timeout(300)
    stroke(page.a, (71, 21), (71, 91))
    page.page.wait_for_timeout(200)
    page.define()
    value_becomes(page.a, "2")
    stroke(page.a, (91, 21), (91, 91))
    value_becomes(page.a, "3")
    first, second, third = [[time for *_, time in line] for line in drawing(page.a)]
    assert first[0] == 0
    assert second[0] - first[-1] >= 300
    assert third[0] - second[-1] >= 200
    for times in (first, second, third):
        assert times == sorted(times)


def test_each_stroke_is_a_step_of_undo(early: Open) -> None:
    page = early()
    stroke(page.a, (50, 50), (150, 50))
    stroke(page.a, (50, 80), (150, 80))
    page.define()
    value_becomes(page.a, "2")
    page.a.evaluate("pad => pad.undo()")
    value_becomes(page.a, "1")
    page.a.evaluate("pad => pad.undo()")
    value_becomes(page.a, "")
    page.a.evaluate("pad => { pad.redo(); pad.redo(); }")
    value_becomes(page.a, "2")


def test_a_stroke_goes_on_while_the_pad_takes_over(early: Open) -> None:
    page = early()
    mouse, path = page.page.mouse, [(20, 20), (40, 25), (60, 30), (80, 35)]
    stroke(page.a, (50, 80), (150, 80))
    mouse.move(*point(page.a, *path[0]))
    mouse.down()
    for x, y in path[1:]:
        mouse.move(*point(page.a, x, y))
    page.define()
    expect(page.a.locator(".surface path")).to_have_count(2)
    assert len(drawing(page.a)) == 1
    rest = [(100, 40), (120, 700), (140, 45)]  # also beyond the pad, and over the other one
    for x, y in rest:
        mouse.move(*point(page.a, x, y))
    mouse.up()
    value_becomes(page.a, "2")
    assert places(drawing(page.a)[1]) == [*path, *rest]
    assert drawing(page.b) == []


@pytest.mark.chromium("touch events")
def test_a_finger_goes_on_while_the_pad_takes_over(early: Open) -> None:
    page = early(f"{TWO}<div style='height: 3000px'></div>")
    session = page.page.context.new_cdp_session(page.page)

    def send(kind: str, *touched: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": 0} for x, y in (point(page.a, *at) for at in touched)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    for y in (40, 60):
        send("touchStart", (40, y))
        for step in range(1, 5):
            send("touchMove", (40 + 20 * step, y + 15 * step))
        if y == 40:
            send("touchEnd")
    page.define()
    expect(page.a.locator(".surface path")).to_have_count(2)
    send("touchMove", (150, 140))
    send("touchMove", (170, 20))
    send("touchEnd")
    session.detach()
    value_becomes(page.a, "2")
    assert places(drawing(page.a)[0]) == [(40 + 20 * k, 40 + 15 * k) for k in range(5)]
    rest = [(150, 140), (170, 20)]
    assert places(drawing(page.a)[1]) == [*((40 + 20 * k, 60 + 15 * k) for k in range(5)), *rest]
    assert page.page.evaluate("[scrollX, scrollY]") == [0, 0]


def test_a_stroke_that_ends_beyond_the_pad_is_complete(early: Open) -> None:
    page = early()
    mouse = page.page.mouse
    mouse.move(*point(page.a, 20, 20))
    mouse.down()
    mouse.move(*point(page.a, 40, 700))
    mouse.up()
    mouse.move(*point(page.a, 60, 60))  # hovering is not drawing
    page.define()
    value_becomes(page.a, "1")
    assert places(drawing(page.a)[0]) == [(20, 20), (40, 700)]


@pytest.mark.parametrize(
    "body",
    [
        '<digit-pad id="a" disabled></digit-pad>',
        '<digit-pad id="a" readonly></digit-pad>',
        '<form><fieldset disabled><p><digit-pad id="a"></digit-pad></p></fieldset></form>',
    ],
)
def test_pads_that_take_no_ink_record_none(early: Open, body: str) -> None:
    page = early(body)
    stroke(page.a, (50, 50), (150, 50))
    assert page.a.evaluate(SHOWN) == 0
    page.define()
    assert drawing(page.a) == []
    assert page.a.evaluate("pad => !pad.canUndo")


@pytest.mark.chromium("the middle button")
def test_another_button_draws_nothing(early: Open) -> None:
    page = early()
    stroke(page.a, (50, 50), (150, 50), button="middle")
    assert page.a.evaluate(SHOWN) == 0
    page.define()
    stroke(page.a, (50, 50), (150, 50))
    value_becomes(page.a, "1")


def test_the_empty_bar_takes_no_ink(early: Open) -> None:
    page = early()
    box = page.a.bounding_box()
    assert box
    stroke(page.a, (50, box["height"] - 20), (150, 50))
    assert page.a.evaluate(SHOWN) == 0
    page.define()
    stroke(page.a, (50, 50), (150, 50))
    value_becomes(page.a, "1")


@pytest.mark.parametrize(
    "body",
    [
        f"<form><p>Above</p>{TWO}<p id='c'>Below</p></form>",
        "<style>digit-pad { width: 300px; border-color: red; border-radius: 20px }</style>"
        f"{TWO}<p id='c'>Below</p>",
        "<style>#a { width: 8rem; height: 9rem } #b { aspect-ratio: 3 }"
        f"</style>{TWO}<p id='c'>Below</p>",
        "<style>#a { width: 9rem } #b { flex: 1 }</style>"
        f"<div style='display: flex'>{TWO}<p id='c'>Beside</p></div>",
        f"{TWO.replace('></', '><b slot=hint>Write here</b></')}<p id='c'>Below</p>",
        f"{TWO.replace('id', 'hidden id', 1)}<p id='c'>Below</p>",
    ],
)
def test_nothing_moves_when_the_pad_is_defined(early: Open, body: str) -> None:
    page = early(body)
    parts = [page.a, page.b, page.page.locator("#c")]
    stroke(page.b, (50, 50), (90, 50))
    before = [part.evaluate(SHAPE) for part in parts]
    page.define()
    value_becomes(page.b, "1")
    assert [part.evaluate(SHAPE) for part in parts] == before


def test_the_page_may_scroll_between_and_within_strokes(early: Open) -> None:
    page = early(f"<div style='height: 300px'></div>{TWO}<div style='height: 4000px'></div>")
    stroke(page.a, (51, 51), (151, 51))
    page.page.mouse.move(*point(page.a, 50, 90))
    page.page.mouse.down()
    page.page.evaluate("scrollBy(0, 100)")
    page.page.mouse.move(*point(page.a, 150, 90))
    page.page.evaluate("scrollBy(0, 70)")
    page.define()
    page.page.mouse.up()
    value_becomes(page.a, "2")
    first, second = drawing(page.a)
    assert places(first)[::5] == [(50, 50), (150, 50)]
    assert places(second)[:2] == [(50, 90), (150, 90)]


@pytest.mark.parametrize(
    ("style", "shows"),
    [
        ("zoom: 1.7", True),
        ("transform: scale(1.5); transform-origin: 0 0", True),
        ("position: fixed; left: 13.4px; bottom: 20.7px; width: 333.3px", True),
        ("height: 200px; overflow: auto; padding: 150px 20px 400px", True),
        ("transform: rotate(30deg); margin: 150px", False),  # shown elsewhere until then
        ("transform: scale(1.5, .8); transform-origin: 0 0", False),
        ("transform: skew(20deg, 10deg); margin: 80px", False),
    ],
)
def test_ink_is_under_the_pointer(early: Open, style: str, shows: bool) -> None:
    page = early(f'<div style="width: 300px; {style}"><digit-pad id="a"></digit-pad></div>')
    page.a.scroll_into_view_if_needed()
    box, mouse = page.a.bounding_box(), page.page.mouse
    assert box
    x, y = round(box["x"] + box["width"] / 2), round(box["y"] + 0.4 * box["height"])
    mouse.move(x - 20, y - 10)
    mouse.down()
    mouse.move(x + 20, y + 10, steps=4)
    mouse.up()
    if shows:
        assert page.a.evaluate(MIDDLE) == pytest.approx([x, y], abs=0.6)
    page.define()
    value_becomes(page.a, "1")
    assert page.a.evaluate(MIDDLE) == pytest.approx([x, y], abs=0.6)


def test_strokes_are_added_to_what_the_page_restores(early: Open) -> None:
    page = early()
    stroke(page.a, (51, 51), (151, 51))
    page.a.evaluate("pad => { pad.drawing = [[[10, 20], [10, 60]]]; }")
    page.define()
    value_becomes(page.a, "2")
    assert drawing(page.a)[0] == [[10, 20], [10, 60]]
    assert places(drawing(page.a)[1])[0] == (50, 50)


def test_strokes_are_added_to_what_the_browser_restores(early: Open) -> None:
    page = early()
    page.define()
    stroke(page.a, (51, 51), (151, 51))
    value_becomes(page.a, "1")
    page.page.goto(page.page.url.replace("early", "other"))
    page.gate.verdict = None
    page.page.go_back(wait_until="commit")
    page.b.wait_for(state="attached")
    stroke(page.a, (71, 71), (151, 71))
    page.define()
    value_becomes(page.a, "2")
    assert [places(line)[0] for line in drawing(page.a)] == [(50, 50), (70, 70)]


def test_handlers_hear_of_the_strokes(early: Open) -> None:
    page = early()
    page.a.evaluate("""pad => { pad.heard = [];
      for (const name of ["input", "change"]) pad.addEventListener(name, ({ type }) =>
        pad.heard.push(`${type} ${pad.drawing.length} ${pad.value}`)); }""")
    stroke(page.a, (51, 51), (151, 51))
    page.define()
    value_becomes(page.a, "1")
    heard = page.a.evaluate("pad => pad.heard")
    assert heard[-3:] == ["input 1 ", "input 1 1", "change 1 1"]


def test_a_script_that_is_there_twice_records_once(early: Open) -> None:
    again = '<script src="first-stroke.js?again"></script><script type'
    page = early(head=HEAD.replace("<script type", again))
    stroke(page.a, (51, 51), (151, 51))
    page.define()
    value_becomes(page.a, "1")
    assert len(drawing(page.a)[0]) == 6


def test_a_script_that_comes_last_changes_nothing(early: Open) -> None:
    page = early(f"{TWO}<script type=module src='digit-pad.js'></script>", head="<!doctype html>")
    page.define()
    page.page.add_script_tag(url="first-stroke.js")
    stroke(page.a, (51, 51), (151, 51))
    value_becomes(page.a, "1")
    assert page.a.evaluate(SHOWN) == 0


def test_a_pad_without_the_script_works_as_ever(early: Open) -> None:
    page = early(head=HEAD.replace('<script src="first-stroke.js"></script>', ""))
    page.define()
    stroke(page.a, (51, 51), (151, 51))
    value_becomes(page.a, "1")


def test_a_submission_sends_the_strokes_reading(early: Open) -> None:
    form = "<form><digit-pad id=a name=code></digit-pad><button>Send</button></form>"
    page = early(form)
    page.page.route("**/early.html?*", lambda r: r.fulfill(body="", content_type="text/html"))
    stroke(page.a, (51, 51), (151, 51))
    page.define()
    with page.page.expect_navigation(url="**/early.html?code=1"):
        page.page.locator("form > button").click()


@pytest.mark.chromium("a request that is sent to another URL")
def test_the_line_in_the_documentation_does_it(
    context: BrowserContext, watched: Watched, code: str
) -> None:
    guide = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?m)(?:^    <.*\n)+", guide)
    field = next(block for block in blocks if "/digit-pad.js" in block)
    line = next(block for block in blocks if "/first-stroke.js" in block)
    assert line.count("\n") == 1
    body = f"<!doctype html><html lang='en'><title>Shop</title>{line}{field}"
    page = context.new_page()

    def serve(route: Route) -> None:
        route.continue_(url=code + route.request.url.partition("/digitpad/")[2])

    page.route("**/shop.html", lambda r: r.fulfill(body=body, content_type="text/html"))
    page.route("**/digitpad/**", serve)
    gate = Gate(page, "digitpad/digit-pad.js")
    page.goto(code + "shop.html", wait_until="commit")
    pad = page.locator("#code")
    expect(pad).to_be_visible()
    stroke(pad, (81, 31), (81, 101))
    gate.decide(serve)
    value_becomes(pad, "1")
    page.close()
    watched.check()


def test_the_script_is_below_one_kilobyte() -> None:
    script = (ROOT / "web" / "first-stroke.js").read_bytes()
    assert len(brotli.compress(script, quality=11)) < 1000
