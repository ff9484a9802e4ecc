"""What the documentation shows is what happens."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import vvalues

PAGE = Path(__file__).resolve().parents[2] / "docs" / "vvalues.md"
MODULES = [module.name for module in pkgutil.walk_packages(vvalues.__path__, "vvalues.")]


def test_examples_of_the_page():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 40 and result.failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_documented_and_annotated(name):
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", ()):
        thing = getattr(module, public)
        if not callable(thing) or not getattr(thing, "__module__", "").startswith("vvalues"):
            continue
        assert inspect.getdoc(thing), f"{name}.{public} has no docstring"
        if inspect.isfunction(thing):
            hints = inspect.signature(thing)
            assert hints.return_annotation is not inspect.Signature.empty, f"{name}.{public}"


def test_every_operation_of_the_front_door_has_an_example():
    without = [
        name
        for name in vvalues.__all__
        if inspect.isfunction(getattr(vvalues, name))
        and ">>>" not in getattr(vvalues, name).__doc__
    ]
    assert without == []
