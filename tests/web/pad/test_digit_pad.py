"""The element on a bare page, with a fake recognizer that reads the number of strokes."""

from typing import Any

import pytest
from playwright.sync_api import CDPSession, Locator, Page, Route, expect

from export.browser.page import MODEL
from tests.web.pad.bare import HOLD, MOUSE, PAGE, RELEASE, drawing, stroke, value_becomes

CAUGHT = """drawing => {
  try { document.querySelector("#a").drawing = drawing; } catch (error) { return error.message; }
}"""


Point = tuple[float, float]


def fingers(
    session: CDPSession, pad: Locator, kind: str, *points: Point, time: float | None = None
) -> None:
    """Send a touch event with all touching fingers, in CSS pixels from the pad's corner.

    It happens at `time`, in seconds since 1970, or else now.
    """
    box = pad.bounding_box()
    assert box
    touched = [{"x": box["x"] + x, "y": box["y"] + y, "id": k} for k, (x, y) in enumerate(points)]
    event = {"type": kind, "touchPoints": touched}
    session.send("Input.dispatchTouchEvent", event if time is None else event | {"timestamp": time})


def pen(session: CDPSession, pad: Locator, kind: str, x: float, y: float, time: float) -> None:
    """Send a pen event, in CSS pixels from the pad's corner, at a time in seconds since 1970."""
    box = pad.bounding_box()
    assert box
    down = kind != "mouseReleased"
    event = {"type": kind, "x": box["x"] + x, "y": box["y"] + y, "pointerType": "pen"}
    event["timestamp"] = time
    session.send("Input.dispatchMouseEvent", event | {"button": "left", "buttons": int(down)})


def test_a_stroke_has_positions_in_css_pixels_and_milliseconds(a: Locator) -> None:
    stroke(a, (30, 40), (130, 90))
    [points] = drawing(a)
    assert points[0] == pytest.approx([29, 39, 0])  # inside the border
    assert points[-1][:2] == pytest.approx([129, 89])
    times = [t for *_, t in points]
    assert len(times) >= 5 and times == sorted(times)
    stroke(a, (30, 140), (130, 190))
    assert drawing(a)[1][0][2] >= times[-1]


def test_ink_appears_where_it_was_drawn(a: Locator) -> None:
    stroke(a, (50, 60), (150, 160))
    line, box = a.locator(".surface path").bounding_box(), a.bounding_box()
    assert line["x"] + line["width"] / 2 - box["x"] == pytest.approx(100, abs=1)
    assert line["y"] + line["height"] / 2 - box["y"] == pytest.approx(110, abs=1)


def test_a_tap_is_a_dot(a: Locator) -> None:
    stroke(a, (80, 80), (80, 80))
    assert [len(points) for points in drawing(a)] == [1]
    expect(a.locator(".surface path")).to_have_attribute("d", "M79 79L79 79")
    value_becomes(a, "1")


@pytest.mark.parametrize(
    "button", ["right", pytest.param("middle", marks=pytest.mark.chromium("the middle button"))]
)
def test_only_the_main_button_draws(a: Locator, button: str) -> None:
    stroke(a, (50, 60), (150, 160), button=button)
    assert drawing(a) == []


def test_a_stroke_continues_beyond_the_edge(a: Locator) -> None:
    stroke(a, (50, 60), (-20, -30))
    [points] = drawing(a)
    assert points[-1][:2] == pytest.approx([-21, -31])


@pytest.mark.chromium("several fingers")
def test_a_second_finger_is_ignored(a: Locator, devtools: CDPSession) -> None:
    fingers(devtools, a, "touchStart", (50, 50))
    fingers(devtools, a, "touchMove", (60, 60))
    fingers(devtools, a, "touchStart", (60, 60), (150, 150))
    fingers(devtools, a, "touchMove", (70, 70), (160, 160))
    fingers(devtools, a, "touchMove", (90, 90), (170, 150))
    fingers(devtools, a, "touchEnd")
    [points] = drawing(a)
    assert max(x for x, *_ in points) < 100


