"""A collecting server, one for all tests of a file."""

from collections.abc import Iterator

import pytest

from tests.hosting.collecting_server import FAST, Collecting, starting


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collecting]:
    with starting(tmp_path_factory.mktemp("reception"), FAST) as made:
        yield made


@pytest.fixture
def collecting(shared: Collecting) -> Collecting:
    """A server whose folder is empty, and the same one for every test."""
    shared.empty()
    return shared
