"""The page with the shipped model, drawn on with mouse and finger."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.conftest import FIREFOX, NOT_LOADED, PREFERENCE, tap, until
from tests.web.gate import Gate

SIZES = [(320, 568), (390, 844), (640, 360), (667, 375), (844, 390), (1280, 800)]
TRY_AGAIN = """() => new Promise((failed) => {
  document.querySelector("digit-pad").addEventListener("error", failed, { once: true });
  document.querySelector("#retry").click();
})"""
# "Copied" is shown for two seconds, which a slow machine may miss.
NOTE_LABEL = """() => {
  const button = document.querySelector("#copy");
  new MutationObserver(() => { globalThis.label ??= button.textContent.trim(); })
    .observe(button, { childList: true, characterData: true, subtree: true });
}"""
READS = """
export async function loadRecognizer() {
  return { async read() { return READING; } };
}
"""
Open = Callable[..., Page]
Pen = Callable[[Page, Any], None]


@pytest.fixture(
    params=[("page", "draw"), ("phone", "touch")], ids=["mouse at 1280x800", "finger at 390x844"]
)
def drawing_input(request: pytest.FixtureRequest) -> Any:
    """Return a page and a function that draws on it."""
    return tuple(map(request.getfixturevalue, request.param))


def digit(page: Page) -> Locator:
    return page.locator("#number")


def caption(page: Page) -> Locator:
    return page.locator("#caption")


def strokes_on(page: Page) -> int:
    return page.evaluate("document.querySelector('digit-pad').drawing.length")


def scrolls(page: Page) -> list[int]:
    """Return how far the page could be scrolled, across and down, in pixels."""
    return page.evaluate(
        "(root => [root.scrollWidth - root.clientWidth, root.scrollHeight - root.clientHeight])"
        "(document.documentElement)"
    )


def read_as(page: Page, source: str) -> None:
    """Replace the page's recognizer."""
    answer = {"body": source, "content_type": "text/javascript"}
    page.route("**/recognizer.js", lambda route: route.fulfill(**answer))


def reading(**symbol: Any) -> str:
    """Return the source of a recognizer that always reads the given symbol."""
    symbol = {"box": "{ x: 0, y: 0, width: 5, height: 9 }", "strokes": [0], "line": 0} | symbol
    text = "?" if symbol["digit"] is None else str(symbol["digit"])
    fields = ", ".join(f"{k}: {'null' if v is None else v}" for k, v in symbol.items())
    symbols = f"[{{ {fields}, pixels: new Float32Array(784) }}]"
    return READS.replace("READING", f'{{ text: "{text}", confidence: 1, symbols: {symbols} }}')


def test_digits_drawn_are_read(drawing_input: Any, site: str, drawings: dict[str, Any]) -> None:
    page, draw_on = drawing_input
    page.goto(site)
    for label, strokes in drawings.items():
        draw_on(page, strokes)
        expect(digit(page)).to_have_text(label)
        page.get_by_role("button", name="Clear").click()
        expect(digit(page)).to_have_text("")


def test_a_reading_follows_every_stroke(
    page: Page, site: str, draw: Pen, drawings: dict[str, Any]
) -> None:
    page.goto(site)
    # Strokes that end before the network is loaded share a reading.
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    page.evaluate("""() => { window.readings = 0;
      document.querySelector("digit-pad").addEventListener("change", () => { readings++; }); }""")
    first, second = drawings["4"]
    draw(page, [first])
    until(page, lambda: page.evaluate("readings") >= 1)
    draw(page, [second])
    expect(digit(page)).to_have_text("4")
    until(page, lambda: page.evaluate("readings") >= 2)
    assert page.evaluate("readings") == 2


def test_ten_probabilities_are_shown_below_the_reading(
    page: Page, site: str, draw: Pen, drawings: dict[str, Any]
) -> None:
    page.goto(site)
    expect(page.locator("#shares button")).to_have_text(list("0123456789"))
    draw(page, drawings["3"])
    expect(digit(page)).to_have_text("3")
    texts = page.locator("#shares .share").all_inner_texts()
    shares = [int(text.rstrip("%")) for text in texts]
    assert max(shares) == shares[3] and 85 <= sum(shares) <= 100
    expect(page.locator("#shares [aria-pressed=true] .label")).to_have_text("3")
    expect(caption(page)).to_have_text(re.compile(r"^\d\d(\.\d)?% sure, read in \d+\xa0ms$"))


