import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from export.browser.page import BLANK, WEB, serving
from tests.conftest import NOT_LOADED
from train import ink

MODEL = WEB / "model"
LOAD = """async () => {
    const { loadRecognizer } = await import("./recognizer.js");
    globalThis.fractions = [];
    const onProgress = fraction => fractions.push(fraction);
    globalThis.recognizer = await loadRecognizer(new URL("model/", location.href), { onProgress });
}"""
FAIL = """async () => {
    const { loadRecognizer, RecognizerError } = await import("./recognizer.js");
    try {
        await loadRecognizer(new URL("model/", location.href));
    } catch (error) {
        return [error instanceof RecognizerError, error.message, error.cause !== undefined];
    }
}"""
READ = """async drawing => {
    const reading = await recognizer.read(drawing);
    const list = numbers => Array.from(numbers);
    return { ...reading, symbols: reading.symbols.map(symbol => ({ ...symbol,
        pixels: list(symbol.pixels), probabilities: list(symbol.probabilities) })) };
}"""
CLASSIFY = "async pixels => Array.from(await recognizer.classify(new Float32Array(pixels)))"


def emptied(page, code):
    """Open an empty page of the site."""
    page.route("**/blank.html", lambda route: route.fulfill(body=BLANK, content_type="text/html"))
    page.goto(f"{code}blank.html")
    return page


@pytest.fixture
def blank(page, code):
    """Return an empty page of the site."""
    return emptied(page, code)


@pytest.fixture(scope="module")
def lasting(watched, code):
    """Return a page with the shipped model, shared by tests that do not change it."""
    page = emptied(watched.context().new_page(), code)
    page.evaluate(LOAD)
    return page


@pytest.fixture
def opened(lasting, watched):
    """Yield that page and fail on errors that it reports."""
    yield lasting
    watched.check()


@pytest.fixture
def spoilt(tmp_path):
    """Copy the shipped model, to damage it."""
    return Path(shutil.copytree(MODEL, tmp_path / "model"))


def failure(page, folder):
    """Return the error message for a model's folder."""
    with serving(WEB, folder) as site:
        page.goto(f"{site}/blank.html")
        named, message, caused = page.evaluate(FAIL)
    assert named
    return message


def fields(count):
    random = np.random.default_rng(count)
    return random.random((count, 784), dtype=np.float32)


def test_every_digit_drawn_is_read(opened, drawings):
    for label, drawing in drawings.items():
        reading = opened.evaluate(READ, drawing)
        assert reading["text"] == label
        (symbol,) = reading["symbols"]
        assert symbol["digit"] == int(label)
        assert symbol["confidence"] == reading["confidence"] == max(symbol["probabilities"])
        assert sum(symbol["probabilities"]) == pytest.approx(1, abs=1e-5)


def test_a_symbol_has_its_strokes_box_and_pixels(opened):
    four = [[[10, 0, 0], [-20, 55, 40], [30, 55, 90]], [[12, 25, 200], [12, 90, 250]]]
    (symbol,) = opened.evaluate(READ, four)["symbols"]
    assert symbol["strokes"] == [0, 1]
    assert symbol["box"] == {"x": -20, "y": 0, "width": 50, "height": 90}
    width = json.loads((MODEL / "meta.json").read_text())["ink"]["width"]
    field = np.array(symbol["pixels"]).reshape(28, 28)
    np.testing.assert_allclose(field, ink.render(four, width), atol=1e-5)


def test_nothing_drawn_reads_as_nothing(opened):
    assert opened.evaluate(READ, []) == {"text": "", "confidence": 1, "symbols": []}


@pytest.mark.parametrize("drawing", [[[[5, 5]]], [[[5, 5], [5, 5]], [[5, 5]]]])
def test_a_dot_is_not_a_digit(opened, drawing):
    reading = opened.evaluate(READ, drawing)
    assert reading["text"] == "?"
    assert reading["symbols"][0]["digit"] is None
    assert reading["symbols"][0]["box"] == {"x": 5, "y": 5, "width": 0, "height": 0}


def test_a_straight_line_is_read(opened):
    assert opened.evaluate(READ, [[[5, 0], [5, 60]]])["text"] == "1"


def test_an_invalid_drawing_is_an_error_that_names_the_stroke(opened):
    message = opened.evaluate("() => recognizer.read([[[1, 2]], []]).catch(error => `${error}`)")
    assert message == "InkError: stroke 2 has no points"


def test_synchronous_and_asynchronous_readings_are_equal(opened, drawings):
    both = opened.evaluate(
        """async drawing => [
            recognizer.readNow(drawing).confidence, (await recognizer.read(drawing)).confidence,
        ]""",
        drawings["8"],
    )
    assert both[0] == both[1]


def test_a_batch_of_three_hundred_equals_single_classifications(opened):
    many = fields(300)
    together = opened.evaluate(CLASSIFY, many.ravel().tolist())
    alone = [opened.evaluate(CLASSIFY, many[n].tolist()) for n in (0, 99, 100, 299)]
    assert len(together) == 3000
    for row, n in zip(alone, (0, 99, 100, 299), strict=True):
        np.testing.assert_allclose(together[10 * n : 10 * n + 10], row, atol=1e-6)


def test_no_fields_give_no_probabilities(opened):
    assert opened.evaluate(CLASSIFY, []) == []


