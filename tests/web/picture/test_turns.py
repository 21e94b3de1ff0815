"""When a picture is turned: by what its symbols make of it in each of the ways to look at it."""

import pytest
from playwright.sync_api import Page

# Each way shows lines of symbols: a digit and its confidence for each, null for a refused one. The
# network is replaced by one that knows the symbols by the shade of their fields.
READ = """async ([src, ways]) => {
    const { readBestWay } = await import(new URL("picture/reading.js", src));
    const { meta } = await document.querySelector("digit-pad").ready;
    const symbols = [];
    const looked = [];
    const candidate = (symbol, place) => {
        symbols.push(symbol);
        const box = { left: 100 * place, right: 100 * place + 60, top: 0, bottom: 99 };
        const pixels = new Float32Array(784).fill(symbols.length / 100);
        return { box, pixels, first: 0, end: 1, gap: 0, cuts: 0, heightDeficit: 0 };
    };
    const find = async ({ turns, inverted }) => {
        const name = inverted ? "inverted" : String(90 * turns);
        looked.push(name);
        const lines = (ways[name] ?? ways.others).map(line =>
            ({ height: 100, blocks: line.map((symbol, k) => [candidate(symbol, k)]) }));
        return { lines, missing: false };
    };
    const readFields = async pixels => Array.from({ length: pixels.length / 784 }, (_, k) => {
        const [digit, confidence] = symbols[Math.round(100 * pixels[784 * k + 406]) - 1];
        const probabilities = new Float32Array(10).fill((1 - confidence) / 9);
        probabilities[digit ?? 0] = confidence;
        return { digit, confidence, probabilities, notADigit: digit === null ? 0.99 : 0 };
    });
    const { way, text } = await readBestWay({ meta, readFields }, find);
    return { turned: way.inverted ? "inverted" : String(90 * way.turns), text, looked };
}"""

REFUSED = [None, 0.99]
SURE = [7, 0.999]
UNSURE = [7, 0.8]
POOR = [[REFUSED] * 4]
ALL_WAYS = ["0", "90", "180", "270", "inverted"]


def read(page: Page, site: str, **ways: list) -> dict:
    """Read what each way shows; `upright` is 0 degrees, `quarter` 90, `half` 180."""
    names = {"upright": "0", "quarter": "90", "half": "180"}
    shown = {names.get(name, name): lines for name, lines in ways.items()}
    return page.evaluate(READ, [site, {"others": POOR, **shown}])


@pytest.mark.usefixtures("ready")
def test_a_picture_whose_symbols_are_refused_is_turned_to_where_they_are_digits(page, site):
    found = read(page, site, upright=POOR, quarter=[[SURE] * 4])
    assert found == {"turned": "90", "text": "7777", "looked": ALL_WAYS}


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    "quarter",
    [
        pytest.param([[UNSURE] * 4], id="its digits are unsure"),
        pytest.param([[SURE] * 2, [SURE] * 2], id="it has more lines"),
        pytest.param([[SURE] * 4 + [REFUSED] * 5], id="it has more refused symbols"),
        pytest.param([[SURE]], id="it has a single digit"),
    ],
)
def test_a_quarter_turn_that_makes_no_sense_is_not_taken(page, site, quarter):
    assert read(page, site, upright=POOR, quarter=quarter)["turned"] == "0"


@pytest.mark.usefixtures("ready")
def test_one_refused_symbol_is_reason_for_half_a_turn_alone(page, site):
    """A quarter turn must make much more sense, because a page is seldom read on its side."""
    upright, better = [[SURE, REFUSED]], [[SURE] * 2]
    assert read(page, site, upright=upright, quarter=better)["turned"] == "0"
    assert read(page, site, upright=upright, half=better)["turned"] == "180"


@pytest.mark.usefixtures("ready")
def test_other_ways_are_not_looked_at_where_nothing_is_refused(page, site):
    found = read(page, site, upright=[[UNSURE] * 4], quarter=[[SURE] * 4])
    assert found == {"turned": "0", "text": "7777", "looked": ["0"]}


@pytest.mark.usefixtures("ready")
def test_of_ways_that_make_sense_the_better_one_is_taken(page, site):
    likely, sure = [[[7, 0.93]] * 4], [[SURE] * 4]
    assert read(page, site, upright=POOR, quarter=likely, **{"270": sure})["turned"] == "270"
    assert read(page, site, upright=POOR, quarter=sure, **{"270": likely})["turned"] == "90"
