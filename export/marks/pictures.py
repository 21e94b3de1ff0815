"""Fit what tells marks from digits on a picture.

    python -m export.marks.pictures --unipen PATH…   after `python -m export.marks`

Pictures are drawn of strings that are composed of training writers' marks, and of their digits or
MNIST's. What the page finds on them is labelled by where the symbols were drawn;
models/marks-on-pictures.json and the page's copy are written.
"""

import argparse
import base64
import sys
from collections.abc import Iterator, Sequence

from train.arguments import add_unipen, positive
from train.quiet import quiet

with quiet():
    import numpy as np
    from PIL import Image
    from playwright.sync_api import Page

    from export import meta
    from export.browser.launch import BrowserError
    from export.browser.page import SiteError, evaluate, model_page
    from export.marks.chances import NEITHER, class_of, fit_network
    from export.marks.saved import described_model, save
    from export.runtime_bundle import ExportError
    from files.drawings import DataError
    from train import data
    from train.data import Digits
    from train.data.unipen.characters import UnipenError
    from train.marks.composition import JOINED, KINDS, Composer
    from train.marks.pictures import Images, Picture, draw, is_even
    from train.samples.unipen_ink import UnipenInk, read_ink

PICTURES = 900
VALIDATION = 5000  # last training digits of MNIST, which pictures are tested with
HIDDEN, EPOCHS = 64, 30
SEED = 0
MIN_SIDE, MAX_ENLARGEMENT = 800, 4  # as in web/picture/worker.js
# How far an edge of what is found may be from where it was drawn: in pens, and in heights.
TOLERANCE = 0.5, 0.06
# See web/picture/marks/reader.js. Chosen on 600 strings of MNIST's last 5,000 training digits (566
# read exactly) and on numbers, while all marks are read (209 of 227, 211 without marks).
WEIGHTS = {
    **{"mark": -0.5, "/": 0.5, "(": 1.0, ")": 0.5},
    **{"probability": 2.0, "neither": 0.3, "digit": 1.5, "sharpness": 1.5},
}
CANDIDATES = """async ([columns, rows, pixels]) => {
    const [{ analyse }, { bolder }, { pictureMarkInputs, seenMarks }] = await Promise.all([
        import("/picture/analyse.js"), import("/picture/views.js"),
        import("/picture/marks/reader.js"),
    ]);
    const shades = Uint8Array.from(atob(pixels), character => character.charCodeAt(0));
    const data = new Uint8ClampedArray(4 * shades.length).fill(255);
    shades.forEach((shade, k) => data.fill(shade, 4 * k, 4 * k + 3));
    const found = [];
    for (const { blocks, height } of analyse({ data, columns, rows }, false, true).lines) {
        const all = blocks.flat();
        const fields = new Float32Array(784 * all.length);
        all.forEach((each, k) => fields.set(bolder(each.pixels), 784 * k));
        const read = await recognizer.readFields(fields);
        const inputs = pictureMarkInputs(all, height, read, await seenMarks(recognizer, fields));
        found.push(...all.map(({ box }, k) =>
            [[box.left, box.top, box.right + 1, box.bottom + 1], inputs[k]]));
    }
    return found;
}"""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = parser().parse_args(arguments)
    try:
        run(read_ink(options.unipen), data.load("mnist"), options.pictures)
    except (ExportError, SiteError, BrowserError, UnipenError, DataError, OSError) as error:
        sys.exit(f"digitpad: {error}")


def run(ink: UnipenInk, mnist: Digits, count: int) -> None:
    """Draw pictures, measure them in the browser, fit and write.

    Raises:
        ExportError: the exported network has no head for marks.
        SiteError, BrowserError: the page does not run.
        OSError: the weights cannot be written.
    """
    described_model()
    images, labels = mnist.train_images[:-VALIDATION], mnist.train_labels[:-VALIDATION]
    by_digit = {str(digit): images[labels == digit] for digit in range(10)}
    inputs, classes = [], []
    with model_page() as page:
        for k, picture in enumerate(composed(ink, count, SEED, by_digit)):
            found = measured(page, picture)
            inputs += [each for _, each in found]
            classes += labelled(picture, [box for box, _ in found])
            if (k + 1) % 200 == 0:
                print(f"measured {k + 1:,} pictures", flush=True)
    network = fit_network(
        np.array(inputs),
        np.array(classes),
        np.ones(len(classes)),
        HIDDEN,
        EPOCHS,
        SEED,
        NEITHER + 1,
    )
    right = (network.of(np.array(inputs)).argmax(axis=1) == classes).mean()
    print(f"{right:.1%} of {len(classes):,} candidates are told right")
    save(meta.PICTURE_MARKS, {**network.facts(), "weights": WEIGHTS})


def composed(
    ink: UnipenInk, count: int, seed: int, images: Images | None = None
) -> Iterator[Picture]:
    """Draw pictures of strings of all kinds that are not joined, half of them with `images`."""
    composer = Composer(ink.digits["train"], ink.non_digits["symbols"]["train"])
    # Twice the kind with most marks of its own, and numbers, whose digits must not be marks.
    kinds = [*(kind for kind in KINDS if kind != JOINED), "amounts", "numbers", "numbers"]
    for k in range(count):
        rng = np.random.default_rng([seed, k])
        written = composer.compose(rng, kinds[k % len(kinds)])
        while not is_even(written):
            written = composer.compose(rng, kinds[k % len(kinds)])
        yield draw(written, rng, images if rng.random() < 0.5 else None)


def measured(page: Page, picture: Picture) -> list[tuple[np.ndarray, list[float]]]:
    """Return the box, in the picture's pixels, and the inputs of each candidate."""
    rows, columns = picture.pixels.shape
    scale = max(1.0, min(MAX_ENLARGEMENT, MIN_SIDE / max(rows, columns)))
    size = round(scale * columns), round(scale * rows)
    enlarged = Image.fromarray(picture.pixels).resize(size, Image.Resampling.BICUBIC)
    pixels = base64.b64encode(enlarged.tobytes()).decode()
    found = evaluate(page, CANDIDATES, [*size, pixels])
    return [(np.array(box) / scale, inputs) for box, inputs in found]


def labelled(picture: Picture, boxes: Sequence[np.ndarray]) -> list[int]:
    """Return the class of each candidate: that of the symbol drawn there, else NEITHER."""
    pens, heights = TOLERANCE
    tolerance = pens * picture.pen + heights * picture.height
    classes = []
    for box in boxes:
        distances = np.abs(picture.boxes - box).max(axis=1)
        near = distances.argmin()
        classes.append(class_of(picture.text[near] if distances[near] <= tolerance else None))
    return classes


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m export.marks.pictures",
        description="Fit what tells marks from digits on a picture.",
    )
    add_unipen(made, "UNIPEN's archives (.tar.xz) or directories, to fit to", required=True)
    made.add_argument(
        "--pictures",
        type=positive,
        default=PICTURES,
        metavar="N",
        help="drawn (default: %(default)s)",
    )
    return made


if __name__ == "__main__":
    main()
