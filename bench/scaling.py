"""What a step of training costs among many machines: `python -m bench.scaling`.

The program that JAX makes for several devices says how often they add up, and how many bytes; a
step's computation is timed here; a network is assumed. Nothing is trained and nothing written.
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

    from train.fitting.fit import compile_for_training, logits_model
    from train.fitting.settings import Settings
    from train.network.architectures import ARCHITECTURES
    from train.network.fast_kernels import fast_training_kernels
    from train.network.saving import FLOAT

DEVICES = 2  # for the program alone: it has the same sums for any number of them
HOSTS = (2, 8, 64)
NETWORKS = {"1 Gbit/s": 1e9 / 8, "10 Gbit/s": 10e9 / 8}  # bytes a second
LATENCY = 50e-6  # seconds from a host to the next: TCP over a switch
STEPS = 20  # of which the median counts
SUM = re.compile(r"= (.*?) all-reduce(?:-start)?\(")
SHAPE = re.compile(r"[a-z]+(\d+)\[([\d,]*)\]")


def started(arch: str) -> tuple[keras.Model, keras.Model]:
    """A network, and its trainer, ready for the first step."""
    network = build(arch)
    trainer = logits_model(network)
    compile_for_training(trainer, Settings(arch=arch), 100)
    return network, trainer


def batch(images: int) -> tuple[np.ndarray, np.ndarray]:
    """Any images and labels."""
    rng = np.random.default_rng(0)
    return rng.random((images, 28, 28, 1), np.float32), np.eye(11, dtype=np.float32)[
        rng.integers(0, 10, images)
    ]


def seconds(arch: str, images: int) -> float:
    """Of a step with so many images here, had all processors worked on it all the time.

    By processor time, since the clock's would count the machine's other work.
    """
    network, trainer = started(arch)
    made = batch(images)
    with fast_training_kernels(network):
        trainer.train_on_batch(*made)  # compiles
        taken = []
        for _ in range(STEPS):
            began = time.process_time()
            trainer.train_on_batch(*made)
            taken.append(time.process_time() - began)
    return statistics.median(taken) / os.cpu_count()


def sums(arch: str) -> tuple[int, int]:
    """How often the devices add up in a step, and how many bytes in all."""
    with keras.distribution.DataParallel(devices=jax.devices()).scope():
        network, trainer = started(arch)
        with fast_training_kernels(network):
            trainer.fit(*batch(2 * DEVICES), batch_size=2 * DEVICES, verbose=0)  # builds all
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
    shapes = SUM.findall(program)
    return len(shapes), sum(map(size, shapes))


def size(shapes: str) -> int:
    """Bytes of `f32[24,3]{1,0}`, or of several in brackets."""
    return sum(
        int(bits) // 8 * math.prod(int(side) for side in sides.split(",") if side)
        for bits, sides in SHAPE.findall(shapes)
    )


def exchange(hosts: int, times: int, content: int, rate: float) -> float:
    """Seconds to add up round a ring: 2(N-1) turns each time, 2(N-1)/N of the bytes in all.

    P. Patarasuk, X. Yuan, "Bandwidth optimal all-reduce algorithms", 2009.
    """
    return 2 * (hosts - 1) * (times * LATENCY + content / hosts / rate)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser("python -m bench.scaling", description=__doc__)
    parser.add_argument("--arch", choices=ARCHITECTURES, default=Settings().arch)
    parser.add_argument("--each", type=int, nargs="+", default=[16, 128, 512], metavar="N")
    options = parser.parse_args(arguments)
    jax.config.update("jax_num_cpu_devices", DEVICES)
    times, content = sums(options.arch)
    parameters = build(options.arch).count_params()
    print(
        f"{options.arch}: {parameters:,} parameters, {FLOAT * parameters:,} bytes; a step adds up "
        f"{times} times, {content:,} bytes in all; latency {LATENCY * 1e6:.0f} µs\n"
    )
    names = " | ".join(f"{name}: exchange | step | efficiency" for name in NETWORKS)
    print(f"| Images each | Computation | Hosts | Batch | {names} |")
    print("| ---: " * (4 + 3 * len(NETWORKS)) + "|")
    for each in options.each:
        computing = seconds(options.arch, each)
        for hosts in HOSTS:
            cells = [f"{each:,}", f"{computing * 1e3:.1f} ms", f"{hosts}", f"{each * hosts:,}"]
            for rate in NETWORKS.values():
                waiting = exchange(hosts, times, content, rate)
                step = computing + waiting
                cells += [f"{waiting * 1e3:.1f} ms", f"{step * 1e3:.1f} ms"]
                cells += [f"{computing / step:.0%}"]
            print("| " + " | ".join(cells) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
