"""Add an output for marks to the trained network: `. , - + / : ( ) # % $`.

    python -m train.marks --unipen PATH…      fit the head; write models/digits.keras
    python -m export                          export the network for the page
    python -m export.marks --unipen PATH…     fit what the page makes of it

The other outputs stay as they are, to the last bit; final_mnist_cnn.h5 has the digits alone.
"""

import argparse
import sys
from pathlib import Path

from train.arguments import add_unipen, seed
from train.quiet import quiet

with quiet():
    from files.atomic import write_atomically
    from train.data.unipen.characters import UnipenError
    from train.marks.head import count_recognised, fit_head
    from train.network.build import has_rejection_head, with_marks
    from train.network.saving import load_network, save
    from train.reporting.provenance import sha256
    from train.samples.unipen_ink import read_ink

MODELS = Path(__file__).parents[2] / "models"
NETWORK = "digits.keras"
# Files that name it by its checksum.
NAMED_IN = ("report.json", "report/index.html", "MODEL_CARD.md", "strokes.json")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = parser().parse_args(arguments)
    try:
        run(options)
    except (UnipenError, OSError) as error:
        sys.exit(f"digitpad: {error}")


def run(options: argparse.Namespace) -> None:
    """Fit the head, print how marks are told apart, and write the network."""
    path = options.models / NETWORK
    before, network = sha256(path) if path.exists() else "", load_network(path)
    if not has_rejection_head(network):
        raise OSError(f"{path}: no network of `python -m train`, which has named outputs")
    ink = read_ink(options.unipen)
    network = with_marks(network, *fit_head(network, ink, options.seed))
    for split in ("validation", "test"):
        print(describe(split, count_recognised(network, ink, split, options.seed)))
    save(network, options.models)
    rename(options.models, before)
    print(f"wrote {path}")


def rename(models: Path, before: str) -> None:
    """Let the files that belong to the network name it by its new checksum."""
    after = sha256(models / NETWORK)
    for path in (models / name for name in NAMED_IN):
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if before in text:
            content = text.replace(before, after).encode()
            write_atomically(path, lambda file, content=content: file.write(content))


def describe(split: str, counts: dict[str, dict[str, int]]) -> str:
    """Say how many characters of each class are told right by their image alone."""
    shares = ", ".join(f"{name} {c['right']} of {c['characters']}" for name, c in counts.items())
    return f"{split} writers, by the image alone: {shares}"


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    made = argparse.ArgumentParser(
        "python -m train.marks",
        description="Add an output for marks to the trained network, fitted to UNIPEN's symbols.",
    )
    add_unipen(made, "UNIPEN's archives (.tar.xz) or directories", required=True)
    made.add_argument("--seed", type=seed, default=0, metavar="N", help="default: %(default)s")
    made.add_argument(
        "--models",
        type=Path,
        default=MODELS,
        metavar="DIR",
        help=f"holds {NETWORK} (default: models)",
    )
    return made


if __name__ == "__main__":
    main()
