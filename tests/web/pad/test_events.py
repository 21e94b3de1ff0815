"""A pad bound to its events, set up before its definition, and handlers that change it."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page

from tests.conftest import Watched, until
from tests.web.pad.bare import HOLD, RELEASE, drawing, stroke, value_becomes

# As v-model and x-model do: take what `input` says, and write it back whenever anything happens.
BIND = """pad => {
  globalThis.model = pad.value;
  globalThis.changes = [];
  pad.addEventListener("input", () => { model = pad.value; });
  pad.addEventListener("change", () => changes.push(pad.value));
  globalThis.render = () => { pad.value = model; };
  for (const name of ["input", "change", "pointermove"]) document.addEventListener(name, render);
}"""
ON = """(pad, [name, body]) => {
  const run = new Function("pad", "event", body);
  pad.addEventListener(name, event => run(pad, event));
}"""
SENT = "() => [...new FormData(document.forms[0])]"
EARLY = """<!doctype html>
<html lang="en"><title>Early</title>
<form><digit-pad id="a"></digit-pad></form>"""
DEFINE = """() => new Promise(done => {
  const script = document.createElement("script");
  script.type = "module";
  script.src = "digit-pad.js";
  script.onload = done;
  document.head.append(script);
})"""


def bound(pads: Page, pad: Locator) -> None:
    """Check that the binding holds the pad's value and the form sends it."""
    value = pad.evaluate("pad => pad.value")
    assert pads.evaluate("model") == value
    assert pads.evaluate(SENT) == [["code", value]]


def test_a_binding_holds_the_value_after_every_change(a: Locator, pads: Page) -> None:
    a.evaluate(BIND)
    for count in "123":
        stroke(a, (50, 50 * int(count)), (150, 50 * int(count)))
        value_becomes(a, count)
        bound(pads, a)
    for action, value in [
        ("undo()", "2"),
        ("redo()", "3"),
        ("correct(0, 8)", "8"),
        ("clear()", ""),
        ("undo()", "8"),
        ("drawing = [[[1, 1]]]", "1"),
        ("form.reset()", ""),
    ]:
        a.evaluate(f"pad => {{ pad.{action}; }}")
        value_becomes(a, value)
        bound(pads, a)
    a.get_by_role("textbox").fill("60")
    bound(pads, a)
    a.get_by_role("textbox").blur()
    assert pads.evaluate("changes") == ["1", "2", "3", "2", "3", "8", "", "8", "1", "", "60"]


def test_assigning_the_value_again_changes_nothing(a: Locator, pads: Page) -> None:
    stroke(a, (50, 50), (150, 50))
    value_becomes(a, "1")
    pads.evaluate(HOLD)
    stroke(a, (50, 90), (150, 90))
    a.evaluate("pad => { pad.value = 1; }")
    pads.evaluate(RELEASE)
    value_becomes(a, "2")
    assert len(drawing(a)) == 2
    a.evaluate("pad => { pad.value = pad.value; pad.undo(); }")
    value_becomes(a, "1")


def test_assigning_a_value_fires_no_events(a: Locator, pads: Page) -> None:
    a.evaluate(BIND)
    a.evaluate("pad => { pad.value = '40'; pad.value = ''; pad.value = '41'; }")
    assert pads.evaluate("[model, changes]") == ["", []]


@pytest.mark.parametrize(
    ("early", "outcome"),
    [
        ({"drawing": [[[1, 2]], [[3, 4]]]}, {"value": "2", "drawing": [[[1, 2]], [[3, 4]]]}),
        ({"drawing": [[[1, 2]]], "value": "77"}, {"value": "77", "drawing": [[[1, 2]]]}),
        ({"defaultValue": "55"}, {"value": "55", "defaultValue": "55"}),
        ({"value": "4", "minLength": 2, "name": "n"}, {"minLength": 2, "name": "n"}),
        ({"disabled": True, "readOnly": True}, {"disabled": True, "readOnly": True}),
        ({"pattern": "[0-4]+", "placeholder": "How many?"}, {"placeholder": "How many?"}),
        ({"texts": {"hint": "Zahl"}}, {"texts": {"hint": "Zahl"}}),
    ],
)
def test_properties_set_before_the_definition_are_taken_over(
    pads: Page, code: str, early: dict[str, Any], outcome: dict[str, Any]
) -> None:
    pads.route("**/early.html", lambda r: r.fulfill(body=EARLY, content_type="text/html"))
    pads.goto(code + "early.html")
    pad = pads.locator("#a")
    pad.evaluate("(pad, early) => { Object.assign(pad, early); }", early)
    pads.evaluate(DEFINE)
    own = pad.evaluate("(pad, names) => names.filter(name => Object.hasOwn(pad, name))", [*early])
    assert own == []
    look = "(pad, names) => Object.fromEntries(names.map(name => [name, pad[name]]))"
    until(pads, lambda: pad.evaluate(look, [*outcome]) == outcome)
    if "name" in outcome:
        assert pads.evaluate(SENT) == [["n", "4"]]
        assert pad.evaluate("pad => pad.validity.tooShort")


