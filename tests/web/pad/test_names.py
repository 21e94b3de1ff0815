"""What names, describes and faults a pad reaches the parts that people use."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.pad.bare import stroke, value_becomes

ADD = """(pad, html) => {
  const box = document.createElement("div");
  box.innerHTML = html;
  pad.form.prepend(box);
}"""
PARTS = ["img", "textbox"]


def named(pad: Locator, name: str) -> None:
    expect(pad.get_by_role("img")).to_have_accessible_name(f"{name}, empty")
    expect(pad.get_by_role("textbox")).to_have_accessible_name(f"{name}, as text")


def described(pad: Locator, text: str) -> None:
    for part in PARTS:
        expect(pad.get_by_role(part)).to_have_accessible_description(text)


def invalid(pad: Locator, state: str) -> None:
    for part in PARTS:
        expect(pad.get_by_role(part)).to_have_attribute("aria-invalid", state)


def test_a_label_that_changes_renames_the_pad(a: Locator, pads: Page) -> None:
    a.evaluate("pad => pad.removeAttribute('label')")
    named(a, "Drawing pad")
    a.evaluate(ADD, "<label for=a>Order <b>number</b></label>")
    named(a, "Order number")
    pads.evaluate("document.querySelector('b').firstChild.data = 'date'")
    named(a, "Order date")
    pads.evaluate("document.querySelector('label').htmlFor = 'b'")
    named(a, "Drawing pad")
    pads.locator("#b").evaluate("pad => document.body.append(pad)")
    named(pads.locator("#b"), "Order date")


def test_other_elements_name_and_describe_the_pad(a: Locator, pads: Page) -> None:
    a.evaluate(ADD, "<i id=one>Gas</i><i id=two aria-label=meter>m</i><p id=how>As\n on it</p>")
    a.evaluate("pad => pad.setAttribute('aria-labelledby', 'one two none')")
    named(a, "Gas meter")
    a.evaluate("pad => pad.setAttribute('aria-describedby', 'how')")
    described(a, "As on it")
    pads.evaluate("document.querySelector('#how').textContent = 'Five digits'")
    described(a, "Five digits")
    pads.evaluate("document.querySelector('#how').id = 'gone'")
    described(a, "")
    pads.evaluate("document.querySelector('#one').remove()")
    named(a, "meter")
    a.evaluate("pad => pad.removeAttribute('aria-labelledby')")
    named(a, "Code")


@pytest.mark.chromium("elements given as ARIA properties")
def test_elements_given_as_properties_name_the_pad(a: Locator, pads: Page) -> None:
    a.evaluate(ADD, "<em>Water</em>")
    a.evaluate("pad => { pad.ariaLabelledByElements = [document.querySelector('em')]; }")
    named(a, "Water")


def test_a_pad_is_said_to_be_invalid_once_it_was_checked(a: Locator) -> None:
    a.evaluate("pad => { pad.required = true; pad.minLength = 1; }")
    invalid(a, "false")
    a.evaluate("pad => pad.form.requestSubmit()")
    invalid(a, "true")
    stroke(a, (50, 50), (150, 50))
    value_becomes(a, "1")
    invalid(a, "false")
    a.get_by_role("textbox").fill("one")
    invalid(a, "true")
    a.evaluate("pad => pad.form.reset()")
    invalid(a, "false")


def test_a_pad_is_invalid_where_the_page_says_so(a: Locator) -> None:
    a.evaluate("pad => pad.setAttribute('aria-invalid', 'true')")
    invalid(a, "true")
    a.evaluate("pad => pad.removeAttribute('aria-invalid')")
    invalid(a, "false")
