"""Every public name has a docstring, and says what it returns."""

from __future__ import annotations

import inspect
from pkgutil import walk_packages

import pytest

import dmm
from tests.house.rooms import with_its_packages

MODULES = [module.name for module in walk_packages(dmm.__path__, "dmm.")]


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_documented_and_annotated(name):
    module = with_its_packages(name)
    assert module.__doc__
    for public in module.__all__:
        thing = getattr(module, public)
        if not callable(thing) or not getattr(thing, "__module__", "").startswith("dmm"):
            continue
        assert inspect.getdoc(thing), f"{name}.{public} has no docstring"
        if inspect.isfunction(thing):
            returns = inspect.signature(thing).return_annotation
            assert returns is not inspect.Signature.empty, f"{name}.{public}"