@pytest.mark.chromium("a pen")
def test_a_pen_replaces_the_palm_and_other_touches_are_ignored(
    a: Locator, devtools: CDPSession
) -> None:
    now = a.evaluate("() => (performance.timeOrigin + performance.now()) / 1000")
    fingers(devtools, a, "touchStart", (180, 180), time=now)
    pen(devtools, a, "mousePressed", 40, 40, now + 0.01)
    pen(devtools, a, "mouseMoved", 90, 60, now + 0.02)
    pen(devtools, a, "mouseReleased", 90, 60, now + 0.03)
    fingers(devtools, a, "touchEnd", time=now + 0.04)
    fingers(devtools, a, "touchStart", (180, 150), time=now + 0.1)
    fingers(devtools, a, "touchEnd", time=now + 0.15)
    [points] = drawing(a)
    assert points[0][:2] == pytest.approx([39, 39])


@pytest.mark.chromium("cancelled touches")
def test_a_cancelled_stroke_is_kept_and_a_cancelled_touch_dropped(
    a: Locator, devtools: CDPSession
) -> None:
    fingers(devtools, a, "touchStart", (180, 180))
    fingers(devtools, a, "touchCancel")
    assert drawing(a) == []
    expect(a.locator(".surface path")).to_have_count(0)
    fingers(devtools, a, "touchStart", (50, 50))
    fingers(devtools, a, "touchMove", (120, 90))
    fingers(devtools, a, "touchCancel")
    value_becomes(a, "1")


@pytest.mark.chromium("touch events at the screen's edge")
def test_touches_do_not_trigger_gestures_of_the_system(
    a: Locator, pads: Page, devtools: CDPSession
) -> None:
    pads.evaluate("""() => { globalThis.claimed = [];
        document.body.style.margin = "8px";
        for (const name of ["touchstart", "touchmove"])
            document.addEventListener(name, event =>
                claimed.push([name, event.defaultPrevented])); }""")
    for x in (3, 300):  # at the edge of the screen, and away from it
        fingers(devtools, a, "touchStart", (x, 50))
        fingers(devtools, a, "touchMove", (x + 60, 60))
        fingers(devtools, a, "touchEnd")
    assert pads.evaluate("claimed") == [
        ["touchstart", True],
        ["touchmove", True],
        ["touchstart", False],
        ["touchmove", True],
    ]
    assert len(drawing(a)) == 2


def test_a_lost_pointer_ends_the_stroke(a: Locator, pads: Page) -> None:
    box = a.bounding_box()
    pads.mouse.move(box["x"] + 50, box["y"] + 50)
    pads.mouse.down()
    pads.mouse.move(box["x"] + 90, box["y"] + 90)
    a.locator(".surface").evaluate("(surface, id) => surface.releasePointerCapture(id)", MOUSE)
    pads.mouse.move(box["x"] + 95, box["y"] + 95)
    value_becomes(a, "1")
    pads.mouse.up()
    assert len(drawing(a)) == 1


def test_a_drawing_keeps_its_shape_when_the_pad_changes_its_size(a: Locator) -> None:
    a.evaluate("pad => { pad.style.cssText = 'width: 400px; height: 445px'; }")  # 45 of the bar
    stroke(a, (100, 100), (300, 300))
    before = drawing(a)
    a.evaluate("pad => { pad.style.cssText = 'width: 200px; height: 245px'; }")
    assert drawing(a) == before
    line, box = a.locator(".surface path").bounding_box(), a.bounding_box()
    assert box["width"] == 200
    assert line["x"] + line["width"] / 2 - box["x"] == pytest.approx(100, abs=2)
    assert 95 < line["width"] < 120
    stroke(a, (50, 150), (150, 50))
    later = drawing(a)[1]
    assert later[0][:2] == pytest.approx([99, 301], abs=3)  # in the first stroke's units


