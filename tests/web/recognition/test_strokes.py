"""The second network, which the recognizer asks about doubtful symbols."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from export.browser.page import LOAD, MODEL
from train.evaluation.predictions import Predictions
from train.strokes.combination import Combination, combine, is_doubtful
from train.strokes.paths import features, sample_paths

GOLDEN = json.loads(
    gzip.decompress((Path(__file__).parents[2] / "fixtures" / "golden.json.gz").read_bytes())
)
FEATURES = """async drawings => {
    const { pathFeatures } = await import("./recognition/strokes.js");
    return drawings.map(drawing => [...pathFeatures(drawing)]);
}"""
COMBINE = """async ([probabilities, scores, classes, weights]) => {
    const { combinePredictions } = await import("./recognition/strokes.js");
    return probabilities.map((each, k) => {
        const image = { probabilities: Float32Array.from(each), notADigit: scores[k] };
        const found = combinePredictions(image, Float32Array.from(classes[k]), weights);
        return [...found.probabilities, found.notADigit];
    });
}"""
DOUBTFUL = """async ([probabilities, scores]) => {
    const { isDoubtful } = await import("./recognition/scoring.js");
    return scores.map((notADigit, k) => isDoubtful({ probabilities: probabilities[k], notADigit }));
}"""
# Read with and without the second network; count the symbols that it is asked about.
READ_BOTH = """async drawing => {
    const { loadRecognizer } = await import("./recognizer.js");
    const { StrokeNetwork } = await import("./recognition/strokes.js");
    const { classify } = StrokeNetwork.prototype;
    let asked = 0;
    StrokeNetwork.prototype.classify = function (symbols) {
        asked += symbols.length;
        return classify.call(this, symbols);
    };
    const found = [];
    for (const alone of [true, false]) {
        const fresh = await loadRecognizer(new URL("model/", location.href));
        if (alone) delete fresh.meta.strokes;
        asked = 0;
        const { symbols } = await fresh.read(drawing);
        found.push({ asked, symbols: symbols.map(({ digit, probabilities, notADigit }) =>
            ({ digit, probabilities: [...probabilities], notADigit })) });
    }
    StrokeNetwork.prototype.classify = classify;
    return found;
}"""
FRESH = """async drawing => {
    const { loadRecognizer } = await import("./recognizer.js");
    const fresh = await loadRecognizer(new URL("model/", location.href));
    const now = fresh.readNow(drawing);
    const { text } = await fresh.read(drawing);
    return { now: now && now.text, text, then: fresh.readNow(drawing)?.text ?? null };
}"""
# A 7 crossed without lifting the pen: from the image alone it may be a 2.
CROSSED = [
    [[0, 2], [28, 0], [24, 14], [16, 36], [8, 56], [0, 44], [4, 32], [16, 30], [32, 30]],
]


@pytest.fixture(scope="module")
def seven(opened: Page) -> dict[str, Any]:
    alone, both = opened.evaluate(READ_BOTH, CROSSED)
    return {"alone": alone, "both": both}


def test_the_features_of_every_golden_drawing_are_those_of_python(blank: Page):
    drawings = [case["drawing"] for case in GOLDEN["render"]]
    expected = features(sample_paths(drawings)).reshape(len(drawings), -1)
    # Where points coincide, directions depend on the last bit of their difference.
    apart = np.abs(np.diff(sample_paths(drawings)[:, :, :2], axis=1)).max(axis=2).min(axis=1) > 1e-4
    found = np.array(blank.evaluate(FEATURES, drawings))
    assert apart.sum() >= 100
    np.testing.assert_allclose(found[apart], expected[apart], atol=2e-3)
    assert np.isfinite(found).all()


def test_predictions_are_combined_as_in_python(blank: Page):
    rng = np.random.default_rng(0)
    images = Predictions(rng.dirichlet(np.full(10, 0.3), 50), rng.uniform(0.2, 0.98, 50))
    classes = rng.dirichlet(np.full(11, 0.3), 50)
    weights = Combination(1.1, 0.7, 0.6, 0.5, -0.4)
    expected = combine(images, classes, weights)
    cases = [
        images.probabilities.tolist(),
        images.scores.tolist(),
        classes.tolist(),
        weights.facts(),
    ]
    found = np.array(blank.evaluate(COMBINE, cases))
    doubtful = is_doubtful(images)
    assert doubtful.sum() > 30
    np.testing.assert_allclose(found[doubtful, :10], expected.probabilities[doubtful], atol=1e-5)
    np.testing.assert_allclose(found[doubtful, 10], expected.scores[doubtful], atol=1e-5)


def test_the_same_predictions_are_doubtful_as_in_python(blank: Page):
    rng = np.random.default_rng(1)
    images = Predictions(rng.dirichlet(np.full(10, 0.05), 300), rng.uniform(0, 1, 300) ** 4)
    found = blank.evaluate(DOUBTFUL, [each.tolist() for each in images])
    assert 0 < sum(found) < 300
    assert found == is_doubtful(images).tolist()


def test_a_sure_digit_asks_no_second_network(opened: Page, drawings: dict[str, Any]):
    alone, both = opened.evaluate(READ_BOTH, drawings["3"])
    assert both["asked"] == 0 and both["symbols"] == alone["symbols"]


def test_a_doubtful_digit_is_decided_by_both(seven: dict[str, Any]):
    assert seven["alone"]["asked"] == 0 and seven["both"]["asked"] > 0
    (before,), (after,) = seven["alone"]["symbols"], seven["both"]["symbols"]
    assert after["digit"] == 7
    assert after["probabilities"][7] > before["probabilities"][7] + 0.05
    assert after["notADigit"] != before["notADigit"]


def test_the_second_network_is_fetched_for_the_first_doubtful_symbol(
    opened: Page, drawings: dict[str, Any]
):
    sure = opened.evaluate(FRESH, drawings["3"])
    assert sure == {"now": "3", "text": "3", "then": "3"}
    doubtful = opened.evaluate(FRESH, CROSSED)
    assert doubtful == {"now": None, "text": "7", "then": "7"}


def test_without_the_second_network_the_first_decides(opened: Page, seven: dict[str, Any]):
    opened.route("**/model/strokes.*", lambda route: route.abort())
    try:
        assert opened.evaluate(FRESH, CROSSED)["text"] != ""
    finally:
        opened.unroute("**/model/strokes.*")


@pytest.mark.parametrize(
    "change", [{"weights": {}}, {"weights": {"image": "1"}}, {"node": "none"}, {"files": ["a"]}]
)
def test_a_damaged_description_leaves_the_first_network(opened: Page, change: dict[str, Any]):
    meta = json.loads((MODEL / "meta.json").read_text())
    meta["strokes"] |= change
    opened.route("**/model/meta.json", lambda route: route.fulfill(json=meta))
    try:
        assert opened.evaluate(FRESH, CROSSED)["text"] != ""
    finally:
        opened.unroute("**/model/meta.json")
        opened.evaluate(LOAD)