def test_the_input_of_the_network_is_shown_pixel_by_pixel(
    page: Page, site: str, draw: Pen, drawings: dict[str, Any]
) -> None:
    page.goto(site)
    draw(page, drawings["2"])
    expect(digit(page)).to_have_text("2")
    shown, read = page.evaluate("""() => [
      [...document.querySelector("#seen").getContext("2d").getImageData(0, 0, 28, 28).data]
        .filter((_, k) => k % 4 === 3),
      [...document.querySelector("digit-pad").reading.symbols[0].pixels]]""")
    assert shown == pytest.approx([255 * value for value in read], abs=1)
    assert max(shown) == 255
    expect(page.locator("#seen")).to_have_css("image-rendering", "pixelated")


def test_an_empty_pad_is_announced(page: Page, site: str) -> None:
    page.goto(site)
    expect(caption(page)).to_have_text("Nothing written yet")
    expect(page.locator("digit-pad .hint")).to_be_visible()


def test_a_dot_is_not_a_digit(phone: Page, site: str, touch: Pen) -> None:
    phone.goto(site)
    touch(phone, [[[0.5, 0.5]]])
    expect(digit(phone)).to_have_text("?")
    expect(caption(phone)).to_have_text("That does not look like a digit")


def test_a_low_confidence_reading_names_the_second_digit(page: Page, site: str, draw: Pen) -> None:
    probabilities = [0, 0.4, *[0] * 5, 0.56, 0.04, 0]
    read_as(page, reading(digit=7, confidence=0.56, probabilities=probabilities))
    page.goto(site)
    draw(page, [[[0.4, 0.2], [0.5, 0.8]]])
    expect(caption(page)).to_have_text("unsure, 7\u00a0(56%) or 1\u00a0(40%)")


def test_a_rejected_symbol_highlights_no_digit(page: Page, site: str, draw: Pen) -> None:
    rejected = reading(digit=None, confidence=0.3, probabilities=[0.1] * 10)
    read_as(page, rejected)
    page.goto(site)
    draw(page, [[[0.4, 0.2], [0.5, 0.8]]])
    expect(digit(page)).to_have_text("?")
    expect(page.locator("#shares [aria-pressed=true]")).to_have_count(0)


def test_a_drawing_made_while_the_network_loads_is_read_afterwards(
    page: Page, site: str, draw: Pen, drawings: dict[str, Any]
) -> None:
    gate = Gate(page, "model/model.json")
    page.goto(site)
    expect(caption(page)).to_have_text("Loading the network")
    expect(page.get_by_role("progressbar")).to_be_visible()
    draw(page, drawings["7"])
    expect(caption(page)).to_have_text("Loading the network, then reading")
    expect(digit(page)).to_have_text("")
    gate.decide(Route.continue_)
    expect(digit(page)).to_have_text("7")
    expect(page.get_by_role("progressbar")).to_be_hidden()


@pytest.mark.parametrize("missing", ["model/meta.json", "model/model.json"])
def test_a_failed_network_is_reported_and_can_be_loaded_again(
    phone: Page,
    site: str,
    touch: Pen,
    drawings: dict[str, Any],
    expected_errors: list[str],
    missing: str,
) -> None:
    expected_errors.append(NOT_LOADED)
    gate = Gate(phone, missing)
    phone.goto(site)
    touch(phone, drawings["2"])
    gate.decide(Route.abort)
    expect(caption(phone)).to_contain_text("could not be fetched")
    assert scrolls(phone) == [0, 0]
    gate.decide(Route.continue_)
    tap(phone.get_by_role("button", name="Try again"))
    expect(digit(phone)).to_have_text("2")
    expect(phone.get_by_role("button", name="Try again")).to_be_hidden()


