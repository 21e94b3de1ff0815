"""Hyper-parameters of a training run, and presets of them."""

from dataclasses import dataclass

from train.samples.training_set import VARIANTS_PER_DRAWING

# A function of each name is in `train.network.architectures`, which imports Keras.
ARCHITECTURE_NAMES = ("default", "wide", "strided", "separable", "tiny", "quick", "baseline")


class FitError(ValueError):
    """A run that cannot start or continue; the message is one line with cause and remedy."""


@dataclass(frozen=True)
class Settings:
    """All hyper-parameters of a run, as recorded in its report."""

    arch: str = "default"
    epochs: int = 32  # validation accuracy still improves up to here, after that by hundredths
    seed: int = 0
    batch_size: int = 128
    learning_rate: float = 6e-3  # peak, after a warm-up and before cosine decay to zero
    weight_decay: float = 0.02  # decoupled, of AdamW
    beta_2: float = 0.999  # of AdamW: decay of its mean of squared gradients
    ema_fraction: float = 0.05  # averaging window of the weights, as a fraction of the run; 0: none
    label_smoothing: float = 0.0
    validation: int = 5000  # training images to hold out, stratified by digit
    num_variants: int = VARIANTS_PER_DRAWING  # renders of each drawing, used in turn
    epoch_fraction: float = 1.0  # of the images: new ones first, then those with the highest loss
    renders_per_drawing: int = 2  # per epoch, each with another augmentation
    non_digits_per_digit: float = 0.25  # per epoch
    rejection_loss_weight: float = 0.2  # relative to the loss of classification
    distillation_weight: float = 0.7  # of the teachers' predictions relative to the labels
    augmentation_strength: float = 1.0  # factor of `augment.Strength`'s deviations
    # Names of `stroke_variations.VARIATIONS`, which drawings to train on are varied by. None: after
    # six epochs all of them read contributors that were left out no better (docs/results.md).
    stroke_variations: str = ""


# Chosen on UNIPEN's validation writers, ten examples of each; see `python -m train.fine_tuning`.
FINE_TUNE_PRESET = {"epochs": 3, "learning_rate": 3e-3, "weight_decay": 0.0, "ema_fraction": 0.0}

REPLAY_IMAGES = 6000  # to rehearse, plain and augmented, and as many renders of drawings

REPLAY_NON_DIGITS = 0.2  # fraction of the usual number of non-digits


DEFAULTS = Settings()

QUICK_PRESET = {  # 99.0% of MNIST's validation digits in the shortest time
    "arch": "quick",
    "epochs": 2,
    # The second epoch takes the third that is left, and the harder half of the first one's images.
    "epoch_fraction": 0.675,
    "beta_2": 0.98,
    "learning_rate": 2e-2,  # after two epochs at 1e-2 or 3e-2: 99.05%
    "ema_fraction": 0.0,  # with the rate decaying to zero, averaging gains nothing and costs 10%
    "label_smoothing": 0.1,  # gains 0.1% after so few epochs
    "augmentation_strength": 0.0,  # 0.5 gains nothing on MNIST in two epochs and costs 30%
    "non_digits_per_digit": 0.05,  # enough to reject 97% of fragments; made in a second
}

CONTINUE_PRESET = {"epochs": 12, "learning_rate": 2e-3, "ema_fraction": 0.2}  # from a network
