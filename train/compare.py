"""Train every architecture with several seeds and compare size, cost and accuracy.

    python -m train.compare --unipen PATH                       all architectures, three seeds
    python -m train.compare --unipen PATH --archs tiny wide --seeds 5
    python -m train.compare --unipen PATH --trained models/experiments/distilled/*
    python -m train.compare --unipen PATH --leave-out donors    see `train/leave_out.py`

Networks are trained one after another; the same command resumes an interrupted comparison. Rows are
compared with rows of the same number of epochs and kind of training. All figures are of validation
digits, so that choosing an architecture does not use the test digits.
"""

import argparse
import itertools
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
    from train import leave_out
    from train.arguments import add_stroke_variations, add_unipen, positive
    from train.data.unipen.cached import read_clean
    from train.data.unipen.characters import WORDS, UnipenError
    from train.evaluation.summary import validation_summary
    from train.fitting.fit import fit
    from train.fitting.settings import FitError, Settings
    from train.network.architectures import ARCHITECTURES
    from train.network.build import architecture
    from train.network.fold import fold_for_inference
    from train.network.saving import NAMES, load_network
    from train.options import drawing_settings
    from train.reporting import figures, provenance
    from train.reporting.format import format_mean_and_sd, markdown_table, mean_and_sd
    from train.reporting.results import add_result, read_results
    from train.samples.prepare import RunData, prepare_data

RESULTS, TABLE, FIGURE = "compare.json", "compare.md", "compare.png"
EPOCHS = 3  # enough to rank architectures


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = parser().parse_args(arguments)
    if options.leave_out:
        options.archs, options.seeds = options.archs or ["default"], options.seeds or 1
        options.out = options.out or Path("models/experiments/donors")
    else:
        options.archs, options.seeds = options.archs or list(ARCHITECTURES), options.seeds or 3
        options.epochs = options.epochs or EPOCHS
        options.out = options.out or Path("models/experiments/architectures")
    try:
        leave_out.run(options) if options.leave_out else run(options)
    except (DataError, UnipenError, FitError, OSError) as error:
        print(f"train.compare: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ntrain.compare: stopped; the same command resumes", file=sys.stderr)
        return 130
    return 0


def run(options: argparse.Namespace) -> None:
    """Train the missing networks, then write the table and the figure."""
    options.out.mkdir(parents=True, exist_ok=True)
    data, results = describe_data(options), options.out / RESULTS
    for seed in range(options.seeds):
        run_data = None
        for arch in options.archs:
            settings = replace(
                Settings(), arch=arch, seed=seed, epochs=options.epochs, **drawing_settings(options)
            )
            facts = asdict(settings) | data
            if find(read_results(results), facts):
                continue
            # Seeds also choose the variants in which ink is rendered: data differ by seed.
            run_data = run_data or prepare_data(
                options.data,
                options.unipen,
                [],
                seed,
                settings.validation,
                variations=settings.stroke_variations.split(),
                num_variants=settings.num_variants,
            )
            print(f"{arch}, seed {seed}", flush=True)
            row = train(settings, run_data, options.out / f".training-{arch}-{seed}")
            add_result(results, facts | {"row": row})
    rows = rows_trained_here(read_results(results), options, data)
    rows += rows_of_folders(options.trained, {*rows[0]["sets"], *rows[0]["refused"]})
    table = markdown(rows)
    atomic.write_atomically(options.out / TABLE, lambda file: file.write(table.encode()))
    write_figure(options.out / FIGURE, rows)
    print(table)
    print(f"wrote {options.out / TABLE} and {options.out / FIGURE}")


def describe_data(options: argparse.Namespace) -> dict:
    """Return what identifies the data of a result: source, ink, and whether that holds words."""
    words = options.unipen and read_clean(options.unipen, WORDS, required=False)[0]
    return {"data": options.data, "ink": bool(options.unipen), "words": bool(words)}


def train(settings: Settings, run_data: RunData, work: Path) -> dict:
    """Train one network; return its size, its cost and its validation results."""
    done = max((int(each.name.removeprefix("epoch-")) for each in work.glob("epoch-*")), default=0)
    began = time.monotonic()
    network, *_ = fit(run_data.training_set, run_data.validation_data, settings, work, resume=True)
    seconds = time.monotonic() - began
    return {
        **validation_summary(network, run_data),
        "bytes": compressed_size(network),
        # Of all epochs, estimated from the epochs of this call.
        "seconds": round(seconds * settings.epochs / max(1, settings.epochs - done)),
    }


