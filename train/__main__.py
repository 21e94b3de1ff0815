"""Train a network on handwritten digits, save it twice and report on it: `python -m train`."""

import sys
import time

from train.distributed.launcher import INTERRUPTED, launch_worker
from train.distributed.options import ClusterError
from train.distributed.single_process import SINGLE_PROCESS, SingleProcess
from train.quiet import quiet

if __name__ == "__main__" and "--distributed" in sys.argv and "--help" not in sys.argv:
    sys.exit(launch_worker(sys.argv[1:]))  # before Keras is imported and chooses its backend

BEGAN = time.perf_counter()

with quiet():
    from files.drawings import DataError
    from train.data.unipen.characters import UnipenError
    from train.fitting.settings import FitError
    from train.options import parser
    from train.run import run

IMPORTS = time.perf_counter() - BEGAN  # seconds


def main(arguments: list[str] | None = None, process_group: SingleProcess = SINGLE_PROCESS) -> int:
    """Run the command line; return its exit status."""
    options = parser().parse_args(arguments)
    try:
        run(options, process_group, IMPORTS)
    except BlockingIOError:
        print(
            f"train: another run is writing {options.out}: wait, or choose another --out",
            file=sys.stderr,
        )
        return 1
    except (ClusterError, DataError, UnipenError, FitError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{INTERRUPTED}", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
