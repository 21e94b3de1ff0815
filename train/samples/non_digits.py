"""Non-digits: letters, symbols, scribbles, fragments of digits, and pairs, apart or joined.

Letters and symbols come from UNIPEN; the others are made here from digits. Strokes give strokes and
images give images: if one kind of line occurred only in digits and another only in non-digits, the
network would learn to tell lines apart instead of digits.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from train.data.unipen.characters import Ink, group_by_writer
from train.ink import SIZE, Drawing, normalise, render
from train.samples.numbers import Line, compose, join
from train.samples.stroke_variations import length_along

# Left out, since some writer's letter looks like another writer's digit.
DIGIT_LOOKALIKES = {
    "letters": frozenset("OoQDIiljZzSsbGBgqYy"),
    "symbols": frozenset("|/\\()[]{}!',.`"),
}
FRAGMENT_SHARE = (0.2, 0.6)  # of a digit's ink: with more it often stays that digit, less is a dot
MIN_SCRIBBLE_LENGTH = 5.0  # length of the line, in multiples of the drawing's size; an 8 has 4
PAIR_GAP = (-0.1, 0.5)  # between the bounding boxes of two digits, relative to their mean height
TRIES_PER_SAMPLE = 20  # a limit, since data of ones alone, for example, gives no fragments
MAX_LINE_WIDTH = 0.25  # RMS width of a straight line, relative to its RMS length


def characters(inks: Iterable[Ink], kind: str) -> list[Drawing]:
    """Return the `letters` or `symbols` that do not look like digits."""
    return [ink.strokes for ink in inks if ink.label not in DIGIT_LOOKALIKES[kind]]


def fragments(inks: Sequence[Ink], count: int, rng: np.random.Generator) -> list[Drawing]:
    """Make parts of digits: some strokes of one, or the start or end of its longest stroke.

    Straight upright lines are left out, since they read as 1.
    """
    return sample_drawings(count, lambda: fragment(inks[rng.integers(len(inks))].strokes, rng))


def pairs(inks: Sequence[Ink], count: int, rng: np.random.Generator) -> list[Drawing]:
    """Make pairs of digits by one writer, in their original sizes, side by side."""
    writers = group_by_writer(inks)

    def make_one() -> Drawing:
        digits = writers[inks[rng.integers(len(inks))].writer]
        first, second = (digits[rng.integers(len(digits))].strokes for _ in range(2))
        return side_by_side(first, second, rng)

    return sample_drawings(count, make_one)


def joined_pairs(inks: Sequence[Ink], count: int, rng: np.random.Generator) -> list[Drawing]:
    """Make pairs of digits by one writer that are written without lifting the pen in between."""
    writers = group_by_writer(inks)

    def make_one() -> Drawing:
        digits = writers[inks[rng.integers(len(inks))].writer]
        chosen = [digits[rng.integers(len(digits))] for _ in range(2)]
        return join(compose(chosen, Line(), rng), rng).strokes

    return sample_drawings(count, make_one)


def scribbles(count: int, rng: np.random.Generator) -> list[Drawing]:
    """Make wandering, jagged, hatched and looped lines, longer than those of digits."""
    kinds = (wandering, jagged, hatched, looped)

    def make_one() -> Drawing | None:
        drawing = kinds[rng.integers(len(kinds))](rng)
        size = np.ptp(np.concatenate([np.array(stroke) for stroke in drawing]), axis=0).max()
        return drawing if ink_length(drawing) > MIN_SCRIBBLE_LENGTH * size else None

    return sample_drawings(count, make_one)


def pixel_fragments(images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Cut parts off (n, 28, 28) uint8 images by a straight line: (count, 28, 28) uint8."""

    def make_one() -> np.ndarray:
        image = images[rng.integers(len(images))].astype(float)
        rows, columns = np.mgrid[:SIZE, :SIZE]
        angle = rng.uniform(0, 2 * np.pi)
        across = columns * np.cos(angle) + rows * np.sin(angle)
        order = np.argsort(across, axis=None, kind="stable")
        ink_share = np.cumsum(image.ravel()[order]) / image.sum()
        edge = across.ravel()[order][np.searchsorted(ink_share, rng.uniform(*FRAGMENT_SHARE))]
        return image * np.clip(edge - across, 0, 1)

    return sample_images(count, make_one)


