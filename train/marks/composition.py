"""Compose strings of digits and marks of one writer: amounts, dates, times, telephone numbers.

UNIPEN's symbols were written one by one, in sizes that often say nothing of the writer's digits. So
each mark is scaled and placed as marks are in handwriting; widths, slants and shapes stay.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from train.data.unipen.characters import Ink
from train.network.build import MARK_LABELS
from train.samples.numbers import GAPS, Number, bounding_box, extent, join, stroke_arrays
from train.samples.unipen_ink import UnipenInk

MIN_DIGITS = 8  # of a writer
TAP_SHARE = 0.3  # of dots and colons that are taps of the pen
TAPS = {".": [[[0.0, 0.0]]], ":": [[[0.0, 0.0]], [[0.0, 1.0]]]}
TALLEST = 2.2  # of any mark, in heights of digits
DIGIT_JITTER, SLOPE = 0.05, 0.04  # standard deviations: vertical in heights, slope of the line


@dataclass(frozen=True)
class Place:
    """How large a mark is and where it stands, in heights of the digits, y down from their middle.

    `size` and `middle` are mean and standard deviation, the size in octaves: of the height, or of
    the width if it is `flat`. So is `gap`, to the box of the symbol on either side.
    """

    size: tuple[float, float]
    middle: tuple[float, float]
    flat: bool = False
    gap: tuple[float, float] | None = None


# Of the marks in UNIPEN's category 7 as its training writers wrote them, rounded; for those that do
# not occur there, as they are printed, with a wide spread. Gaps of those that occur ten times, in
# strings that were read exactly.
PLACES = {
    ".": Place((-3.3, 0.8), (0.46, 0.07)),
    ",": Place((-1.4, 0.4), (0.52, 0.1)),
    "-": Place((-0.8, 0.45), (0.0, 0.13), flat=True, gap=(0.42, 0.26)),
    "+": Place((-0.6, 0.35), (0.03, 0.1)),
    "/": Place((0.45, 0.3), (-0.03, 0.1), gap=(0.12, 0.3)),
    ":": Place((-0.8, 0.35), (0.06, 0.12), gap=(0.38, 0.16)),
    "(": Place((0.35, 0.25), (-0.02, 0.1), gap=(0.14, 0.3)),
    ")": Place((0.35, 0.25), (-0.02, 0.1), gap=(0.14, 0.3)),
    "#": Place((0.0, 0.25), (0.0, 0.08)),
    "%": Place((0.0, 0.25), (0.0, 0.08)),
    "$": Place((0.3, 0.25), (0.0, 0.08)),
}


def amount(rng: np.random.Generator) -> str:
    """Return such as `12.50`, `7,95`, `1,234.00`, `$45` or `8%`."""
    kinds: list[Callable[[], str]] = [
        lambda: f"{digits(rng, 1, 3)}.{digits(rng, 2)}",
        lambda: f"{digits(rng, 1, 3)},{digits(rng, 2)}",
        lambda: f"{rng.integers(1, 10)},{digits(rng, 3)}.{digits(rng, 2)}",
        lambda: f"${digits(rng, 1, 4)}",
        lambda: f"{digits(rng, 1, 2)}%",
    ]
    return kinds[rng.integers(len(kinds))]()


def date(rng: np.random.Generator) -> str:
    """Return such as `5/27/94`, `05-03-1994` or `31.12.2026`."""
    separator = "/-."[rng.integers(3)]
    if rng.random() < 0.5:
        parts = [rng.integers(1, 13), rng.integers(1, 29), f"{rng.integers(100):02d}"]
    else:
        parts = [
            f"{rng.integers(1, 32):02d}",
            f"{rng.integers(1, 13):02d}",
            rng.integers(1950, 2030),
        ]
    return separator.join(map(str, parts))


def time(rng: np.random.Generator) -> str:
    """Return such as `8:30` or `00:20`."""
    hour = rng.integers(24)
    return f"{hour if rng.random() < 0.5 else f'{hour:02d}'}:{rng.integers(60):02d}"


def telephone(rng: np.random.Generator) -> str:
    """Return such as `(415)555-0123`, `367-4496` or `+49-301`."""
    kinds = [
        lambda: f"({digits(rng, 3)}){digits(rng, 3)}-{digits(rng, 4)}",
        lambda: f"{digits(rng, 3)}-{digits(rng, 4)}",
        lambda: f"+{digits(rng, 2)}-{digits(rng, 3)}",
    ]
    return kinds[rng.integers(len(kinds))]()


def other(rng: np.random.Generator) -> str:
    """Return such as `#3`, `-57`, `3/4` or `12+7`."""
    sign = "-" if rng.random() < 0.3 else ""
    between = "+/"[rng.integers(2)]
    kinds = [
        lambda: f"#{digits(rng, 1, 2)}",
        lambda: f"{sign}{digits(rng, 1, 3)}{between}{digits(rng, 1, 2)}",
    ]
    return kinds[rng.integers(len(kinds))]()


def number(rng: np.random.Generator) -> str:
    """Return digits alone."""
    return digits(rng, 1, 6)


JOINED = "joined numbers"  # neighbouring digits are written in one stroke
KINDS = {
    "amounts": amount,
    "dates": date,
    "times": time,
    "telephone numbers": telephone,
    "others": other,
    "numbers": number,
    JOINED: number,
}


def digits(rng: np.random.Generator, least: int, most: int | None = None) -> str:
    """Return from `least` to `most` random digits."""
    count = rng.integers(least, (most or least) + 1)
    return "".join(map(str, rng.integers(10, size=count)))


def in_place(inks: Sequence[Ink]) -> list[Ink]:
    """Leave out ink that has lost its place on the tablet: its box begins at the origin.

    UNIPEN's files of ibm end with characters whose boxes all begin there, fifty times as large as
    the writer's others. Many hold one stroke of several: half of a 4, one bar of a #. Nobody wrote
    such strings as would hold them. No other file has any.
    """
    return [ink for ink in inks if not begins_at_origin(ink)]


def begins_at_origin(ink: Ink) -> bool:
    """Return whether the least x and the lowest y of ink are both 0."""
    low, high = bounding_box(stroke_arrays(ink))
    return low[0] == 0 and high[1] == 0


def composer_of(ink: UnipenInk, split: str) -> "Composer":
    """Return a composer of a split's ink, without what has lost its place, spaced as people do."""
    symbols = in_place(ink.non_digits["symbols"][split])
    return Composer(in_place(ink.digits[split]), symbols, spaced=True)


