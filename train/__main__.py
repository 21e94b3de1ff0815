"""Train a network on handwritten digits and report on it: `python -m train`."""

import sys
import time
from types import ModuleType

from files.drawings import DataError
from train.data.unipen.characters import UnipenError
from train.distributed.launcher import INTERRUPTED, launch_worker
from train.distributed.options import ClusterError
from train.distributed.single_process import SINGLE_PROCESS, SingleProcess
from train.fitting.settings import FitError
from train.options import (
    check_distributed_options,
    is_fine_tuning,
    parser,
    read_run_data,
    settings_of,
)
from train.quiet import import_keras, meanwhile, quiet, share_cores


def main(arguments: list[str] | None = None, process_group: SingleProcess = SINGLE_PROCESS) -> int:
    """Run the command line; return its exit status."""
    options = parser().parse_args(arguments)
    try:
        if is_fine_tuning(options):
            import_run().fine_tune(options)
            return 0
        check_distributed_options(options, process_group)
        if options.profile:
            began = time.perf_counter()
            run = import_run()
            run.profile(options, import_seconds=time.perf_counter() - began)
        elif options.preview_augmentation:
            import_run().preview_augmentation(options)
        else:
            with meanwhile(read_run_data, options, settings_of(options)) as read:
                import_run().train(options, read, process_group)
    except BlockingIOError:
        print(
            f"train: another run is writing {options.out}. Wait for it, or choose another --out.",
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


def import_run() -> ModuleType:
    """Import what runs on TensorFlow, or on JAX in a worker of a distributed run."""
    import_keras()
    with quiet():
        from train import run

    return run


if __name__ == "__main__":
    if "--distributed" in sys.argv and "--help" not in sys.argv:
        sys.exit(launch_worker(sys.argv[1:]))  # a child, in which Keras runs on JAX
    share_cores()
    sys.exit(main())