def test_clearing_keeps_the_message_about_the_network(
    page: Page, site: str, draw: Pen, drawings: dict[str, Any], expected_errors: list[str]
) -> None:
    expected_errors.append(NOT_LOADED)
    gate = Gate(page, "model/meta.json")
    page.goto(site)
    draw(page, drawings["7"])
    page.get_by_role("button", name="Clear").click()
    expect(caption(page)).to_have_text("Loading the network")
    draw(page, drawings["7"])
    gate.decide(Route.abort)
    expect(caption(page)).to_contain_text("could not be fetched")
    page.get_by_role("button", name="Clear").click()
    expect(caption(page)).to_contain_text("could not be fetched")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_the_pad_does_not_move_while_drawing(
    phone: Page, site: str, touch: Pen, drawings: dict[str, Any]
) -> None:
    phone.goto(site)
    expect(phone.locator("html")).to_have_attribute("data-model", "ready")
    place = phone.locator("digit-pad").bounding_box()
    for left in (0.1, 0.5):
        for stroke in drawings["4"]:
            touch(phone, [[(left + 0.4 * x, y) for x, y in stroke]])
            expect(phone.locator("html")).to_have_attribute("data-reading", "some")
            assert phone.locator("digit-pad").bounding_box() == place
    expect(digit(phone)).to_have_text("44")


def test_all_digits_of_a_long_number_are_visible_on_a_phone(phone: Page, site: str) -> None:
    phone.goto(site)
    phone.evaluate("""() => { document.querySelector("digit-pad").drawing =
        Array.from({ length: 10 }, (_, k) => [[20 * k, 0], [20 * k, 100]]); }""")
    expect(digit(phone)).to_have_text("1111111111")
    assert phone.evaluate("number.scrollWidth <= number.clientWidth")


AT_ONCE = pytest.mark.chromium("a module that is fetched again after it failed, without a reload")


@pytest.mark.parametrize(
    "tries_in_vain", [pytest.param(0, marks=AT_ONCE), 1]  # after a failed one, the page reloads
)
def test_a_failed_runtime_is_reported_and_the_drawing_survives_the_retry(
    page: Page,
    site: str,
    draw: Pen,
    drawings: dict[str, Any],
    expected_errors: list[str],
    tries_in_vain: int,
) -> None:
    expected_errors.append(NOT_LOADED)
    gate = Gate(page, "vendor/*.js")
    page.goto(site, wait_until="domcontentloaded")  # preloaded modules delay Firefox's `load`
    draw(page, drawings["2"])
    gate.decide(Route.abort)
    expect(caption(page)).to_have_text("The network did not load.")
    for _ in range(tries_in_vain):
        page.evaluate(TRY_AGAIN)
    gate.decide(Route.continue_)
    page.get_by_role("button", name="Try again").click()
    expect(digit(page)).to_have_text("2")
    assert strokes_on(page) == len(drawings["2"])


def test_a_failed_module_of_the_page_is_reported(
    page: Page, site: str, expected_errors: list[str]
) -> None:
    expected_errors.append(NOT_LOADED)
    page.route("**/pad/history.js", lambda route: route.abort())
    page.goto(site)
    expect(page.get_by_role("alert")).to_contain_text("Part of this page did not arrive")
    expect(page.locator("main")).to_be_hidden()


@pytest.mark.chromium("pages without JavaScript")
def test_without_javascript_the_page_says_that_it_is_needed(open_page: Open, site: str) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(site)
    expect(page.get_by_text("Reading a drawing needs JavaScript")).to_be_visible()
    expect(page.locator("main")).to_be_hidden()


@pytest.mark.parametrize(
    ("lack", "errors"),
    [
        ("HTMLElement.prototype.attachInternals", ["attachInternals", "private (member|field)"]),
        ("Document.prototype.adoptedStyleSheets", []),
        ("window.PointerEvent", []),
        ("HTMLScriptElement.prototype.noModule", []),
    ],
)
def test_an_old_browser_is_told_the_supported_versions(
    page: Page, site: str, expected_errors: list[str], lack: str, errors: list[str]
) -> None:
    expected_errors += errors
    page.add_init_script(f"delete {lack}")
    page.goto(site)
    expect(page.get_by_role("alert")).to_contain_text("too old")
    expect(page.locator("main")).to_be_hidden()


