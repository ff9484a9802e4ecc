"""V-values: vectors with tree-shaped indices, a first-class type of HIPS autograd.

A V-value maps paths in a tree to real numbers or real arrays; an absent path is zero, so trees of
different shape add. Importing this package registers the type: ``autograd.grad(f)(tree)`` returns a
V-value.

There is one autograd primitive per *tree* operation, with its derivatives of both modes beside it
in terms of other primitives, so derivatives of any order exist. Differentiable arguments are
positional only (autograd does not look into keywords).

Where gradients live
--------------------
Derivatives of the linear operations (``+``, ``-``, `scale`, `inner`, norms, `tree[path]`, `put`,
`assemble`, `restrict`) are exact on the whole space: the gradient of ``inner(a, b)`` with respect
to ``a`` is ``b``, whatever ``a``'s support. In the products (`linear_combination`,
`mask_multiply`, `apply_matrix`) a support is wiring: each gradient lives on the support of its
argument; so it does where a support fixes the layout of an array (`ravel`, `map_leaves`, `dense`).
To ask what an absent coefficient would do, give it an explicit zero first (`restrict` to a larger
support).
"""

from .core.autodiff import register as _register
from .core.bridges import dense, from_dense, map_leaves, ravel, unravel
from .core.linear import (
    add,
    inner,
    is_nonnegative,
    l1_norm,
    l2_norm,
    max_norm,
    scale,
    sign,
    squared_norm,
)
from .core.paths import NUMBER, Path, as_path, format_path, natural_key, parse_path
from .core.products import apply_matrix, linear_combination, mask_multiply
from .core.structure import assemble, prune, put, restrict, stop_gradient, subtree
from .core.support import Support
from .core.tree import VValue, from_buffer
from .files import from_json, load, save, to_json

_register()

__all__ = [
    "NUMBER",
    "Path",
    "Support",
    "VValue",
    "add",
    "apply_matrix",
    "as_path",
    "assemble",
    "dense",
    "format_path",
    "from_buffer",
    "from_dense",
    "from_json",
    "inner",
    "is_nonnegative",
    "l1_norm",
    "l2_norm",
    "linear_combination",
    "load",
    "map_leaves",
    "mask_multiply",
    "max_norm",
    "natural_key",
    "parse_path",
    "prune",
    "put",
    "ravel",
    "restrict",
    "save",
    "scale",
    "sign",
    "squared_norm",
    "stop_gradient",
    "subtree",
    "to_json",
    "unravel",
]