def test_undo_and_redo_reach_across_clear(a: Locator) -> None:
    for y in (50, 100, 150):
        stroke(a, (50, y), (150, y))
    full = drawing(a)
    a.evaluate("pad => pad.clear()")
    assert drawing(a) == []
    value_becomes(a, "")
    a.evaluate("pad => pad.undo()")
    assert drawing(a) == full
    value_becomes(a, "3")
    a.evaluate("pad => { pad.undo(); pad.undo(); }")
    assert drawing(a) == full[:1]
    a.evaluate("pad => { pad.redo(); pad.redo(); pad.redo(); pad.redo(); }")
    assert drawing(a) == []
    assert a.evaluate("pad => [pad.canUndo, pad.canRedo]") == [True, False]


def test_a_new_stroke_after_undo_clears_the_redo_history(a: Locator) -> None:
    stroke(a, (50, 50), (150, 50))
    stroke(a, (50, 90), (150, 90))
    a.evaluate("pad => pad.undo()")
    stroke(a, (50, 130), (150, 130))
    a.evaluate("pad => pad.redo()")
    assert [round(points[0][1]) for points in drawing(a)] == [49, 129]


def test_keys_undo_redo_and_clear(a: Locator) -> None:
    stroke(a, (50, 50), (150, 50))
    stroke(a, (50, 90), (150, 90))
    for key, strokes in [
        ("Control+z", 1),
        ("Control+y", 2),
        ("Meta+z", 1),
        ("Control+Shift+z", 2),
        ("Escape", 0),
        ("Control+z", 2),
        ("Delete", 0),
        ("Control+z", 2),
        ("z", 2),
    ]:
        a.locator(".surface").press(key)
        assert len(drawing(a)) == strokes, key


def test_input_fires_while_drawing_and_with_the_reading_and_change_after_it(
    a: Locator, pads: Page
) -> None:
    pads.evaluate("""() => { window.events = [];
      for (const name of ["input", "change"]) document.addEventListener(name,
        ({ type, target, detail }) => events.push([type, target.value, detail?.text]));
    }""")
    stroke(a, (50, 50), (150, 50))
    value_becomes(a, "1")
    events = pads.evaluate("events")
    assert events[-2:] == [["input", "1", None], ["change", "1", "1"]]
    assert len(events) >= 6 and all(event == ["input", "", None] for event in events[:-2])


def test_an_older_reading_never_overwrites_a_newer_one(a: Locator, pads: Page) -> None:
    pads.evaluate(HOLD)
    pads.evaluate("""() => { window.texts = [];
      document.querySelector("#a").addEventListener("change", (e) => texts.push(e.detail.text));
    }""")
    stroke(a, (50, 50), (150, 50))
    stroke(a, (50, 90), (150, 90))
    value_becomes(a, "2")
    pads.evaluate(RELEASE)
    value_becomes(a, "2")
    assert pads.evaluate("texts") == ["2"]


def test_a_reading_of_a_cleared_drawing_never_appears(a: Locator, pads: Page) -> None:
    pads.evaluate(HOLD)
    stroke(a, (50, 50), (150, 50))
    a.evaluate("pad => pad.clear()")
    pads.evaluate(RELEASE)
    value_becomes(a, "")


def test_an_emptied_value_clears_the_drawing_and_undo_restores_it(
    a: Locator,
) -> None:
    stroke(a, (50, 50), (150, 50))
    value_becomes(a, "1")
    a.evaluate("pad => { pad.value = ''; }")
    assert drawing(a) == []
    value_becomes(a, "")
    a.evaluate("pad => pad.undo()")
    value_becomes(a, "1")


