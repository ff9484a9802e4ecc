"""The differentiable operations on V-values: one autograd primitive per *tree* operation.

Each primitive stands beside its vjp and jvp, written in terms of other primitives, so derivatives
of any order exist. Differentiable arguments are positional only (autograd does not look into
keywords). They live in `vvalues.core.linear` (the vector space), `vvalues.core.combinations`
(products), `vvalues.core.structure` (taking, putting, projecting) and `vvalues.core.bridges`
(arrays); this module gathers them.

Where gradients live
--------------------
Derivatives of the linear operations (``+``, ``-``, `scale`, `inner`, norms, `take`, `put`,
`assemble`, `restrict`) are exact on the whole space: the gradient of ``inner(a, b)`` with respect
to ``a`` is ``b``, whatever ``a``'s support. In the products (`linear_combination`,
`mask_multiply`, `apply_matrix`) a support is wiring: each gradient lives on the support of its
argument; so it does where a support fixes the layout of an array (`ravel`, `map_leaves`, `dense`).
To ask what an absent coefficient would do, give it an explicit zero first (`restrict` to a larger
support).
"""

from .bridges import dense, from_dense, map_leaves, ravel, unravel
from .combinations import apply_matrix, linear_combination, mask_multiply
from .linear import (
    add,
    inner,
    is_nonnegative,
    l1_norm,
    l2_norm,
    max_norm,
    negative,
    scale,
    sign,
    squared_norm,
    subtract,
)
from .structure import assemble, prune, put, restrict, stop_gradient, subtree, take

__all__ = [
    "add",
    "apply_matrix",
    "assemble",
    "dense",
    "from_dense",
    "inner",
    "is_nonnegative",
    "l1_norm",
    "l2_norm",
    "linear_combination",
    "map_leaves",
    "mask_multiply",
    "max_norm",
    "negative",
    "prune",
    "put",
    "ravel",
    "restrict",
    "scale",
    "sign",
    "squared_norm",
    "stop_gradient",
    "subtract",
    "subtree",
    "take",
    "unravel",
]