def compressed_size(network: keras.Model) -> int:
    """Return the bytes of the exported weights, 8 bits each, after Brotli."""
    return len(brotli.compress(b"".join(map(quantize, fold_for_inference(network).get_weights()))))


def quantize(weights: np.ndarray) -> bytes:
    """Quantize weights to 256 steps of their range, one byte each."""
    low, high = weights.min(), weights.max()
    return np.rint((weights - low) / ((high - low) or 1) * 255).astype(np.uint8).tobytes()


def find(done: Sequence[Mapping], facts: Mapping) -> dict | None:
    """Return the result with these settings, or None.

    Settings that an older entry lacks had their default values, and its ink held no words.
    """
    entries = (asdict(Settings()) | {"words": False} | entry for entry in done)
    matching = (entry for entry in entries if all(entry.get(k) == v for k, v in facts.items()))
    return next((entry["row"] for entry in matching), None)


def rows_trained_here(
    done: Sequence[Mapping], options: argparse.Namespace, data: Mapping
) -> list[dict]:
    """Make a row for each architecture that was trained here."""
    rows = []
    for arch in options.archs:
        wanted = {"arch": arch, "epochs": options.epochs, **drawing_settings(options), **data}
        found = (find(done, wanted | {"seed": seed}) for seed in range(options.seeds))
        rows.append(summarize_runs(arch, f"{options.epochs} epochs", [run for run in found if run]))
    mark_pareto_front(rows)
    return rows


def rows_of_folders(folders: Sequence[Path], kinds: set[str]) -> list[dict]:
    """Make a row for each architecture and kind of training of saved networks.

    Raises DataError for a folder without a report of its network, or with other validation sets.
    """
    found: dict[str, dict[str, list[dict]]] = {}
    for folder in folders:
        network = load_network(folder / NAMES[0])
        run = (provenance.report_for(folder / NAMES[0]) or {}).get("run")
        if not run:
            raise DataError(f"{folder}: no report of its network; python -m train writes one")
        if set(run["refusal"]["validation"]) != kinds:
            raise DataError(f"{folder}: not evaluated on {', '.join(sorted(kinds))}")
        training = f"{run['settings']['epochs']} epochs"
        training += ", taught" if run.get("teachers") else ""
        training += ", tuned" if run.get("begun_with") else ""
        arch = architecture(network) or network.name  # an older release may have named it otherwise
        runs = found.setdefault(training, {}).setdefault(arch, [])
        runs.append(run | {"bytes": compressed_size(network)})
    rows = []
    for training, archs in found.items():
        alike = [summarize_runs(arch, training, runs) for arch, runs in archs.items()]
        mark_pareto_front(alike)
        rows += alike
    return rows


def summarize_runs(arch: str, training: str, runs: Sequence[Mapping]) -> dict:
    """Make a row: what the runs share, and mean and standard deviation of each figure."""
    sets = list(runs[0]["validation"])
    return {
        "arch": arch,
        "training": training,
        "seeds": len(runs),
        **{key: runs[0][key] for key in ("parameters", "multiplies")},
        "bytes": mean_and_sd([each["bytes"] for each in runs]),
        "seconds": mean_and_sd([each["seconds"] for each in runs]),
        "sets": {
            name: mean_and_sd([each["validation"][name]["accuracy"] for each in runs])
            for name in sets
        },
        "refused": {
            kind: mean_and_sd([each["refusal"]["validation"][kind] for each in runs])
            for kind in runs[0]["refusal"]["validation"]
            if kind not in sets
        },
    }


def mark_pareto_front(rows: Sequence[dict]) -> None:
    """Mark the Pareto front: rows that no other equals on every set with at most as many MACs.

    Sets are not averaged: the best on ink is not dominated by the best on images.
    """
    for row in rows:
        row["front"] = not any(
            other["multiplies"] <= row["multiplies"]
            and all(other["sets"][name][0] >= mean for name, (mean, _) in row["sets"].items())
            and other is not row
            for other in rows
        )


