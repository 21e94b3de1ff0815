"""What only some drawings need is fetched with the first of them."""

from playwright.sync_api import Page

from export.browser.page import LOAD
from tests.conftest import NOT_LOADED, Strokes
from tests.web.recognition.test_marks import written

READ = """async ([drawing, fitting]) => {
    const options = fitting ? { fits: text => /^\\d+$/.test(text) } : {};
    try {
        return (await recognizer.read(drawing, options)).text;
    } catch (error) {
        return [error.name, error.message];
    }
}"""
DOT = [[[0, 0]]]
BELOW = 500  # of the second line


def open_without(page: Page, code: str, file: str) -> list[str]:
    """Open an empty page with the recognizer, without a file; return what is asked for."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[1]))
    page.route("**/blank.html", lambda route: route.fulfill(body="", content_type="text/html"))
    page.route(f"**/{file}", lambda route: route.fulfill(status=404))
    page.goto(f"{code}blank.html")
    page.evaluate(LOAD)
    return asked


def two_rows(drawings: dict[str, Strokes]) -> Strokes:
    below = [[[x, y + BELOW, *t] for x, y, *t in stroke] for stroke in written(drawings, "3")]
    return [*written(drawings, "2"), *below]


def test_a_sure_number_is_read_without_refinement(
    page: Page, code: str, drawings: dict[str, Strokes]
) -> None:
    asked = open_without(page, code, "nothing")
    for fitting in (False, True):
        assert page.evaluate(READ, [written(drawings, "407"), fitting]) == "407"
    assert "refinement.js" not in asked


def test_without_refinement_a_doubtful_symbol_keeps_its_reading_and_lines_say_why(
    page: Page, code: str, drawings: dict[str, Strokes], expected_errors: list[str]
) -> None:
    expected_errors.append(f"{NOT_LOADED}.*404")
    open_without(page, code, "refinement.js")
    scribble = [[[0, 0], [90, 10], [5, 20], [80, 35], [0, 50], [90, 65], [10, 90], [70, 99]]]
    assert page.evaluate(READ, [scribble, False]) == "?"
    assert page.evaluate(READ, [DOT, True]) == "?"
    name, message = page.evaluate(READ, [two_rows(drawings), False])
    assert name == "RecognizerError"
    assert message == "recognition/refinement.js could not be fetched: check the connection."


def test_several_lines_are_read_once_refinement_has_arrived(
    page: Page, code: str, drawings: dict[str, Strokes]
) -> None:
    asked = open_without(page, code, "nothing")
    assert page.evaluate(READ, [two_rows(drawings), False]) == "2\n3"
    assert "refinement.js" in asked
