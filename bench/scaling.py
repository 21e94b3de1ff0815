"""Estimate the cost of a training step on many machines: `python -m bench.scaling`.

The program that XLA compiles for several devices contains the number of all-reduces and their
bytes. The computation of a step is timed here; the network between machines is modelled. Nothing
is trained or written.
"""

import argparse
import math
import os
import re
import statistics
import sys
import time
from collections.abc import Sequence

os.environ["KERAS_BACKEND"] = "jax"  # before Keras is imported

from train.network.build import build
from train.quiet import quiet

with quiet():
    import jax
    import keras
    import numpy as np

    from train.fitting.fit import training_model
    from train.fitting.settings import Settings
    from train.network.architectures import ARCHITECTURES
    from train.network.fast_kernels import fast_training_kernels
    from train.network.saving import FLOAT

DEVICES = 2  # the compiled program has the same all-reduces for any number
HOSTS = (2, 8, 64)
NETWORKS = {"1 Gbit/s": 1e9 / 8, "10 Gbit/s": 10e9 / 8}  # bytes per second
LATENCY = 50e-6  # seconds from a host to the next: TCP over a switch
STEPS = 20  # the median counts
ALL_REDUCE = re.compile(r"= (.*?) all-reduce(?:-start)?\(")
SHAPE = re.compile(r"[a-z]+(\d+)\[([\d,]*)\]")


def compiled_network(arch: str) -> tuple[keras.Model, keras.Model]:
    """Return a network and the model that trains it, ready for the first step."""
    network = build(arch)
    return network, training_model(network, Settings(arch=arch), 100)


def batch(images: int) -> tuple[np.ndarray, np.ndarray]:
    """Return random images (n, 28, 28, 1) and one-hot labels (n, 11), float32."""
    rng = np.random.default_rng(0)
    return rng.random((images, 28, 28, 1), np.float32), np.eye(11, dtype=np.float32)[
        rng.integers(0, 10, images)
    ]


def step_seconds(arch: str, images: int) -> float:
    """Return the seconds of a step on this machine if all its processors were fully used.

    Measured as processor time, because wall-clock time would include other programs.
    """
    network, trainer = compiled_network(arch)
    made = batch(images)
    with fast_training_kernels(network):
        trainer.train_on_batch(*made)  # compiles
        taken = []
        for _ in range(STEPS):
            began = time.process_time()
            trainer.train_on_batch(*made)
            taken.append(time.process_time() - began)
    return statistics.median(taken) / os.cpu_count()


def count_all_reduces(arch: str) -> tuple[int, int]:
    """Return the number of all-reduces in a step, and their bytes."""
    with keras.distribution.DataParallel(devices=jax.devices()).scope():
        network, trainer = compiled_network(arch)
        with fast_training_kernels(network):
            trainer.fit(*batch(2 * DEVICES), batch_size=2 * DEVICES, verbose=0)  # builds metrics
            groups = (
                trainer.trainable_variables,
                trainer.non_trainable_variables,
                trainer.optimizer.variables,
                trainer.metrics_variables,
            )
            state = tuple([variable.value for variable in group] for group in groups)
            layout = jax.sharding.NamedSharding(
                jax.sharding.Mesh(jax.devices(), "batch"), jax.sharding.PartitionSpec("batch")
            )
            made = jax.device_put(batch(2 * DEVICES), layout)
            program = jax.jit(trainer.train_step).lower(state, made).compile().as_text()
    shapes = ALL_REDUCE.findall(program)
    return len(shapes), sum(map(size, shapes))


def size(shapes: str) -> int:
    """Return the bytes of an XLA shape such as `f32[24,3]{1,0}`, or of a tuple of them."""
    return sum(
        int(bits) // 8 * math.prod(int(side) for side in sides.split(",") if side)
        for bits, sides in SHAPE.findall(shapes)
    )


def all_reduce_seconds(hosts: int, times: int, content: int, rate: float) -> float:
    """Return the seconds of `times` ring all-reduces of `content` bytes in all.

    Each takes 2(N-1) turns, and each host sends 2(N-1)/N of the bytes, at `rate` bytes per second:

    P. Patarasuk, X. Yuan, "Bandwidth optimal all-reduce algorithms", 2009.
    """
    return 2 * (hosts - 1) * (times * LATENCY + content / hosts / rate)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser("python -m bench.scaling", description=__doc__)
    parser.add_argument(
        "--arch", choices=ARCHITECTURES, default=Settings().arch, help="(default: %(default)s)"
    )
    parser.add_argument(
        "--each",
        type=int,
        nargs="+",
        default=[16, 128, 512],
        metavar="N",
        help="images per machine and step (default: 16 128 512)",
    )
    options = parser.parse_args(arguments)
    jax.config.update("jax_num_cpu_devices", DEVICES)
    times, content = count_all_reduces(options.arch)
    parameters = build(options.arch).count_params()
    print(
        f"{options.arch}: {parameters:,} parameters, {FLOAT * parameters:,} bytes; a step has "
        f"{times} all-reduces of {content:,} bytes in all; latency {LATENCY * 1e6:.0f} µs\n"
    )
    names = " | ".join(f"{name}: exchange | step | efficiency" for name in NETWORKS)
    print(f"| Images each | Computation | Hosts | Batch | {names} |")
    print("| ---: " * (4 + 3 * len(NETWORKS)) + "|")
    for each in options.each:
        computing = step_seconds(options.arch, each)
        for hosts in HOSTS:
            cells = [f"{each:,}", f"{computing * 1e3:.1f} ms", f"{hosts}", f"{each * hosts:,}"]
            for rate in NETWORKS.values():
                waiting = all_reduce_seconds(hosts, times, content, rate)
                step = computing + waiting
                cells += [f"{waiting * 1e3:.1f} ms", f"{step * 1e3:.1f} ms"]
                cells += [f"{computing / step:.0%}"]
            print("| " + " | ".join(cells) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
