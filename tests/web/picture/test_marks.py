"""Marks on pictures: read where the page's switch is on, `?` where it is off."""

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import ImageDraw
from playwright.sync_api import Page, expect

from bench.pictures.kinds import pictures_of
from bench.pictures.photos import encoded, read
from bench.pictures.strings import STRINGS, strings_of
from export.browser.page import model_page
from tests.conftest import NOT_LOADED
from tests.web.dialogs.test_picture import choose, drawn, reading
from train import data
from train.network.build import MARK_LABELS

VALIDATION = 5000  # last training digits
FEW = 6
SEED = 5
STATUS = "dialog p[role=status]"


def switched_on(page: Page) -> Page:
    page.get_by_role("checkbox", name="Read marks").check()
    return page


@pytest.fixture(scope="module")
def recogniser() -> Iterator[Page]:
    """Yield a page with only the recognizer."""
    with model_page() as page:
        yield page


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize("text", ["7.41", "-744", "74-17", "4.7", "1.4-7"])
def test_marks_are_read_where_the_switch_is_on(page: Page, text: str):
    assert reading(switched_on(page), drawn(text))[0] == text
    assert page.locator("dialog canvas").get_attribute("aria-label") == (
        f"The picture, framed on it: {text}"
    )


@pytest.mark.usefixtures("ready")
def test_the_switch_counts_for_the_next_picture(page: Page):
    assert reading(page, drawn("7.41"))[0] == "7?41"
    page.get_by_role("button", name="Close").click()
    switched_on(page)
    assert reading(page, drawn("7.41"))[0] == "7.41"


@pytest.mark.usefixtures("ready")
def test_a_scribble_is_neither_a_digit_nor_a_mark(page: Page):
    image = drawn("474", size=(900, 260))
    zigzag = [(390 + 70 * (k % 2), 60 + 7 * k) for k in range(14)]
    ImageDraw.Draw(image).line(zigzag, fill=0, width=10)
    text, status = reading(switched_on(page), image)
    assert text == "474?"
    assert status == "Anything marked ? looks neither like a digit nor like a mark."


@pytest.mark.chromium("read in a browser that bench starts")
@pytest.mark.parametrize("kind", STRINGS)
def test_most_strings_of_a_kind_are_read(recogniser: Page, kind: str):
    """Read few of each; `python -m bench photo` reads 60, and its table has the shares."""
    digits = data.load("mnist")
    images, labels = digits.train_images[-VALIDATION:], digits.train_labels[-VALIDATION:]
    shown = list(strings_of(kind, images, labels, FEW, SEED))
    with_marks = read(recogniser, [picture.png for picture in shown], STRINGS[kind])
    without = read(recogniser, [picture.png for picture in shown])
    right = [a.text == b.text for a, b in zip(with_marks, shown, strict=True)]
    assert np.mean(right) >= 0.6
    assert not any(set(each.text) & set(MARK_LABELS) for each in without)


@pytest.mark.chromium("read in a browser that bench starts")
def test_a_mark_that_is_not_asked_for_stays_a_question_mark(recogniser: Page):
    png = encoded(np.asarray(drawn("7.41-4")))
    found = read(recogniser, [png], "-") + read(recogniser, [png], ".")
    assert [each.text for each in found] == ["7?41-4", "7.41?4"]


@pytest.mark.chromium("read in a browser that bench starts")
@pytest.mark.parametrize(
    ("kind", "number"),
    [("ink on ruled paper", 23), ("underlined", 16), ("telephone numbers", 13)],
)
def test_what_people_write_is_likelier_than_other_marks(recogniser: Page, kind: str, number: int):
    """Without that, they are read 4/67, (773 and (962)8/0-6390."""
    digits = data.load("mnist")
    _, chosen = data.validation_split(digits.train_labels, 0, VALIDATION)
    compose = strings_of if kind in STRINGS else pictures_of
    images, labels = digits.train_images[chosen], digits.train_labels[chosen]
    *_, picture = compose(kind, images, labels, number + 1, 7)
    (found,) = read(recogniser, [picture.png], MARK_LABELS)
    assert found.text == picture.text


@pytest.mark.parametrize(
    ("text", "plausible"),
    [
        *((text, True) for text in ("2057", "-57", "$1,234.50", "7,95", "8%", "+3", "1.234,00")),
        *((text, True) for text in ("5/27/94", "31.12.2026", "2026-11-28", "00:20", "7.30")),
        *((text, True) for text in ("(415)555-0123", "+49-301", "367-4496", "3/4", "12+7", "#3")),
        *((text, True) for text in ("2?57", "12.5? 7:30")),
        *((text, False) for text in ("13/45/94", "309/1/7", "1/2804", "5#0", "119:54", "(773")),
        *((text, False) for text in ("7.", "/7", "12.50 4/67/", "1..2", "4\u00b77")),
    ],
)
def test_a_text_is_plausible_if_people_write_such(recogniser: Page, text: str, plausible: bool):
    program = 'async text => (await import("/marks/plausible.js")).isPlausible(text)'
    assert recogniser.evaluate(program, text) == plausible


@pytest.mark.usefixtures("ready")
def test_where_marks_cannot_be_fetched_the_dialog_says_so(page: Page, expected_errors):
    expected_errors.append(f"{NOT_LOADED}.*404")
    page.route("**/marks-on-pictures.json", lambda route: route.fulfill(status=404, body=""))
    choose(switched_on(page), encoded(np.asarray(drawn("7.41"))))
    expect(page.locator(STATUS)).to_contain_text("marks-on-pictures.json could not be fetched")
    page.unroute("**/marks-on-pictures.json")
    page.get_by_role("button", name="Close").click()
    assert reading(page, drawn("7.41"))[0] == "7.41"
