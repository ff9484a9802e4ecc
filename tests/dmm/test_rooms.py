"""The rooms of the package: what their doors hand on, and which way imports point."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import dmm

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ["dmm", *(m.name for m in walk_packages(dmm.__path__, "dmm.") if m.ispkg)]


@pytest.mark.parametrize("room", ROOMS)
def test_a_door_hands_on_names_that_are_there_and_shadow_no_module(room):
    door = import_module(room)
    assert door.__doc__ and all(hasattr(door, name) for name in door.__all__)
    modules = {module.name for module in walk_packages(door.__path__)}
    assert not modules & set(door.__all__)
    assert all(import_module(f"{room}.{name}") is getattr(door, name) for name in modules)


@pytest.mark.parametrize("contract", ["dmm-rooms", "dmm-circles"])
def test_imports_point_down_and_never_in_a_circle(contract, monkeypatch):
    cli = pytest.importorskip("importlinter.cli")
    monkeypatch.chdir(ROOT)
    found = cli.lint_imports(limit_to_contracts=(contract,), no_cache=True, no_logo=True)
    assert found == os.EX_OK
