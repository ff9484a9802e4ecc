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
COMPARISON = PAGE.with_name("trees-beside-others.md")
MODULES = [module.name for module in pkgutil.walk_packages(vvalues.__path__, "vvalues.")]


def test_examples_of_the_page():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 40 and result.failed == 0


def lines_of_the_comparison() -> list[str]:
    rows = [line.split("|") for line in COMPARISON.read_text(encoding="utf-8").split("\n")]
    return [row[2].strip() for row in rows if len(row) > 4 and row[2].strip().startswith("`")]


def test_every_row_of_the_comparison_has_a_line():
    rows = [line for line in COMPARISON.read_text(encoding="utf-8").split("\n") if line[:2] == "| "]
    headings = [row for row in rows if row.split("|")[2].strip() == "V-values"]
    assert len(lines_of_the_comparison()) == len(rows) - len(headings) > 80


def test_every_line_of_the_comparison_runs():
    lines = lines_of_the_comparison()
    names: dict = {}
    setting = doctest.DocTestParser().get_doctest(
        COMPARISON.read_text(encoding="utf-8"), names, "comparison", str(COMPARISON), 0
    )
    assert doctest.DocTestRunner(verbose=False).run(setting, clear_globs=False).failed == 0
    for line in lines:
        assert eval(line.strip("`"), dict(setting.globs)) is not None, line


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
