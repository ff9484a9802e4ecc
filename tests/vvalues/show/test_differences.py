"""What differs between two trees: nothing is forgotten, the worst comes first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

import vvalues as vv
from tests.vvalues.laws import laws
from vvalues import NUMBER, VValue, strategies
from vvalues.testing import assert_trees_close


@laws
@given(strategies.pairs(elements=strategies.integers(), arrays={"w": (2,)}))
def test_every_leaf_is_counted_once(pair):
    before, after = pair
    found = vv.diff(before, after)
    assert before + found.tree == after
    changed, added, removed = map(
        set, (found.changed.paths, found.added.paths, found.removed.paths)
    )
    assert added == set(after) - set(before) and removed == set(before) - set(after)
    for path in set(before) & set(after):
        own = (*path, NUMBER)
        assert (path in changed) == bool(np.any(before[own] != after[own]))
    assert bool(found) == bool(changed | added | removed)
    assert len(found.report(limit=100).split("\n")) == 1 + len(changed | added | removed)


def test_the_report_names_the_worst_first():
    before = VValue({"a": 1.0, "b": {"c": 2.0}, "w": np.zeros(3), "same": 5})
    after = VValue({"a": 1.5, "b": {"c": -7.0, "d": 0}, "w": np.array([0, 2.0, 0]), "same": 5})
    assert repr(vv.diff(before, after)) == (
        "3 changed, 1 added, 0 removed, 1 the same\n"
        "  b/c  +2 -> -7  (by 9)\n"
        "  w  array(3,) -> array(3,)  (by up to 2)\n"
        "  a  +1 -> +1.5  (by 0.5)\n"
        "+ b/d  +0"
    )
    assert vv.diff(before, after).report(limit=1).endswith("(by 9)\n… 3 more")
    assert not vv.diff(before, before)
    assert not vv.diff(VValue({"a": np.nan}), VValue({"a": np.nan}))


def test_tolerances():
    one = VValue({"a": 100.0})
    assert not vv.diff(one, one * 1.01, rtol=0.02) and vv.diff(one, one * 1.01, rtol=0.005)
    assert not vv.diff(one, one * 1.01, atol=1.5) and vv.diff(one, one * 1.01, atol=0.5)


def test_assertions_name_the_worst_leaf_first():
    one = VValue({"a": 1.0, "b": 1.0, "c": 1.0})
    other = VValue({"a": 1.5, "b": float("nan"), "c": 9.0})
    with pytest.raises(AssertionError) as caught:
        assert_trees_close(one, other)
    assert [line[2] for line in str(caught.value).split("\n")[1:]] == ["b", "c", "a"]
