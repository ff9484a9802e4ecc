"""Every example that stands in the three packages is collected by ``pytest --doctest-modules``."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re

import pytest

from tests.house.rooms import NEEDS, PACKAGES, with_its_packages

WRITTEN = re.compile(r"^\s*>>> ", re.MULTILINE)


def modules(package: str) -> list[str]:
    path = importlib.import_module(package).__path__
    return [package, *(module.name for module in pkgutil.walk_packages(path, f"{package}."))]


def n_collected(module) -> int:
    return sum(len(test.examples) for test in doctest.DocTestFinder().find(module))


def check(name: str) -> int:
    """The number of a module's examples, all of which are collected."""
    module = with_its_packages(name)
    found = n_collected(module)
    assert found == len(WRITTEN.findall(inspect.getsource(module))), name
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_every_example_is_collected(package):
    assert sum(map(check, set(modules(package)) - set(NEEDS))) > 20


@pytest.mark.parametrize("name", NEEDS)
def test_every_example_of_a_module_that_needs_more_is_collected(name):
    check(name)