def test_buttons_undo_redo_and_clear(
    phone: Page, site: str, touch: Pen, drawings: dict[str, Any]
) -> None:
    phone.goto(site)
    undo, redo, clear = (
        phone.get_by_role("button", name=name) for name in ("Undo", "Redo", "Clear")
    )
    for button in (undo, redo, clear):
        expect(button).to_be_disabled()
    touch(phone, drawings["4"])
    expect(digit(phone)).to_have_text("4")
    tap(clear)
    expect(digit(phone)).to_have_text("")
    expect(clear).to_be_disabled()
    tap(undo)
    expect(digit(phone)).to_have_text("4")
    tap(undo)
    expect(phone.locator("digit-pad")).to_have_js_property("drawing.length", 1)
    tap(redo)
    expect(digit(phone)).to_have_text("4")


def test_keys_work_wherever_the_focus_is(
    page: Page, site: str, draw: Pen, drawings: dict[str, Any]
) -> None:
    page.goto(site)
    draw(page, drawings["4"])
    page.evaluate("document.activeElement.blur()")
    for key, strokes in [("Control+z", 1), ("Control+Shift+z", 2), ("Escape", 0), ("Meta+z", 2)]:
        page.keyboard.press(key)
        assert strokes_on(page) == strokes, key
    page.get_by_role("button", name="Redo").focus()
    page.keyboard.press("Control+y")
    assert strokes_on(page) == 0
    page.locator("digit-pad .surface").press("Control+z")
    assert strokes_on(page) == 2


def test_every_control_is_reachable_by_tab_and_shows_its_focus(page: Page, site: str) -> None:
    page.goto(site)
    expect(caption(page)).to_have_text("Nothing written yet")
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("""() => {
          let focused = document.activeElement;
          const { id } = focused;
          focused = focused.shadowRoot?.activeElement ?? focused;
          return [id, getComputedStyle(focused).outlineStyle]; }""")
        )
    assert reached == [[name, "solid"] for name in ("copy", "pad", "undo", "redo", "clear")]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_page_fits_on_one_screen_and_does_not_scroll_while_drawing(
    open_page: Open, site: str, touch: Pen, drawings: dict[str, Any], width: int, height: int
) -> None:
    mobile = width < 1000 and not FIREFOX
    page = open_page(
        viewport={"width": width, "height": height}, has_touch=True, is_mobile=mobile
    )
    page.goto(site)
    expect(caption(page)).to_have_text("Nothing written yet")
    assert scrolls(page) == [0, 0]
    pad = page.locator("digit-pad").bounding_box()
    assert pad and pad["width"] >= 250 and pad["height"] >= 120
    touch(page, [[[0.5, 0.9], [0.5, 0.7], [0.5, 0.5], [0.5, 0.3], [0.5, 0.1]]])
    touch(page, drawings["8"])
    expect(page.locator("digit-pad")).to_have_js_property("drawing.length", 2)
    assert scrolls(page) == [0, 0]
    assert page.evaluate("[scrollX, scrollY, visualViewport.scale]") == [0, 0, 1]


def test_buttons_are_large_enough_for_a_thumb(
    phone: Page, site: str, touch: Pen, drawings: dict[str, Any]
) -> None:
    phone.goto(site)
    touch(phone, drawings["4"])
    expect(digit(phone)).to_have_text("4")
    for button in phone.locator(".tools button, #number button, #shares button, #copy").all():
        box = button.bounding_box()
        assert box and box["width"] >= 44 and box["height"] >= 44
        assert box["x"] + box["width"] <= phone.viewport_size["width"], "on the page"