def markdown(rows: Sequence[Mapping]) -> str:
    """Format the tables in Markdown."""
    sets, kinds = list(rows[0]["sets"]), list(rows[0]["refused"])
    heads = ["Architecture", "Parameters", "Multiplications", "Weights, Brotli"]
    heads += [f"{name}, validation" for name in sets] + ["Training", "Front"]
    align = ["---", *["---:"] * (len(heads) - 2), ":-:"]
    accuracies = []
    for row in rows:
        cells = [row["arch"], f"{row['parameters']:,}", f"{row['multiplies'] / 1e6:.2f} M"]
        cells += [f"{row['bytes'][0] / 1000:.1f} kB"]
        cells += [format_mean_and_sd(row["sets"][name]) for name in sets]
        cells += [f"{row['training']}: {format_mean_and_sd(row['seconds'], ',.0f')} s"]
        accuracies.append([*cells, "●" if row["front"] else ""])
    refused = [
        [row_label(row, rows), *(format_mean_and_sd(row["refused"][kind], ".1%") for kind in kinds)]
        for row in rows
    ]
    seeds = " or ".join(map(str, sorted({row["seeds"] for row in rows})))
    explanation = (
        f"{seeds} seeds each; mean ± standard deviation. Front: no other that was trained alike "
        "reads all of validation as well with fewer multiplications."
    )
    tables = markdown_table(heads, accuracies, align), markdown_table(["Refused", *kinds], refused)
    return "\n\n".join([explanation, *tables]) + "\n"


def row_label(row: Mapping, rows: Sequence[Mapping]) -> str:
    """Name the architecture, and its training if that differs from the first row's."""
    return row["arch"] + (f", {row['training']}" if row["training"] != rows[0]["training"] else "")


@matplotlib.rc_context(figures.STYLE)
def write_figure(path: Path, rows: Sequence[Mapping]) -> None:
    """Draw error rate against MACs, a panel for each validation set."""
    sets, trainings = list(rows[0]["sets"]), list(dict.fromkeys(row["training"] for row in rows))
    canvas = figures.figure(4.2 * len(sets), 3.6)
    for axes, name in zip(canvas.subplots(1, len(sets), squeeze=False)[0], sets, strict=True):
        for training, line in zip(trainings, itertools.cycle((":", "--", "-."))):
            front = [row for row in rows if row["front"] and row["training"] == training]
            front.sort(key=lambda row: row["multiplies"])
            axes.plot(*points(front, name), color=figures.GREY, linestyle=line, label=training)
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
    figures.save(canvas, path)


def points(rows: Sequence[Mapping], name: str) -> tuple[list[float], list[float]]:
    """Return millions of MACs, and error rates of a set in percent."""
    return (
        [row["multiplies"] / 1e6 for row in rows],
        [100 * (1 - row["sets"][name][0]) for row in rows],
    )


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        "python -m train.compare",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    add = made.add_argument
    add("--data", default="mnist", metavar="SOURCE", help="as for python -m train")
    add_unipen(made, "UNIPEN's archives or directories: train on strokes too")
    add("--archs", nargs="+", choices=ARCHITECTURES, metavar="NAME")
    add(
        "--seeds",
        type=positive,
        metavar="N",
        help="networks of each architecture (3; with --leave-out: 1)",
    )
    add(
        "--epochs",
        type=positive,
        metavar="N",
        help=f"of each network ({EPOCHS}; with --leave-out: {leave_out.EPOCHS})",
    )
    add_stroke_variations(made)
    add("--num-variants", type=positive, metavar="N", help="renders of each drawing, used in turn")
    add(
        "--leave-out",
        choices=["donors"],
        help="train without each of UNIPEN's largest contributors, and read that contributor",
    )
    add("--donors", type=positive, default=5, metavar="N", help="contributors to leave out (5)")
    add(
        "--without-words",
        action="store_true",
        help="with --leave-out: do not train on the single digits of UNIPEN's category 7",
    )
    add(
        "--second-network",
        action="store_true",
        help="with --leave-out: also ask a second network, see python -m train.strokes",
    )
    add(
        "--trained",
        nargs="+",
        type=Path,
        default=[],
        metavar="DIR",
        help="folders written by python -m train: their networks are added as rows",
    )
    add("--saved", nargs="+", type=Path, dest="trained", help=argparse.SUPPRESS)  # the old name
    add(
        "--out",
        type=Path,
        metavar="DIR",
        help="default: models/experiments/architectures, or with --leave-out\n"
        "models/experiments/donors",
    )
    return made


if __name__ == "__main__":
    sys.exit(main())