def test_clearing_an_assigned_value_leaves_nothing_to_undo(a: Locator) -> None:
    a.evaluate("pad => pad.setAttribute('value', '12')")
    a.get_by_role("button", name="Clear").click()
    value_becomes(a, "")
    assert not a.evaluate("pad => pad.canUndo")


def test_texts_set_before_the_network_loads_are_used(a: Locator, pads: Page) -> None:
    pads.evaluate("customElements.get('digit-pad').texts.hint = 'Escribe un número'")
    a.evaluate("pad => pad.load()")
    expect(a.locator("[part=hint]")).to_have_text("Escribe un número")


def test_a_finger_can_draw_while_a_thumb_rests_on_the_pad(a: Locator, pads: Page) -> None:
    surface, box = a.locator(".surface"), a.bounding_box()
    assert box
    for kind, pointer, x, y, time in [
        ("pointerdown", 1, 20, 90, 0),
        ("pointerdown", 2, 50, 50, 700),
        ("pointermove", 2, 90, 50, 720),
        ("pointerup", 2, 150, 50, 740),
        ("pointerup", 1, 20, 90, 900),
    ]:
        surface.evaluate(
            """(surface, [kind, pointerId, clientX, clientY, time]) => {
              const event = new PointerEvent(kind, { pointerId, clientX, clientY, bubbles: true,
                pointerType: "touch", buttons: kind === "pointerup" ? 0 : 1 });
              Object.defineProperty(event, "timeStamp", { value: 10_000 + time });
              surface.dispatchEvent(event);
            }""",
            [kind, pointer, box["x"] + x, box["y"] + y, time],
        )
    (line,) = drawing(a)
    assert len(line) == 3


def test_a_drawing_can_be_set_and_undone(a: Locator) -> None:
    given = [[[10, 20], [110, 120]], [[50, 60, 7]]]
    a.evaluate("(pad, given) => { pad.drawing = given; }", given)
    assert drawing(a) == given
    value_becomes(a, "2")
    a.evaluate("pad => pad.undo()")
    assert drawing(a) == []


TINY = pytest.mark.chromium("the box of ink in tiny units")


@pytest.mark.parametrize("size", [1, pytest.param(1e-3, marks=TINY), 1e6])
def test_a_drawing_in_any_unit_fills_the_pad(a: Locator, size: float) -> None:
    a.evaluate("(pad, s) => { pad.drawing = [[[0, 0], [0.6 * s, s]]]; }", size)
    line, box = a.locator(".surface path").bounding_box(), a.locator(".surface").bounding_box()
    assert 0.7 * box["height"] < line["height"] < box["height"]
    stroke(a, (20, 20), (60, 60))
    assert drawing(a)[1][0][0] < drawing(a)[1][-1][0] < size


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("7", "a drawing is an array of strokes"),
        ([[]], "stroke 0 is not an array of points"),
        ([[[1, 2]], [[1, 2], [3]]], "point 1 of stroke 1 is not [x, y] or [x, y, ms]"),
        ([[[1, None]]], "point 0 of stroke 0 is not [x, y] or [x, y, ms]"),
    ],
)
def test_an_invalid_drawing_is_rejected(a: Locator, pads: Page, given: Any, complaint: str) -> None:
    stroke(a, (50, 50), (150, 50))
    assert pads.evaluate(CAUGHT, given) == complaint
    assert len(drawing(a)) == 1


def test_a_pad_needs_no_policy_where_trusted_types_are_required(
    pads: Page, code: str, a: Locator
) -> None:
    policy = "script-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
    pads.route("**/pads.html", lambda r: r.fulfill(
        body=PAGE, content_type="text/html", headers={"Content-Security-Policy": policy}
    ))
    pads.goto(code + "pads.html")
    stroke(a, (50, 50), (150, 50))
    value_becomes(a, "1")
    a.get_by_role("button", name="Undo").click()
    value_becomes(a, "")


