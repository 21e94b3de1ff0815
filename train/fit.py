"""From samples to a trained network: one schedule, a backup after every epoch, calibration."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from files.atomic import require_room
from train.distributed.single_process import ALONE, Alone
from train.network import build
from train.network.fast_kernels import faster
from train.network.saving import FLOAT, OVERHEAD
from train.samples.augment import GENTLE, Strength, parameters, vary
from train.samples.training_set import NOT_A_DIGIT, Samples

TOGETHER = 16  # steps between which Python has no say: a tenth faster than 1 for small networks
STATES = 4  # numbers kept of each weight: itself, the optimiser's two moments, its average
EVALUATED = 500  # images at once where nothing is learnt: no gradients, and so little memory


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


class Batches(keras.utils.PyDataset):
    """Shuffled, augmented batches; sample, epoch and seed decide all of them."""

    def __init__(
        self,
        samples: Samples,
        settings: Settings,
        epoch: int = 0,
        teacher: Callable[[tf.Tensor], tf.Tensor] | None = None,
        crew: Alone = ALONE,
    ) -> None:
        """Begin with `epoch`, so that a resumed run goes on where it stopped.

        `teacher` says of (n, 28, 28, 1) images of digits which they are: (n, 10) probabilities.
        Of each batch, the rows that are the process's own in its `crew` are made.
        """
        super().__init__()
        self.samples, self.settings, self.epoch = samples, settings, epoch
        self.teacher = teacher
        self.own, self.even = crew.part(settings.batch), crew.even
        self.prepare()

    def prepare(self) -> None:
        """Draw this epoch's samples, their order and their variation."""
        seed, epoch = self.settings.seed, self.epoch
        self.indices = self.samples.epoch(
            epoch, seed, self.settings.renderings, self.settings.negatives
        )
        pixels, strength = self.samples.pixels, self.settings.variation
        self.rows = np.concatenate(
            [
                parameters(pixels, seed, 2 * epoch, Strength().scaled(strength)),
                # The ink's hand varied as strokes already; the field moves a little more.
                parameters(
                    len(self.indices) - pixels, seed, 2 * epoch + 1, GENTLE.scaled(strength)
                ),
            ]
        )
        self.order = np.random.default_rng([seed, epoch, 2]).permutation(len(self.indices))
        if self.even:  # the last batch is filled up with what the epoch began with
            self.order = np.resize(self.order, len(self) * self.settings.batch)

    def __len__(self) -> int:
        """Batches in an epoch."""
        return -(-len(self.order) // self.settings.batch)

    def __getitem__(self, number: int) -> tuple:
        """Batch `number`: (n, 28, 28, 1) float32 images and (n, 11) labels as `one_hot` gives them.

        With a teacher, what it says of an image has its share in the label of a digit.
        """
        batch = self.order[number * self.settings.batch : (number + 1) * self.settings.batch]
        labels = self.samples.labels[self.indices[batch[self.own]]]
        images, truth = self.varied(batch), one_hot(labels)
        if self.teacher:
            digits = np.flatnonzero(labels != NOT_A_DIGIT)
            said = self.teacher(images[digits]).numpy()
            truth[digits, : build.CLASSES] *= 1 - self.settings.teaching
            truth[digits, : build.CLASSES] += self.settings.teaching * said
        return images, truth

    def varied(self, batch: np.ndarray) -> np.ndarray:
        """Own images of a batch, by places in the epoch, augmented: (n, 28, 28, 1) float32."""
        places = batch[self.own]
        images = self.samples.images[self.indices[places]]
        if not self.settings.variation:
            return inputs(images)
        return vary(images, self.rows[places], self.rows[batch[0]], self.own.start).numpy()

    def on_epoch_end(self) -> None:
        """Go on to the next epoch."""
        self.epoch += 1
        self.prepare()


def fit(
    samples: Samples,
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
    crew: Alone = ALONE,
) -> tuple[keras.Model, list[dict[str, float]], float]:
    """Train a network; with `resume` go on with the run whose backup lies in `work`.

    Args:
        samples: what to learn from.
        validation: (n, 28, 28) uint8 images and (n,) labels, watched and never learnt from.
            Labels here and in `samples` are 0..9, or NOT_A_DIGIT.
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
        crew: the processes that train it together; the first alone writes, calibrates and keeps.

    Returns:
        the network, calibrated on `validation`, what each epoch's log said, and the temperature by
        which its logits were divided. (1, and not calibrated, in all processes but the first.)

    Raises:
        FitError: `work` holds an unfinished run that is not resumed, or one of other settings;
            or learning diverged, and there is nothing to keep.
    """
    if crew.leads:
        check_work(work, settings, resume)
    crew.agree(settings, samples.images, samples.labels, *(start.get_weights() if start else ()))
    with crew.together():
        network, history = learn(
            samples, validation, settings, work, start, teachers, tensorboard, callbacks, crew
        )
    network = crew.released(network)
    if not crew.leads:
        return network, history, 1.0
    if not all(np.isfinite(weights).all() for weights in network.get_weights()):
        shutil.rmtree(work)
        raise FitError("learning diverged, nothing is saved: try a lower --learning-rate")
    images, labels = inputs(validation[0]), validation[1]
    digits = labels != NOT_A_DIGIT
    said = trainer_of(network).predict(images[digits], batch_size=EVALUATED, verbose=0)
    divisor = temperature(said[:, : build.CLASSES], labels[digits])
    temper(network, divisor)
    keep(network, history, divisor)
    shutil.rmtree(work)
    return network, history, divisor


def learn(
    samples: Samples,
    validation: tuple[np.ndarray, np.ndarray],
    settings: Settings,
    work: Path,
    start: keras.Model | None,
    teachers: Sequence[keras.Model],
    tensorboard: Path | None,
    callbacks: Sequence[keras.callbacks.Callback],
    crew: Alone,
) -> tuple[keras.Model, list[dict[str, float]]]:
    """As `fit`, without calibration: the network and what each epoch's log said."""
    keras.utils.set_random_seed(settings.seed)
    network = build.build(settings.arch)
    if start is not None:
        begin_with(network, start)
    trainer = trainer_of(network)
    backup = Backup(work, crew)
    teacher = council(teachers) if teachers else None
    batches = Batches(samples, settings, epoch=backup.epoch, teacher=teacher, crew=crew)
    compile_for_training(trainer, settings, len(batches))
    watched, together = crew.watched(inputs(validation[0]), one_hot(validation[1]), EVALUATED)
    callbacks = [backup, Reseed(settings.seed), keras.callbacks.TerminateOnNaN(), *callbacks]
    if settings.averaging:
        callbacks.insert(0, keras.callbacks.SwapEMAWeights())  # validation judges the average
    if tensorboard and crew.leads:
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
            verbose=(1 if sys.stdout.isatty() else 2) if crew.leads else 0,
        )
    return network, backup.history


