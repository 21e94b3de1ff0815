"""Train a network: one schedule, a checkpoint after every epoch, calibration at the end."""

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from train.distributed.single_process import SINGLE_PROCESS, SingleProcess
from train.fitting.batches import BatchLoader, one_hot
from train.fitting.calibration import apply_temperature, fit_temperature
from train.fitting.checkpoint import EpochCheckpoint, Reseed, claim_directory
from train.fitting.distillation import teacher_ensemble
from train.fitting.halves import HalvesModel
from train.fitting.losses import Accuracy, losses
from train.fitting.settings import FitError, Settings
from train.network.build import CLASSES, build, classifier
from train.network.fast_kernels import fast_training_kernels
from train.samples.training_set import NOT_A_DIGIT, TrainingSet, inputs

STEPS_PER_EXECUTION = 16  # per Python call: about 10% faster than 1 for small networks
EVAL_BATCH_SIZE = 500  # larger than in training, since no activations are kept for gradients


class TrainingResult(NamedTuple):
    """A trained network, the logs of its epochs, and the temperature of its calibration."""

    network: keras.Model
    history: list[dict[str, float]]
    temperature: float  # divisor of the logits


def fit(
    training_set: TrainingSet,
    validation: tuple[np.ndarray, np.ndarray],
    settings: Settings,
    checkpoint_dir: Path,
    *,
    resume: bool = False,
    init_from: keras.Model | None = None,
    teachers: Sequence[keras.Model] = (),
    tensorboard: Path | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    on_finished: Callable[[TrainingResult], object] = lambda result: None,
    process_group: SingleProcess = SINGLE_PROCESS,
) -> TrainingResult:
    """Train a network and calibrate it on the validation digits.

    Args:
        training_set: samples to train on.
        validation: (n, 28, 28) uint8 images and (n,) labels in 0..9 or NOT_A_DIGIT.
        settings: hyper-parameters.
        checkpoint_dir: a directory for this run only; deleted when the run has finished.
        resume: continue after the last finished epoch; without a checkpoint, start a new run.
        init_from: a network to take the initial weights from.
        teachers: networks to distil, in addition to the labels.
        tensorboard: directory for TensorBoard's logs.
        callbacks: further Keras callbacks, called after those of training itself.
        on_finished: called with the result before the checkpoint is deleted, so that a run can be
            resumed if saving the network fails.
        process_group: the processes that train together; only the primary one writes files,
            calibrates and calls `on_finished`.

    Returns:
        The result; in processes other than the primary one it is not calibrated, temperature 1.

    Raises:
        FitError: `checkpoint_dir` holds an unfinished run and `resume` is false, or one with other
            settings; or training diverged, or a callback raised it.
    """
    if process_group.is_primary:
        claim_directory(checkpoint_dir, settings, resume)
    initial_weights = init_from.get_weights() if init_from else ()
    process_group.check_same_on_all_processes(
        settings, training_set.images, training_set.labels, *initial_weights
    )
    with process_group.distributed_scope():
        keras.utils.set_random_seed(settings.seed)
        network = build(settings.arch)
        if init_from is not None:
            initialize_from(network, init_from)
        checkpoint = EpochCheckpoint(checkpoint_dir, process_group)
        loader = BatchLoader(
            training_set,
            settings,
            epoch=checkpoint.epoch,
            teacher=teacher_ensemble(list(map(classifier, teachers))) if teachers else None,
            process_group=process_group,
            losses=checkpoint.losses,
        )
        checkpoint.loader = loader
        # Inserted first, since validation uses the averaged weights.
        averaging = [keras.callbacks.SwapEMAWeights()] if settings.ema_fraction else []
        own_callbacks = [checkpoint, Reseed(settings.seed), keras.callbacks.TerminateOnNaN()]
        if tensorboard and process_group.is_primary:
            callbacks = [*callbacks, keras.callbacks.TensorBoard(tensorboard)]
        try:
            run_epochs(
                network,
                loader,
                validation,
                [*averaging, *own_callbacks, *callbacks],
                initial_epoch=checkpoint.epoch,
                process_group=process_group,
            )
        except FitError:  # resuming would fail again
            if process_group.is_primary:
                shutil.rmtree(checkpoint_dir)
            raise
    network = process_group.detach(network)
    if not process_group.is_primary:
        return TrainingResult(network, checkpoint.history, 1.0)
    if not all(np.isfinite(weights).all() for weights in network.get_weights()):
        shutil.rmtree(checkpoint_dir)
        raise FitError("training diverged, nothing was saved. Try a lower --learning-rate.")
    result = TrainingResult(network, checkpoint.history, calibrate(network, validation))
    on_finished(result)
    shutil.rmtree(checkpoint_dir)
    return result


