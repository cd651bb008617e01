"""Fixtures for pytest: `crisp` is a space for each test, `crisp_mock` the server around them.

Each worker of pytest-xdist has a server of its own, unless `crisp-mock exec -- pytest -n 4` made one.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from crisp_mock.server import Mock
    from crisp_mock.space import Space
    from crisp_mock.space_async import AsyncSpace

MARKER = "crisp(**options): the options of the test's space, as @pytest.mark.crisp(websites=3)"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("crisp_mock_args", "further arguments of `crisp-mock serve`", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)


@pytest.fixture(scope="session")
def crisp_mock(pytestconfig: pytest.Config) -> Iterator[Mock]:
    """The server: the one around this run, or one that lives as long as the session."""
    from crisp_mock.server import start

    with start(args=pytestconfig.getini("crisp_mock_args")) as mock:
        yield mock


@pytest.fixture
def crisp(crisp_mock: Mock, request: pytest.FixtureRequest) -> Iterator[Space]:
    """A fresh space, gone when the test is over. `@pytest.mark.crisp(websites=3)` has its options."""
    options: dict[str, Any] = {}
    # Outermost first: what stands at the test wins over what stands at its module.
    for mark in reversed(list(request.node.iter_markers("crisp"))):
        options.update(mark.kwargs)
    with crisp_mock.space(**options) as space:
        yield space


@pytest.fixture
def async_crisp(crisp: Space) -> AsyncSpace:
    """The space of the test for coroutines, under pytest-asyncio or any other event loop."""
    from crisp_mock.space_async import AsyncSpace

    return AsyncSpace(crisp)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Puts the journal of a failed test's space into its report."""
    outcome = yield
    report = outcome.get_result()
    space = getattr(item, "funcargs", {}).get("crisp")
    if report.when != "call" or not report.failed or space is None:
        return
    try:
        journal = space.journal()
    except Exception as error:  # The test's own failure is what is reported.
        journal = f"there is none: {error}"
    report.sections.append(("crisp-mock journal", journal))