def trainer_of(network: keras.Model) -> keras.Model:
    """The same layers with (n, 11) logits: of the ten digits, and of what is none.

    The loss takes logits, which is exact where a probability would round to 0.
    """
    both = [network.get_layer(name).output for name in ("logits", "doubt")]
    return keras.Model(network.input, keras.layers.Concatenate()(both), name=network.name)


def council(teachers: Sequence[keras.Model]) -> Callable[[tf.Tensor], tf.Tensor]:
    """What networks say on average: (n, 10) probabilities of (n, 28, 28, 1) images.

    To learn from it is distillation: G. Hinton et al., "Distilling the Knowledge in a Neural
    Network", 2015, https://arxiv.org/abs/1503.02531
    """

    @tf.function(jit_compile=False, reduce_retracing=True)
    def say(images: tf.Tensor) -> tf.Tensor:
        return tf.add_n([teacher(images, training=False) for teacher in teachers]) / len(teachers)

    return say


def check_work(work: Path, settings: Settings, resume: bool) -> None:
    """Make `work` this run's own, or raise FitError where another run would be lost or mixed in."""
    file = work / "settings.json"
    mine = asdict(settings)
    if any(work.glob("epoch-*")):
        if not resume:
            raise FitError(f"{work} holds an unfinished run: go on with --resume, or delete it")
        if json.loads(file.read_text()) != mine:
            raise FitError(f"{work} holds a run with other settings: use those, or delete it")
    else:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        file.write_text(json.dumps(mine))


def begin_with(network: keras.Model, start: keras.Model) -> None:
    """Take over the weights of another network; FitError unless it is built alike."""
    try:
        network.set_weights(start.get_weights())
    except ValueError:
        raise FitError(
            f"the network to begin with ({start.name}) is not built like {network.name}: name its "
            "own architecture with --arch, or begin anew"
        ) from None


def one_hot(labels: np.ndarray) -> np.ndarray:
    """(n, 11) float32 for (n,) labels: ten digits, and a column for what is none."""
    return np.eye(build.CLASSES + 1, dtype=np.float32)[labels]