def pixel_pairs(images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Put pairs of (n, 28, 28) uint8 images side by side: (count, 28, 28) uint8."""

    def make_one() -> np.ndarray:
        first, second = (cropped(images[rng.integers(len(images))]) for _ in range(2))
        gap = round(rng.uniform(*PAIR_GAP) * (len(first) + len(second)) / 2)
        canvas = np.zeros((2 * SIZE, 4 * SIZE))  # images of other sources may fill the field
        for part, left in ((first, SIZE), (second, SIZE + first.shape[1] + gap)):
            top = SIZE - len(part) // 2 + rng.integers(-2, 3)
            region = canvas[top : top + len(part), left : left + part.shape[1]]
            np.maximum(region, part, out=region)
        return canvas

    return sample_images(count, make_one)


def pixel_scribbles(images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Overlay three rotated and shifted (28, 28) uint8 images each: (count, 28, 28) uint8."""

    def make_one() -> np.ndarray:
        canvas = np.zeros((2 * SIZE, 2 * SIZE))
        for _ in range(3):
            image = np.rot90(images[rng.integers(len(images))], rng.integers(4))
            top, left = rng.integers(SIZE // 2 - 4, SIZE // 2 + 5, 2)
            region = canvas[top : top + SIZE, left : left + SIZE]
            np.maximum(region, image, out=region)
        return canvas

    return sample_images(count, make_one)


def resembles_one(field: np.ndarray) -> bool:
    """Tell whether a (28, 28) field holds a straight line, closer to vertical than horizontal."""
    rows, columns = np.nonzero(field > field.max() / 2)
    points = np.stack([columns - columns.mean(), rows - rows.mean()])
    (narrow, wide), axes = np.linalg.eigh(points @ points.T)
    across, down = np.abs(axes[:, 1])
    return bool(narrow < MAX_LINE_WIDTH**2 * wide and across < down)


def sample_drawings(count: int, make: Callable[[], Drawing | None]) -> list[Drawing]:
    """Make up to `count` drawings; retry where `make` gives None or what reads as a 1."""
    tries = (make() for _ in range(TRIES_PER_SAMPLE * count))
    good = (each for each in tries if each is not None and not resembles_one(render(each)))
    return list(itertools.islice(good, count))


def sample_images(count: int, make: Callable[[], np.ndarray]) -> np.ndarray:
    """Make up to `count` normalised (28, 28) uint8 images; retry what reads as a 1."""
    made = (make() for _ in range(TRIES_PER_SAMPLE * count))
    fields = (normalise(np.pad(each, 1)) for each in made if each.any())
    good = itertools.islice((field for field in fields if not resembles_one(field)), count)
    return np.array([np.rint(255 * field) for field in good], np.uint8).reshape(-1, SIZE, SIZE)


def cropped(image: np.ndarray) -> np.ndarray:
    """Crop an image to the bounding box of its ink."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def fragment(drawing: Drawing, rng: np.random.Generator) -> Drawing | None:
    """Take a random part of a drawing, or None if its share is outside FRAGMENT_SHARE."""
    strokes = [np.array([point[:2] for point in stroke], float) for stroke in drawing]
    lengths = [ink_length([stroke]) for stroke in strokes]
    if len(strokes) > 1 and rng.random() < 0.5:
        kept = rng.random(len(strokes)) < 0.5
        parts = [stroke for stroke, keep in zip(strokes, kept, strict=True) if keep]
    else:
        parts = [stroke_end(strokes[int(np.argmax(lengths))], rng)]
    if not FRAGMENT_SHARE[0] * sum(lengths) < ink_length(parts) < FRAGMENT_SHARE[1] * sum(lengths):
        return None
    return [part.tolist() for part in parts]


def ink_length(drawing: Drawing) -> float:
    """Return the total length of all strokes."""
    return float(sum(np.hypot(*np.diff(np.asarray(each), axis=0).T).sum() for each in drawing))


def stroke_end(stroke: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Take the start or the end of an (n, 2) stroke."""
    travelled = length_along(stroke)
    share = rng.uniform(*FRAGMENT_SHARE) * travelled[-1]
    if rng.random() < 0.5:
        return stroke[travelled <= share]
    return stroke[travelled >= travelled[-1] - share]


def side_by_side(first: Drawing, second: Drawing, rng: np.random.Generator) -> Drawing:
    """Join two drawings: the second to the right of the first, vertically centred on it."""
    parts = [
        [np.array([point[:2] for point in stroke], float) for stroke in drawing]
        for drawing in (first, second)
    ]
    boxes = [(np.concatenate(part).min(axis=0), np.concatenate(part).max(axis=0)) for part in parts]
    height = np.mean([high[1] - low[1] for low, high in boxes])
    # Two horizontal dashes have no height.
    height = height or max(high[0] - low[0] for low, high in boxes)
    (left_low, left_high), (right_low, right_high) = boxes
    right = left_high[0] + rng.uniform(*PAIR_GAP) * height - right_low[0]
    down = (left_low[1] + left_high[1] - right_low[1] - right_high[1]) / 2
    move = [right, down + rng.uniform(-0.1, 0.1) * height]
    return [stroke.tolist() for stroke in [*parts[0], *(stroke + move for stroke in parts[1])]]


def wandering(rng: np.random.Generator) -> Drawing:
    """Draw one to three smooth random walks."""
    strokes = []
    for _ in range(rng.integers(1, 4)):
        turns = np.cumsum(rng.normal(0, rng.uniform(0.1, 0.6), 120)) + rng.uniform(0, 2 * np.pi)
        turns += np.linspace(0, rng.normal(0, 9), 120)
        steps = np.stack([np.cos(turns), np.sin(turns)], axis=1)
        strokes.append((rng.uniform(-10, 10, 2) + np.cumsum(steps, axis=0)).tolist())
    return strokes


def jagged(rng: np.random.Generator) -> Drawing:
    """Draw a polyline through random points."""
    return [rng.uniform(0, 1, (rng.integers(7, 18), 2)).tolist()]


def hatched(rng: np.random.Generator) -> Drawing:
    """Draw a zigzag over an area, at a random angle."""
    turns = rng.integers(7, 16)
    along = np.arange(turns) / turns * rng.uniform(0.4, 1.5)
    across = np.where(np.arange(turns) % 2, 1.0, 0.0) + rng.normal(0, 0.08, turns)
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return [(np.stack([along, across], axis=1) @ turn).tolist()]


def looped(rng: np.random.Generator) -> Drawing:
    """Draw a spiral, a coil or a rosette."""
    times = np.linspace(0, rng.uniform(3, 7) * 2 * np.pi, 160)
    # A constant radius would give a 0.
    radius = 1 + rng.uniform(0.4, 0.9) * rng.choice([-1, 1]) * times / times[-1]
    radius = radius + rng.uniform(0, 0.6) * np.sin(rng.uniform(0.2, 2.5) * times)
    drift = rng.uniform(0, 0.25) * times
    angle = rng.uniform(0, 2 * np.pi)
    x = radius * np.cos(times) + drift * np.cos(angle)
    y = radius * np.sin(times) * rng.uniform(0.4, 1) + drift * np.sin(angle)
    return [np.stack([x, y], axis=1).tolist()]
