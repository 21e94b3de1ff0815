"""What is no digit: letters, symbols, scribbles, parts of digits and two digits at once.

Letters and symbols are other people's ink; the rest is made here from digits. Ink stays ink, and
pictures become pictures: a network that met one kind of line in digits alone and another in
negatives alone would tell lines apart and not digits.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from train.data.unipen.characters import Ink, group_by_writer
from train.ink import SIZE, Drawing, normalise, render

# Written by somebody, these are somebody else's digit.
ALIKE = {
    "letters": frozenset("OoQDIiljZzSsbGBgqYy"),
    "symbols": frozenset("|/\\()[]{}!',.`"),
}
PART = (0.2, 0.6)  # of a digit's ink: more is often the digit still, less is a dot
LONG = 5.0  # a scribble's line in its own size; that of an 8 is 4
GAP = (-0.1, 0.5)  # between two digits' boxes, in their mean height
TRIES = 20  # for each that is wanted: of ones alone, say, no fragment can be made
STRAIGHT = 0.25  # how wide a line may be, in its length, both root mean squares


def characters(inks: Iterable[Ink], kind: str) -> list[Drawing]:
    """The ink of `letters` or `symbols` that nobody takes for a digit."""
    return [ink.strokes for ink in inks if ink.label not in ALIKE[kind]]


def fragments(inks: Sequence[Ink], count: int, rng: np.random.Generator) -> list[Drawing]:
    """Parts of digits: some of the strokes of one, or the beginning or the end of its line.

    What is left may be a straight upright line, which is a 1: those are passed over.
    """
    return drawn(count, lambda: fragment(inks[rng.integers(len(inks))].strokes, rng))


def pairs(inks: Sequence[Ink], count: int, rng: np.random.Generator) -> list[Drawing]:
    """Two digits of one writer, each in its own size, side by side."""
    hands = group_by_writer(inks)

    def one() -> Drawing:
        hand = hands[inks[rng.integers(len(inks))].writer]
        first, second = (hand[rng.integers(len(hand))].strokes for _ in range(2))
        return beside(first, second, rng)

    return drawn(count, one)


def scribbles(count: int, rng: np.random.Generator) -> list[Drawing]:
    """Lines that mean nothing: wandering, jagged, hatched and looped, and longer than a digit's."""
    kinds = (wandering, jagged, hatched, looped)

    def one() -> Drawing | None:
        drawing = kinds[rng.integers(len(kinds))](rng)
        size = np.ptp(np.concatenate([np.array(stroke) for stroke in drawing]), axis=0).max()
        return drawing if ink_length(drawing) > LONG * size else None

    return drawn(count, one)


