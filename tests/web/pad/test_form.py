"""A pad in a form: submission, validation, reset and restoring."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.conftest import LAPTOP, NOT_LOADED, Watched, until
from tests.web.gate import Gate

FORM = """<!doctype html>
<html lang="en"><title>Form</title><link rel="icon" href="favicon.svg">
<script type="module" src="digit-pad.js"></script>
<form action="sent.html"><label for="code">Code</label>
<digit-pad id="code" name="code" ATTRIBUTES></digit-pad>
<button>Send</button><button type="reset">Reset</button></form></html>"""
SENT = "<!doctype html><title>Sent</title><link rel=icon href=favicon.svg><p>Sent"
VALIDITY = """pad => {
    const names = ["valueMissing", "badInput", "tooShort", "tooLong", "patternMismatch"];
    return [names.filter(name => pad.validity[name]), pad.validationMessage];
}"""
EVENTS = """() => {
    globalThis.events = [];
    for (const name of ["input", "change"]) {
        document.addEventListener(name, event =>
            events.push([name, event.target.id, event.constructor.name, event.detail?.text]));
    }
}"""
SUBMISSIONS = """() => {
    globalThis.submissions = [];
    addEventListener("submit", event => submissions.push(event), { capture: true });
}"""
# Replaces the typed value if a reading was in progress when it was typed.
READ = """async pad => {
    await (await pad.ready).read(pad.drawing);
    for (let turn = 0; turn < 2; turn++) await new Promise(done => setTimeout(done));
}"""
Open = Callable[..., Locator]


@pytest.fixture(scope="module")
def context(watched: Watched) -> BrowserContext:
    """Return one context for all tests: forms store nothing."""
    return watched.context(**LAPTOP)


@pytest.fixture
def page(context: BrowserContext, watched: Watched, expected_errors: list[str]) -> Iterator[Page]:
    """Yield a new page of that context."""
    page = context.new_page()
    yield page
    page.close()
    watched.check(expected_errors)


@pytest.fixture
def form(page: Page, code: str) -> Open:
    """Return a function that opens a form whose pad has the given attributes."""

    def open_form(attributes: str = "", ready: bool = True) -> Locator:
        body = FORM.replace("ATTRIBUTES", attributes)
        page.route("**/form.html", lambda r: r.fulfill(body=body, content_type="text/html"))
        page.route("**/sent.html**", lambda r: r.fulfill(body=SENT, content_type="text/html"))
        page.goto(f"{code}form.html")
        pad = page.locator("#code")
        if ready:
            pad.evaluate("pad => pad.ready")
        return pad

    return open_form


def write(pad: Locator, strokes: Any) -> None:
    """Draw with the mouse on the pad's surface, points in 0..1."""
    box, mouse = pad.locator(".surface").bounding_box(), pad.page.mouse
    assert box
    for stroke in strokes:
        places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in stroke]
        mouse.move(*places[0])
        mouse.down()
        for place in places[1:]:
            mouse.move(*place)
        mouse.up()


def sent(page: Page) -> str:
    page.wait_for_url("**/sent.html?**")
    return page.url.rpartition("?")[2]


def narrow(strokes: Any) -> Any:
    """Scale a digit in 0..1 for a pad twice as wide as high."""
    return [[(0.25 + x / 2, y) for x, y in stroke] for stroke in strokes]


def test_a_submission_right_after_the_last_stroke_contains_its_reading(
    form: Open, page: Page, drawings: dict[str, Any]
) -> None:
    pad = form()
    page.evaluate("""() => document.querySelector("#code").addEventListener("pointerup", () =>
        document.forms[0].requestSubmit())""")
    write(pad, narrow(drawings["3"]))
    assert sent(page) == "code=3"


def test_form_data_right_after_the_last_stroke_contains_its_reading(
    form: Open, page: Page, drawings: dict[str, Any]
) -> None:
    pad = form()
    page.evaluate("""() => document.querySelector("#code").addEventListener("pointerup", () => {
        new FormData(document.forms[0]);
        globalThis.sentValue = document.querySelector("#code").value;
    })""")
    write(pad, narrow(drawings["3"]))
    assert page.evaluate("sentValue") == "3"


