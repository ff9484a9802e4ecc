"""Trees as tables of other libraries: pandas Series, xarray DataTree. Imported when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core.paths import NUMBER, Path, as_path, format_path, parse_path
from ..core.tracing import unboxed
from ..core.tree import VValue, from_leaves
from .interop import is_inner

__all__ = ["from_datatree", "from_series", "to_datatree", "to_series"]


def to_series(tree: VValue, /) -> Any:
    """A tree of scalar leaves as a pandas Series, indexed by paths as displays print them.

    Parameters
    ----------
    tree : VValue

    Returns
    -------
    pandas.Series of floats, its index named "path"

    Raises
    ------
    ImportError
        If pandas is not installed.
    ValueError
        If a leaf is an array; the message names the path.

    Examples
    --------
    >>> to_series(VValue({"a": {"x": 1}}))  # doctest: +SKIP
    path
    a/x    1.0
    dtype: float64
    """
    import pandas

    value = unboxed(tree, "tree")
    for i, path in enumerate(value.support.paths):
        if value.support.shape(i):
            raise ValueError(
                f"leaf at {format_path(path)} is an array of shape {value.support.shape(i)}; a "
                "Series has one number per path: to_datatree holds arrays"
            )
    index = pandas.Index(map(format_path, value.support.paths), name="path", dtype=object)
    return pandas.Series(np.array(value.buffer), index=index)


def from_series(series: Any, /) -> VValue:
    """Inverse of `to_series`; an index of tuples (a MultiIndex) is taken as paths, too.

    Missing keys of a MultiIndex (NaN, None) are left out; a missing number is an absent path.

    Raises
    ------
    ValueError
        If a path occurs twice; the message names it.

    Examples
    --------
    >>> import pandas  # doctest: +SKIP
    >>> from_series(pandas.Series({"layer/w": 0.5, "layer/b": 1.0}))  # doctest: +SKIP
    VValue({'layer': {'b': 1.0, 'w': 0.5}})
    """
    leaves: dict[Path, float] = {}
    for key, number in zip(series.index, series.to_numpy(), strict=True):
        path = parse_path(key) if isinstance(key, str) else as_path(_keys(key))
        if path in leaves:
            raise ValueError(f"path {format_path(path)} occurs twice in the Series")
        if not np.isnan(number):
            leaves[path] = float(number)
    return from_leaves(leaves)


def _keys(key: Any) -> tuple[str, ...]:
    parts = key if isinstance(key, tuple) else (key,)
    return tuple(str(part) for part in parts if part is not None and part == part)


def to_datatree(tree: VValue, /) -> Any:
    """A tree as an xarray DataTree: inner nodes are groups, leaves are variables.

    Parameters
    ----------
    tree : VValue

    Returns
    -------
    xarray.DataTree
        A node's own scalar is the variable ``:number``. Axes of arrays are named after their path:
        ``layer/w[0]``.

    Raises
    ------
    ImportError
        If xarray with DataTree (2024.10 or later) is not installed.
    ValueError
        If a key contains a slash, which xarray does not allow, or is empty.

    Examples
    --------
    >>> tree = to_datatree(VValue({"layer": {"w": np.ones((2, 3))}}))  # doctest: +SKIP
    >>> tree["layer/w"].sum().item()  # doctest: +SKIP
    6.0
    """
    import xarray

    support = unboxed(tree, "tree").support
    groups: dict[str, dict[str, Any]] = {"/": {}}
    for i, (path, leaf) in enumerate(tree.items()):
        for key in path:
            if "/" in key or not key:
                raise ValueError(f"key {key!r} in {format_path(path)}: xarray allows no such name")
        group, name = (path, NUMBER) if is_inner(support, i) else (path[:-1], path[-1])
        axes = [f"{format_path(path)}[{axis}]" for axis in range(np.ndim(leaf))]
        groups.setdefault("/" + "/".join(group), {})[name] = (axes, leaf)
    datasets = {name: xarray.Dataset(variables) for name, variables in groups.items()}
    return xarray.DataTree.from_dict(datasets)


def from_datatree(tree: Any, /) -> VValue:
    """Inverse of `to_datatree`: every numeric variable becomes a leaf. Coordinates are left out.

    Examples
    --------
    >>> from_datatree(to_datatree(VValue({"layer": {"b": 1}})))  # doctest: +SKIP
    VValue({'layer': {'b': 1.0}})
    """
    return from_leaves(dict(_variables(tree)))


def _variables(tree: Any) -> Iterator[tuple[Path, Any]]:
    for node in tree.subtree:
        group = tuple(key for key in node.path.split("/") if key)
        for name, variable in node.data_vars.items():
            array = np.asarray(variable.values)
            if array.dtype.kind in "fiu":
                yield (
                    as_path((*group, str(name))),
                    array.astype(float) if array.ndim else float(array),
                )
