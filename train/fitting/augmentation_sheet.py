"""A contact sheet: what augmentation makes of samples, to be looked at."""

from pathlib import Path

import numpy as np
from PIL import Image

from files.atomic import replace
from train.fitting.batches import Batches
from train.fitting.settings import Settings
from train.ink import SIZE
from train.samples.training_set import TrainingSet

ROWS, COLUMNS = 16, 12
ENLARGED = 2


def contact_sheet(training_set: TrainingSet, settings: Settings, out: Path) -> Path:
    """Write `out/augmented.png`: a row a sample, pictures before ink, a column an epoch."""
    # A place in an epoch is the same picture, or the same ink in its next hand, in every epoch.
    pictures = np.linspace(
        0, training_set.num_images - 1, ROWS // 2 if training_set.num_variants else ROWS
    )
    inks = training_set.num_images + np.linspace(
        0, max(0, training_set.num_drawings - 1), ROWS - len(pictures)
    )
    places = np.concatenate([pictures, inks]).astype(int)
    columns = [Batches(training_set, settings, epoch).varied(places) for epoch in range(COLUMNS)]
    tiles = 1 - np.stack(columns, axis=1).reshape(ROWS, COLUMNS, SIZE, SIZE)
    sheet = tiles.transpose(0, 2, 1, 3).reshape(ROWS * SIZE, COLUMNS * SIZE)
    picture = Image.fromarray((sheet * 255).astype(np.uint8))
    picture = picture.resize((sheet.shape[1] * ENLARGED, sheet.shape[0] * ENLARGED))
    path = out / "augmented.png"
    replace(path, lambda file: picture.save(file, "PNG"))
    return path