def test_turning_the_phone_keeps_the_drawing(
    phone: Page, site: str, touch: Pen, drawings: dict[str, Any]
) -> None:
    phone.goto(site)
    touch(phone, drawings["4"])
    expect(digit(phone)).to_have_text("4")
    phone.set_viewport_size({"width": 844, "height": 390})
    until(phone, lambda: phone.evaluate("innerWidth") == 844)
    assert strokes_on(phone) == 2
    pad, lines = phone.locator("digit-pad").bounding_box(), phone.locator("digit-pad .surface path")
    for line in lines.all():
        box = line.bounding_box()
        assert pad["x"] < box["x"] and box["x"] + box["width"] < pad["x"] + pad["width"]
        assert pad["y"] < box["y"] and box["y"] + box["height"] < pad["y"] + pad["height"]


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=PREFERENCE)])
def test_ink_and_text_have_enough_contrast_in_both_themes(
    open_page: Open, site: str, draw: Pen, drawings: dict[str, Any], scheme: str
) -> None:
    page = open_page(color_scheme=scheme)
    page.goto(site)
    draw(page, drawings["1"])
    expect(digit(page)).to_have_text("1")
    ground = colour(page, "body", "background-color")
    assert (luminance(ground) < 0.5) == (scheme == "dark")
    for selector in ("#number button", "#caption", "#which", ".foot", ".share", "button"):
        assert contrast(colour(page, selector, "color"), ground) >= 4.5, selector
    sheet = colour(page, "digit-pad", "background-color")
    assert contrast(colour(page, "digit-pad .surface path", "stroke"), sheet) >= 7


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080), (720, 1000), (390, 844)])
def test_a_long_number_is_shown_whole_and_nothing_moves_while_one_writes(
    open_page: Open, site: str, drawings: dict[str, Any], size: tuple[int, int]
) -> None:
    page = open_page(viewport={"width": size[0], "height": size[1]})
    page.goto(site)
    places = """() => ["number", "copy", "caption", "pad", "shares"].map(id => {
        const { x, y } = document.getElementById(id).getBoundingClientRect();
        return [id, x, y];
    })"""
    number = page.locator("#number")
    before = page.evaluate(places)
    for text in ("4", "31415926", "6021023456", "299792458137035"):
        strokes = [
            [[1.3 * place + 0.8 * x, y] for x, y in stroke]
            for place, label in enumerate(text)
            for stroke in drawings[label]
        ]
        page.locator("#pad").evaluate("(pad, strokes) => { pad.drawing = strokes; }", strokes)
        expect(number).to_have_text(text)
        hidden = number.evaluate("one => one.scrollWidth - one.clientWidth")
        assert hidden == 0
        assert page.evaluate(places) == before


@PREFERENCE
def test_nothing_moves_with_reduced_motion(open_page: Open, site: str) -> None:
    page = open_page(reduced_motion="reduce")
    page.goto(site)
    share = page.locator("#shares button").first
    assert share.evaluate("one => getComputedStyle(one, '::before').transitionDuration") == "0s"
    expect(page.locator("#demo path").first).to_have_css("animation-name", "none")


def test_the_policy_forbids_inline_code_eval_and_other_origins(page: Page, site: str) -> None:
    page.goto(site)
    policy = page.locator("meta[http-equiv]").get_attribute("content") or ""
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'" and rules["base-uri"] == "'none'"
    assert rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["script-src"] == "'self' 'wasm-unsafe-eval'"  # compiles the kernels, no script
    assert rules["require-trusted-types-for"] == "'script'"


@pytest.mark.parametrize(
    "attempt",
    [
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<b>')",
        "document.createElement('script').text = 'alert()'",
        "new DOMParser().parseFromString('<b>', 'text/html')",
        "new Worker('app.js', { type: 'module' })",
        "navigator.serviceWorker.register('app.js')",
        "trustedTypes.createPolicy('other', {})",
    ],
)
def test_text_becomes_neither_html_nor_a_script(
    page: Page, site: str, expected_errors: list[str], attempt: str
) -> None:
    expected_errors += ["^policy: (require-)?trusted-types", "[Tt]rusted"]
    page.goto(site)
    page.get_by_role("button", name="Your handwriting").click()
    expect(page.locator("dialog h2")).to_have_text("Your handwriting")  # all policies are there
    assert page.evaluate(f"""async () => {{
        const reported = new Promise(
            resolve => addEventListener("securitypolicyviolation", resolve));
        try {{ await ({attempt}); return "allowed"; }}
        catch (error) {{ await reported; return error.name; }}
    }}""") == "TypeError"


