"""Measure how the page reads strings of digits and marks, and numbers while it reads marks.

    python -m export.evaluate.marks --unipen PATH…

Each string is read with the marks that it has, with all marks, with its format, and without marks.
Its format is the first of web/formats.js that it is of. Other strings have a pattern: as many runs
of digits, of any length, with the string's marks between them.

Composed strings are of test writers. UNIPEN's category 7, if it is among the paths, adds the
strings and numbers that people wrote, those of training writers too: what tells marks from digits
is fitted to these.

    python -m export.evaluate.marks --unipen PATH… --leave-out donors

Each contributor of at least 20 strings is read with weights that are fitted without what that
contributor sent, and with those of the page. The network stays: its training saw all contributors.
"""

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from export.evaluate.options import parser
from train.quiet import quiet

with quiet():
    import numpy as np
    from playwright.sync_api import Page

    from export import meta
    from export.browser.launch import BrowserError
    from export.browser.page import MODEL, SiteError, evaluate, model_page
    from export.evaluate.numbers import format_share
    from export.marks.__main__ import LINES, fit
    from export.marks.saved import saved_form
    from export.runtime_bundle import ExportError
    from train.data.unipen.characters import Ink, UnipenError
    from train.marks.composition import KINDS, composer_of
    from train.network.build import MARK_LABELS
    from train.reporting.format import markdown_table
    from train.samples.numbers import NON_DIGIT_TEXT
    from train.samples.unipen_ink import UnipenInk, read_ink

SEED = 0
STRINGS = 200  # of each kind
MIN_LEFT_OUT = 20  # strings of a donor who is left out
READ = """async ([drawing, marks]) => (await recognizer.read(drawing, { marks })).text"""
READ_AS = """async ([drawing, text]) => {
    const { FORMATS } = await import("/formats.js");
    const used = text.replace(/[0-9]/g, "");
    const format = Object.values(FORMATS).find(({ marks, fits }) =>
        used && fits(text) && [...used].every(mark => marks.includes(mark)));
    const escaped = text.replace(/[^0-9]/g, "\\\\$&").replace(/[0-9]+/g, "[0-9]+");
    const pattern = new RegExp(`^${escaped}$`);
    const options = format ?? { marks: used, fits: each => pattern.test(each) };
    const read = (await recognizer.read(drawing, options)).text;
    return [read, options.fits(read)];
}"""
HEAD = ["needed marks", "with its format", "wrong, but of it", "all marks", "no marks, ? for each"]

Written = tuple[str, Any]  # text and drawing


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    counted = ("strings", STRINGS, "composed of each kind")
    made = parser("export.evaluate.marks", __doc__, counted)
    made.add_argument("--leave-out", choices=["donors"], help="read donors that were left out")
    options = made.parse_args(arguments)
    try:
        ink = read_ink(options.unipen)
        if options.leave_out:
            print(left_out_table(ink))
            return
        with model_page() as page:
            print(composed_table(page, ink, options.writers, options.strings))
            if any(ink.strings.values()):
                print(f"\n{written_table(page, ink.strings, 'Strings with marks')}")
                print(f"\n{written_table(page, ink.numbers, 'Numbers')}")
                print(f"\n{table_by_mark(page, ink.strings)}")
    except (ExportError, SiteError, BrowserError, UnipenError, OSError) as error:
        sys.exit(f"digitpad: {error}")


def left_out_table(ink: UnipenInk) -> str:
    """Return a Markdown table of the strings of each donor, read by weights that never saw it.

    Raises what `fit` does, and OSError.
    """
    strings = [each for own in ink.strings.values() for each in own]
    rows = []
    for donor, count in sorted(Counter(each.donor for each in strings).items()):
        if count < MIN_LEFT_OUT:
            continue
        fitted = fit(ink.select(lambda each, donor=donor: each.donor != donor), LINES)
        own = [(each.label, each.strokes) for each in strings if each.donor == donor]
        with tempfile.TemporaryDirectory(prefix="digitpad-") as name:
            model = shutil.copytree(MODEL, Path(name) / "model")
            file = model / meta.MARKS.name
            file.write_bytes(saved_form(fitted))
            described = meta.read(model)
            described["files"][file.name] = meta.facts(file)
            (model / meta.NAME).write_text(meta.text(described))
            with model_page(model) as page:
                rows.append([donor, "without it", *shares(page, own)])
        with model_page() as page:
            rows.append([donor, "as shipped", *shares(page, own)])
    return markdown_table(["Strings with marks, read exactly", "Weights", *HEAD], rows)