def test_a_submission_waits_for_the_network(
    form: Open, page: Page, drawings: dict[str, Any]
) -> None:
    gate = Gate(page, "model.json")
    pad = form("required", ready=False)
    pad.locator(".surface").wait_for()
    write(pad, narrow(drawings["5"]))
    page.evaluate(SUBMISSIONS)
    page.get_by_role("button", name="Send").click()
    until(page, lambda: gate.waiting and page.evaluate("submissions.length"))
    assert page.evaluate("submissions.map(event => event.defaultPrevented)") == [True]
    assert page.url.endswith("form.html")
    gate.decide(Route.continue_)
    assert sent(page) == "code=5"


@pytest.mark.parametrize(
    ("handler", "query"),
    [
        ("pad.value = '0' + pad.value", "code=05"),
        ("pad.value = ''; pad.value = '6'", "code=6"),
        ("pad.clear()", "code="),
        ("pad.disabled = true", ""),
        ("document.querySelector('button').replaceWith('Sent')", "code=5"),
        ("pad.remove()", ""),
        ("pad.form.requestSubmit()", "code=5"),
    ],
)
def test_a_waiting_submission_is_sent_whatever_a_handler_does(
    form: Open, page: Page, drawings: dict[str, Any], handler: str, query: str
) -> None:
    gate = Gate(page, "model.json")
    pad = form(ready=False)
    pad.locator(".surface").wait_for()
    pad.evaluate(
        "(pad, body) => pad.addEventListener('change', new Function('pad', body).bind(0, pad))",
        f"if (!pad.done) {{ pad.done = true; {handler}; }}",
    )
    write(pad, narrow(drawings["5"]))
    page.get_by_role("button", name="Send").click()
    gate.decide(Route.continue_)
    assert sent(page) == query


def test_a_waiting_submission_is_sent_with_a_value_that_the_page_assigns(
    form: Open, page: Page, drawings: dict[str, Any]
) -> None:
    gate = Gate(page, "model.json")
    pad = form(ready=False)
    pad.locator(".surface").wait_for()
    write(pad, narrow(drawings["5"]))
    page.get_by_role("button", name="Send").click()
    pad.evaluate("pad => { pad.value = '12'; }")
    assert sent(page) == "code=12"
    gate.decide(Route.continue_)


@pytest.mark.parametrize("away", ["Reset", "Clear"])
def test_a_waiting_submission_is_dropped_if_the_drawing_is_cleared(
    form: Open, page: Page, drawings: dict[str, Any], away: str
) -> None:
    gate = Gate(page, "model.json")
    pad = form(ready=False)
    pad.locator(".surface").wait_for()
    write(pad, narrow(drawings["5"]))
    page.evaluate(SUBMISSIONS)
    page.get_by_role("button", name="Send").click()
    page.get_by_role("button", name=away).click()
    gate.decide(Route.continue_)
    pad.evaluate("pad => pad.ready")
    write(pad, narrow(drawings["3"]))
    expect(pad).to_have_js_property("value", "3")
    assert page.evaluate("submissions.length") == 1
    assert page.url.endswith("form.html")


def test_without_a_network_the_pad_asks_for_text(
    form: Open, page: Page, drawings: dict[str, Any], expected_errors: list[str]
) -> None:
    expected_errors.append(NOT_LOADED)
    page.route("**/model.json", lambda route: route.abort())
    pad = form(ready=False)
    pad.locator(".surface").wait_for()
    write(pad, narrow(drawings["5"]))
    page.get_by_role("button", name="Send").click()
    expect(pad).to_have_js_property("validity.badInput", True)
    assert pad.evaluate(VALIDITY)[1] == "What was written could not be read here. Please type it."
    pad.get_by_role("textbox").fill("5")
    page.get_by_role("button", name="Send").click()
    assert sent(page) == "code=5"


