"""Series and DataTrees and back; each test is skipped where the library is absent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from tests.examples import examples
from vvalues import NUMBER, VValue, strategies
from vvalues.exchange import from_datatree, from_series, to_datatree, to_series

ARRAYS = {"w": (2,), "m": (2, 3)}


@pytest.fixture(scope="module")
def pandas():
    return pytest.importorskip("pandas", reason="pandas is not installed")


@pytest.fixture(scope="module")
def xarray():
    library = pytest.importorskip("xarray", reason="xarray is not installed")
    if not hasattr(library, "DataTree"):
        pytest.skip("this xarray has no DataTree")
    return library


@given(tree=strategies.vvalues(alphabet=None))
def test_series_come_back(pandas, tree):
    back = from_series(to_series(tree))
    assert back == tree and back.support is tree.support


def test_series_of_other_makes(pandas):
    index = pandas.MultiIndex.from_tuples([("a", "x"), ("b", None)])
    assert from_series(pandas.Series([1, 2], index)) == VValue({"a": {"x": 1}, "b": 2})
    assert len(from_series(pandas.Series([1.0, np.nan], ["a", "b"]))) == 1
    with pytest.raises(ValueError, match="a/x occurs twice"):
        from_series(pandas.Series([1.0, 2.0], ["a/x", "a/x"]))
    with pytest.raises(ValueError, match=r"leaf at w is an array of shape \(2,\)"):
        to_series(VValue({"w": np.ones(2)}))
    series = to_series(VValue({"n": {"x": 1, "y": 2}}))
    assert series["n/y"] == 2.0 and series.index.name == "path"


@examples(20)
@given(tree=strategies.vvalues(arrays=ARRAYS, max_leaves=6))
def test_datatrees_come_back(xarray, tree):
    back = from_datatree(to_datatree(tree))
    assert back == tree and back.support is tree.support


def test_a_datatree_has_groups_and_variables(xarray):
    tree = VValue({"b": {NUMBER: 2.0, "c": 3.0}, "w": np.arange(6.0).reshape(2, 3)})
    made = to_datatree(tree)
    assert float(made["b"][NUMBER]) == 2.0 and float(made["b/c"]) == 3.0
    assert made["w"].dims == ("w[0]", "w[1]")
    with pytest.raises(ValueError, match="xarray allows no such name"):
        to_datatree(VValue({"m/s": 1}))
