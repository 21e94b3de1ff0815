"""The weights by which the page chooses between digits and marks: an averaged perceptron."""

from collections.abc import Sequence

import numpy as np

from export.marks.chances import DIGIT, IMAGE_INPUTS, NEITHER, Chances, Line
from export.marks.partition import Symbols, align, best_partition
from train.network.build import MARK_LABELS

# As in web/marks/reader.js: of a mark's score, and of what a digit's score loses.
NAMES = (
    *MARK_LABELS,  # 1 for that mark
    *("probability", "neither", "spread", "nearness", "interruptions"),
    *("digit", "digit_neither"),
)
MARKS = len(MARK_LABELS)
FOR_MARKS = NAMES.index("digit")
START = np.array([1.8] * MARKS + [2.3, 0.8, -1.2, 0.0, -0.6, 2.6, 2.1])
NOT_NEGATIVE = [NAMES.index(name) for name in ("probability", "neither", "digit", "digit_neither")]
FLOOR = 1e-4  # of probabilities
EPOCHS = 3
RATE = 0.02
MARGIN = 0.5  # by which the right partition has to win
MAX_STEP = 5.0  # of a feature's difference
# As in web/marks/line.js: marks that stand behind a digit, before one, or have several strokes,
# and what is surely a digit, by the probability that it is no mark and its rejection score's logit.
# That two high strokes are none of the marks of one stroke is a rule of the page alone.
BEHIND_A_DIGIT, BEFORE_A_DIGIT, OF_SEVERAL_STROKES = "/:),%", "/:(+#$", ":#%"
SURELY_NO_MARK, SURELY_A_DIGIT = 0.9, np.log(0.1 / 0.9)
SURE_DIGIT = np.eye(NEITHER + 1)[DIGIT]
BEFORE, AFTER, STROKES = 17, 18, 19  # inputs of size and place, see web/marks/placement.js


class Measured:
    """What the scores of a line's groups are made of."""

    def __init__(self, line: Line, chances: Chances) -> None:
        """Measure a line with the network that tells marks from digits."""
        sure = is_sure_digit(line.inputs)
        shares = np.where(sure[:, None], SURE_DIGIT, chances.of(line.inputs))
        neither = np.log(1 - shares[:, NEITHER] + FLOOR)
        no_mark = np.log(1 - shares[:, :DIGIT].sum(axis=1) + FLOOR)
        self.may_be = possible_marks(line.inputs) & ~sure[:, None]
        self.line = line
        self.probabilities = np.log(shares[:, :DIGIT] + FLOOR)
        self.of_any_mark = np.column_stack([neither, line.shape])
        self.of_digits = np.column_stack([no_mark, neither])

    def scores(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the scores of groups as digits, (groups,), and as each mark, (groups, 11).

        Those of marks that cannot be are -inf.
        """
        digits = self.line.best + self.of_digits @ weights[FOR_MARKS:]
        any_mark = self.of_any_mark @ weights[MARKS + 1 : FOR_MARKS]
        of_each = weights[:MARKS] + weights[MARKS] * self.probabilities
        return digits, np.where(self.may_be, any_mark[:, None] + of_each, -np.inf)

    def features(self, symbols: Symbols) -> np.ndarray:
        """Return the sums that the weights are applied to, in the order of NAMES."""
        total = np.zeros(len(NAMES))
        for group, mark in symbols:
            if mark is None:
                total[FOR_MARKS:] += self.of_digits[group]
            else:
                total[mark] += 1
                total[MARKS] += self.probabilities[group, mark]
                total[MARKS + 1 : FOR_MARKS] += self.of_any_mark[group]
        return total

    def truth(self) -> Symbols | None:
        """Return the right symbols; None if some are unknown or not among the groups."""
        truth = self.line.truth or {}
        if sum(map(len, truth)) < self.line.strokes or not set(truth) <= set(self.line.groups):
            return None
        index = {group: k for k, group in enumerate(self.line.groups)}
        return [
            (index[group], None if label.isdigit() else MARK_LABELS.index(label))
            for group, label in truth.items()
        ]

    def aligned(self, weights: np.ndarray) -> dict[tuple[int, ...], str] | None:
        """Return which groups are the characters of the text, as the weights see it."""
        loss = self.of_digits @ weights[FOR_MARKS:]
        _, marks = self.scores(weights)
        columns = [
            self.line.scores[:, int(each)] + loss
            if each.isdigit()
            else marks[:, MARK_LABELS.index(each)]
            for each in self.line.text
        ]
        return align(self.line, np.column_stack(columns))


def is_sure_digit(inputs: np.ndarray) -> np.ndarray:
    """Return for n groups whether the image alone says that each is a digit, as on the page."""
    others, rejection = inputs[:, MARKS], inputs[:, IMAGE_INPUTS - 1]
    return (others > np.log(SURELY_NO_MARK)) & (rejection < SURELY_A_DIGIT)


def possible_marks(inputs: np.ndarray) -> np.ndarray:
    """Return for n groups which marks each may be by its place, (n, 11); as on the page."""
    before, after, strokes = (inputs[:, IMAGE_INPUTS + k] for k in (BEFORE, AFTER, STROKES))
    rules = {BEHIND_A_DIGIT: before > 0, BEFORE_A_DIGIT: after > 0, OF_SEVERAL_STROKES: strokes > 1}
    possible = np.ones((len(inputs), MARKS), bool)
    for marks, holds in rules.items():
        for mark in marks:
            possible[:, MARK_LABELS.index(mark)] &= holds
    return possible


def fit_weights(lines: Sequence[Measured], seed: int) -> np.ndarray:
    """Fit the weights to lines whose symbols are known."""
    rng = np.random.default_rng(seed)
    known = [(each, truth) for each in lines if (truth := each.truth()) is not None]
    weights, total = START.copy(), np.zeros(len(NAMES))
    for _ in range(EPOCHS):
        for k in rng.permutation(len(known)):
            line, truth = known[k]
            found = best_with_margin(line, truth, weights)
            if sorted(found, key=str) != sorted(truth, key=str):
                step = line.features(truth) - line.features(found)
                weights = weights + RATE * np.clip(step, -MAX_STEP, MAX_STEP)
                weights[NOT_NEGATIVE] = np.maximum(weights[NOT_NEGATIVE], 0)  # see `groupScore`
            total += weights
    return total / (EPOCHS * len(known))


def best_with_margin(line: Measured, truth: Symbols, weights: np.ndarray) -> Symbols:
    """Return the best symbols if all that are not true score MARGIN more."""
    digits, marks = (scores + MARGIN for scores in line.scores(weights))
    for group, mark in truth:
        if mark is None:
            digits[group] -= MARGIN
        else:
            marks[group, mark] -= MARGIN
    return chosen(line, digits, marks)


def chosen(line: Measured, digits: np.ndarray, marks: np.ndarray) -> Symbols:
    """Return the best symbols for scores of groups as digits and as marks."""
    best, greatest = marks.argmax(axis=1), marks.max(axis=1)
    partition = best_partition(line.line, np.maximum(digits, greatest))
    return [(k, int(best[k]) if greatest[k] > digits[k] else None) for k in partition]


def count_segmented(lines: Sequence[Measured], weights: np.ndarray) -> tuple[int, int]:
    """Count the lines whose symbols and marks are all found, and those whose symbols are known."""
    known = [(each, truth) for each in lines if (truth := each.truth()) is not None]
    right = [set(chosen(line, *line.scores(weights))) == set(truth) for line, truth in known]
    return sum(right), len(known)