@pytest.mark.parametrize(
    ("attributes", "value", "flag", "message"),
    [
        ("required", "", "valueMissing", "Please write a number."),
        ("", "2?", "badInput", "A part of this could not be read as a digit."),
        ('minlength="4"', "202", "tooShort", "Please write at least 4 digits (there are 3)."),
        ('maxlength="3"', "2026", "tooLong", "Please write no more than 3 digits (there are 4)."),
        ('pattern="[0-4]+" title="Below five."', "25", "patternMismatch", "Below five."),
    ],
)
def test_invalid_values_are_flagged_with_a_message(
    form: Open, page: Page, attributes: str, value: str, flag: str, message: str
) -> None:
    pad = form(attributes)
    pad.evaluate("(pad, value) => { pad.value = value; }", value)
    flags, shown = pad.evaluate(VALIDITY)
    assert flags == [flag] and message in shown
    page.get_by_role("button", name="Send").click()
    assert page.url.endswith("form.html")
    assert page.evaluate("document.activeElement.id") == "code"


@pytest.mark.parametrize(
    ("attributes", "value"),
    [
        ("", ""),
        ("required", "7"),
        ('minlength="2" maxlength="4"', "202"),
        ('minlength="2"', ""),
        ('pattern="[0-9]{4}"', "2026"),
        ('pattern="["', "2026"),
        ('minlength="few" maxlength="-1"', "2026"),
    ],
)
def test_valid_values_are_accepted(form: Open, page: Page, attributes: str, value: str) -> None:
    pad = form(attributes)
    pad.evaluate("(pad, value) => { pad.value = value; }", value)
    assert pad.evaluate(VALIDITY) == [[], ""]
    page.get_by_role("button", name="Send").click()
    assert sent(page) == f"code={value}"


def test_typing_replaces_the_drawing_and_drawing_the_typed_value(
    form: Open, page: Page, drawings: dict[str, Any]
) -> None:
    pad = form()
    entry = pad.get_by_role("textbox", name="Code, as text")
    write(pad, narrow(drawings["3"]))
    expect(entry).to_have_value("3")
    entry.fill("35")
    expect(pad).to_have_js_property("value", "35")
    assert len(pad.evaluate("pad => pad.drawing")) == len(drawings["3"])
    pad.evaluate("pad => pad.clear()")
    expect(entry).to_have_value("")
    write(pad, narrow(drawings["8"]))
    expect(pad).to_have_js_property("value", "8")


def test_typing_fires_the_events_of_an_input_once(form: Open, page: Page) -> None:
    pad = form()
    page.evaluate(EVENTS)
    entry = pad.get_by_role("textbox")
    entry.press_sequentially("42")
    entry.blur()
    assert page.evaluate("events") == [
        ["input", "code", "Event", None],
        ["input", "code", "Event", None],
        ["change", "code", "Event", "42"],
    ]


def test_enter_in_the_text_line_submits_the_form(form: Open, page: Page) -> None:
    pad = form("required")
    pad.get_by_role("textbox").press_sequentially("42")
    page.keyboard.press("Enter")
    assert sent(page) == "code=42"


def test_a_custom_error_is_shown_until_it_is_cleared(form: Open, page: Page) -> None:
    pad = form("value='12'")
    pad.evaluate("pad => pad.setCustomValidity('Taken')")
    expect(pad).to_have_js_property("validity.customError", True)
    expect(pad).to_have_js_property("validationMessage", "Taken")
    pad.evaluate("pad => pad.setCustomValidity('')")
    assert pad.evaluate("pad => pad.checkValidity()")


def test_enter_activates_the_default_button(form: Open, page: Page) -> None:
    pad = form()
    page.evaluate("Object.assign(document.forms[0][1], { name: 'do', value: 'save' })")
    pad.get_by_role("textbox").fill("42")
    pad.get_by_role("textbox").press("Enter")
    assert sent(page) == "code=42&do=save"