class Composer:
    """Composes strings of the writers of some inks."""

    def __init__(self, inks: Sequence[Ink], symbols: Sequence[Ink], spaced: bool = False) -> None:
        """Sort inks by writer and label.

        Args:
            inks: digits.
            symbols: of which the marks are used, the writer's own where there are any.
            spaced: as for `place`.
        """
        self.spaced = spaced
        by_writer: dict[str, dict[str, list[Ink]]] = {}
        self.marks: dict[str, list[Ink]] = {}
        for each in [*inks, *(each for each in symbols if each.label in MARK_LABELS)]:
            by_writer.setdefault(each.writer, {}).setdefault(each.label, []).append(each)
            if each.label in MARK_LABELS:
                self.marks.setdefault(each.label, []).append(each)
        self.writers = [
            own
            for _, own in sorted(by_writer.items())
            if sum(len(found) for label, found in own.items() if label.isdigit()) >= MIN_DIGITS
        ]

    def compose(self, rng: np.random.Generator, kind: str) -> Number:
        """Compose one string of a kind, see KINDS. Its writer has all of its digits."""
        while True:
            own = self.writers[rng.integers(len(self.writers))]
            text = KINDS[kind](rng)
            if all(own.get(each) or self.marks.get(each) for each in text):
                symbols = [self.choose(own, each, rng) for each in text]
                placed = place(text, symbols, rng, self.spaced)
                return join(placed, rng, rng.random()) if kind == JOINED else placed

    def choose(
        self, own: Mapping[str, Sequence[Ink]], label: str, rng: np.random.Generator
    ) -> list[np.ndarray]:
        """Choose ink of a writer, or of anybody's marks; a dot may be a tap of the pen."""
        if label in TAPS and rng.random() < TAP_SHARE:
            return [np.array(stroke) for stroke in TAPS[label]]
        found = own.get(label) or self.marks[label]
        return stroke_arrays(found[rng.integers(len(found))])


def place(
    text: str,
    symbols: Sequence[Sequence[np.ndarray]],
    rng: np.random.Generator,
    spaced: bool = False,
) -> Number:
    """Place symbols side by side, digits in their sizes, marks as in PLACES.

    Gaps between them are alike all along the string; with `spaced`, those beside marks are as in
    PLACES, too.
    """
    pairs = list(zip(text, symbols, strict=True))
    heights = [extent(each)[1] for label, each in pairs if label.isdigit()]
    height = float(np.mean(heights)) or 1.0
    gaps = list(GAPS.values())[rng.integers(len(GAPS))]
    slope = rng.normal(0, SLOPE)
    strokes, groups, right = [], [], 0.0
    for label, each in pairs:
        scaled = each if label.isdigit() else scale(each, PLACES[label], height, rng)
        low, high = bounding_box(scaled)
        gap = gap_between(text[len(groups) - 1], label) if spaced and groups else None
        apart = rng.uniform(*gaps) if gap is None else rng.normal(*gap)
        x = right + height * apart if groups else 0.0
        middle = (0.0, DIGIT_JITTER) if label.isdigit() else PLACES[label].middle
        y = height * rng.normal(*middle) - slope * x
        shift = [x - low[0], y - (low[1] + high[1]) / 2]
        groups.append(list(range(len(strokes), len(strokes) + len(scaled))))
        strokes += [(stroke + shift).tolist() for stroke in scaled]
        right = x + high[0] - low[0]
    return Number(text, strokes, groups)


def gap_between(left: str, right: str) -> tuple[float, float] | None:
    """Return mean and standard deviation of the gap beside a mark, None if that is unknown."""
    known = [PLACES[each].gap for each in (left, right) if each in PLACES]
    return next((gap for gap in known if gap), None)


def scale(
    mark: Sequence[np.ndarray], where: Place, height: float, rng: np.random.Generator
) -> list[np.ndarray]:
    """Scale a mark to the size that it has beside digits of a height; a point stays one."""
    size = extent(mark)
    wanted = height * 2 ** rng.normal(*where.size)
    factor = wanted / max(size[0] if where.flat else size[1], 1e-6 * height)
    if size.max() * factor > TALLEST * height:
        factor = TALLEST * height / size.max()
    return [stroke * factor for stroke in mark]