def test_a_thousand_classifications_leave_no_tensor_behind(opened):
    before, after = opened.evaluate(
        """async () => {
            const { memory } = await import("./vendor/tfjs.js");
            const field = new Float32Array(784).fill(0.5);
            const before = memory().numTensors;
            for (let n = 0; n < 1000; n++) recognizer.classifyNow(field);
            return [before, memory().numTensors];
        }"""
    )
    assert before == after > 0


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        ("Array.from({ length: 784 }, () => 0)", "TypeError: pixels must be a Float32Array"),
        ("new Float32Array(785)", "RangeError: a field has 784 pixels: 785 are no whole number"),
        ("new Float32Array(1568).fill(1.5, 1000)", "RangeError: pixel 216 of field 1 is 1.5"),
        ("new Float32Array(784).fill(NaN)", "RangeError: pixel 0 of field 0 is NaN"),
    ],
)
def test_invalid_fields_are_rejected_with_the_reason(opened, pixels, message):
    answer = f"() => recognizer.classify({pixels}).catch(error => `${{error}}`)"
    assert opened.evaluate(answer).startswith(message)


def test_progress_runs_from_0_to_1(opened):
    fractions = opened.evaluate("fractions")
    assert fractions[0] == 0
    assert fractions[-1] == 1
    assert fractions == sorted(fractions)


def test_every_activation_named_in_meta_can_be_inspected(opened):
    nodes = json.loads((MODEL / "meta.json").read_text())["nodes"]
    asked = [{"node": nodes[name], "shape": None} for name in ("features", "logits")]
    for activation in [*asked, *nodes["activations"]]:
        shape, finite = opened.evaluate(
            """node => {
                const { shape, values } = recognizer.inspect(new Float32Array(1568), node);
                return [shape, values.every(Number.isFinite)];
            }""",
            activation["node"],
        )
        assert shape[0] == 2
        assert activation["shape"] in (None, shape[1:])
        assert finite


@pytest.fixture(params=["secure", "insecure"])
def address(request, page, expected_errors):
    """Insecure addresses, such as a laptop's in a phone's network, have no `crypto.subtle`."""
    if request.param == "insecure":
        page.add_init_script("delete Crypto.prototype.subtle")
        expected_errors.append("integrity")


@pytest.mark.usefixtures("address")
def test_one_altered_byte_of_the_weights_is_refused(page, spoilt):
    (weights,) = spoilt.glob("group*.bin")
    content = bytearray(weights.read_bytes())
    content[100] ^= 1
    weights.write_bytes(content)
    message = failure(page, spoilt)
    assert message.startswith(f"{weights.name} is not the file that meta.json describes")
    assert f"{len(content)} bytes arrived, {len(content)} expected, or their checksum" in message


@pytest.mark.usefixtures("address")
def test_a_truncated_file_is_refused_with_both_lengths(page, spoilt):
    (weights,) = spoilt.glob("group*.bin")
    length = weights.stat().st_size
    weights.write_bytes(weights.read_bytes()[:-10])
    assert f"({length - 10} bytes arrived, {length} expected" in failure(page, spoilt)


def test_a_missing_file_is_named(page, spoilt, expected_errors):
    (spoilt / "model.json").unlink()
    expected_errors.append(f"{NOT_LOADED}.*404")
    assert failure(page, spoilt) == "model.json could not be fetched: check the connection."


def test_a_model_of_another_format_is_refused_with_both_formats(page, spoilt):
    described = json.loads((spoilt / "meta.json").read_text())
    (spoilt / "meta.json").write_text(json.dumps(described | {"format": 2}))
    message = failure(page, spoilt)
    assert message.startswith("The model has format 2, this page reads format 1: reload the page")


DEEP = 50_000 * "[" + 50_000 * "]"  # more text than memory for it


@pytest.mark.parametrize(
    "content", ["<!doctype html>", "null", f'{{"format": {DEEP}}}'], ids=["page", "null", "deep"]
)
def test_an_invalid_meta_file_is_refused(page, spoilt, content):
    (spoilt / "meta.json").write_text(content)
    message = failure(page, spoilt)
    expected = ("meta.json is not what the export wrote", "The model has format undef")
    assert message.startswith(expected)


def test_a_pen_width_that_is_not_a_number_is_refused(page, spoilt):
    meta = spoilt / "meta.json"
    meta.write_text(meta.read_text().replace('"width": 2.4', f'"width": {DEEP}'))
    assert failure(page, spoilt).startswith("meta.json is not what the export wrote")


def test_a_stale_meta_file_in_the_browser_cache_is_bypassed(blank, spoilt):
    stale = json.loads((spoilt / "meta.json").read_text())
    stale["files"]["model.json"]["sha256"] = 64 * "0"
    asked = []

    def answer_once(route):
        asked.append(route.request)
        route.fulfill(json=stale) if len(asked) == 1 else route.continue_()

    blank.route("**/model/meta.json", answer_once)
    blank.evaluate(LOAD)
    assert len(asked) == 2


def test_a_request_that_fails_once_is_repeated(blank, expected_errors):
    broken = []

    def fail_once(route):
        if route.request.url in broken:
            route.continue_()
        else:
            broken.append(route.request.url)
            route.abort("connectionreset")

    expected_errors.append(f"{NOT_LOADED}.*ERR_CONNECTION_RESET")
    blank.route("**/model/*", fail_once)
    blank.evaluate(LOAD)
    assert len(broken) == 3


def test_a_missing_connection_is_reported(blank, expected_errors):
    blank.route("**/model/*", lambda route: route.abort("internetdisconnected"))
    expected_errors.append(f"{NOT_LOADED}.*ERR_INTERNET_DISCONNECTED")
    message = "meta.json could not be fetched: check the connection."
    assert blank.evaluate(FAIL) == [True, message, True]
