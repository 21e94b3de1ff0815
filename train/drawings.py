"""Summarise drawings files: labels, duplicates, likely label errors, a contact sheet.

python -m train.drawings drawings.jsonl                     summary and contact sheet
python -m train.drawings collected                          the same, for all *.jsonl of a folder
python -m train.drawings a.jsonl b.jsonl --merge all.jsonl  merge files without duplicates

Likely label errors are single digits that a network confidently reads differently.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from files.atomic import write_atomically
from files.drawings import DataError, LabelledDrawing, to_line
from train.arguments import require_network
from train.data.drawings import DIGITS, find_files, read
from train.label_check import near_duplicates
from train.quiet import import_keras, quiet

MAX_LISTED = 20  # lines of each finding


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
    """Print the summary, merge the files, write the contact sheet."""
    files = find_files(options.paths)
    entries = [entry for file in files for entry in read(file)]
    sheet = options.contact_sheet or default_sheet(options.paths[0])
    check_output_paths(sheet, options.merge, files)
    if not entries:
        raise DataError(f"{', '.join(map(str, options.paths))}: no drawing found")
    print(dataset_summary(entries), flush=True)
    pairs = near_duplicates.find_near_duplicates([entry.strokes for entry in entries])
    print_findings(
        "duplicates or near-duplicates",
        [describe_duplicate(entries[a], entries[b]) for a, b in pairs],
    )
    if options.merge:
        print(f"wrote {merge(options.merge, entries):,} drawings to {options.merge}")
    require_network(options.model)
    import_keras()  # only after the summary
    with quiet():
        from train.label_check import contact_sheet, mislabelled

        found = mislabelled.find(entries, options.model)
    print_findings(
        f"of {sum(entry.label in DIGITS for entry in entries):,} single digits, "
        "confidently read as another digit",
        [
            describe_label_issue(entries[each.index], each.reading, each.confidence)
            for each in found
        ],
    )
    shown = contact_sheet.write(sheet, entries, {each.index for each in found})
    print(f"wrote {sheet}" + (f", {shown:,} of them" if shown < len(entries) else ""))


def default_sheet(path: Path) -> Path:
    """Return where the contact sheet goes: into the first folder, or beside the first file."""
    return path / "sheet.png" if path.is_dir() else path.with_name(f"{path.stem}-sheet.png")


def dataset_summary(entries: Sequence[LabelledDrawing]) -> str:
    """Format the number of drawings of each label, all ten digits first, and the total."""
    found = Counter(entry.label for entry in entries)
    others = sorted(found.keys() - DIGITS, key=lambda label: (len(label), label))
    rows = [("label", "drawings")]
    rows += [(ascii(label)[1:-1], found[label]) for label in [*sorted(DIGITS), *others]]
    rows += [("all", len(entries))]
    width = max(len(label) for label, _ in rows)
    return "\n".join(f"{label:{width}}  {count:>8}" for label, count in rows)


def describe_duplicate(first: LabelledDrawing, second: LabelledDrawing) -> str:
    """Describe a pair of (almost) equal drawings."""
    same = "the same" if first.strokes == second.strokes else "almost the same"
    labels = "" if first.label == second.label else f" but {second.label!a}, not {first.label!a}"
    return f"{second.source}: {same} as {first.source}{labels}"


def describe_label_issue(entry: LabelledDrawing, reading: int | None, confidence: float) -> str:
    """Describe a likely label error: drawing, label, prediction and confidence."""
    read_as = "no digit" if reading is None else f"a {reading}"
    return f"{entry.source}: labelled {entry.label}, reads as {read_as} ({confidence:.1%} sure)"


def print_findings(finding: str, lines: Sequence[str]) -> None:
    """Print the number of findings, and at most MAX_LISTED of them."""
    print(f"{len(lines):,} {finding}" + (":" if lines else ""))
    for line in lines[:MAX_LISTED]:
        print(f"  {line}")
    if len(lines) > MAX_LISTED:
        print(f"  and {len(lines) - MAX_LISTED:,} more")


def check_output_paths(sheet: Path, merged: Path | None, files: Sequence[Path]) -> None:
    """Raise DataError if an output would overwrite drawings."""
    over_merged = merged is not None and sheet.resolve() == merged.resolve()
    if over_merged or (sheet.exists() and any(map(sheet.samefile, files))):
        raise DataError(f"{sheet} holds drawings: give --contact-sheet another name")
    if merged and merged.exists() and not any(map(merged.samefile, files)):
        raise DataError(
            f"{merged} exists already: list it among the files to keep its drawings, or give "
            "--merge another name"
        )


def merge(path: Path, entries: Sequence[LabelledDrawing]) -> int:
    """Write all drawings without exact duplicates; return their number."""
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
    add(
        "paths",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="files of drawings, saved by the page or collected by server.py, or folders of them: "
        "of a folder, all *.jsonl files are read",
    )
    add(
        "--contact-sheet",
        type=Path,
        metavar="PNG",
        help="contact sheet to write (default: NAME-sheet.png beside the first file NAME.jsonl, or "
        "sheet.png in the first folder)",
    )
    add("--sheet", type=Path, dest="contact_sheet", help=argparse.SUPPRESS)  # the old name
    add(
        "--merge",
        type=Path,
        metavar="FILE",
        help="write all drawings to one file; an existing one must be among those read",
    )
    add(
        "--model",
        type=Path,
        default=Path("models/digits.keras"),
        metavar="MODEL",
        help="network that checks labels (%(default)s)",
    )
    return made


if __name__ == "__main__":
    sys.exit(main())