def losses(settings: Settings) -> Callable[[keras.KerasTensor, keras.KerasTensor], object]:
    """The loss of (n, 11) logits against `one_hot` labels: which digit it is, and whether one.

    What is no digit has no say in which digit: its row of zeros gives no loss, but TensorFlow's
    gradient takes rows to sum to 1, and so it is masked.
    """

    def loss(truth: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        digit = 1 - truth[:, build.CLASSES]
        which = keras.losses.categorical_crossentropy(
            truth[:, : build.CLASSES],
            logits[:, : build.CLASSES],
            from_logits=True,
            label_smoothing=settings.label_smoothing,
        )
        whether = keras.losses.binary_crossentropy(
            truth[:, build.CLASSES :], logits[:, build.CLASSES :], from_logits=True
        )
        return digit * which + settings.doubt * whether

    return loss


class Accuracy(keras.metrics.Mean):
    """Share of the digits that are read right; what is no digit does not count."""

    def update_state(
        self, truth: keras.KerasTensor, logits: keras.KerasTensor, sample_weight: None = None
    ) -> None:
        """Add a batch of (n, 11) `one_hot` labels and logits."""
        read = keras.ops.argmax(logits[:, : build.CLASSES], axis=1)
        right = read == keras.ops.argmax(truth, axis=1)
        super().update_state(right, sample_weight=1 - truth[:, build.CLASSES])


def inputs(images: np.ndarray) -> np.ndarray:
    """The network's input for (n, 28, 28) uint8 images: (n, 28, 28, 1) float32 in [0, 1]."""
    return images[..., None].astype(np.float32) / 255


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


class Backup(keras.callbacks.Callback):
    """Keep the last finished epoch: weights, optimiser and history, under one name at once.

    Keras' BackupAndRestore writes weights and epoch into two files; a kill between the two leaves
    a pair that does not match. Here both stand in a directory that is renamed into place.
    """

    def __init__(self, work: Path, crew: Alone = ALONE) -> None:
        """Find the last whole backup in `work`, which is the first process's."""
        super().__init__()
        self.work, self.crew = work, crew
        found = sorted(work.glob("epoch-???")) if crew.leads else []
        self.latest = found[-1] if found else None
        self.epoch = crew.told(int(self.latest.name.removeprefix("epoch-")) if self.latest else 0)
        self.history = json.loads((self.latest / "history.json").read_text()) if self.latest else []

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Restore weights and optimiser."""
        if self.epoch:
            self.model.optimizer.build(self.model.trainable_variables)
            self.crew.load(self.model, self.latest and self.latest / "state.weights.h5")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Write aside, rename, and only then drop the backup before."""
        if not self.crew.leads:
            return
        self.history.append({"epoch": epoch + 1} | {k: float(v) for k, v in (logs or {}).items()})
        aside = self.work / "unfinished"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        require_room(aside, STATES * FLOAT * self.model.count_params() + OVERHEAD)
        with self.crew.apart():
            self.model.save_weights(aside / "state.weights.h5")
        (aside / "history.json").write_text(json.dumps(self.history))
        before, self.latest = self.latest, self.work / f"epoch-{epoch + 1:03}"
        os.rename(aside, self.latest)
        if before:
            shutil.rmtree(before)


class Reseed(keras.callbacks.Callback):
    """Let dropout draw from the seed and the epoch, so that a resumed run drops the same.

    Saved weights leave the state of the layers' generators out.
    """

    def __init__(self, seed: int) -> None:
        """Take the run's seed."""
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Set every generator; each step counts the second number up by one."""
        for number, layer in enumerate(self.model.layers):
            if generator := getattr(layer, "seed_generator", None):
                generator.state.assign([self.seed + number, epoch << 20])


def temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The divisor of (n, 10) logits that makes probabilities of (n,) labels most likely.

    C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    """
    candidates = np.geomspace(0.25, 4, 401)  # steps of 0.7%
    return float(min(candidates, key=lambda t: negative_log_likelihood(logits / t, labels)))


def negative_log_likelihood(logits: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -log p(label) for (n, 10) logits and (n,) labels."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    right = shifted[np.arange(len(labels)), labels]
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - right))


def temper(network: keras.Model, divisor: float) -> None:
    """Fold a temperature into the last dense layer, so that every copy of the network agrees."""
    layer = network.get_layer("logits")
    layer.set_weights([weights / divisor for weights in layer.get_weights()])
