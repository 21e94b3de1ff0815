"""What ten examples of a writer's hand are worth.

    python -m export.evaluate.personalization --unipen PATH

Of each writer with enough digits the first ten are examples; the page reads the others in the
browser, once as anybody's and once by that hand (web/personal/adaptation.js). A refused digit is an
error.
"""

import argparse
import sys
from collections.abc import Sequence

from train.quiet import quiet

with quiet():
    import numpy as np

    from export.browser.launch import BrowserError
    from export.browser.page import SiteError, evaluate, model_page
    from export.runtime_bundle import ExportError
    from train.data.unipen.characters import Ink, UnipenError
    from train.fine_tuning.few_shot import error_change_summary, split_support_query
    from train.samples.prepare import read_ink

READ = """async ([examples, drawings]) => {
    const { createPersonalizer } = await import("/personal/adaptation.js");
    const read = () => drawings.map(drawing => recognizer.readNow(drawing).text);
    recognizer.personalizer = null;
    const plain = read();
    recognizer.personalizer = createPersonalizer(examples);
    const adapted = read();
    recognizer.personalizer = null;
    return [plain, adapted];
}"""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = parser().parse_args(arguments)
    try:
        print(judge(read_ink(options.unipen).digits[options.writers]))
    except (ExportError, SiteError, BrowserError, UnipenError, OSError) as error:
        sys.exit(f"digitpad: {error}")


def judge(inks: Sequence[Ink]) -> str:
    """What it does to the errors, in a few lines."""
    found = []  # of each writer: digits read, errors without and with the examples
    with model_page() as page:
        for hand, rest in split_support_query(inks):
            examples = [{"label": ink.label, "strokes": ink.strokes} for ink in hand]
            read = evaluate(page, READ, [examples, [ink.strokes for ink in rest]])
            errors = (sum(map(str.__ne__, texts, (ink.label for ink in rest))) for texts in read)
            found.append((len(rest), *errors))
    return error_change_summary(*np.array(found).T, "by their hand")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        "python -m export.evaluate.personalization",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--unipen", required=True, metavar="PATH", help="UNIPEN's archive")
    made.add_argument(
        "--writers", default="test", choices=("validation", "test"), help="which (%(default)s)"
    )
    return made


if __name__ == "__main__":
    main()
