"""The report as people read it: a page that opens from disk, and the model's card."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import jinja2

from train.evaluation.metrics import LOW_CONFIDENCE_RANGE
from train.reporting.galleries import Picture

TEMPLATES = Path(__file__).with_name("templates")


def percent(share: float | None, decimals: int = 2) -> str:
    """`99.61%`, or a dash for what is undefined."""
    return "–" if share is None else f"{share:.{decimals}%}".replace("-", "−")


def between(interval: Sequence[float] | None, decimals: int = 2) -> str:
    """`99.47–99.72%`, or a dash for what is undefined."""
    if interval is None:
        return "–"
    low, high = (f"{100 * end:.{decimals}f}".replace("-", "−") for end in interval)
    return f"{low} to {high}%" if "−" in low + high else f"{low}–{high}%"


def facts(nested: Mapping, above: str = "") -> Iterator[tuple[str, str]]:
    """A run's settings as (name, value) lines; what stands inside another is named after it."""
    for key, value in nested.items():
        name = f"{above}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            yield from facts(value, f"{name}: ")
        elif isinstance(value, list | tuple):
            yield name, "; ".join(map(str, value)) or "none"
        elif isinstance(value, int) and not isinstance(value, bool):
            yield name, f"{value:,}"
        else:
            yield name, str(value)


def environment() -> jinja2.Environment:
    """Templates that escape HTML and fail on a name that the report lacks."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"percent": percent, "between": between, "facts": facts}
    made.filters["count"] = lambda number: f"{number:,}"
    return made


def html(report: Mapping, pictures: Mapping[str, Sequence[Picture]]) -> str:
    """The page; `pictures` are by test set and by section, as `galleries.draw` gives them."""
    template = environment().get_template("report.html")
    return template.render(
        report=report, pictures=pictures, sources=sources(report), unsure=LOW_CONFIDENCE_RANGE
    )


def card(report: Mapping) -> str:
    """The model's card, in Markdown."""
    template = environment().get_template("MODEL_CARD.md")
    return template.render(report=report, sources=sources(report))


def sources(report: Mapping) -> set[str]:
    """Which data with a licence of its own the network learnt from or is judged by.

    UNIPEN's letters and symbols come as `unipen's others`.
    """
    strangers = report["refusal"]["negatives"] if report["refusal"] else {}
    named = " ".join([*report["trained_on"], *report["tests"], *strangers]).lower()
    found = {source for source in ("mnist", "kaggle", "unipen") if source in named}
    return found | ({"unipen's others"} if "unipen" in found and "letters" in named else set())
