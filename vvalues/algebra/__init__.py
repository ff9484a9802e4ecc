"""Algebra of trees element by element: functions, comparisons, choices, sums.

Absence is zero, and that decides everything here:

* A function with f(0, ..., 0) = 0 is a function of trees. Its result has nothing where no argument
  has anything: a product lives on the intersection of the supports, everything else on their union.
* Any other function (``exp``, ``cos``, ``>=`` between trees, a quotient, a power of 0) would be
  different from zero at all paths there are. It needs ``support=``, which says where it is meant,
  and without one it is refused.
* A sum is over all paths. A mean, a largest, a smallest element are over the elements that are
  there: explicit zeros count, absent paths do not.
* The product is bilinear on the whole space, its gradients too (as those of `inner`); the gradients
  of everything else live on the support of the result.

`mapping` applies functions, numpy's included; `choices` has comparisons and what chooses between
trees; `reductions` sums; `collecting` has the two linear maps that sums and new names are made of.
The operators ``*``, ``**``, ``abs`` and ``>`` are in `vvalues.core.pointwise`.
"""

from .choices import (
    clip,
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    maximum,
    minimum,
    not_equal,
    where,
)
from .mapping import apply_ufunc, map_leaves
from .reductions import max_leaves, mean_leaves, min_leaves, sum_leaves

__all__ = [
    "apply_ufunc",
    "clip",
    "equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "map_leaves",
    "max_leaves",
    "maximum",
    "mean_leaves",
    "min_leaves",
    "minimum",
    "not_equal",
    "sum_leaves",
    "where",
]
