"""Every reader on some dozens of inputs; `python -m tests.soak` tests thousands."""

from collections.abc import Iterator

import pytest
from hypothesis import strategies as st
from playwright.sync_api import Page

from tests.soak.page_readers import page_readers
from tests.soak.properties import try_out
from tests.soak.readers import Property, readers

FEW = 80


@pytest.fixture(scope="module")
def properties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Property]]:
    yield {each.name: each for each in readers(tmp_path_factory.mktemp("readers"))}


@pytest.fixture
def page_properties(page: Page, site: str) -> list[Property]:
    page.goto(site)
    page.locator("html[data-model=ready]").wait_for()
    return page_readers(page)


NAMES = (
    *("ink.render", "drawings", "unipen", "unipen.tar.xz", "kaggle.csv", "npz", "idx"),
    *("pictures", "meta.json"),
)


def test_the_properties_cover_every_reader(properties: dict[str, Property]) -> None:
    assert tuple(properties) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_reader_reads_any_input_or_says_why_not(
    properties: dict[str, Property], name: str
) -> None:
    assert f"{name}: " in try_out(properties[name], FEW)


def test_the_page_reads_any_input_or_says_why_not(page_properties: list[Property]) -> None:
    assert len(page_properties) == 6
    for each in page_properties:
        try_out(each, FEW)


def test_a_property_that_does_not_hold_is_detected() -> None:
    def check(number: int) -> None:
        assert number < 1000

    with pytest.raises(AssertionError):
        try_out(Property("small numbers", st.integers(0, 10_000), check), FEW)


def test_the_same_seed_gives_the_same_inputs() -> None:
    def tried(seed: int) -> list[int]:
        seen: list[int] = []
        try_out(Property("any number", st.integers(), seen.append), FEW, seed)
        return seen

    assert tried(3) == tried(3) != tried(4)
