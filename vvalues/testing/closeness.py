"""Comparison of V-values in tests: on the union of the supports, naming the paths that differ."""

from __future__ import annotations

import numpy as np

from ..core import kernels
from ..core.paths import format_path
from ..core.support import Support
from ..core.tree import VValue

__all__ = ["assert_trees_close", "coordinate_name"]

_N_SHOWN = 6


def assert_trees_close(
    actual: VValue, expected: VValue, *, rtol: float = 1e-9, atol: float = 0.0
) -> None:
    """Assert that two V-values agree on the union of their supports (an absent path is zero).

    Parameters
    ----------
    actual, expected : VValue
    rtol, atol : float
        An element passes when ``|actual - expected| <= atol + rtol * max(|actual|, |expected|)``.

    Raises
    ------
    AssertionError
        Naming the paths and both values, the worst first.

    Examples
    --------
    >>> assert_trees_close(VValue({"a": 1, "b": 0}), VValue({"a": 1 + 1e-12}))
    >>> assert_trees_close(VValue({"a": 1}), VValue({"b": 2}))
    Traceback (most recent call last):
        ...
    AssertionError: 2 of 2 elements differ by more than rtol 1e-09, atol 0
      b: 0.0, expected 2.0
      a: 1.0, expected 0.0
    """
    __tracebackhide__ = True
    support = actual.support.union(expected.support).support
    left, right = kernels.align(actual, support), kernels.align(expected, support)
    with np.errstate(invalid="ignore"):
        allowed = atol + rtol * np.maximum(np.abs(left), np.abs(right))
        is_close = (np.abs(left - right) <= allowed) | (left == right)
    is_close |= np.isnan(left) & np.isnan(right)
    wrong = np.flatnonzero(~is_close)
    if not wrong.size:
        return
    with np.errstate(invalid="ignore"):
        excess = np.abs(left - right)[wrong] - allowed[wrong]
    wrong = wrong[np.argsort(-np.where(np.isnan(excess), np.inf, excess), kind="stable")]
    lines = [
        f"  {coordinate_name(support, i)}: {float(left[i])!r}, expected {float(right[i])!r}"
        for i in wrong[:_N_SHOWN]
    ]
    raise AssertionError(
        f"{wrong.size} of {support.size} elements differ by more than rtol {rtol:g}, "
        f"atol {atol:g}\n" + "\n".join(lines)
    )


def coordinate_name(support: Support, element: int) -> str:
    """Name of one element of a buffer: its path, with the index inside an array leaf.

    Examples
    --------
    >>> coordinate_name(VValue({"a": 0, "w": {"x": np.zeros((2, 3))}}).support, 5)
    'w/x[1, 1]'
    """
    leaf = int(np.searchsorted(support.offsets, element, side="right")) - 1
    name, shape = format_path(support.paths[leaf]), support.shape(leaf)
    if not shape:
        return name
    index = np.unravel_index(element - int(support.offsets[leaf]), shape)
    return f"{name}[{', '.join(str(int(i)) for i in index)}]"