def test_reset_restores_the_default_value(
    form: Open, page: Page, drawings: dict[str, Any]
) -> None:
    pad = form('value="12"')
    expect(pad).to_have_js_property("value", "12")
    write(pad, narrow(drawings["3"]))
    expect(pad).to_have_js_property("value", "3")
    page.get_by_role("button", name="Reset").click()
    expect(pad).to_have_js_property("value", "12")
    assert pad.evaluate("pad => pad.empty")
    pad.get_by_role("textbox").fill("77")
    page.get_by_role("button", name="Reset").click()
    expect(pad).to_have_js_property("value", "12")


@pytest.mark.parametrize("typed", [False, True])
def test_going_back_restores_drawing_and_value(
    form: Open, page: Page, drawings: dict[str, Any], typed: bool
) -> None:
    pad = form()
    write(pad, narrow(drawings["3"]))
    expect(pad).to_have_js_property("value", "3")
    if typed:
        pad.get_by_role("textbox").fill("9")
    before = pad.evaluate("pad => pad.drawing")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/sent.html?**")
    page.go_back()
    expect(pad).to_have_js_property("drawing", before)
    pad.evaluate(READ)
    expect(pad).to_have_js_property("value", "9" if typed else "3")
    assert pad.evaluate("pad => pad.drawing") == before


def test_a_readonly_pad_is_submitted_and_cannot_be_changed(
    form: Open, page: Page, drawings: dict[str, Any]
) -> None:
    pad = form('readonly value="12" required minlength="5"')
    write(pad, narrow(drawings["3"]))
    assert pad.evaluate("pad => pad.empty && pad.readOnly && !pad.willValidate")
    expect(pad.get_by_role("textbox")).not_to_be_editable()
    page.get_by_role("button", name="Send").click()
    assert sent(page) == "code=12"


def test_a_disabled_pad_is_not_submitted_and_cannot_be_focused(form: Open, page: Page) -> None:
    pad = form('disabled value="12"')
    for control in pad.locator("input, button").all():
        expect(control).to_be_disabled()
    page.get_by_role("button", name="Send").click()
    assert sent(page) == ""


def test_a_label_names_the_pad_and_focuses_it(form: Open, page: Page) -> None:
    pad = form()
    expect(pad.get_by_role("img")).to_have_accessible_name("Code, empty")
    page.get_by_text("Code", exact=True).click()
    assert page.evaluate("document.activeElement.id") == "code"


def test_a_correction_stays_while_its_strokes_do(
    form: Open, page: Page, drawings: dict[str, Any]
) -> None:
    pad = form()
    write(pad, narrow(drawings["3"]))
    expect(pad).to_have_js_property("value", "3")
    pad.evaluate("pad => pad.correct(0, 9)")
    expect(pad).to_have_js_property("value", "9")
    assert pad.evaluate("pad => pad.reading.symbols[0].corrected")
    write(pad, [[(0.9, 0.2), (0.9, 0.8)]])
    expect(pad).to_have_js_property("value", "91")
    pad.evaluate("pad => pad.undo()")
    expect(pad).to_have_js_property("value", "9")


def test_a_pad_can_use_another_language(form: Open, page: Page) -> None:
    pad = form("required")
    pad.evaluate("""pad => { pad.texts = { valueMissing: "Bitte eine Zahl schreiben.",
        empty: "{name}, leer", clear: "Löschen" }; }""")
    assert pad.evaluate(VALIDITY)[1] == "Bitte eine Zahl schreiben."
    expect(pad.get_by_role("img")).to_have_accessible_name("Code, leer")
    expect(pad.get_by_role("button", name="Löschen")).to_be_visible()
    expect(pad.get_by_role("button", name="Undo")).to_be_visible()


def test_a_pad_moved_to_another_form_is_submitted_with_that(
    form: Open, page: Page, drawings: dict[str, Any]
) -> None:
    pad = form()
    page.evaluate("""() => { const other = document.createElement("form");
        other.action = "sent.html"; other.innerHTML = "<button>Other</button>";
        document.body.append(other); other.prepend(document.querySelector("#code")); }""")
    write(pad, narrow(drawings["7"]))
    page.get_by_role("button", name="Other").click()
    assert sent(page) == "code=7"
