"""Imports point down, and doors hand on what is there."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType

import pytest

from tests.house.rooms import PACKAGES, ROOT

CONFIGURATION = ROOT / ".importlinter"


def rooms() -> list[str]:
    found = list(PACKAGES)
    for package in PACKAGES:
        path = import_module(package).__path__
        found += [room.name for room in walk_packages(path, f"{package}.") if room.ispkg]
    return found


def test_imports_keep_the_contracts(monkeypatch):
    """All at once, for the imports are read once then; what is broken is printed."""
    cli = pytest.importorskip("importlinter.cli", reason="import-linter is not installed")
    monkeypatch.chdir(ROOT)
    assert cli.lint_imports(config_filename=str(CONFIGURATION), no_cache=True) == os.EX_OK


def test_the_front_doors_need_numpy_and_autograd_only():
    """What else is needed is imported where it is: every process that works for us starts so."""
    code = (
        "import sys; before = set(sys.modules); import synthesis; "
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "print(*sorted(new - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    new = {name for name in done.stdout.split() if "cython" not in name}  # of numpy's own making
    assert new == {"numpy", "autograd", *PACKAGES}


@pytest.mark.parametrize("room", rooms())
def test_a_door_hands_on_names_that_are_there_and_hide_no_module(room):
    door = import_module(room)
    assert door.__doc__, f"{room} does not say what it is for"
    assert all(hasattr(door, name) for name in door.__all__)
    names = [module.name for module in walk_packages(door.__path__)]
    # Modules that nobody imports (for an optional package, say) cannot be hidden yet.
    hidden = [name for name in names if not isinstance(getattr(door, name, door), ModuleType)]
    assert not hidden, f"{room} hides its modules {hidden} under names of theirs"
