"""What mutation testing changes, what it leaves alone, and that it tells who notices."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest

from benchmarks.mutation.judges import JUDGES
from benchmarks.mutation.mutants import code_of, in_random_order, mutants_of
from benchmarks.mutation.records import Fate, Score, overall, written
from benchmarks.mutation.traces import Traces
from tests.house.rooms import ROOT
from tests.marks import thorough

TEXT = '''
"""Docstring."""
from __future__ import annotations
from functools import lru_cache
__all__ = ["clipped"]
LIMIT: int = 3
Number = int | float


def _complaint(n):
    return f"{n + 1} is too many"


@lru_cache(4)
def clipped(x: float, low: float = 0.0) -> float:
    """x + 1."""
    if x > LIMIT and not x == 7:
        raise ValueError(_complaint(x) + "!" * 2)
    return max(x, low)


class Sum:
    def __repr__(self):
        return "a" + "b"

    def total(self, xs):
        out = {}
        for x in xs:
            out[0] = lambda y: y + x
        return [out[0](y) for y in xs if y]
'''
EXPECTED = {
    ": `LIMIT: int = 3` → `LIMIT: int = 4`",
    ": `LIMIT: int = 3` → `LIMIT: int = 2`",
    "clipped: `def clipped(x: float, low: float=0.0) -> float:` → "
    "`def clipped(x: float, low: float=1.0) -> float:`",
    "clipped: `def clipped(x: float, low: float=0.0) -> float:` → "
    "`def clipped(x: float, low: float=-1.0) -> float:`",
    "clipped: `if x > LIMIT and (not x == 7):` → `if x > LIMIT or not x == 7:`",
    "clipped: `if x > LIMIT and (not x == 7):` → `if x >= LIMIT and (not x == 7):`",
    "clipped: `if x > LIMIT and (not x == 7):` → `if x <= LIMIT and (not x == 7):`",
    "clipped: `if x > LIMIT and (not x == 7):` → `if x > LIMIT and x == 7:`",
    "clipped: `if x > LIMIT and (not x == 7):` → `if x > LIMIT and (not x != 7):`",
    "clipped: `if x > LIMIT and (not x == 7):` → `if x > LIMIT and (not x == 8):`",
    "clipped: `if x > LIMIT and (not x == 7):` → `if x > LIMIT and (not x == 6):`",
    "clipped: `raise ValueError(_complaint(x) + '!' * 2)` → `pass`",
    "clipped: `return max(x, low)` → `return min(x, low)`",
    "Sum.total: `for x in xs:` → `for x in ():`",
    "Sum.total: `out[0] = lambda y: y + x` → `pass`",
    "Sum.total: `out[0] = lambda y: y + x` → `out[1] = lambda y: y + x`",
    "Sum.total: `out[0] = lambda y: y + x` → `out[-1] = lambda y: y + x`",
    "Sum.total: `out[0] = lambda y: y + x` → `out[0] = lambda y: y - x`",
    "Sum.total: `return [out[0](y) for y in xs if y]` → `return [out[1](y) for y in xs if y]`",
    "Sum.total: `return [out[0](y) for y in xs if y]` → `return [out[-1](y) for y in xs if y]`",
    "Sum.total: `return [out[0](y) for y in xs if y]` → `return [out[0](y) for y in () if y]`",
    "Sum.total: `return [out[0](y) for y in xs if y]` → `return [out[0](y) for y in xs if not y]`",
}


def test_every_small_change_is_tried_and_what_nobody_has_to_notice_is_not():
    assert {mutant.name for mutant in mutants_of(ast.parse(TEXT))} == EXPECTED


@pytest.mark.parametrize("module", ["vvalues/core/linear.py", *thorough("dmm/proof/linear.py")])
def test_a_mutant_is_another_module_and_leaves_the_tree_as_it_was(module):
    text = (ROOT / module).read_text(encoding="utf-8")
    tree = ast.parse(text)
    mutants, before = mutants_of(tree), ast.dump(tree, include_attributes=True)
    plain = code_of(tree, None, module)
    assert all(code_of(tree, mutant, module) != plain for mutant in mutants)
    assert ast.dump(tree, include_attributes=True) == before
    assert len({mutant.name for mutant in mutants}) == len(mutants)
    assert sorted(m.name for m in in_random_order(mutants)) == sorted(m.name for m in mutants)


def test_every_module_has_its_judges():
    for module, scope in JUDGES.items():
        assert (ROOT / module).is_file()
        assert all((ROOT / part).exists() for part in scope.split())


def test_a_mutant_meets_the_shortest_tests_that_execute_its_lines(monkeypatch):
    monkeypatch.setattr("benchmarks.mutation.traces.PATIENCE", 20.0)
    traces = Traces(
        {"slow": 9.0, "fast": 1.0, "middle": 5.0, "other": 0.1, "slower": 30.0},
        {
            "slow": {"m.py": [3, 4]},
            "fast": {"m.py": [4]},
            "middle": {"m.py": [1]},
            "other": {"n.py": [4]},
            "slower": {"m.py": [4]},
        },
        {},
    )
    assert traces.tests_of("m.py", range(4, 6)) == ["fast", "slow"]
    assert traces.tests_of("m.py", None) == ["fast", "middle", "slow"]
    assert traces.tests_of("m.py", range(7, 8)) == []
    assert traces.tests_of("n.py", range(4, 5)) == ["other"]


def test_the_score_is_weighted_by_mutants_and_certain_where_all_were_tried():
    whole = Score("a.py", 100, 100, 80, 0, {})
    part = Score("b.py", 300, 30, 29, 1, {})
    share, half = overall([whole, part])
    assert share == pytest.approx((80 + 300) / 400)
    assert 0.0 < half < 0.1
    assert overall([whole]) == (0.8, 0.0)
    survivor = Fate("survived", 0, 7)
    text = written([whole._replace(survivors={"f: `a` → `b`": survivor})], "command")
    assert "* `a.py:7` f: `a` → `b` (no test executes it)" in text


TRIALS = """
import ast, os
from benchmarks.mutation.mutants import code_of, mutants_of
from benchmarks.mutation.trials import ROOT, Trial, tried

module = "vvalues/core/support.py"
file = str(ROOT / module)
tree = ast.parse(open(file, encoding="utf-8").read())
plain, trials = code_of(tree, None, file), []
for mutant in mutants_of(tree):
    if mutant.name.endswith("`if not keep.all():`"):
        code = code_of(tree, mutant, file)
        for way, is_inside in ("in place", True), ("imported", False):
            trials.append(Trial(module, way, plain, code, mutant.lines, is_inside))
            trials.append(Trial(module, f"{way}, same", plain, plain, mutant.lines, is_inside))
out = os.dup(1)
tried("tests/vvalues/core/test_support.py::test_selecting_leaves", trials,
      lambda trial, how, n: os.write(out, f"{trial.name}: {how}\\n".encode()))
"""


@pytest.mark.thorough
@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for processes as Linux does")
def test_a_change_is_noticed_in_place_and_by_importing_and_no_change_is_not():
    run = subprocess.run(
        [sys.executable, "-c", TRIALS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert sorted(run.stdout.splitlines()) == [
        "imported, same: survived",
        "imported: killed",
        "in place, same: survived",
        "in place: killed",
    ]
