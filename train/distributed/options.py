"""Where a process stands among those that train one network together.

Nothing here imports Keras: it is read before Keras chooses its backend.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NAMED = "DIGITPAD_"  # begins the names of the variables that stand in for options
JOINED = "digitpad: all processes are there"  # in a worker's log, for its supervisor
WAIT = 300  # seconds; the jobs of a queue start minutes apart at times


class ClusterError(ValueError):
    """Processes that cannot train together; one line that says why and what to do."""


@dataclass(frozen=True)
class Place:
    """A process: which of how many, where process 0 listens, how long to wait for the others."""

    coordinator: str  # HOST:PORT
    processes: int
    process: int
    wait: int = WAIT  # seconds

    @property
    def name(self) -> str:
        """For messages."""
        return f"process {self.process} of {self.processes}"

    @property
    def late(self) -> str:
        """What to say when the others have not come."""
        return (
            f"{self.name}: not all came to {self.coordinator} within {self.wait} s: start all of "
            "them, or give more time with --wait"
        )


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that say where a process stands."""
    add = parser.add_argument_group("many machines, see docs/distributed.md").add_argument
    add(
        "--distributed",
        action="store_true",
        help="train with other processes, on JAX; the rest may also come from the environment,\n"
        f"as {NAMED}COORDINATOR, {NAMED}PROCESSES, {NAMED}PROCESS and {NAMED}WAIT",
    )
    add("--coordinator", metavar="HOST:PORT", help="where process 0 listens for the others")
    add("--processes", metavar="N", help="how many processes there are")
    add("--process", metavar="K", help="which one this is, from 0 on; 0 alone writes files")
    add("--wait", metavar="SECONDS", help=f"for the others to come ({WAIT})")


def place_of(arguments: Sequence[str], environment: Mapping[str, str]) -> Place:
    """This process's place, by command line and environment. Raises ClusterError."""
    parser = argparse.ArgumentParser(add_help=False)
    add_options(parser)
    options, _ = parser.parse_known_args(arguments)

    def named(name: str, otherwise: object = None) -> str:
        given = getattr(options, name) or environment.get(NAMED + name.upper()) or otherwise
        if given is None:
            raise ClusterError(
                f"--distributed needs --{name}, or {NAMED}{name.upper()} in the environment"
            )
        return str(given)

    coordinator = address(named("coordinator"))
    processes = whole("processes", named("processes"), 1)
    return Place(
        coordinator,
        processes,
        whole("process", named("process"), 0, processes - 1),
        whole("wait", named("wait", WAIT), 1),
    )


def address(text: str) -> str:
    """HOST:PORT, or ClusterError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise ClusterError(f"--coordinator must be HOST:PORT, as 10.0.0.1:7000, not {text}")
    return text


def whole(name: str, text: str, least: int, most: int | None = None) -> int:
    """A whole number from `least` to `most`, or ClusterError."""
    if not text.isdecimal() or int(text) < least or (most is not None and int(text) > most):
        span = f"{least} or more" if most is None else f"from {least} to {most}"
        raise ClusterError(f"--{name} must be a whole number {span}, not {text}")
    return int(text)
