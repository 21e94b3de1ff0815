"""The hyper-parameters of a run."""

from dataclasses import dataclass


class FitError(ValueError):
    """A run that cannot start; one line that says why and what to do."""


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a run learns; all of it is in the report."""

    arch: str = "default"
    epochs: int = 32  # accuracy on validation still creeps up to here, by hundredths after
    seed: int = 0
    batch: int = 128
    learning_rate: float = 6e-3  # the peak, after a warm-up and before a cosine to zero
    weight_decay: float = 0.02  # AdamW's, decoupled
    averaging: float = 0.05  # share of the run over which the kept weights are averaged, or 0
    label_smoothing: float = 0.0
    validation: int = 5000  # of the training images, each digit in proportion
    renderings: int = 2  # of each ink in an epoch, each in another hand
    negatives: float = 0.25  # of what is no digit in an epoch, for each digit
    doubt: float = 0.2  # weight of telling digits from the rest, beside telling them apart
    teaching: float = 0.7  # what teachers say, if there are any, beside what the labels say
    variation: float = 1.0  # how far pixels vary, as a share of what `augment` thinks is right
