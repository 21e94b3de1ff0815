"""Preprocess ink into the 28x28 field that the network reads; mirrors `web/ink.js`.

`render` starts from strokes, `normalise` from an image of one symbol. Both scale the ink to a 20x20
box and move its centre of mass to the middle of the field, as in MNIST
(http://yann.lecun.com/exdb/mnist/). Pixel (row i, column j) has its centre at (j + 1/2, i + 1/2).
"""

import numpy as np

from files.drawings import Drawing, InkError, check

SIZE = 28  # side of the field, as MNIST's
BOX = 20  # longer side of the inked area, as MNIST's
WIDTH = 2.4  # pen in field units: UNIPEN's digits then carry as much ink as MNIST's
NOISE = 0.1  # share of an image's contrast; fainter pixels are paper
SOLID = 0.7  # ink-weighted mean darkness; paler lines are strengthened


def render(drawing: Drawing, width: float = WIDTH) -> np.ndarray:
    """Render strokes into the field.

    Args:
        drawing: strokes of points `[x, y]` or `[x, y, milliseconds]`, y down, in any unit.
        width: the pen in field units, above 0 and below 20.

    Returns:
        (28, 28) float32 in [0, 1], ink high.

    Raises:
        InkError: the drawing is empty, too large, or has a number that is not finite.
    """
    check_width(width)
    starts, ends = segments(drawing)
    low = np.minimum(starts.min(axis=0), ends.min(axis=0))
    high = np.maximum(starts.max(axis=0), ends.max(axis=0))
    extent = (high - low).max()
    # Divide before multiplying: the scale itself would overflow for the tiniest drawings.
    unit = extent if extent > 0 else 1.0
    # Halve after dividing: halving the smallest floats gives 0.
    middle = (high - low) / unit / 2
    starts = ((starts - low) / unit - middle) * (BOX - width) + SIZE / 2
    ends = ((ends - low) / unit - middle) * (BOX - width) + SIZE / 2
    half = (high - low) / unit * (BOX - width) / 2 + width / 2
    # The box, grown by the pen, moves only as far as it stays inside the field.
    room = np.maximum(SIZE / 2 - half, 0)
    shift = np.clip(SIZE / 2 - centre_of_mass(stamp(starts, ends, width)), -room, room)
    return stamp(starts + shift, ends + shift, width).astype(np.float32)


def check_width(width: float) -> None:
    """Raise InkError unless the pen's width is between 0 and BOX."""
    if not 0 < width < BOX:
        raise InkError(f"the pen's width must lie between 0 and {BOX}, not {width}")


def segments(drawing: Drawing) -> tuple[np.ndarray, np.ndarray]:
    """Return both ends of all segments, each (n, 2) float64; a single point has length 0."""
    strokes = to_lists(drawing)
    check(strokes)
    starts, ends = [], []
    for stroke in strokes:
        points = np.array([point[:2] for point in stroke], np.float64)
        starts.append(points[: max(1, len(points) - 1)])
        ends.append(points[-max(1, len(points) - 1) :])
    return np.concatenate(starts), np.concatenate(ends)


