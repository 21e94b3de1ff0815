"""Train every architecture over several seeds and set them side by side: size, cost, accuracy.

    python -m train.compare --unipen PATH                       every architecture, three seeds
    python -m train.compare --unipen PATH --archs tiny wide --seeds 5
    python -m train.compare --unipen PATH --saved models/taught/*   and finished networks

One network at a time; what is done stays done: called again, the command goes on where it stopped.
What was trained for as long, and taught or not, is compared with its like.
All figures are of validation digits, so that a choice made here leaves the test digits untouched.
"""

import argparse
import itertools
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from train.quiet import quiet

with quiet():
    import brotli
    import keras
    import matplotlib
    import numpy as np

    from files import atomic
    from files.drawings import DataError
    from train.arguments import positive
    from train.data.unipen.characters import UnipenError
    from train.evaluation.summary import measured
    from train.fitting.fit import fit
    from train.fitting.settings import FitError, Settings
    from train.network.architectures import ARCHITECTURES
    from train.network.build import architecture
    from train.network.fold import fold_for_inference
    from train.network.saving import NAMES, load_network
    from train.reporting import figures, provenance
    from train.samples.prepare import RunData, prepare_data

ROWS, TABLE, PICTURE = "compare.json", "compare.md", "compare.png"
EPOCHS = 3  # the order of architectures shows long before their best


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = parser().parse_args(arguments)
    try:
        run(options)
    except (DataError, UnipenError, FitError, OSError) as error:
        print(f"train.compare: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ntrain.compare: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def run(options: argparse.Namespace) -> None:
    """Train what is not yet trained, then write the table and the picture."""
    options.out.mkdir(parents=True, exist_ok=True)
    for seed in range(options.seeds):
        run_data = None
        for arch in options.archs:
            settings = replace(Settings(), arch=arch, seed=seed, epochs=options.epochs)
            facts = asdict(settings) | {"data": options.data, "ink": bool(options.unipen)}
            if find(read(options.out), facts):
                continue
            # Seeds also decide the hands in which ink is written, so each has its own material.
            run_data = run_data or prepare_data(
                options.data, options.unipen, [], seed, settings.validation
            )
            print(f"{arch}, seed {seed}", flush=True)
            row = train(settings, run_data, options.out / f".training-{arch}-{seed}")
            add(options.out, facts | {"row": row})
    rows = briefly(read(options.out), options)
    rows += at_length(options.saved, {*rows[0]["sets"], *rows[0]["refused"]})
    table = markdown(rows)
    atomic.replace(options.out / TABLE, lambda file: file.write(table.encode()))
    picture(options.out / PICTURE, rows)
    print(table)
    print(f"wrote {options.out / TABLE} and {options.out / PICTURE}")


def train(settings: Settings, run_data: RunData, work: Path) -> dict:
    """One network: its size, its cost and what it does on validation."""
    done = max((int(each.name.removeprefix("epoch-")) for each in work.glob("epoch-*")), default=0)
    began = time.monotonic()
    network, *_ = fit(run_data.training_set, run_data.validation_data, settings, work, resume=True)
    seconds = time.monotonic() - began
    return {
        **measured(network, run_data),
        "bytes": compressed(network),
        "seconds": round(seconds * settings.epochs / max(1, settings.epochs - done)),  # all of them
    }


def compressed(network: keras.Model) -> int:
    """Bytes of the network's weights as the export writes them, 8 bits each, after Brotli."""
    return len(brotli.compress(b"".join(map(quantised, fold_for_inference(network).get_weights()))))


def quantised(weights: np.ndarray) -> bytes:
    """Weights in 256 steps of their range, one byte each."""
    low, high = weights.min(), weights.max()
    return np.rint((weights - low) / ((high - low) or 1) * 255).astype(np.uint8).tobytes()


def read(out: Path) -> list[dict]:
    """The networks trained so far."""
    file = out / ROWS
    return json.loads(file.read_text()) if file.exists() else []


def find(done: Sequence[Mapping], facts: Mapping) -> dict | None:
    """What was measured under these very settings, or None.

    Settings that came later than an entry had their defaults when it was made.
    """
    entries = (asdict(Settings()) | entry for entry in done)
    matching = (entry for entry in entries if all(entry.get(k) == v for k, v in facts.items()))
    return next((entry["row"] for entry in matching), None)


def add(out: Path, entry: Mapping) -> None:
    """Write one more network down."""
    text = json.dumps([*read(out), entry], indent=1) + "\n"
    atomic.replace(out / ROWS, lambda file: file.write(text.encode()))


def briefly(done: Sequence[Mapping], options: argparse.Namespace) -> list[dict]:
    """A row an architecture of what was trained here."""
    rows = []
    for arch in options.archs:
        wanted = {"arch": arch, "epochs": options.epochs, "data": options.data}
        wanted["ink"] = bool(options.unipen)
        found = (find(done, wanted | {"seed": seed}) for seed in range(options.seeds))
        rows.append(summarised(arch, f"{options.epochs} epochs", [run for run in found if run]))
    on_front(rows)
    return rows


def at_length(folders: Sequence[Path], kinds: set[str]) -> list[dict]:
    """A row an architecture, and a way of training, of what `python -m train` saved.

    Raises DataError for a folder without a report of its network, or one of other digits
    or of other kinds of what is none.
    """
    found: dict[str, dict[str, list[dict]]] = {}
    for folder in folders:
        network = load_network(folder / NAMES[0])
        run = (provenance.known(folder / NAMES[0]) or {}).get("run")
        if not run:
            raise DataError(f"{folder}: no report of its network; python -m train writes one")
        if set(run["refusal"]["validation"]) != kinds:
            raise DataError(f"{folder}: not judged by {', '.join(sorted(kinds))}")
        way = f"{run['settings']['epochs']} epochs"
        way += ", taught" * bool(run.get("teachers")) + ", tuned" * bool(run.get("begun_with"))
        arch = architecture(network) or network.name  # names have changed since; weights stay
        runs = found.setdefault(way, {}).setdefault(arch, [])
        runs.append(run | {"bytes": compressed(network)})
    rows = []
    for way, archs in found.items():
        alike = [summarised(arch, way, runs) for arch, runs in archs.items()]
        on_front(alike)
        rows += alike
    return rows


def summarised(arch: str, way: str, runs: Sequence[Mapping]) -> dict:
    """A row: what an architecture's runs have in common, and each figure's mean and spread."""
    sets = list(runs[0]["validation"])
    return {
        "arch": arch,
        "way": way,
        "seeds": len(runs),
        **{key: runs[0][key] for key in ("parameters", "multiplies")},
        "bytes": spread([each["bytes"] for each in runs]),
        "seconds": spread([each["seconds"] for each in runs]),
        "sets": {
            name: spread([each["validation"][name]["accuracy"] for each in runs]) for name in sets
        },
        "refused": {
            kind: spread([each["refusal"]["validation"][kind] for each in runs])
            for kind in runs[0]["refusal"]["validation"]
            if kind not in sets
        },
    }


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation (n - 1; 0 for a single value)."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def on_front(rows: Sequence[dict]) -> None:
    """Mark the rows that no other beats: none reads every set as well with fewer multiplications.

    Sets are not averaged: who is best at ink is not beaten by who is best at pictures.
    """
    for row in rows:
        row["front"] = not any(
            other["multiplies"] <= row["multiplies"]
            and all(other["sets"][name][0] >= mean for name, (mean, _) in row["sets"].items())
            and other is not row
            for other in rows
        )


def markdown(rows: Sequence[Mapping]) -> str:
    """The table."""
    sets, kinds = list(rows[0]["sets"]), list(rows[0]["refused"])
    heads = ["Architecture", "Parameters", "Multiplications", "Weights, Brotli"]
    heads += [f"{name}, validation" for name in sets] + ["Training", "Front"]
    lines = [heads, ["---", *["---:"] * (len(heads) - 2), ":-:"]]
    for row in rows:
        cells = [row["arch"], f"{row['parameters']:,}", f"{row['multiplies'] / 1e6:.2f} M"]
        cells += [f"{row['bytes'][0] / 1000:.1f} kB"]
        cells += [percent(row["sets"][name]) for name in sets]
        cells += [
            f"{row['way']}: {row['seconds'][0]:,.0f} ± {row['seconds'][1]:,.0f} s",
            "●" if row["front"] else "",
        ]
        lines.append(cells)
    refused = [["Refused", *kinds], ["---", *["---:"] * len(kinds)]]
    refused += [
        [named(row, rows), *(percent(row["refused"][kind], 1) for kind in kinds)] for row in rows
    ]
    seeds = " or ".join(map(str, sorted({row["seeds"] for row in rows})))
    said = (
        f"{seeds} seeds each; mean ± standard deviation. Front: no other that was trained alike "
        "reads all of validation as well with fewer multiplications.\n"
    )
    tables = ["\n".join(f"| {' | '.join(row)} |" for row in part) for part in (lines, refused)]
    return "\n\n".join([said.strip(), *tables]) + "\n"


def named(row: Mapping, rows: Sequence[Mapping]) -> str:
    """An architecture, and how it was trained where that was another way than the first row's."""
    return row["arch"] + (f", {row['way']}" if row["way"] != rows[0]["way"] else "")


def percent(both: tuple[float, float], decimals: int = 2) -> str:
    """`99.51 ± 0.04%`."""
    mean, deviation = (100 * value for value in both)
    return f"{mean:.{decimals}f} ± {deviation:.{decimals}f}%"


@matplotlib.rc_context(figures.STYLE)
def picture(path: Path, rows: Sequence[Mapping]) -> None:
    """Share misread against multiplications, a panel for each set of digits."""
    sets, ways = list(rows[0]["sets"]), list(dict.fromkeys(row["way"] for row in rows))
    drawn = figures.figure(4.2 * len(sets), 3.6)
    for axes, name in zip(drawn.subplots(1, len(sets), squeeze=False)[0], sets, strict=True):
        for way, line in zip(ways, itertools.cycle((":", "--", "-."))):
            front = [row for row in rows if row["front"] and row["way"] == way]
            front.sort(key=lambda row: row["multiplies"])
            axes.plot(*points(front, name), color=figures.GREY, linestyle=line, label=way)
        for row in rows:
            (x,), (y,) = points([row], name)
            colour = figures.BLUE if row["front"] else figures.ORANGE
            marker = "o" if row["front"] else "s"
            axes.errorbar(x, y, 100 * row["sets"][name][1], fmt=marker, color=colour, capsize=2)
            axes.annotate(row["arch"], (x, y), (5, 5), textcoords="offset points")
        axes.legend(title="front after", frameon=False)
        axes.set(title=f"{name}, validation", xlabel="million multiplications", xscale="log")
        axes.set(ylabel="misread, %")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter(lambda value, _: f"{value:g}" if value in (2, 3, 5) else "")
    figures.save(drawn, path)


def points(rows: Sequence[Mapping], name: str) -> tuple[list[float], list[float]]:
    """Millions of multiplications, and percent misread of a set."""
    return (
        [row["multiplies"] / 1e6 for row in rows],
        [100 * (1 - row["sets"][name][0]) for row in rows],
    )


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        "python -m train.compare",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    add = made.add_argument
    add("--data", default="mnist", metavar="SOURCE", help="as for python -m train")
    add("--unipen", metavar="PATH", help="UNIPEN's archive or directory: learn from ink too")
    add("--archs", nargs="+", default=list(ARCHITECTURES), choices=ARCHITECTURES, metavar="NAME")
    add("--seeds", type=positive, default=3, metavar="N", help="networks of each (3)")
    add("--epochs", type=positive, default=EPOCHS, metavar="N", help=f"of each network ({EPOCHS})")
    add(
        "--saved",
        nargs="+",
        type=Path,
        default=[],
        metavar="DIR",
        help="networks that python -m train saved, with their reports: rows of their own",
    )
    add("--out", type=Path, default=Path("models/compare"), metavar="DIR")
    return made


if __name__ == "__main__":
    sys.exit(main())
