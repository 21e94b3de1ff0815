"""Command-line options and environment variables of distributed training.

Imports no Keras: the options are read before Keras chooses its backend.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ENVIRONMENT_PREFIX = "DIGITPAD_"  # of the environment variables that replace options
JOINED_MARKER = "digitpad: all processes have joined"  # written to a worker's log
JOIN_TIMEOUT_SECONDS = 300  # jobs of a queue can start minutes apart
OLD_NAMES = {  # of options and variables; accepted until the next release
    "num-processes": "processes",
    "process-id": "process",
    "join-timeout": "wait",
}


class ClusterError(ValueError):
    """Processes that cannot train together; the message is one line with cause and remedy."""


@dataclass(frozen=True)
class ProcessSpec:
    """The identity of one process: its number, the group's size, and where to meet."""

    coordinator: str  # HOST:PORT at which process 0 listens
    num_processes: int
    process_id: int
    join_timeout: int = JOIN_TIMEOUT_SECONDS

    @property
    def name(self) -> str:
        """Name the process for messages, as `process 1 of 4`."""
        return f"process {self.process_id} of {self.num_processes}"

    @property
    def timeout_message(self) -> str:
        """Describe that the other processes did not connect in time."""
        return (
            f"{self.name}: not all processes connected to {self.coordinator} within "
            f"{self.join_timeout} s. Start all of them, or raise --join-timeout."
        )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of distributed training to a parser."""
    add = parser.add_argument_group("distributed training, see docs/distributed.md").add_argument
    add(
        "--distributed",
        action="store_true",
        help="train in several processes, on JAX; the options below may also come from the\n"
        f"environment, as {variable('coordinator')}, {variable('num-processes')},\n"
        f"{variable('process-id')} and {variable('join-timeout')}",
    )
    add("--coordinator", metavar="HOST:PORT", help="address at which process 0 listens")
    add("--num-processes", metavar="N", help="number of processes")
    add("--process-id", metavar="K", help="number of this process, from 0; only 0 writes files")
    add(
        "--join-timeout",
        metavar="SECONDS",
        help=f"time to wait for the other processes (default: {JOIN_TIMEOUT_SECONDS})",
    )
    for name, old in OLD_NAMES.items():
        add(
            f"--{old}",
            dest=name.replace("-", "_"),
            default=argparse.SUPPRESS,
            help=argparse.SUPPRESS,
        )


def variable(option: str) -> str:
    """Return the environment variable that replaces an option."""
    return ENVIRONMENT_PREFIX + option.upper().replace("-", "_")


def read_process_spec(arguments: Sequence[str], environment: Mapping[str, str]) -> ProcessSpec:
    """Read this process's identity from its options, else from the environment.

    Raises ClusterError when a value is missing or out of range.
    """
    parser = argparse.ArgumentParser(add_help=False)
    add_options(parser)
    options, _ = parser.parse_known_args(arguments)

    def value(name: str, default: object = None) -> str:
        given = getattr(options, name.replace("-", "_")) or environment.get(variable(name))
        given = given or environment.get(variable(OLD_NAMES.get(name, name))) or default
        if given is None:
            raise ClusterError(
                f"--distributed needs --{name}, or {variable(name)} in the environment"
            )
        return str(given)

    coordinator = parse_address(value("coordinator"))
    num_processes = parse_integer("num-processes", value("num-processes"), 1)
    return ProcessSpec(
        coordinator,
        num_processes,
        parse_integer("process-id", value("process-id"), 0, num_processes - 1),
        parse_integer("join-timeout", value("join-timeout", JOIN_TIMEOUT_SECONDS), 1),
    )


def parse_address(text: str) -> str:
    """Return a valid HOST:PORT unchanged. Raises ClusterError for anything else."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise ClusterError(f"--coordinator must be HOST:PORT, as 10.0.0.1:7000, not {text}")
    return text


def parse_integer(name: str, text: str, low: int, high: int | None = None) -> int:
    """Return an option's integer from `low` to `high`. Raises ClusterError for anything else."""
    if not text.isdecimal() or int(text) < low or (high is not None and int(text) > high):
        span = f"{low} or more" if high is None else f"from {low} to {high}"
        raise ClusterError(f"--{name} must be a whole number {span}, not {text}")
    return int(text)
