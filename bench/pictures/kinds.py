"""Compose pictures of numbers of many kinds, each as difficult in a way of its own.

A kind takes a pool of digits and a generator; it returns the text that a picture shows and the
picture's pixels, (rows, columns) or (rows, columns, 3 or 4) uint8.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from PIL import Image

from bench.pictures.photos import (
    BOX,
    INKS,
    PAPER,
    TRIES,
    Picture,
    Pool,
    cropped,
    dilated,
    encoded,
    enlarged,
    euler_number,
    in_light,
    number,
    padded,
    pen_width,
    photographed,
    rotated,
    row,
    ruling,
    stroke,
    thinned,
    touching_gap,
)

Kind = Callable[[Pool, np.random.Generator], tuple[str, np.ndarray]]

GAPS = 0.12, 0.4  # between digits of a number, in heights of a digit
PENCIL = 0.12, 0.35  # contrast of faint pencil
MARKER = 0.2, 0.3  # width of a marker's pen, in heights of a digit
CLEAR = 0.03  # least width of a hole in thick digits, in heights
DIM = 0.9  # brightness of the darker side, for pictures whose light is not what is difficult
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
# Pairs of colours with lumas at most 4 of 255 apart.
EQUALLY_BRIGHT = (
    ((220, 30, 40), (30, 130, 40)),  # red, green
    ((50, 80, 230), (120, 80, 45)),  # blue, brown
    ((150, 50, 190), (95, 105, 40)),  # purple, olive
    ((240, 120, 30), (60, 180, 175)),  # orange, teal
    ((245, 120, 170), (120, 200, 90)),  # pink, light green
)


def pictures_of(
    kind: str, images: np.ndarray, labels: np.ndarray, count: int, seed: int
) -> Iterator[Picture]:
    """Yield `count` pictures of a kind in KINDS, of images (n, 28, 28) uint8 with labels (n,)."""
    pool, rng = Pool(images, labels), np.random.default_rng(seed)
    for _ in range(count):
        text, pixels = KINDS[kind](pool, rng)
        yield Picture(text, encoded(pixels))


def written(
    pool: Pool,
    text: str,
    height: float,
    rng: np.random.Generator,
    gaps: tuple[float, float] = GAPS,
) -> np.ndarray:
    """Write a number, with digits `height` pixels high and gaps in heights; return its ink."""
    glyphs = [enlarged(digit, height / BOX) for digit in pool.spell(text, rng)]
    spaces = rng.uniform(*gaps, size=len(text) - 1) * height
    return row(glyphs, spaces, 0.05 * height, rng)


def beside(parts: Sequence[np.ndarray], gaps: Sequence[float]) -> np.ndarray:
    """Put written parts side by side without moving them up or down."""
    return row(parts, gaps, 0, np.random.default_rng(0))


def mixed(ground: np.ndarray, colour: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Lay a colour over a ground, (3,) or (rows, columns, 3), where ink has a share."""
    return ground + share[..., None] * (colour - ground)


def ink_colour(rng: np.random.Generator) -> np.ndarray:
    """Choose a colour from black to dark blue, in [0, 1]."""
    first, second = np.array(INKS) / 255
    return first + rng.random() * (second - first)


def on_paper(ink: np.ndarray, rng: np.random.Generator, **light: float) -> np.ndarray:
    """Colour ink on plain paper in light from one side."""
    return in_light(mixed(np.array(PAPER) / 255, ink_colour(rng), ink), rng, **light)


