"""A contact sheet of augmented training samples."""

from pathlib import Path

import numpy as np
from PIL import Image

from files.atomic import write_atomically
from train.fitting.batches import BatchLoader
from train.fitting.settings import Settings
from train.ink import SIZE
from train.samples.training_set import TrainingSet

ROWS, COLUMNS = 16, 12
MAGNIFICATION = 2


def contact_sheet(training_set: TrainingSet, settings: Settings, out: Path) -> Path:
    """Write `out/augmented.png`: a row for each sample, a column for each epoch.

    Images come before drawings. A position in an epoch holds the same image or drawing in every
    epoch.
    """
    num_images, num_drawings = training_set.num_images, training_set.num_drawings
    images = np.linspace(0, num_images - 1, ROWS // 2 if training_set.num_variants else ROWS)
    drawings = num_images + np.linspace(0, max(0, num_drawings - 1), ROWS - len(images))
    positions = np.concatenate([images, drawings]).astype(int)
    columns = [
        BatchLoader(training_set, settings, epoch).augmented(positions) for epoch in range(COLUMNS)
    ]
    tiles = 1 - np.stack(columns, axis=1).reshape(ROWS, COLUMNS, SIZE, SIZE)
    sheet = tiles.transpose(0, 2, 1, 3).reshape(ROWS * SIZE, COLUMNS * SIZE)
    picture = Image.fromarray((sheet * 255).astype(np.uint8))
    picture = picture.resize((sheet.shape[1] * MAGNIFICATION, sheet.shape[0] * MAGNIFICATION))
    path = out / "augmented.png"
    write_atomically(path, lambda file: picture.save(file, "PNG"))
    return path
