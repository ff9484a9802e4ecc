"""What differs between two trees, for people and as a tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..core import kernels
from ..core.paths import Path, format_path
from ..core.support import Support
from ..core.tracing import unboxed
from ..core.tree import VValue
from ..patterns.language import is_selected
from .text import format_leaf

__all__ = ["Difference", "diff"]

_N_SHOWN = 20


@dataclass(frozen=True, eq=False)
class Difference:
    """How one tree became another one; `diff` makes it. Its ``repr`` is a report, worst first.

    Attributes
    ----------
    before, after : VValue
    tree : VValue
        ``after - before``, on the union of the supports.
    changed : Support
        Leaves that both have, with other values.
    added, removed : Support
        Leaves that only one of them has.

    Examples
    --------
    >>> from vvalues import diff
    >>> change = diff(VValue({"a": 1, "b": 2}), VValue({"b": 3, "c": 4}))
    >>> change.added.paths, change.removed.paths, change.changed.paths
    ((('c',),), (('a',),), (('b',),))
    """

    before: VValue
    after: VValue
    tree: VValue
    changed: Support
    added: Support
    removed: Support

    def __bool__(self) -> bool:
        """Whether anything differs, in value or in structure."""
        return any(map(len, (self.changed, self.added, self.removed)))

    def __repr__(self) -> str:
        return self.report()

    def report(self, limit: int = _N_SHOWN) -> str:
        """A line per leaf that differs, the largest difference first, after a line of counts.

        Parameters
        ----------
        limit : int
            Lines at most.
        """
        n_differ = len(self.changed) + len(self.added) + len(self.removed)
        counts = (
            f"{len(self.changed)} changed, {len(self.added)} added, {len(self.removed)} removed, "
            f"{len(self.tree) - n_differ} the same"
        )
        lines = [counts, *(self._line(path) for path in self._worst(limit))]
        if n_differ > limit:
            lines.append(f"… {n_differ - limit} more")
        return "\n".join(lines)

    def _worst(self, limit: int) -> Iterator[Path]:
        every = self.tree.support
        differs = is_selected(every, [self.changed, self.added, self.removed])
        sizes = np.where(differs, kernels.leaf_magnitudes(self.tree), -1.0)
        order = np.argsort(-np.where(np.isnan(sizes), np.inf, sizes), kind="stable")
        return (every.paths[i] for i in order[: min(limit, np.count_nonzero(differs))])

    def _line(self, path: Path) -> str:
        name = format_path(path)
        if path in self.added:
            return f"+ {name}  {_shown(self.after, path)}"
        if path in self.removed:
            return f"- {name}  {_shown(self.before, path)}"
        largest = kernels.leaf_magnitudes(self.tree)[self.tree.support.index[path]]
        change = f"{_shown(self.before, path)} -> {_shown(self.after, path)}"
        up_to = "up to " if self.tree.support.shape(self.tree.support.index[path]) else ""
        return f"  {name}  {change}  (by {up_to}{largest:.3g})"


def _shown(tree: VValue, path: Path) -> str:
    return format_leaf(tree._leaf(tree.support.index[path]))


def diff(before: VValue, after: VValue, /, *, rtol: float = 0.0, atol: float = 0.0) -> Difference:
    """What differs between two trees.

    Parameters
    ----------
    before, after : VValue
    rtol, atol : float
        A leaf that both have counts as changed where an element has
        ``|after - before| > atol + rtol * max(|before|, |after|)``.

    Returns
    -------
    Difference
        A report at the prompt; ``.tree`` is the difference as a tree.

    Raises
    ------
    ValueError
        If one path holds leaves of different shapes; the message names the path.

    Examples
    --------
    >>> from vvalues import VValue
    >>> v, w = VValue({"a": 1, "b": {"c": 2}, "d": 3}), VValue({"a": 1, "b": {"c": -2, "e": 5}})
    >>> found = diff(v, w)
    >>> found
    1 changed, 1 added, 1 removed, 1 the same
    + b/e  +5
      b/c  +2 -> -2  (by 4)
    - d  +3
    >>> found.tree
    VValue({'a': 0.0, 'b': {'c': -4.0, 'e': 5.0}, 'd': -3.0})
    """
    left, right = unboxed(before, "before"), unboxed(after, "after")
    tree = kernels.add(right, left, -1.0)
    support = tree.support
    x, y = kernels.align(left, support), kernels.align(right, support)
    with np.errstate(invalid="ignore"):
        is_far = ~(np.abs(y - x) <= atol + rtol * np.maximum(np.abs(x), np.abs(y)))
    is_far &= ~((x == y) | (np.isnan(x) & np.isnan(y)))
    leaf_of = np.repeat(np.arange(len(support)), np.diff(support.offsets))
    differs = np.bincount(leaf_of, weights=is_far, minlength=len(support)) > 0
    in_left, in_right = (is_selected(support, one.support) for one in (left, right))
    return Difference(
        left,
        right,
        tree,
        support.where(in_left & in_right & differs),
        support.where(in_right & ~in_left),
        support.where(in_left & ~in_right),
    )