def several_lines(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate a list: 2 to 4 numbers beneath each other, all sloping alike, in uneven light."""
    height = rng.uniform(40, 80)
    lines = [number(rng, 1, 7) for _ in range(rng.integers(2, 5))]
    inks = [written(pool, line, height, rng) for line in lines]
    step = rng.uniform(1.45, 2) * height
    indents = (rng.uniform(0, 0.5, size=len(lines)) * height).astype(int)
    columns = max(indent + ink.shape[1] for indent, ink in zip(indents, inks, strict=True))
    sheet = np.zeros((int(step * (len(lines) - 1) + 1.2 * height) + 2, columns))
    for k, (indent, ink) in enumerate(zip(indents, inks, strict=True)):
        place = sheet[int(k * step) :, indent:][: ink.shape[0], : ink.shape[1]]
        np.maximum(place, ink[: place.shape[0]], out=place)
    sloping = rotated(sheet, rng.uniform(-10, 10))
    return "\n".join(lines), on_paper(padded(sloping, 0.2 * height, height, rng), rng)


def wide_gaps(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate a number written wide: even gaps of 1 to 4 heights between its digits."""
    height, gap = rng.uniform(30, 60), rng.uniform(1.06, 3.8)
    text = number(rng, 3, 6)
    ink = written(pool, text, height, rng, (0.95 * gap, 1.05 * gap))
    return text, on_paper(padded(ink, 0.4 * height, height, rng), rng)


def numbers_apart(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate a row of a table: two or three numbers, at least 3 heights apart."""
    height = rng.uniform(30, 60)
    numbers = [number(rng, 2, 4) for _ in range(rng.integers(2, 4))]
    inks = [written(pool, each, height, rng, (0.1, 0.4)) for each in numbers]
    gaps = rng.uniform(3.1, 5, size=len(numbers) - 1) * height
    ink = padded(beside(inks, gaps), 0.4 * height, height, rng)
    return " ".join(numbers), on_paper(ink, rng)


def touching(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate hasty writing: neighbours touch, or reach below one another by up to 5%."""
    height, text = rng.uniform(40, 120), number(rng, 2, 5)
    while "11" in text:  # would be one thick stroke
        text = number(rng, 2, 5)
    glyphs = [enlarged(digit, height / BOX) for digit in pool.spell(text, rng)]
    pairs = zip(glyphs, glyphs[1:], strict=False)
    overlaps = [touching_gap(*pair) / height - rng.uniform(0, 0.02) for pair in pairs]
    gaps = [height * max(overlap, -0.05) for overlap in overlaps]
    ink = padded(beside(glyphs, gaps), 0.3 * height, height, rng)
    return text, on_paper(ink, rng)


def ruled_through(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate a ruled sheet whose lines run through the digits, 40 to 80% as dark as the ink."""
    height, text = rng.uniform(40, 120), number(rng, 2, 5)
    ink = rotated(written(pool, text, height, rng), rng.uniform(-3, 3))
    sheet = padded(ink, 0.5 * height, 2 * height, rng)
    rows = np.flatnonzero(sheet.any(axis=1))
    crossed = rows[0] + rng.uniform(0.25, 0.75) * (rows[-1] - rows[0])
    spacing, thick = rng.uniform(0.6, 1.2) * height, max(1.2, rng.uniform(0.015, 0.04) * height)
    lines = ruling(sheet.shape, spacing, thick, crossed, rng.uniform(-0.01, 0.01))
    ground = mixed(np.array(PAPER) / 255, ink_colour(rng), rng.uniform(0.4, 0.8) * lines)
    return text, in_light(mixed(ground, ink_colour(rng), sheet), rng)


def squared_paper(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate an exercise book: squares of 0.3 to 0.7 heights, 30 to 70% as dark as the ink."""
    height, text = rng.uniform(50, 120), number(rng, 2, 5)
    ink = rotated(written(pool, text, height, rng), rng.uniform(-3, 3))
    sheet = padded(ink, 0.5 * height, 2 * height, rng)
    spacing, thick = rng.uniform(0.3, 0.7) * height, max(1.2, rng.uniform(0.01, 0.03) * height)
    across, down = rng.uniform(0, spacing, size=2)
    slope = rng.uniform(-0.01, 0.01)
    grid = np.maximum(
        ruling(sheet.shape, spacing, thick, across, slope),
        ruling(sheet.shape[::-1], spacing, thick, down, -slope).T,
    )
    ground = mixed(np.array(PAPER) / 255, ink_colour(rng), rng.uniform(0.3, 0.7) * grid)
    return text, in_light(mixed(ground, ink_colour(rng), sheet), rng)


def boxes(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate a form: each digit in a printed box as dark as the ink, boxes adjacent or apart."""
    height, text = rng.uniform(40, 100), number(rng, 2, 6)
    tall, wide = (np.array([1.35, 1.2]) + rng.uniform(0, 0.35, size=2)) * height
    wall = max(2, round(rng.uniform(0.02, 0.05) * height))
    cells = []
    for digit in pool.spell(text, rng):
        glyph = enlarged(digit, height / BOX)
        cell = np.ones((int(tall) + 2 * wall, int(wide) + 2 * wall))
        cell[wall:-wall, wall:-wall] = 0
        free = np.array([tall, wide]) - glyph.shape
        y, x = (wall + free * rng.uniform(0.3, 0.7, size=2)).astype(int)
        cell[y : y + glyph.shape[0], x : x + glyph.shape[1]] = glyph
        cells.append(cell)
    apart = rng.uniform(0.15, 0.5) * height
    gaps = [-wall if rng.random() < 0.5 else apart] * (len(cells) - 1)
    ink = rotated(beside(cells, gaps), rng.uniform(-1, 1))
    return text, on_paper(padded(ink, 0.2 * height, height, rng), rng)


def underlined(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate a result: a line drawn by hand beneath the number, without touching it."""
    height, text = rng.uniform(40, 110), number(rng, 2, 6)
    ink = cropped(written(pool, text, height, rng))
    rows, columns = ink.shape
    pen, gap = rng.uniform(0.06, 0.1) * height, rng.uniform(0.12, 0.3) * height
    fall, wave = rng.uniform(0, 0.1) * height, rng.uniform(0.01, 0.03) * height
    x = np.linspace(rng.uniform(-0.15, 0.1) * height, columns + rng.uniform(-0.1, 0.15) * height)
    shape = np.sin(rng.uniform(0, 6) + 6 * x / columns)
    tilt = x / columns if rng.random() < 0.5 else 1 - x / columns
    y = rows + gap + pen + fall * tilt + wave * (1 + shape)
    edge = int(0.2 * height)
    sheet = np.pad(ink, ((0, int(gap + fall + 2 * pen + 2 * wave) + 2), (edge, edge)))
    sheet = np.maximum(sheet, stroke(sheet.shape, y, x + edge, pen))
    return text, on_paper(padded(sheet, 0.2 * height, height, rng), rng)


def faint_pencil(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate hard pencil: grainy, its contrast between 0.12 and 0.35 along the number."""
    height, text = rng.uniform(50, 120), number(rng, 2, 5)
    ink = padded(written(pool, text, height, rng), 0.3 * height, height, rng)
    ends = rng.uniform(*PENCIL, size=6)
    columns = np.arange(ink.shape[1])
    contrast = np.interp(columns, np.linspace(0, ink.shape[1] - 1, len(ends)), ends)
    grain = rng.uniform(0.85, 1.15, size=ink.shape)
    sheet = np.array(PAPER) / 255 * (1 - contrast * grain * ink)[..., None]
    return text, in_light(sheet, rng)


def thick_marker(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate a felt marker: a pen 0.2 to 0.3 of the digits' height, with little margin."""
    height, text = rng.uniform(50, 120), number(rng, 1, 4)
    share = rng.uniform(*MARKER)
    glyphs = [thickened(pool, digit, height, share, rng) for digit in text]
    ink = cropped(row(glyphs, rng.uniform(0.04, 0.2, size=len(text) - 1) * height, 0, rng))
    return text, on_paper(padded(ink, 1, 0.08 * height, rng), rng, darkest=DIM)


def thickened(
    pool: Pool, digit: str, height: float, share: float, rng: np.random.Generator
) -> np.ndarray:
    """Write a digit with a pen of a share of its height, less if its holes would fill."""
    for pen in np.linspace(share, MARKER[0], TRIES) * height:
        (image,) = pool.spell(digit, rng)
        glyph = enlarged(image, height / BOX)
        scale = (height - pen) / (height - pen_width(glyph))  # the height grows with the pen
        glyph = enlarged(image, scale * height / BOX)
        radius = max(0, pen - pen_width(glyph)) / 2
        thick = dilated(glyph, radius + CLEAR * height / 2)
        if euler_number(thick > 0.5) == euler_number(glyph > 0.5):
            break
    return dilated(glyph, radius)


def tight_crop(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate a selection: cropped to the ink, or up to 3 pixels beside it."""
    height, text = rng.uniform(40, 120), number(rng, 1, 5)
    ink = np.pad(cropped(written(pool, text, height, rng)), rng.integers(4))
    return text, on_paper(ink, rng, darkest=DIM)


def transparency(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate an export of a drawing program: white or black ink, nothing behind it."""
    height, text = rng.uniform(40, 120), number(rng, 1, 5)
    ink = padded(written(pool, text, height, rng), 0.15 * height, 0.6 * height, rng)
    pixels = np.full((*ink.shape, 4), 255 if rng.random() < 0.5 else 0, np.uint8)
    pixels[..., 3] = (255 * ink).astype(np.uint8)
    return text, pixels


def equal_brightness(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate coloured chalk or card: ink and ground differ in hue, not in luma."""
    height, text = rng.uniform(50, 120), number(rng, 2, 5)
    ink = padded(written(pool, text, height, rng), 0.3 * height, height, rng)
    pair = np.array(EQUALLY_BRIGHT[rng.integers(len(EQUALLY_BRIGHT))]) / 255
    colour, ground = rng.permutation(pair)
    colour = colour * (1 + rng.uniform(-5, 5) / 255 / (LUMA @ colour))
    return text, in_light(mixed(ground, colour, ink), rng, darkest=DIM, noise=4 / 255)


def turned(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate a phone held sideways: turned by 90, 180 or 270 degrees.

    A 3, 4 or 7 shows which side is up; 2 and 5 look alike upside down.
    """
    height, text = rng.uniform(40, 110), number(rng, 3, 6)
    if not set(text) & set("347"):
        place = int(rng.integers(len(text)))
        text = text[:place] + "347"[rng.integers(3)] + text[place + 1 :]
    ink = padded(written(pool, text, height, rng), 0.3 * height, height, rng)
    return text, np.rot90(on_paper(ink, rng), rng.integers(1, 4)).copy()


def thin_scan(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate a scan in black and white: strokes of 1 to 3 pixels, with specks."""
    height, text = rng.uniform(40, 150), number(rng, 2, 5)
    pen = int(rng.integers(1, 4))
    glyphs = []
    for digit in text:
        glyph = enlarged(pool.clear(digit, rng), height / BOX)
        line = np.pad(thinned(glyph > 0.5), 2).astype(float)
        shifts = [(y, x) for y in range(pen) for x in range(pen)]
        glyphs.append(np.max([np.roll(line, shift, (0, 1)) for shift in shifts], axis=0))
    ink = row(glyphs, rng.uniform(*GAPS, size=len(text) - 1) * height, 0.05 * height, rng)
    ink = padded(ink, 0.3 * height, height, rng) > 0.5
    specks = rng.random(ink.shape) < rng.uniform(0.0003, 0.0015)
    return text, np.where(ink ^ specks, 0, 255).astype(np.uint8)


def wide_digits(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate broad writing: digits 1.2 to 1.8 times as wide as high, except a 1."""
    height, text = rng.uniform(40, 90), number(rng, 1, 5)
    glyphs = []
    for label, digit in zip(text, pool.spell(text, rng), strict=True):
        glyph = enlarged(digit, height / BOX)
        if label != "1":
            side = round(rng.uniform(1.22, 1.78) * glyph.shape[0])
            picture = Image.fromarray((255 * glyph).astype(np.uint8))
            glyph = np.asarray(picture.resize((side, glyph.shape[0]))) / 255
        glyphs.append(glyph)
    ink = row(glyphs, rng.uniform(*GAPS, size=len(text) - 1) * height, 0.05 * height, rng)
    return text, on_paper(padded(ink, 0.2 * height, 0.8 * height, rng), rng)


def straight_one(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate 2017 cut out tightly: each 1 a straight line nearly as high as the picture."""
    height, text = rng.uniform(40, 120), number(rng, 2, 5)
    place = int(rng.integers(len(text)))
    text = text[:place] + "1" + text[place + 1 :]
    pen = max(2, rng.uniform(0.05, 0.1) * height)
    glyphs = []
    for label, digit in zip(text, pool.spell(text, rng), strict=True):
        glyph = enlarged(digit, height / BOX)
        if label == "1":
            tall, lean = rng.uniform(0.95, 1.05) * height, rng.uniform(-0.06, 0.1) * height
            shape = int(tall) + 1, int(abs(lean) + pen) + 2
            left = pen / 2 + max(0, -lean)
            x = np.linspace(left + lean, left)
            glyph = stroke(shape, np.linspace(pen / 2, tall - pen / 2), x, pen)
        glyphs.append(glyph)
    ink = cropped(row(glyphs, rng.uniform(0.1, 0.25, size=len(text) - 1) * height, 0, rng))
    return text, on_paper(padded(ink, 1, 0.06 * height, rng), rng, darkest=DIM)


def marks(pool: Pool, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Imitate amounts and dates: a point, comma or dash between digits, or a minus before."""
    height, text = rng.uniform(40, 110), number(rng, 2, 5)
    pen = rng.uniform(0.09, 0.13) * height
    name = rng.choice(["point", "comma", "dash", "minus"])
    place = 0 if name == "minus" else int(rng.integers(1, len(text)))
    glyphs = [enlarged(digit, height / BOX) for digit in pool.spell(text, rng)]
    glyphs.insert(place, mark(name, height, pen, rng))
    ink = row(glyphs, rng.uniform(*GAPS, size=len(text)) * height, 0.03 * height, rng)
    shown = text[:place] + "?" + text[place:]
    return shown, on_paper(padded(ink, 0.2 * height, 0.8 * height, rng), rng)


def mark(name: str, height: float, pen: float, rng: np.random.Generator) -> np.ndarray:
    """Draw a point, comma, dash or minus in a field as high as a digit."""
    if name in ("dash", "minus"):
        y, x = height * rng.uniform(0.45, 0.6), rng.uniform(0.35, 0.6) * height
        ends = [y, y + rng.uniform(-0.03, 0.03) * height], [pen, pen + x]
    elif name == "comma":
        ends = [0.92 * height, 1.15 * height], [2.2 * pen, 2.2 * pen - 0.12 * height]
    else:
        ends = [height - 0.7 * pen] * 2, [pen, pen]
        pen *= 1.3
    y, x = (np.linspace(*each) for each in ends)
    # A comma hangs below the digits, so its field extends as far above them.
    above = math.ceil(0.25 * height) if name == "comma" else 0
    shape = int(height) + 2 * above + 1, int(x.max() + pen) + 1
    return cropped(stroke(shape, y + above, x, pen), rows=False)


KINDS: dict[str, Kind] = {
    "ink on ruled paper": partial(photographed, chalk=False),
    "chalk on a board": partial(photographed, chalk=True),
    "several lines": several_lines,
    "wide gaps": wide_gaps,
    "numbers apart": numbers_apart,
    "touching digits": touching,
    "ruled through": ruled_through,
    "squared paper": squared_paper,
    "boxes": boxes,
    "underlined": underlined,
    "faint pencil": faint_pencil,
    "thick marker": thick_marker,
    "tight crop": tight_crop,
    "transparency": transparency,
    "equal brightness": equal_brightness,
    "turned": turned,
    "thin scan": thin_scan,
    "wide digits": wide_digits,
    "straight 1": straight_one,
    "marks": marks,
}
