"""Numbers on pictures, read in the browser: by the worker alone, and in the dialog."""

import base64
import re
from collections.abc import Callable, Iterator
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from bench.pictures.kinds import KINDS, pictures_of
from bench.pictures.photos import Picture, encoded, pictures, read
from export.browser.page import WEB, model_page
from tests.web.page.test_accessibility import complaints
from train import data

pytestmark = pytest.mark.usefixtures("ready")

SEED = 7
COUNT = 40  # python -m bench photo reads 60 of each kind
FEW = 5
ALLOWANCE = 2  # pictures: five say little of a share
PLAIN = "ink on ruled paper", "chalk on a board"  # have a test of their own
SHARES = {"ruled through": 0.75, "squared paper": 0.75, "touching digits": 0.7}
GIVE = """([event, file, name]) => {
    const bytes = Uint8Array.from(atob(file), character => character.charCodeAt(0));
    const transfer = new DataTransfer();
    const type = name.endsWith("png") ? "image/png" : "text/plain";
    transfer.items.add(new File([bytes], name, { type }));
    const options = { bubbles: true, cancelable: true };
    return document.body.dispatchEvent(event === "paste"
        ? new ClipboardEvent("paste", { ...options, clipboardData: transfer })
        : new DragEvent("drop", { ...options, dataTransfer: transfer }));
}"""


@pytest.fixture(scope="module")
def digits() -> data.Digits:
    return data.load("mnist")


@pytest.fixture(scope="module")
def one(digits: data.Digits) -> Picture:
    return next(pictures(digits.test_images, digits.test_labels, 1, SEED))


@pytest.fixture(scope="module")
def recogniser() -> Iterator[Page]:
    """Yield a page with only the recognizer."""
    with model_page() as page:
        yield page


# Read in a browser that bench starts.
MANY = pytest.mark.chromium("pictures by the dozen")


@MANY
@pytest.mark.parametrize(
    ("kind", "least"), [(kind, SHARES.get(kind, 0.85)) for kind in KINDS if kind not in PLAIN]
)
def test_most_pictures_of_a_kind_are_read(
    recogniser: Page, digits: data.Digits, kind: str, least: float
):
    """Read few of each; `python -m bench photo` reads 60, and its table has the shares."""
    shown = list(pictures_of(kind, digits.test_images, digits.test_labels, FEW, SEED))
    readings = read(recogniser, [picture.png for picture in shown])
    correct = sum(a.text == b.text for a, b in zip(readings, shown, strict=True))
    assert correct >= least * FEW - ALLOWANCE


@MANY
@pytest.mark.parametrize(("chalk", "least"), [(False, 0.90), (True, 0.85)])
def test_numbers_on_paper_and_on_a_board_are_read(
    recogniser: Page, digits: data.Digits, chalk: bool, least: float
):
    shown = list(pictures(digits.test_images, digits.test_labels, COUNT, SEED, chalk))
    readings = read(recogniser, [picture.png for picture in shown])
    correct = [a.text == b.text for a, b in zip(readings, shown, strict=True)]
    assert np.mean(correct) >= least


@MANY
def test_touching_digits_are_separated(recogniser: Page, digits: data.Digits):
    ink = np.zeros((100, 160), np.uint8)
    places = [np.flatnonzero(digits.test_labels == label)[0] for label in (7, 0, 4)]
    for k, place in enumerate(places):
        image = digits.test_images[place]
        columns = np.flatnonzero(image.any(axis=0))
        image = image[:, columns[0] : columns[-1] + 1].repeat(2, axis=0).repeat(2, axis=1)
        left = 30 + 36 * k
        ink[20:76, left : left + image.shape[1]] |= image
    ink[48:51, 30:130] = 255  # one stroke through all would be a line; two bridges are not
    ink[48:51, 30:62] = ink[48:51, 70:98] = 0
    (reading,) = read(recogniser, [encoded(255 - ink)])
    assert len(reading.text) >= 2


def choose(page: Page, content: bytes, name: str = "number.png") -> None:
    page.get_by_role("button", name="Picture").click()
    files = page.get_by_label("Choose a picture")
    files.set_input_files({"name": name, "mimeType": "image/png", "buffer": content})


