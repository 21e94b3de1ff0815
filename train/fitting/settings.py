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


# Chosen on UNIPEN's validation writers, ten examples of each; see `python -m train.fine_tuning`.
TUNED = {"epochs": 3, "learning_rate": 3e-3, "weight_decay": 0.0, "averaging": 0.0}

REPLAY_IMAGES = 6000  # to rehearse, each as it is and varied; of ink as many renderings

REPLAY_NON_DIGITS = 0.2  # of the usual number of what is no digit


DEFAULTS = Settings()

QUICK = {  # 99.0% of MNIST's validation digits as soon as possible
    "arch": "quick",
    "epochs": 2,  # four seeds: 99.17 ± 0.07%; after one and a half, 98.9 to 99.1%
    "learning_rate": 2e-2,  # after two epochs at 1e-2 or 3e-2: 99.05%
    "averaging": 0.0,  # the rate goes to zero: averages read neither better nor worse, and cost 10%
    "label_smoothing": 0.1,  # after so few epochs it brings 0.1%
    "variation": 0.0,  # half of the default's brings nothing to MNIST so soon, and costs 30%
    "negatives": 0.05,  # enough to refuse 97% of fragments by, and made in a second
}

TAUGHT = {"epochs": 5, "learning_rate": 2e-3, "averaging": 0.2}  # it can read already
