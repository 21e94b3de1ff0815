"""How likely strings of digits and marks are, whatever they look like, as weights of patterns.

Brackets come in pairs, no number begins with a colon, and 00/00/00 is likelier than 000/000. What
a group of strokes is read as does not depend on its neighbours otherwise. So the page takes the
readings with the highest scores, and adds the weights of what each text matches.
"""

import re
from collections.abc import Sequence

import numpy as np

from export.marks.partition import best_readings
from export.marks.weights import Measured, Symbols
from train.network.build import MARK_LABELS

# In the syntax that Python and JavaScript share; 0 stands for any digit.
PATTERNS = (
    r"^0+$",
    r"^(0000|00?)([-/.])00?\2(00)+,?$",
    r"^00?:00(:00)?$",
    r"^-?\$?0{1,3}[.,]00$",
    r"^-?\$?0{1,3}([.,]000)+([.,]00)?$",
    r"^\$0+$",
    r"^00?%$",
    r"(^|[-)])0{3}-0000$",
    r"^(0+-)+0{3}-0000$",
    r"-0000$",
    r"^\(000\)",
    r"^00?/00?$",
    r"^0{1,3}\+00?$",
    r"[^0]",
    r"^[.,:/)%]",
    r"^-",
    r"[-.:/+(#$]$",
    r",$",
    r".[#$]",
    r"%.",
    r"[^0][^0]",
    r"\((?!0+\))",
    r"^[^(]*\)",
    r"([-.,:/+]).*(?!\1)[-.,:/+]",
    r"[.,]00$",
    r"[.,](?!0)",
    r"0{3}[/:]|[/:]0{3}(?!0)",
    r"^[^/]*/[^/]*$",
    r"-0{5}",
)
# As in web/recognition/ranking.js.
READINGS = 48  # of a line: the right one is nearly always among them
MAX_LOSS = 10.0  # of their scores below the best one's
DECAY = 5e-4  # of the weights


def pattern_counts(text: str) -> np.ndarray:
    """Return how often each of PATTERNS occurs in a text, (patterns,)."""
    plain = re.sub("[0-9]", "0", text)
    return np.array([sum(1 for _ in re.finditer(each, plain)) for each in PATTERNS], float)


def text_of(line: Measured, symbols: Symbols) -> str:
    """Return what symbols are read as from left to right, 0 for each digit."""
    middles = line.line.middles
    in_order = sorted(symbols, key=lambda each: middles[each[0]])
    return "".join("0" if mark is None else MARK_LABELS[mark] for _, mark in in_order)


def readings(line: Measured, weights: np.ndarray) -> list[tuple[float, Symbols]]:
    """Return the readings with the highest scores, best first."""
    digits, marks = line.scores(weights)
    best = np.maximum(digits, marks.max(axis=1)) - MAX_LOSS
    options = [
        [(float(digits[k]), None)] * bool(digits[k] >= best[k])
        + [(float(each), m) for m, each in enumerate(marks[k]) if each >= best[k]]
        for k in range(len(digits))
    ]
    found = best_readings(line.line, options, READINGS)
    return [(score, each) for score, each in found if score >= found[0][0] - MAX_LOSS]


def fit_structure(lines: Sequence[Measured], weights: np.ndarray) -> np.ndarray:
    """Fit the weights of PATTERNS to lines whose symbols are known: a log-linear model.

    Args:
        lines: of writing.
        weights: of what single groups are read as.

    Returns:
        (patterns,) what a match adds to a reading's score.
    """
    from scipy.optimize import minimize  # here, because SciPy takes a second to import

    cases = [case for each in lines if (case := measured_case(each, weights))]
    scores = np.full((len(cases), READINGS), -np.inf)
    counts = np.zeros((len(cases), READINGS, len(PATTERNS)))
    for n, (own, found) in enumerate(cases):
        scores[n, : len(own)], counts[n, : len(own)] = own, found

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the mean loss and its gradient; the first value scales the scores."""
        known = np.where(np.isfinite(scores), scores, 0.0)
        logits = np.where(np.isfinite(scores), values[0] * known + counts @ values[1:], -np.inf)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        total = shares.sum(axis=1, keepdims=True)
        shares /= total
        wrong = shares.copy()
        wrong[:, 0] -= 1  # the right reading is the first one
        gradient = np.array([(wrong * known).sum(), *np.einsum("nk,nkf->f", wrong, counts)])
        decayed = DECAY * np.array([0.0, *values[1:]])
        value = -np.log(np.maximum(shares[:, 0], 1e-12)).mean()
        return value + decayed @ values / 2, gradient / len(cases) + decayed

    start = np.array([1.0] + [0.0] * len(PATTERNS))
    found = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return found[1:] / found[0]


def measured_case(line: Measured, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return scores (n,) and pattern counts (n, patterns) of a line's readings.

    The right one comes first. None if the right one is unknown or not among them, or the only one.
    """
    truth = line.truth()
    found = readings(line, weights) if truth else []
    right = set(truth or ())
    found.sort(key=lambda each: set(each[1]) != right)  # keeps the order of others
    if len(found) < 2 or set(found[0][1]) != right:
        return None
    counts = np.array([pattern_counts(text_of(line, each)) for _, each in found])
    return np.array([score for score, _ in found]), counts


def likeliest(line: Measured, weights: np.ndarray, patterns: np.ndarray) -> Symbols:
    """Return the reading with the highest score, that of its patterns included."""
    found = readings(line, weights)
    totals = [score + patterns @ pattern_counts(text_of(line, each)) for score, each in found]
    return found[int(np.argmax(totals))][1]


def count_likeliest(
    lines: Sequence[Measured], weights: np.ndarray, patterns: np.ndarray
) -> tuple[int, int]:
    """Count the lines that are read right, and those whose symbols are known."""
    known = [(each, truth) for each in lines if (truth := each.truth()) is not None]
    right = [set(likeliest(line, weights, patterns)) == set(truth) for line, truth in known]
    return sum(right), len(known)


def named_patterns(weights: np.ndarray) -> dict[str, float]:
    """Return the weight of each pattern as the page reads it."""
    return dict(zip(PATTERNS, np.round(weights, 3).tolist(), strict=True))
