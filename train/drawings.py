"""What files of drawings hold: how many of each label, what is there twice, what may be a slip.

python -m train.drawings drawings.jsonl                     counts, doubts, and a sheet of them all
python -m train.drawings a.jsonl b.jsonl --merge all.jsonl  one file of them, without repetitions

Of single digits a network tells which it would surely have read otherwise.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from files.atomic import write_atomically
from files.drawings import DataError, LabelledDrawing, to_line
from train.data.drawings import DIGITS, read
from train.label_check import near_duplicates
from train.quiet import quiet

NAMED = 20  # of each finding; the rest are counted


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = parser().parse_args(arguments)
    try:
        run(options)
    except (DataError, OSError) as error:
        print(f"train.drawings: {error}", file=sys.stderr)
        return 1
    return 0


def run(options: argparse.Namespace) -> None:
    """Count, look for repetitions, merge, ask the network, draw the sheet."""
    entries = [entry for file in options.files for entry in read(file)]
    first = options.files[0]
    sheet = options.sheet or first.with_name(f"{first.stem}-sheet.png")
    check_places(sheet, options.merge, options.files)
    if not entries:
        raise DataError(f"{', '.join(map(str, options.files))}: no drawing in there")
    print(counts(entries), flush=True)
    pairs = near_duplicates.near([entry.strokes for entry in entries])
    report("drawn twice, or almost", [twice(entries[a], entries[b]) for a, b in pairs])
    if options.merge:
        print(f"wrote {merge(options.merge, entries):,} drawings to {options.merge}")
    with quiet():  # TensorFlow: the counts do not wait for it
        from train.label_check import contact_sheet, mislabelled

        found = mislabelled.find(entries, options.model)
    report(
        f"of {sum(entry.label in DIGITS for entry in entries):,} single digits, "
        "surely another to the network",
        [disbelieved(entries[each.index], each.reading, each.confidence) for each in found],
    )
    shown = contact_sheet.write(sheet, entries, {each.index for each in found})
    print(f"wrote {sheet}" + (f", {shown:,} of them" if shown < len(entries) else ""))


def counts(entries: Sequence[LabelledDrawing]) -> str:
    """A line for each label, the digits first, those without a drawing too, and the sum."""
    found = Counter(entry.label for entry in entries)
    others = sorted(found.keys() - DIGITS, key=lambda label: (len(label), label))
    rows = [("label", "drawings")]
    rows += [(ascii(label)[1:-1], found[label]) for label in [*sorted(DIGITS), *others]]
    rows += [("all", len(entries))]
    width = max(len(label) for label, _ in rows)
    return "\n".join(f"{label:{width}}  {count:>8}" for label, count in rows)


def twice(first: LabelledDrawing, second: LabelledDrawing) -> str:
    """A pair of drawings of the same ink, or almost."""
    same = "the same" if first.strokes == second.strokes else "almost the same"
    labels = "" if first.label == second.label else f" but {second.label!a}, not {first.label!a}"
    return f"{second.source}: {same} as {first.source}{labels}"


def disbelieved(entry: LabelledDrawing, reading: int | None, confidence: float) -> str:
    """A drawing, its label and what the network takes it for."""
    read_as = "no digit" if reading is None else f"a {reading}"
    return f"{entry.source}: labelled {entry.label}, reads as {read_as} ({confidence:.1%} sure)"


def report(finding: str, lines: Sequence[str]) -> None:
    """Print how many there are, and the first of them."""
    print(f"{len(lines):,} {finding}" + (":" if lines else ""))
    for line in lines[:NAMED]:
        print(f"  {line}")
    if len(lines) > NAMED:
        print(f"  and {len(lines) - NAMED:,} more")


def check_places(sheet: Path, merged: Path | None, files: Sequence[Path]) -> None:
    """Raise DataError where the drawings of a file would be lost."""
    drawn = sheet.resolve()
    if drawn in [each.resolve() for each in [*files, *([merged] if merged else [])]]:
        raise DataError(f"{sheet} is for drawings: give --sheet a name of its own")
    if merged and merged.exists() and not any(map(merged.samefile, files)):
        raise DataError(
            f"{merged} is there already: name it among the files, to keep its drawings, or give "
            "--merge another name"
        )


def merge(path: Path, entries: Sequence[LabelledDrawing]) -> int:
    """Write all drawings but those with equal ink, times and label; return how many."""
    lines = dict.fromkeys(map(to_line, entries))
    write_atomically(path, lambda file: file.writelines(lines))
    return len(lines)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        "python -m train.drawings",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("files", nargs="+", type=Path, metavar="FILE", help="drawings saved by the page")
    add(
        "--sheet",
        type=Path,
        metavar="PNG",
        help="where to draw them (default: FILE-sheet.png)",
    )
    add("--merge", type=Path, metavar="FILE", help="write all in one; none that is not named here")
    add(
        "--model",
        type=Path,
        default=Path("models/digits.keras"),
        metavar="MODEL",
        help="the network to ask (%(default)s)",
    )
    return made


if __name__ == "__main__":
    sys.exit(main())