def to_lists(value: object, depth: int = 3) -> object:
    """Convert arrays in a drawing to lists."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if depth > 1 and isinstance(value, list | tuple):
        return [to_lists(each, depth - 1) for each in value]
    return value


def stamp(starts: np.ndarray, ends: np.ndarray, width: float) -> np.ndarray:
    """Compute pixels clamp(width/2 - d + 1/2, 0, 1), d the distance to the nearest segment.

    Only pixels in each segment's box, grown by the pen's reach, are visited.
    """
    reach = width / 2 + 0.5
    first = np.ceil(np.minimum(starts, ends) - reach - 0.5).astype(int).clip(0, SIZE)
    last = np.floor(np.maximum(starts, ends) + reach - 0.5).astype(int).clip(-1, SIZE - 1)
    columns, rows = np.maximum(last - first + 1, 0).T
    visits = columns * rows
    segment = np.repeat(np.arange(len(starts)), visits)
    nth = np.arange(len(segment)) - np.repeat(np.cumsum(visits) - visits, visits)
    row = first[segment, 1] + nth // columns[segment]
    column = first[segment, 0] + nth % columns[segment]
    distance = segment_distance(column + 0.5, row + 0.5, starts[segment], ends[segment])
    nearest = np.full(SIZE * SIZE, np.inf)
    np.minimum.at(nearest, row * SIZE + column, distance)
    return np.clip(width / 2 - nearest + 0.5, 0, 1).reshape(SIZE, SIZE)


def segment_distance(
    x: np.ndarray, y: np.ndarray, start: np.ndarray, end: np.ndarray
) -> np.ndarray:
    """Compute distances of points (n,), (n,) to segments (n, 2), (n, 2)."""
    dx, dy = (end - start).T
    px, py = x - start[:, 0], y - start[:, 1]
    squared = dx * dx + dy * dy
    along = np.clip((px * dx + py * dy) / np.where(squared > 0, squared, 1), 0, 1)
    return np.sqrt((px - along * dx) ** 2 + (py - along * dy) ** 2)


def centre_of_mass(field: np.ndarray) -> np.ndarray:
    """Compute the centre of mass (x, y) in field units; pixel centres are at halves."""
    centres = np.arange(SIZE) + 0.5
    return np.array([field.sum(axis=0) @ centres, field.sum(axis=1) @ centres]) / field.sum()


def normalise(image: np.ndarray) -> np.ndarray:
    """Normalise an image of one symbol into the field, as MNIST does.

    The paper's shade is the median of the border, so both dark and light ink work. The ink's box is
    scaled to 20, every field pixel is the mean over the area that it covers, and the centre of mass
    moves to the middle as far as the box stays inside the field. Lines much thinner than a field
    pixel would be pale: they are strengthened by one factor.

    Args:
        image: (rows, columns) of any real type, grey values in any range.

    Returns:
        (28, 28) float32 in [0, 1], ink high.

    Raises:
        InkError: not a 2-D image, values that are not finite, or no ink.
    """
    ink = extract_ink(np.asarray(image, dtype=np.float64))
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(ink.shape)
    across = resampling_weights(ink.sum(axis=0), scale)
    down = resampling_weights(ink.sum(axis=1), scale)
    field = down @ ink @ across.T
    strength = SOLID / ((field * field).sum() / field.sum())
    return np.clip(field * max(1.0, strength), 0, 1).astype(np.float32)


def extract_ink(image: np.ndarray) -> np.ndarray:
    """Extract the ink of a grey image: (rows, columns) float64, from 0 (paper) to 1."""
    if image.ndim != 2 or min(image.shape) < 1:
        raise InkError(f"a picture has rows and columns of grey values, not {image.shape}")
    if not np.isfinite(image).all():
        raise InkError("the picture has a value that is not a finite number")
    border = np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]])
    with np.errstate(over="ignore"):
        contrast = image - np.median(border)
    if not np.isfinite(contrast).all():
        raise InkError("the picture has shades too far apart to be told from each other")
    # The ink is on the side of the paper's shade with the larger contrast.
    contrast = contrast if contrast.max() > -contrast.min() else -contrast
    if not contrast.max() > 0:
        raise InkError("there is no ink on the picture: every pixel has the same shade")
    ink = contrast / contrast.max()
    return np.where(ink > NOISE, ink, 0)


def resampling_weights(mass: np.ndarray, scale: float) -> np.ndarray:
    """Compute weights (28, n) that resample n source pixels along one axis.

    Args:
        mass: (n,) ink in each source row or column; its centre goes to the field's middle.
        scale: field units per source pixel.
    """
    length = len(mass) * scale
    centre = (mass @ (np.arange(len(mass)) + 0.5)) / mass.sum() * scale
    origin = min(max(SIZE / 2 - centre, 0), SIZE - length)
    edges = origin + np.arange(len(mass) + 1) * scale
    pixels = np.arange(SIZE)[:, None]
    return np.clip(np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels), 0, None)
