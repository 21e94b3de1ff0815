"""Measure how much ten examples of a writer's digits improve the page's readings.

    python -m export.evaluate.personalization --unipen PATH

The examples are the first ten digits of each writer with at least twenty. The page reads the
writer's other digits in a browser, without and with the examples (web/personal/adaptation.js). A
rejected digit counts as an error.
"""

import sys
from collections.abc import Sequence

from export.evaluate.options import parser
from train.quiet import quiet

with quiet():
    import numpy as np

    from export.browser.launch import BrowserError
    from export.browser.page import SiteError, evaluate, model_page
    from export.runtime_bundle import ExportError
    from train.data.unipen.characters import Ink, UnipenError
    from train.fine_tuning.few_shot import error_change_summary, split_support_query
    from train.samples.unipen_ink import read_ink

READ = """async ([examples, drawings]) => {
    const { createPersonalizer } = await import("/personal/adaptation.js");
    const read = async () => {
        const texts = [];
        for (const drawing of drawings) texts.push((await recognizer.read(drawing)).text);
        return texts;
    };
    recognizer.personalizer = null;
    const plain = await read();
    recognizer.personalizer = createPersonalizer(examples);
    const adapted = await read();
    recognizer.personalizer = null;
    return [plain, adapted];
}"""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = parser("export.evaluate.personalization", __doc__).parse_args(arguments)
    try:
        print(evaluate_writers(read_ink(options.unipen).digits[options.writers]))
    except (ExportError, SiteError, BrowserError, UnipenError, OSError) as error:
        sys.exit(f"digitpad: {error}")


def evaluate_writers(inks: Sequence[Ink]) -> str:
    """Read every writer's digits without and with examples, and summarize the errors."""
    found = []  # of each writer: digits read, errors without and with the examples
    with model_page() as page:
        for support, query in split_support_query(inks):
            examples = [{"label": ink.label, "strokes": ink.strokes} for ink in support]
            readings = evaluate(page, READ, [examples, [ink.strokes for ink in query]])
            labels = [ink.label for ink in query]
            found.append((len(query), *(sum(map(str.__ne__, texts, labels)) for texts in readings)))
    return error_change_summary(*np.array(found).T, "with them")


if __name__ == "__main__":
    main()
