"""Fixtures: a real server for every test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import stateloft
import stateloft.testing
from stateloft import _saver, _states


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the proofs by kill and by time run for minutes, not for seconds")


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Whether a proof may take minutes."""
    return bool(request.config.getoption("--long"))


@pytest.fixture
def server() -> Iterator[stateloft.testing.Server]:
    """A server of the test's own, which it may kill."""
    with stateloft.testing.server() as running:
        yield running


@pytest.fixture(scope="session")
def shared() -> Iterator[stateloft.testing.Server]:
    """One server for all tests that only need their own states."""
    with stateloft.testing.server() as running:
        yield running


@pytest.fixture
def client(shared: stateloft.testing.Server) -> Iterator[stateloft.Client]:
    with shared.client(author="tests") as made:
        yield made


@pytest.fixture(autouse=True)
def _programs_end() -> Iterator[None]:
    """Each test is a program of its own: it leaves no states behind that would be saved at the end of the run."""
    yield
    _states._STATES.clear()
    _saver._SAVERS.clear()