def run_epochs(
    network: keras.Model,
    loader: BatchLoader,
    validation: tuple[np.ndarray, np.ndarray],
    callbacks: Sequence[keras.callbacks.Callback],
    *,
    initial_epoch: int,
    process_group: SingleProcess,
) -> None:
    """Compile a network and run Keras' training loop."""
    settings = loader.settings
    model = training_model(network, settings, len(loader))
    if settings.epoch_fraction < 1 and isinstance(model, HalvesModel):
        model.record_losses(len(loader.order))
        loader.sample_losses = model.sample_losses
    validation_data, validation_batch_size = process_group.shard_validation(
        inputs(validation[0]), one_hot(validation[1]), EVAL_BATCH_SIZE
    )
    with fast_training_kernels(network):
        model.fit(
            loader,
            initial_epoch=initial_epoch,
            epochs=settings.epochs,
            shuffle=False,  # the loader shuffles
            validation_data=validation_data,
            validation_batch_size=validation_batch_size,
            callbacks=list(callbacks),
            verbose=(1 if sys.stdout.isatty() else 2) if process_group.is_primary else 0,
        )


def calibrate(network: keras.Model, validation: tuple[np.ndarray, np.ndarray]) -> float:
    """Fit the temperature to the validation digits, apply it, and return it."""
    images, labels = inputs(validation[0]), validation[1]
    digits = labels != NOT_A_DIGIT
    model = logits_model(network)
    logits = model.predict(images[digits], batch_size=EVAL_BATCH_SIZE, verbose=0)
    temperature = fit_temperature(logits[:, :CLASSES], labels[digits])
    apply_temperature(network, temperature)
    return temperature


def logits_model(
    network: keras.Model, model_class: type[keras.Model] = keras.Model
) -> keras.Model:
    """Return the same layers with (n, 11) logits as output: ten digits, and non-digit.

    The loss takes logits, since a probability could round to 0.
    """
    outputs = [network.get_layer(name).output for name in ("logits", "reject_logit")]
    return model_class(network.input, keras.layers.Concatenate()(outputs), name=network.name)


def initialize_from(network: keras.Model, checkpoint: keras.Model) -> None:
    """Copy the weights of another network. Raises FitError if its layers differ."""
    try:
        network.set_weights(checkpoint.get_weights())
    except ValueError:
        raise FitError(
            f"the network of --from ({checkpoint.name}) is not built like {network.name}. Name its "
            "architecture with --arch, or train without --from."
        ) from None


def training_model(network: keras.Model, settings: Settings, steps: int) -> keras.Model:
    """Return the logits model, compiled; `steps` are those of an epoch."""
    in_halves = keras.backend.backend() == "tensorflow" and settings.batch_size % 2 == 0
    model = logits_model(network, HalvesModel if in_halves else keras.Model)
    compile_for_training(model, settings, steps)
    return model


def compile_for_training(model: keras.Model, settings: Settings, steps: int) -> None:
    """Compile a logits model: AdamW with weight averaging, warm-up and cosine decay to zero.

    `steps` are those of an epoch. The warm-up takes an epoch, or a quarter of a shorter run.
    """
    total = steps * settings.epochs
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=settings.learning_rate / 100,
        warmup_target=settings.learning_rate,
        warmup_steps=min(steps, total // 4),
        decay_steps=total - min(steps, total // 4),
    )
    optimizer = keras.optimizers.AdamW(
        schedule,
        weight_decay=settings.weight_decay,
        beta_2=settings.beta_2,
        use_ema=settings.ema_fraction > 0,
        ema_momentum=1 - 1 / max(2, settings.ema_fraction * total),
    )
    # Scales and offsets are too few to overfit, and decay would counteract the normalisation.
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    # Without this, TensorFlow would create variables while tracing, and trace twice.
    optimizer.build(model.trainable_variables)
    model.compile(
        optimizer,
        losses(settings),
        metrics=[Accuracy(name="accuracy")],
        jit_compile=keras.backend.backend() == "jax",  # XLA is six times slower on TensorFlow
        steps_per_execution=STEPS_PER_EXECUTION,
    )