def composed_table(page: Page, ink: UnipenInk, writers: str, count: int) -> str:
    """Return a Markdown table of composed strings that are read exactly, by kind."""
    composer = composer_of(ink, writers)
    rows = []
    for k, kind in enumerate(KINDS):
        rng = np.random.default_rng([SEED, k])
        composed = [composer.compose(rng, kind) for _ in range(count)]
        rows.append([kind, *shares(page, [(each.text, each.strokes) for each in composed])])
    return markdown_table([f"Composed, {writers} writers, read exactly", *HEAD], rows)


def written_table(page: Page, inks: Mapping[str, Sequence[Ink]], name: str) -> str:
    """Return a Markdown table of what people wrote that is read exactly, by donor and by split."""
    every = [(split, each) for split, own in inks.items() for each in own]

    def row(title: str, wanted: Callable[[str, Ink], bool]) -> list[str]:
        chosen = [(each.label, each.strokes) for split, each in every if wanted(split, each)]
        return [title, *shares(page, chosen)]

    rows = [
        *(
            row(d, lambda _, each, d=d: each.donor == d)
            for d in sorted({i.donor for _, i in every})
        ),
        *(row(f"{s} writers", lambda split, _, s=s: split == s) for s in inks),
        row("all", lambda split, each: True),
    ]
    return markdown_table([f"{name}, read exactly", *HEAD], rows)


def shares(page: Page, written: Sequence[Written]) -> list[str]:
    """Format the columns of HEAD: how many are read exactly, and how many wrong without a sign."""
    needed, formatted, unnoticed, every, without = [], [], [], [], []
    for text, drawing in written:
        needed.append(read(page, drawing, marks_of(text)) == text)
        as_format, fits = evaluate(page, READ_AS, [drawing, text])
        formatted.append(as_format == text)
        unnoticed.append(fits and as_format != text)
        every.append(read(page, drawing, MARK_LABELS) == text)
        without.append(read(page, drawing, "") == masked(text))
    return [format_share(each) for each in (needed, formatted, unnoticed, every, without)]


def table_by_mark(page: Page, inks: Mapping[str, Sequence[Ink]]) -> str:
    """Return a Markdown table of how often each mark is written, read, missed and invented.

    All marks are read. Counted by string, whatever the places: a mark that is read at a wrong place
    counts as read.
    """
    counts: dict[str, Counter] = {mark: Counter() for mark in MARK_LABELS}
    for each in (each for own in inks.values() for each in own):
        text = read(page, each.strokes, MARK_LABELS)
        for mark, count in counts.items():
            written, found = each.label.count(mark), text.count(mark)
            count += {
                "written": written,
                "read": min(written, found),
                "missed": max(0, written - found),
                "invented": max(0, found - written),
            }
    names = ("written", "read", "missed", "invented")
    rows = [[f"`{mark}`", *(str(count[name]) for name in names)] for mark, count in counts.items()]
    return markdown_table(["Mark", *names], rows)


def marks_of(text: str) -> str:
    """Return the marks that a text has."""
    return "".join(mark for mark in MARK_LABELS if mark in text)


def masked(text: str) -> str:
    """Return a text with ? for each mark."""
    return "".join(each if each.isdigit() else NON_DIGIT_TEXT for each in text)


def read(page: Page, drawing: Any, marks: str) -> str:
    """Read a drawing with the page's recognizer."""
    return evaluate(page, READ, [drawing, marks])


if __name__ == "__main__":
    main()
