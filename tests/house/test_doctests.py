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


def modules() -> list[str]:
    found = list(PACKAGES)
    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        found += [module.name for module in pkgutil.walk_packages(path, f"{package}.")]
    return found


def n_collected(module) -> int:
    return sum(len(test.examples) for test in doctest.DocTestFinder().find(module))


@pytest.mark.parametrize("name", modules())
def test_every_example_is_collected(name):
    module = with_its_packages(name)
    assert n_collected(module) == len(WRITTEN.findall(inspect.getsource(module)))


def test_there_are_examples():
    found = dict.fromkeys(PACKAGES, 0)
    for name in set(modules()) - set(NEEDS):
        found[name.partition(".")[0]] += n_collected(importlib.import_module(name))
    assert all(count > 20 for count in found.values()), found
