"""Bring images of other scales and polarities to uint8 from 0, paper, to 255, ink."""

import numpy as np

from files.drawings import DataError

HIGHEST = 255
SLACK = 1e-3  # beyond the ends of a scale of fractions, for float rounding
SCALES = ((0.0, 1.0), (-1.0, 1.0), (-0.5, 0.5))  # of fractions
REMEDY = "give ink as 255 and paper as 0, or ink as 1 and paper as 0"
EDGE = np.ones((28, 28), bool)
EDGE[1:-1, 1:-1] = False  # where digits have paper
MAX_SMALL = 0.01  # share of pictures without a pixel above 1, which may be empty but for noise
MOSTLY = 2 / 3  # share of the edge that decides between light and dark paper


def to_ink(images: np.ndarray, name: str) -> tuple[np.ndarray, str]:
    """Recognise the scale and the polarity of images, and return them as uint8, ink high.

    Args:
        images: (n, 28, 28) of any real type.
        name: of their source, for messages.

    Returns:
        the images, and one line that says what was changed, empty if nothing was.

    Raises:
        DataError: the scale or the polarity cannot be told.
    """
    scaled, scale = rescale(images, name)
    upright, polarity = invert_light_paper(scaled, name)
    notes = ", and ".join(filter(None, (scale, polarity)))
    return upright, f"{name}: {notes}" if notes else ""


def rescale(images: np.ndarray, name: str) -> tuple[np.ndarray, str]:
    """Return images as uint8 from 0 to 255, and what was changed. Raises DataError."""
    if not np.isfinite(images).all():
        raise DataError(f"{name}: a pixel is not a finite number: {REMEDY}")
    low, high = float(images.min()), float(images.max())
    if low == high:
        raise DataError(f"{name}: every pixel is {low:g}, so there is no ink: {REMEDY}")
    if 0 <= low < HIGHEST / 2 < high <= HIGHEST:
        refuse_mixed_scales(images, name)
        return np.rint(images).astype(np.uint8), ""
    for start, end in SCALES:
        if start - SLACK <= low and (start + end) / 2 < high <= end + SLACK:
            # A scale with a negative start is one only if its paper is there.
            if start < 0 and low > start + SLACK:
                continue
            stretched = (np.asarray(images, np.float32) - start) * (HIGHEST / (end - start))
            whole = np.clip(np.rint(stretched), 0, HIGHEST).astype(np.uint8)
            is_binary = start == 0 and bool(((images == 0) | (images == 1)).all())
            of = "0 or 1" if is_binary else f"from {start:g} to {end:g}"
            return whole, f"pixels {of} were scaled to 0 to 255"
    raise DataError(
        f"{name}: pixels go from {low:.4g} to {high:.4g}, expected 0 to 255 or 0 to 1: {REMEDY}"
    )


def refuse_mixed_scales(images: np.ndarray, name: str) -> None:
    """Raise DataError if some pictures go from 0 to 255 and others from 0 to 1."""
    highest = images.max(axis=(1, 2))
    small = int(((highest > 0) & (highest <= 1)).sum())
    if small > MAX_SMALL * len(images):
        raise DataError(
            f"{name}: {small:,} of {len(images):,} pictures have no pixel above 1, and others "
            f"go to {highest.max():.4g}: bring all to one scale, and {REMEDY}"
        )


def invert_light_paper(images: np.ndarray, name: str) -> tuple[np.ndarray, str]:
    """Invert uint8 images that are dark on light, and say how many. Raises DataError.

    Paper is what lies at the edge, and covers at least half of the field.
    """
    light = images > HIGHEST // 2
    edge = light[:, EDGE].mean(axis=1)
    all_over = light.mean(axis=(1, 2))
    on_light = (edge >= MOSTLY) & (all_over >= 0.5)
    on_dark = (edge <= 1 - MOSTLY) & (all_over <= 0.5)
    unclear = int(len(images) - on_light.sum() - on_dark.sum())
    if 2 * unclear > len(images):
        raise DataError(
            f"{name}: ink cannot be told from paper in {unclear:,} of {len(images):,} pictures, "
            "because the paper around the digit is neither mostly light nor mostly dark: "
            f"{REMEDY}, with paper at the edges"
        )
    if not on_light.any():
        return images, ""
    images = np.where(on_light[:, None, None], HIGHEST - images, images)
    where = "" if on_light.all() else f" in {on_light.sum():,} of {len(images):,} pictures"
    return images, f"dark ink on light paper was inverted{where}"
