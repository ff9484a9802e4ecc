"""Elements of a flat array by name: labels for plots and tables, positions for flat code."""

from __future__ import annotations

import numpy as np

from ..core.paths import format_path
from ..core.support import Support
from ..core.tracing import support_of
from ..core.tree import VValue
from .language import Pattern, is_selected

__all__ = ["labels", "positions", "positions_in"]


def labels(tree: VValue, /) -> list[str]:
    """A name for every element, in the order of `ravel`: the path, and the indices in an array.

    Parameters
    ----------
    tree : VValue

    Returns
    -------
    list of str

    Examples
    --------
    >>> labels(VValue({"bias": 1.0, "layer": {"w": np.ones((1, 2))}}))
    ['bias', 'layer/w[0,0]', 'layer/w[0,1]']
    """
    support = support_of(tree, "tree")
    out = []
    for i, path in enumerate(support.paths):
        shape, name = support.shape(i), format_path(path)
        indices = (",".join(map(str, index)) for index in np.ndindex(shape))
        out += [f"{name}[{index}]" for index in indices] if shape else [name]
    return out


def positions(tree: VValue, pattern: Pattern, /) -> np.ndarray:
    """Where in `ravel` the elements are that a pattern selects.

    Parameters
    ----------
    tree : VValue
    pattern : as those of `select`

    Returns
    -------
    array of int, ascending

    Examples
    --------
    >>> positions(VValue({"bias": 1.0, "layer": {"w": np.ones(2)}}), "layer/*")
    array([1, 2])
    """
    return positions_in(support_of(tree, "tree"), pattern)


def positions_in(support: Support, pattern: Pattern) -> np.ndarray:
    """As `positions`, of the elements of a support."""
    keep = is_selected(support, pattern)
    return np.flatnonzero(np.repeat(keep, np.diff(support.offsets)))