def colour(page: Page, selector: str, what: str) -> list[float]:
    """Return a computed colour as red, green and blue in 0..255."""
    value = page.locator(selector).first.evaluate(
        "(element, what) => getComputedStyle(element).getPropertyValue(what)", what
    )
    return [float(part) for part in value[value.index("(") + 1 : -1].split(",")[:3]]


def luminance(rgb: list[float]) -> float:
    """Return the relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [part / 255 for part in rgb]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: list[float], other: list[float]) -> float:
    """Return the contrast ratio, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_each_digit_of_a_number_can_be_inspected_and_corrected(
    page: Page, site: str, draw: Pen, drawings: dict[str, Any]
) -> None:
    page.goto(site)
    for k, label in enumerate("35"):
        draw(page, [[(0.1 + 0.4 * (k + x), y) for x, y in stroke] for stroke in drawings[label]])
    expect(digit(page)).to_have_text("35")
    first, second = page.locator("#number button").all()
    expect(second).to_have_attribute("aria-pressed", "true")  # the latest
    first.click()
    expect(page.locator("#shares [aria-pressed=true] .label")).to_have_text("3")
    page.get_by_role("button", name="this is a 8").click()
    expect(digit(page)).to_have_text("85")
    expect(page.locator("#which")).to_have_text("First digit: 8, as you say")
    draw(page, [[[0.95, 0.2], [0.95, 0.8]]])
    expect(digit(page)).to_have_text("851")


def test_the_number_is_copied(
    open_page: Open, site: str, draw: Pen, drawings: dict[str, Any]
) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(site)
    copy = page.locator("#copy")
    expect(copy).to_be_disabled()
    draw(page, drawings["8"])
    expect(digit(page)).to_have_text("8")
    page.evaluate(NOTE_LABEL)
    copy.click()
    until(page, lambda: page.evaluate("globalThis.label"))
    assert page.evaluate("label") == "Copied"
    assert page.evaluate("navigator.clipboard.readText()") == "8"


def test_the_demonstration_is_shown_at_the_first_visit_only(
    page: Page, site: str, draw: Pen
) -> None:
    page.goto(site)
    expect(page.locator("#demo")).to_be_visible()
    draw(page, [[[0.5, 0.2], [0.5, 0.8]]])
    expect(digit(page)).to_have_text("1")
    expect(page.locator("#demo")).to_be_hidden()
    page.goto(site)
    expect(caption(page)).to_have_text("Nothing written yet")
    expect(page.locator("#demo")).to_be_hidden()


def test_without_storage_every_visit_is_the_first(page: Page, site: str, draw: Pen) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no') } })"
    )
    page.goto(site)
    expect(page.locator("#demo")).to_be_visible()
    draw(page, [[[0.5, 0.2], [0.5, 0.8]]])
    expect(digit(page)).to_have_text("1")


@pytest.mark.parametrize("size", [(640, 400), (195, 422)], ids=["laptop", "phone"])
def test_at_a_zoom_of_200_percent_nothing_is_cut_off(
    open_page: Open, site: str, size: tuple[int, int]
) -> None:
    page = open_page(viewport={"width": size[0], "height": size[1]}, device_scale_factor=2)
    page.goto(site)
    expect(caption(page)).to_have_text("Nothing written yet")
    assert scrolls(page)[0] == 0
    pad = page.locator("digit-pad").bounding_box()
    assert pad and pad["x"] >= 0 and pad["x"] + pad["width"] <= size[0]


def test_in_right_to_left_pages_the_number_runs_left_to_right(
    page: Page, site: str, draw: Pen, drawings: dict[str, Any]
) -> None:
    page.goto(site)
    page.evaluate("document.documentElement.dir = 'rtl'")
    for k, label in enumerate("35"):
        draw(page, [[(0.1 + 0.4 * (k + x), y) for x, y in stroke] for stroke in drawings[label]])
    expect(digit(page)).to_have_text("35")
    first, second = (button.bounding_box() for button in page.locator("#number button").all())
    assert first and second and first["x"] < second["x"]
    assert scrolls(page)[0] == 0