def test_a_chosen_picture_is_shown_with_its_reading(page: Page, one: Picture):
    choose(page, one.png)
    dialog = page.get_by_role("dialog", name="Read a picture")
    expect(dialog.locator("output")).to_have_text(one.text)
    expect(dialog.get_by_role("img", name=f"framed on it: {one.text}")).to_be_visible()
    expect(dialog.get_by_role("status").last).to_contain_text("sure, read in")
    assert complaints(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Picture")).to_be_focused()


@pytest.mark.parametrize(
    "event",
    ["drop", pytest.param("paste", marks=pytest.mark.chromium("a picture on the clipboard"))],
)
def test_a_pasted_or_dropped_picture_is_read(page: Page, one: Picture, event: str):
    page.evaluate(GIVE, [event, base64.b64encode(one.png).decode(), "number.png"])
    expect(page.locator("dialog output")).to_have_text(one.text)


def test_a_dropped_file_of_another_type_does_not_replace_the_page(page: Page):
    text = base64.b64encode(b"2026").decode()
    kept = page.evaluate(GIVE, ["drop", text, "number.txt"])
    assert not kept, "the browser can decode it"
    expect(page.locator("dialog p[role=status]")).to_contain_text("cannot open this file")


def test_a_file_that_is_not_a_picture_is_reported_and_the_next_is_read(page: Page, one: Picture):
    choose(page, b"this is no picture")
    status = page.locator("dialog p[role=status]")
    expect(status).to_contain_text("cannot open this file as a picture")
    page.get_by_label("Choose a picture").set_input_files(
        {"name": "number.png", "mimeType": "image/png", "buffer": one.png}
    )
    expect(page.locator("dialog output")).to_have_text(one.text)


@pytest.mark.parametrize("shade", [0, 90, 255])
def test_an_empty_sheet_has_no_digits(page: Page, shade: int):
    choose(page, encoded(np.full((200, 300), shade, np.uint8)))
    expect(page.locator("dialog p[role=status]")).to_contain_text("No writing was found")


def test_a_scribble_beside_a_digit_is_a_question_mark(page: Page, digits: data.Digits):
    sheet = Image.new("L", (400, 160), 255)
    seven = digits.test_images[np.flatnonzero(digits.test_labels == 7)[0]]
    sheet.paste(Image.fromarray(255 - seven).resize((112, 112)), (30, 20))
    zigzag = [(220 + 100 * (k % 2), 30 + 8 * k) for k in range(13)]
    ImageDraw.Draw(sheet).line(zigzag, fill=0, width=9)
    choose(page, encoded(np.asarray(sheet)))
    expect(page.locator("dialog output")).to_have_text("7?")
    expect(page.locator("dialog p[role=status]")).to_contain_text("does not look like a digit")


def test_its_code_is_fetched_on_demand(open_page: Callable[..., Page], site: str):
    page, asked = open_page(), []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    page.goto(site)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    assert not [name for name in asked if name.startswith("picture")]


def drawn(
    *lines: str, size: tuple[int, int] = (900, 500), high: int = 110, step: int = 105
) -> Image.Image:
    """Draw lines of 1, 4 and 7 by hand, a step apart, and of the marks . and - beside them."""
    shapes = {
        "1": [[(0.3, 0), (0.32, 1)]],
        "4": [[(0.1, 0), (0.05, 0.6), (0.75, 0.58)], [(0.6, 0.15), (0.55, 1)]],
        "7": [[(0, 0.03), (0.65, 0), (0.3, 1)]],
        "-": [[(0, 0.5), (0.5, 0.52)]],
        ".": [[(0.1, 0.97), (0.12, 0.98)]],
    }
    image = Image.new("L", size, 255)
    pen = ImageDraw.Draw(image)
    for row, text in enumerate(lines):
        for column, mark in enumerate(text):
            for stroke in shapes.get(mark, []):
                points = [
                    (60 + step * column + high * x, 50 + 1.9 * high * row + high * y)
                    for x, y in stroke
                ]
                pen.line(points, fill=0, width=10, joint="curve")
                for x, y in points:
                    pen.ellipse([x - 5, y - 5, x + 5, y + 5], fill=0)
    return image


def reading(page: Page, image: Image.Image) -> tuple[str, str]:
    """Choose a picture; return the text and the status."""
    choose(page, encoded(np.asarray(image)))
    status = page.locator("dialog p[role=status]")
    expect(status).not_to_contain_text("Looking")
    return page.locator("dialog output").inner_text(), status.inner_text()


@pytest.fixture
def read_with(open_page, site: str, one: Picture):
    """Return a function that reads a picture with a module's text altered."""

    def read_altered(module: str, old: str, new: str) -> str:
        page = open_page(service_workers="block")

        def alter(route):
            source = route.fetch().text()
            assert old in source
            route.fulfill(body=source.replace(old, new), content_type="text/javascript")

        page.route(f"**/picture/{module}", alter)
        page.goto(site)
        expect(page.locator("html")).to_have_attribute("data-model", "ready")
        text, status = reading(page, Image.open(BytesIO(one.png)).convert("L"))
        assert text == one.text
        return status

    return read_altered


@pytest.mark.parametrize(("factor", "checked"), [("0.8", True), ("0.99", False)])
def test_an_unsure_reading_asks_to_be_checked(read_with, factor: str, checked: bool):
    status = read_with("reading.js", "CUT_CONFIDENCE ** symbol.cuts", factor)
    asked = re.fullmatch(r"Please check this: it is only \d\d(\.\d)?% sure\.", status)
    assert bool(asked) == checked and ("sure, read in" in status) != checked


@pytest.mark.parametrize(("margin", "checked"), [("0.5", True), ("9", False)])
def test_a_reading_that_another_division_of_the_ink_rivals_asks_to_be_checked(
    read_with, margin: str, checked: bool
):
    status = read_with("reading.js", "Math.exp(-margin)", f"Math.exp(-{margin})")
    assert ("Please check this" in status) == checked


@pytest.mark.parametrize(("view", "told"), [("field.slice()", True), ("field.map(() => 0)", False)])
def test_what_makes_as_much_sense_upside_down_is_told(read_with, view: str, told: bool):
    status = read_with("views.js", "field.slice().reverse()", view)
    assert ("It may be upside down." in status) == told


@pytest.mark.chromium("reading the clipboard")
def test_every_line_is_read_and_copied(page: Page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    text, status = reading(page, drawn("4714", "77", "174", size=(900, 720)))
    assert text == "4714\n77\n174"
    assert "sure, read in" in status
    page.get_by_role("button", name="Copy").last.click()
    expect(page.locator("dialog p[role=status]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == text
    assert complaints(page) == []


@pytest.mark.parametrize(
    ("lines", "text"), [(["7.41"], "7?41"), (["-744"], "?744"), (["74-17"], "74?17")]
)
def test_marks_beside_digits_are_never_dropped(page: Page, lines: list[str], text: str):
    assert reading(page, drawn(*lines)) == (text, "Anything marked ? does not look like a digit.")


def test_ink_far_from_any_digit_is_told(page: Page):
    image = drawn("474", size=(900, 900))
    ImageDraw.Draw(image).rectangle([700, 800, 740, 840], fill=0)
    text, status = reading(page, image)
    assert text == "474" and status == "There is more writing here that could not be read."


def test_a_picture_on_its_side_is_turned(page: Page):
    upright = drawn("4744", size=(560, 220))
    text, status = reading(page, upright.transpose(Image.Transpose.ROTATE_90))
    assert text == "4744" and "The picture was turned." in status


def test_a_number_upside_down_is_turned(page: Page):
    upright = drawn("47174", size=(680, 220))
    text, status = reading(page, upright.transpose(Image.Transpose.ROTATE_180))
    assert text == "47174" and "The picture was turned." in status


def test_digits_that_read_upside_down_too_stay_upright(page: Page, digits: data.Digits):
    """The scribble alone is no reason: 0, 1, 6, 8 and 9 make as much sense both ways."""
    sheet = Image.new("L", (760, 150), 255)
    for k, label in enumerate((6, 0, 8, 1)):
        image = digits.test_images[np.flatnonzero(digits.test_labels == label)[1]]
        sheet.paste(Image.fromarray(255 - image).resize((112, 112)), (20 + 125 * k, 20))
    zigzag = [(560 + 110 * (k % 2), 30 + 8 * k) for k in range(13)]
    ImageDraw.Draw(sheet).line(zigzag, fill=0, width=9)
    text, status = reading(page, sheet)
    assert text == "6081?" and "turned" not in status


def test_a_scrap_of_a_ruled_line_is_no_1(page: Page):
    image = drawn("4774")
    ImageDraw.Draw(image).line([660, 330, 660, 440], fill=150, width=3)
    assert reading(page, image)[0] == "4774"


def test_three_tall_1s_beside_thick_digits_are_no_squared_paper(page: Page):
    image = Image.new("L", (560, 150), 255)
    pen = ImageDraw.Draw(image)
    for points in ([(40, 20), (30, 95), (130, 90)], [(110, 25), (108, 130)]):
        pen.line(points, fill=0, width=22, joint="curve")
    for x in (200, 270, 340):
        pen.line([x, 8, x - 4, 142], fill=0, width=9)
    assert reading(page, image)[0] == "4111"


@pytest.mark.parametrize("shade", [60, 200])
def test_lines_of_squared_paper_are_no_digits(page: Page, shade: int):
    image = drawn("4774")
    pen = ImageDraw.Draw(image)
    for k in range(0, 900, 53):
        pen.line([k, 0, k, 500], fill=shade, width=2)
        pen.line([0, k, 900, k], fill=shade, width=2)
    pixels = np.minimum(np.asarray(image), np.asarray(drawn("4774")))
    assert reading(page, Image.fromarray(pixels))[0] == "4774"


def test_light_ink_without_a_ground_is_read(page: Page):
    alpha = 255 - np.asarray(drawn("1474"))
    picture = np.dstack([np.full_like(alpha, 250)] * 3 + [alpha])
    assert reading(page, Image.fromarray(picture))[0] == "1474"


def test_views_change_the_pen_the_slant_and_the_side_that_is_up(page: Page, site: str):
    """A field of one pixel of ink beside the middle."""
    views = page.evaluate(
        """async src => {
            const { bolder, slanted, upsideDown } =
                await import(new URL("picture/views.js", src));
            const field = new Float32Array(784);
            field[4 * 28 + 13] = 1;
            return [bolder(field), slanted(field, 1), slanted(field, -1), upsideDown(field)]
                .map(view => [...view]);
        }""",
        site,
    )
    bold, right, left, over = np.reshape(views, (4, 28, 28))
    assert bold[4, 13] == 1 and np.isclose(bold[[3, 5, 4, 4], [13, 13, 12, 14]], 0.6).all()
    assert np.isclose(bold.sum(), 1 + 4 * 0.6)
    assert over[23, 14] == over.sum() == 1
    columns = [(view.sum(axis=0) @ np.arange(28)) / view.sum() for view in (right, left)]
    assert np.allclose(columns, [13 + 9.5 * np.sin(0.16), 13 - 9.5 * np.sin(0.16)], atol=0.4)


@pytest.fixture
def altering(open_page: Callable[..., Page], site: str) -> Callable[[str], Page]:
    """Return a function that opens the page in a browser that alters values of pixels."""

    def open_altering(change: str) -> Page:
        page = open_page(service_workers="block")  # it would bypass the route
        altered = (
            (WEB / "picture" / "worker.js").read_text(encoding="utf-8")
            + f"""
            const prototype = OffscreenCanvasRenderingContext2D.prototype;
            const read = prototype.getImageData;
            prototype.getImageData = function (...box) {{
                const image = read.apply(this, box);
                image.data.forEach((value, i) => image.data[i] = {change});
                return image;
            }};"""
        )
        answer = {"body": altered, "content_type": "text/javascript"}
        page.route("**/picture/worker.js", lambda route: route.fulfill(**answer))
        page.goto(site)
        return page

    return open_altering


@pytest.mark.parametrize("change", ["256 * Math.random()", "255", "i % 4 === 0 ? 0 : value"])
def test_a_browser_that_returns_noise_is_named_as_the_cause(altering, one: Picture, change: str):
    page = altering(change)
    choose(page, one.png)
    status = page.locator("dialog p[role=status]")
    expect(status).to_contain_text("gives this page noise in place of your picture. Please make an")
    expect(page.locator("dialog output")).to_be_empty()


def test_a_picture_is_read_though_the_browser_alters_lowest_bits(altering, one: Picture):
    page = altering("value ^ (Math.random() < 0.1)")
    choose(page, one.png)
    expect(page.locator("dialog output")).to_have_text(one.text)
