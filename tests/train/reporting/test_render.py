"""The data sources that the model card and the report's page name."""

import json
from pathlib import Path

from train.reporting.render import data_sources, model_card

SHIPPED = Path(__file__).parents[3] / "models" / "report.json"
WORDS = "UNIPEN train_r01_v07 7: 1,017 single digits of training writers"


def test_unipen_words_are_named_only_if_they_were_used():
    report = json.loads(SHIPPED.read_text())
    plain = report | {"trained_on": [each for each in report["trained_on"] if each != WORDS]}
    plain["tests"] = {name: each for name, each in report["tests"].items() if "7" not in name}
    trained = plain | {"trained_on": [*plain["trained_on"], WORDS]}
    assert data_sources(trained) - data_sources(plain) == {"unipen's words"}
    for report, named in ((plain, False), (trained, True)):
        assert ("of 7 (words) those that are one digit" in model_card(report)) == named


def test_marks_have_a_table_where_the_network_tells_them() -> None:
    report = json.loads(SHIPPED.read_text())
    counts = {"/": {"characters": 1234, "right": 1000}, "other": {"characters": 9, "right": 8}}
    card = model_card(report | {"marks": counts})
    assert "| `/` | 1,234 | 1,000 |" in card
    assert "| anything else | 9 | 8 |" in card
    assert "and the marks above" in card
    old = {name: each for name, each in report.items() if name != "marks"}
    for without in (old, report | {"marks": None}):
        assert "## Marks" not in model_card(without)
        assert "and the marks above" not in model_card(without)