def test_a_refused_property_does_not_lose_the_others(
    pads: Page, code: str, watched: Watched
) -> None:
    pads.route("**/early.html", lambda r: r.fulfill(body=EARLY, content_type="text/html"))
    pads.goto(code + "early.html")
    pads.locator("#a").evaluate("pad => { Object.assign(pad, { drawing: 7, value: '12' }); }")
    pads.evaluate(DEFINE)
    assert pads.locator("#a").evaluate("pad => [pad.value, pad.empty]") == ["12", True]
    watched.check(["a drawing is an array of strokes"])


def test_form_data_taken_in_a_handler_hold_the_value(a: Locator, pads: Page) -> None:
    a.evaluate("""pad => {
      globalThis.saved = [];
      const other = Object.assign(document.createElement("input"), { name: "z", value: "last" });
      pad.form.append(other);
      for (const name of ["input", "change"]) pad.addEventListener(name, () =>
        saved.push([JSON.stringify([...new FormData(pad.form)]), pad.value]));
    }""")
    stroke(a, (50, 50), (150, 50))
    value_becomes(a, "1")
    saved = pads.evaluate("saved")
    assert saved[-1][1] == "1"
    assert all(data == f'[["code","{value}"],["z","last"]]' for data, value in saved)


@pytest.mark.parametrize("off", ["pad.disabled = true", "pad.readOnly = true"])
def test_a_handler_that_disables_the_pad_keeps_what_was_drawn(a: Locator, off: str) -> None:
    a.evaluate(ON, ["input", f"if (event.timeStamp && pad.drawing.length === 0) {{ {off}; }}"])
    stroke(a, (50, 50), (150, 50))
    value_becomes(a, "1")
    [points] = drawing(a)
    assert points[-1][0] < 149
    stroke(a, (50, 90), (150, 90))
    assert len(drawing(a)) == 1


def test_a_pad_that_is_moved_while_it_is_drawn_on_loses_nothing(a: Locator, pads: Page) -> None:
    pads.evaluate("""() => { const away = document.createElement("div");
        away.id = "away"; document.body.prepend(away); }""")
    move = "if (!pad.closest('#away')) document.querySelector('#away').append(pad)"
    a.evaluate(ON, ["input", move])
    box, mouse = a.bounding_box(), pads.mouse
    assert box
    mouse.move(box["x"] + 40, box["y"] + 40)
    mouse.down()
    mouse.move(box["x"] + 80, box["y"] + 60)
    mouse.move(box["x"] + 120, box["y"] + 700)  # far outside, wherever the pad is
    mouse.up()
    value_becomes(a, "1")
    assert len(drawing(a)[0]) == 3
    assert a.evaluate("pad => pad.parentElement.id") == "away"


def test_a_pad_that_is_removed_while_it_is_drawn_on_keeps_the_stroke(a: Locator) -> None:
    pad = a.element_handle()
    a.evaluate(ON, ["input", "pad.remove()"])
    stroke(a, (50, 50), (150, 50))
    assert pad.evaluate("pad => pad.drawing.length") == 1
    pad.evaluate("pad => document.body.append(pad)")
    value_becomes(a, "1")


def test_a_stroke_goes_on_if_a_handler_empties_the_pad(a: Locator) -> None:
    stroke(a, (50, 50), (150, 50))
    value_becomes(a, "1")
    a.evaluate(ON, ["pointermove", "pad.value = ''"])
    stroke(a, (50, 90), (150, 90))
    value_becomes(a, "1")
    assert [round(points[0][1]) for points in drawing(a)] == [89]
    assert a.locator(".surface path").count() == 1


def test_a_value_assigned_by_an_input_handler_holds(a: Locator, pads: Page) -> None:
    pads.evaluate("globalThis.changes = []")
    a.evaluate(ON, ["change", "changes.push(pad.value)"])
    a.evaluate(ON, ["input", "if (/^[1-9]/.test(pad.value)) pad.value = '0' + pad.value"])
    for y in (50, 90):
        stroke(a, (50, y), (150, y))
    value_becomes(a, "02")
    assert pads.evaluate("changes.at(-1)") == "02"
    entry = a.get_by_role("textbox")
    entry.fill("7")
    entry.blur()
    assert pads.evaluate("changes.at(-1)") == "07"
    assert pads.evaluate(SENT) == [["code", "07"]]


def test_a_typed_value_that_is_taken_back_is_no_change(a: Locator, pads: Page) -> None:
    a.evaluate(BIND)
    entry = a.get_by_role("textbox")
    entry.press_sequentially("4")
    entry.press("Backspace")
    entry.blur()
    assert pads.evaluate("changes") == []
