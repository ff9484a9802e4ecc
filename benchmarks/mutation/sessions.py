"""pytest, held in one process: tests in a chosen order, until the first that fails."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import Phase, settings

__all__ = ["ARGUMENTS", "Chosen", "Quick", "chosen", "first_failure", "run_item"]

ARGUMENTS = (
    *("-q", "-x", "--tb=no", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # Hypothesis is imported beforehand
)


class Quick:
    """A plugin of pytest that lets Hypothesis stop at a failure: nobody reads a smaller one."""

    @staticmethod
    def be_quick() -> None:
        """The same cases as by default; they begin with the tests' next import."""
        usual = settings.get_profile("default")
        settings.register_profile("quick", usual, phases=(Phase.explicit, Phase.generate))
        settings.load_profile("quick")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Before any test is imported."""
        self.be_quick()


class Chosen(Quick):
    """A plugin of pytest that leaves the chosen tests, in their order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.tests = tests

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the chosen ones."""
        items[:] = chosen(items, self.tests)


class _Failures:
    def __init__(self) -> None:
        self.any = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.any = self.any or report.failed


def chosen(items: Sequence[pytest.Item], tests: Sequence[str]) -> list[pytest.Item]:
    """Tests by their names, those that there are."""
    by_name = {item.nodeid: item for item in items}
    return [by_name[test] for test in tests if test in by_name]


def run_item(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Run one test; whether it did not fail."""
    failures = _Failures()
    manager = item.config.pluginmanager
    manager.register(failures)
    try:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    finally:
        manager.unregister(failures)
    item.session.shouldfail = item.session.shouldstop = False
    return not failures.any


def first_failure(items: Sequence[pytest.Item]) -> str | None:
    """Name of the first test that fails."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        if not run_item(item, following):
            return item.nodeid
    return None
