"""Options that the evaluations share."""

import argparse

from train.arguments import add_unipen, positive


def parser(
    name: str, description: str | None, counted: tuple[str, int, str] | None = None
) -> argparse.ArgumentParser:
    """Return a parser of `--unipen`, `--writers` and, if `counted`, of one more number.

    Args:
        name: of the module.
        description: shown by `--help`.
        counted: name, default and help of the number.
    """
    made = argparse.ArgumentParser(
        f"python -m {name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_unipen(made, "UNIPEN's archives", required=True)
    made.add_argument(
        "--writers", default="test", choices=("validation", "test"), help="(default: %(default)s)"
    )
    if counted:
        option, default, help = counted
        help += " (default: %(default)s)"
        made.add_argument(f"--{option}", type=positive, default=default, metavar="N", help=help)
    return made
