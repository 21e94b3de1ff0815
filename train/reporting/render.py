"""Render report.json as an HTML page that opens from disk, and as a model card."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import jinja2

from train.evaluation.metrics import LOW_CONFIDENCE_RANGE
from train.reporting.format import format_interval, format_percent
from train.reporting.galleries import FigureFile

TEMPLATES = Path(__file__).with_name("templates")


def flatten(nested: Mapping, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Flatten nested settings into (name, value) pairs; nested names are joined by colons."""
    for key, value in nested.items():
        name = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            yield from flatten(value, f"{name}: ")
        elif isinstance(value, list | tuple):
            yield name, "; ".join(map(str, value)) or "none"
        elif isinstance(value, int) and not isinstance(value, bool):
            yield name, f"{value:,}"
        else:
            yield name, str(value)


def jinja_environment() -> jinja2.Environment:
    """Create a Jinja environment that escapes HTML and raises on undefined names."""
    jinja = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    jinja.filters |= {"percent": format_percent, "between": format_interval, "facts": flatten}
    jinja.filters["count"] = lambda number: f"{number:,}"
    return jinja


def report_html(report: Mapping, figures: Mapping[str, Sequence[FigureFile]]) -> str:
    """Render the page; `figures` come from `galleries.write_figures`."""
    template = jinja_environment().get_template("report.html")
    return template.render(
        report=report,
        figures=figures,
        sources=data_sources(report),
        unsure=LOW_CONFIDENCE_RANGE,
    )


def model_card(report: Mapping) -> str:
    """Render the model card in Markdown."""
    template = jinja_environment().get_template("MODEL_CARD.md")
    return template.render(report=report, sources=data_sources(report))


def data_sources(report: Mapping) -> set[str]:
    """Return the data sources of training and tests that need an attribution.

    UNIPEN's letters and symbols are listed as `unipen's others`, its category 7 as
    `unipen's words`.
    """
    non_digits = report["refusal"]["negatives"] if report["refusal"] else {}
    named = " ".join([*report["trained_on"], *report["tests"], *non_digits]).lower()
    found = {source for source in ("mnist", "kaggle", "unipen") if source in named}
    if "unipen" in found and "letters" in named:
        found.add("unipen's others")
    if "unipen train_r01_v07 7:" in named or "unipen 7 single digits" in named:
        found.add("unipen's words")
    return found