def test_pads_share_one_recogniser(pads: Page, code: str) -> None:
    assert pads.evaluate("loads") == [code + "model/"]
    pads.evaluate("""async () => { const pad = document.createElement("digit-pad");
      document.body.append(pad); await pad.ready; }""")
    assert pads.evaluate("loads") == [code + "model/"]


def test_a_pad_can_use_another_model(pads: Page, code: str) -> None:
    def answer(route: Route) -> None:
        route.fulfill(path=MODEL / route.request.url.rpartition("/")[2])

    pads.route("**/other/place/*", answer)
    pads.locator("#b").evaluate("pad => pad.setAttribute('model', 'other/place')")
    pads.wait_for_function("loads.length === 2")
    assert pads.evaluate("loads[1]") == code + "other/place/"


def test_a_moved_pad_keeps_its_drawing_and_works(a: Locator, pads: Page) -> None:
    stroke(a, (50, 50), (150, 50))
    a.evaluate("pad => document.body.append(pad)")
    stroke(a, (50, 90), (150, 90))
    value_becomes(a, "2")


def test_a_form_submits_the_reading(a: Locator, pads: Page) -> None:
    submitted = "() => Object.fromEntries(new FormData(document.forms[0]))"
    assert pads.evaluate(submitted) == {"code": ""}
    stroke(a, (50, 50), (150, 50))
    value_becomes(a, "1")
    assert pads.evaluate(submitted) == {"code": "1"}
    assert a.evaluate("pad => pad.form === document.forms[0] && pad.name === 'code'")


def test_an_empty_required_pad_and_a_rejected_symbol_are_invalid(a: Locator) -> None:
    valid = "pad => [pad.checkValidity(), pad.validity.valueMissing, pad.validity.badInput]"
    assert a.evaluate(valid) == [True, False, False]
    a.evaluate("pad => { pad.required = true; }")
    assert a.evaluate(valid) == [False, True, False]
    assert a.evaluate("pad => pad.validationMessage")
    stroke(a, (50, 50), (150, 50))
    value_becomes(a, "1")
    assert a.evaluate(valid) == [True, False, False]
    a.evaluate("pad => { pad.drawing = Array(9).fill([[0, 0], [9, 9]]); }")
    value_becomes(a, "?")
    assert a.evaluate(valid) == [False, False, True]


def test_a_form_reset_empties_the_pad(a: Locator, pads: Page) -> None:
    stroke(a, (50, 50), (150, 50))
    value_becomes(a, "1")
    pads.evaluate("document.forms[0].reset()")
    value_becomes(a, "")
    assert drawing(a) == []


def test_a_disabled_pad_cannot_be_drawn_on(a: Locator, pads: Page) -> None:
    surface = a.locator(".surface")
    for disable in (
        "disabled => { document.querySelector('fieldset').disabled = disabled; }",
        "disabled => { document.querySelector('#a').disabled = disabled; }",
    ):
        pads.evaluate(disable, True)
        stroke(a, (50, 50), (150, 50))
        assert drawing(a) == []
        expect(surface).to_have_attribute("tabindex", "-1")
        pads.evaluate(disable, False)
        expect(surface).to_have_attribute("tabindex", "0")
    stroke(a, (50, 50), (150, 50))
    value_becomes(a, "1")


def test_the_pad_announces_its_role_and_reading(a: Locator) -> None:
    surface = a.get_by_role("img")
    expect(surface).to_have_accessible_name("Code, empty")
    stroke(a, (50, 50), (150, 50))
    expect(surface).to_have_accessible_name("Code, reads 1")


def test_an_empty_pad_says_what_to_do(a: Locator) -> None:
    hint = a.locator("[part=hint]")
    expect(hint).to_have_text("Write a number")
    expect(hint).to_be_visible()
    a.evaluate("pad => pad.setAttribute('placeholder', 'Ziffer')")
    expect(hint).to_have_text("Ziffer")
    stroke(a, (50, 50), (150, 50))
    expect(hint).to_be_hidden()