def pixel_fragments(images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """As `fragments`, of (n, 28, 28) uint8 pictures, cut by a straight line: (count, 28, 28)."""

    def one() -> np.ndarray:
        image = images[rng.integers(len(images))].astype(float)
        rows, columns = np.mgrid[:SIZE, :SIZE]
        angle = rng.uniform(0, 2 * np.pi)
        across = columns * np.cos(angle) + rows * np.sin(angle)
        order = np.argsort(across, axis=None, kind="stable")
        mass = np.cumsum(image.ravel()[order]) / image.sum()
        edge = across.ravel()[order][np.searchsorted(mass, rng.uniform(*PART))]
        return image * np.clip(edge - across, 0, 1)

    return pictured(count, one)


def pixel_pairs(images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """As `pairs`, of (n, 28, 28) uint8 pictures: (count, 28, 28) uint8."""

    def one() -> np.ndarray:
        first, second = (cropped(images[rng.integers(len(images))]) for _ in range(2))
        gap = round(rng.uniform(*GAP) * (len(first) + len(second)) / 2)
        room = np.zeros((2 * SIZE, 4 * SIZE))  # other people's pictures may fill the field
        for part, left in ((first, SIZE), (second, SIZE + first.shape[1] + gap)):
            top = SIZE - len(part) // 2 + rng.integers(-2, 3)
            place = room[top : top + len(part), left : left + part.shape[1]]
            np.maximum(place, part, out=place)
        return room

    return pictured(count, one)


def pixel_scribbles(images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Three pictures on top of each other, turned and moved: (count, 28, 28) uint8."""

    def one() -> np.ndarray:
        room = np.zeros((2 * SIZE, 2 * SIZE))
        for _ in range(3):
            image = np.rot90(images[rng.integers(len(images))], rng.integers(4))
            top, left = rng.integers(SIZE // 2 - 4, SIZE // 2 + 5, 2)
            place = room[top : top + SIZE, left : left + SIZE]
            np.maximum(place, image, out=place)
        return room

    return pictured(count, one)


def resembles_one(field: np.ndarray) -> bool:
    """Whether a (28, 28) field holds a straight line nearer to the vertical than to the level."""
    rows, columns = np.nonzero(field > field.max() / 2)
    points = np.stack([columns - columns.mean(), rows - rows.mean()])
    (narrow, wide), axes = np.linalg.eigh(points @ points.T)
    across, down = np.abs(axes[:, 1])
    return bool(narrow < STRAIGHT**2 * wide and across < down)


def drawn(count: int, make: Callable[[], Drawing | None]) -> list[Drawing]:
    """Up to `count` drawings; None and what would be read as a 1 are made again."""
    tries = (make() for _ in range(TRIES * count))
    good = (each for each in tries if each is not None and not resembles_one(render(each)))
    return list(itertools.islice(good, count))


def pictured(count: int, make: Callable[[], np.ndarray]) -> np.ndarray:
    """Up to `count` pictures in the field, (count, 28, 28) uint8; a 1 is made again."""
    made = (make() for _ in range(TRIES * count))
    fields = (normalise(np.pad(each, 1)) for each in made if each.any())
    good = itertools.islice((field for field in fields if not resembles_one(field)), count)
    return np.array([np.rint(255 * field) for field in good], np.uint8).reshape(-1, SIZE, SIZE)


def cropped(image: np.ndarray) -> np.ndarray:
    """A picture's ink without the empty rows and columns around it."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def fragment(drawing: Drawing, rng: np.random.Generator) -> Drawing | None:
    """A part of a drawing, or None where the part is too much or too little of it."""
    strokes = [np.array([point[:2] for point in stroke], float) for stroke in drawing]
    lengths = [ink_length([stroke]) for stroke in strokes]
    if len(strokes) > 1 and rng.random() < 0.5:
        kept = rng.random(len(strokes)) < 0.5
        parts = [stroke for stroke, keep in zip(strokes, kept, strict=True) if keep]
    else:
        parts = [piece(strokes[int(np.argmax(lengths))], rng)]
    if not PART[0] * sum(lengths) < ink_length(parts) < PART[1] * sum(lengths):
        return None
    return [part.tolist() for part in parts]


def ink_length(drawing: Drawing) -> float:
    """How far the pen travelled on the paper."""
    return float(sum(np.hypot(*np.diff(np.asarray(each), axis=0).T).sum() for each in drawing))


def piece(stroke: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The beginning or the end of an (n, 2) stroke."""
    travelled = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    share = rng.uniform(*PART) * travelled[-1]
    if rng.random() < 0.5:
        return stroke[travelled <= share]
    return stroke[travelled >= travelled[-1] - share]


def beside(first: Drawing, second: Drawing, rng: np.random.Generator) -> Drawing:
    """Two drawings in one: the second to the right of the first, about as high on the line."""
    parts = [
        [np.array([point[:2] for point in stroke], float) for stroke in drawing]
        for drawing in (first, second)
    ]
    boxes = [(np.concatenate(part).min(axis=0), np.concatenate(part).max(axis=0)) for part in parts]
    height = np.mean([high[1] - low[1] for low, high in boxes])
    height = height or max(high[0] - low[0] for low, high in boxes)  # two dashes have none
    (left_low, left_high), (right_low, right_high) = boxes
    right = left_high[0] + rng.uniform(*GAP) * height - right_low[0]
    down = (left_low[1] + left_high[1] - right_low[1] - right_high[1]) / 2
    move = [right, down + rng.uniform(-0.1, 0.1) * height]
    return [stroke.tolist() for stroke in [*parts[0], *(stroke + move for stroke in parts[1])]]


def wandering(rng: np.random.Generator) -> Drawing:
    """A pen that turns this way and that, once or twice put down anew."""
    strokes = []
    for _ in range(rng.integers(1, 4)):
        turns = np.cumsum(rng.normal(0, rng.uniform(0.1, 0.6), 120)) + rng.uniform(0, 2 * np.pi)
        turns += np.linspace(0, rng.normal(0, 9), 120)
        steps = np.stack([np.cos(turns), np.sin(turns)], axis=1)
        strokes.append((rng.uniform(-10, 10, 2) + np.cumsum(steps, axis=0)).tolist())
    return strokes


def jagged(rng: np.random.Generator) -> Drawing:
    """Straight lines from anywhere to anywhere."""
    return [rng.uniform(0, 1, (rng.integers(7, 18), 2)).tolist()]


def hatched(rng: np.random.Generator) -> Drawing:
    """To and fro over an area, at any slant."""
    turns = rng.integers(7, 16)
    along = np.arange(turns) / turns * rng.uniform(0.4, 1.5)
    across = np.where(np.arange(turns) % 2, 1.0, 0.0) + rng.normal(0, 0.08, turns)
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return [(np.stack([along, across], axis=1) @ turn).tolist()]


def looped(rng: np.random.Generator) -> Drawing:
    """Round and round: a spiral, a coil or a rosette."""
    times = np.linspace(0, rng.uniform(3, 7) * 2 * np.pi, 160)
    # The same circle again and again would be a 0.
    radius = 1 + rng.uniform(0.4, 0.9) * rng.choice([-1, 1]) * times / times[-1]
    radius = radius + rng.uniform(0, 0.6) * np.sin(rng.uniform(0.2, 2.5) * times)
    drift = rng.uniform(0, 0.25) * times
    angle = rng.uniform(0, 2 * np.pi)
    x = radius * np.cos(times) + drift * np.cos(angle)
    y = radius * np.sin(times) * rng.uniform(0.4, 1) + drift * np.sin(angle)
    return [np.stack([x, y], axis=1).tolist()]
