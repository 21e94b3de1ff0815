"""From samples to a trained network: one schedule, a backup after every epoch, calibration."""

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np

from train.distributed.single_process import SINGLE_PROCESS, SingleProcess
from train.fitting.batches import Batches, one_hot
from train.fitting.calibration import temper, temperature
from train.fitting.checkpoint import Backup, Reseed, check_work
from train.fitting.distillation import council
from train.fitting.losses import Accuracy, losses
from train.fitting.settings import FitError, Settings
from train.network.build import CLASSES, build
from train.network.fast_kernels import faster
from train.samples.training_set import NOT_A_DIGIT, TrainingSet, inputs

TOGETHER = 16  # steps between which Python has no say: a tenth faster than 1 for small networks
EVALUATED = 500  # images at once where nothing is learnt: no gradients, and so little memory


def fit(
    training_set: TrainingSet,
    validation: tuple[np.ndarray, np.ndarray],
    settings: Settings,
    work: Path,
    *,
    resume: bool = False,
    start: keras.Model | None = None,
    teachers: Sequence[keras.Model] = (),
    tensorboard: Path | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    keep: Callable[[keras.Model, list, float], object] = lambda *finished: None,
    process_group: SingleProcess = SINGLE_PROCESS,
) -> tuple[keras.Model, list[dict[str, float]], float]:
    """Train a network; with `resume` go on with the run whose backup lies in `work`.

    Args:
        training_set: what to learn from.
        validation: (n, 28, 28) uint8 images and (n,) labels, watched and never learnt from.
            Labels here and in `training_set` are 0..9, or NOT_A_DIGIT.
        settings: see `Settings`.
        work: a directory of this run's own; every epoch leaves a backup there, and it is gone
            when the run is through.
        resume: go on after the last whole epoch; without a backup it is a new run.
        start: a network whose weights to begin with in place of random ones.
        teachers: networks to learn from beside the labels, from what they say on average.
        tensorboard: where to write TensorBoard's logs.
        callbacks: others who want to be told how it goes, after those that train by it.
        keep: is given what `fit` returns while the backup still stands: what it cannot save can be
            resumed.
        process_group: the processes that train together; only the primary one writes files,
            calibrates and calls `keep`.

    Returns:
        the network, calibrated on `validation`, what each epoch's log said, and the temperature by
        which its logits were divided. (1, and not calibrated, in all processes but the first.)

    Raises:
        FitError: `work` holds an unfinished run that is not resumed, or one of other settings;
            or learning diverged, and there is nothing to keep.
    """
    if process_group.is_primary:
        check_work(work, settings, resume)
    process_group.check_same_on_all_processes(
        settings, training_set.images, training_set.labels, *(start.get_weights() if start else ())
    )
    with process_group.distributed_scope():
        network, history = learn(
            training_set,
            validation,
            settings,
            work,
            start,
            teachers,
            tensorboard,
            callbacks,
            process_group,
        )
    network = process_group.detach(network)
    if not process_group.is_primary:
        return network, history, 1.0
    if not all(np.isfinite(weights).all() for weights in network.get_weights()):
        shutil.rmtree(work)
        raise FitError("learning diverged, nothing is saved: try a lower --learning-rate")
    images, labels = inputs(validation[0]), validation[1]
    digits = labels != NOT_A_DIGIT
    said = trainer_of(network).predict(images[digits], batch_size=EVALUATED, verbose=0)
    divisor = temperature(said[:, :CLASSES], labels[digits])
    temper(network, divisor)
    keep(network, history, divisor)
    shutil.rmtree(work)
    return network, history, divisor


def learn(
    training_set: TrainingSet,
    validation: tuple[np.ndarray, np.ndarray],
    settings: Settings,
    work: Path,
    start: keras.Model | None,
    teachers: Sequence[keras.Model],
    tensorboard: Path | None,
    callbacks: Sequence[keras.callbacks.Callback],
    process_group: SingleProcess,
) -> tuple[keras.Model, list[dict[str, float]]]:
    """As `fit`, without calibration: the network and what each epoch's log said."""
    keras.utils.set_random_seed(settings.seed)
    network = build(settings.arch)
    if start is not None:
        begin_with(network, start)
    trainer = trainer_of(network)
    backup = Backup(work, process_group)
    teacher = council(teachers) if teachers else None
    batches = Batches(
        training_set, settings, epoch=backup.epoch, teacher=teacher, process_group=process_group
    )
    compile_for_training(trainer, settings, len(batches))
    watched, together = process_group.shard_validation(
        inputs(validation[0]), one_hot(validation[1]), EVALUATED
    )
    callbacks = [backup, Reseed(settings.seed), keras.callbacks.TerminateOnNaN(), *callbacks]
    if settings.averaging:
        callbacks.insert(0, keras.callbacks.SwapEMAWeights())  # validation judges the average
    if tensorboard and process_group.is_primary:
        callbacks.append(keras.callbacks.TensorBoard(tensorboard))
    with faster(network):
        trainer.fit(
            batches,
            initial_epoch=backup.epoch,
            epochs=settings.epochs,
            shuffle=False,  # the batches are shuffled already
            validation_data=watched,
            validation_batch_size=together,
            callbacks=callbacks,
            verbose=(1 if sys.stdout.isatty() else 2) if process_group.is_primary else 0,
        )
    return network, backup.history


def trainer_of(network: keras.Model) -> keras.Model:
    """The same layers with (n, 11) logits: of the ten digits, and of what is none.

    The loss takes logits, which is exact where a probability would round to 0.
    """
    both = [network.get_layer(name).output for name in ("logits", "doubt")]
    return keras.Model(network.input, keras.layers.Concatenate()(both), name=network.name)


def begin_with(network: keras.Model, start: keras.Model) -> None:
    """Take over the weights of another network; FitError unless it is built alike."""
    try:
        network.set_weights(start.get_weights())
    except ValueError:
        raise FitError(
            f"the network to begin with ({start.name}) is not built like {network.name}: name its "
            "own architecture with --arch, or begin anew"
        ) from None


def compile_for_training(trainer: keras.Model, settings: Settings, steps: int) -> None:
    """AdamW with averaged weights, an epoch of warm-up at most and a cosine to zero."""
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
        use_ema=settings.averaging > 0,
        ema_momentum=1 - 1 / max(2, settings.averaging * total),
    )
    # Scales and offsets are too few to overfit, and decay would only fight the normalisation.
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    # A variable that is first met while TensorFlow traces makes it trace all once more.
    optimizer.build(trainer.trainable_variables)
    trainer.compile(
        optimizer,
        losses(settings),
        metrics=[Accuracy(name="accuracy")],
        jit_compile=keras.backend.backend() == "jax",  # TensorFlow: XLA is six times slower
        steps_per_execution=TOGETHER,
    )
