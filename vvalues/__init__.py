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
`assemble`, `restrict`) and of the elementwise product `multiply` are exact on the whole space: the
gradient of ``inner(a, b)`` with respect to ``a`` is ``b``, whatever ``a``'s support. In products by
masks (`linear_combination`, `mask_multiply`, `apply_matrix`) a support is wiring: each gradient
lives on the support of its argument; so it does where a support fixes the layout (`ravel`,
`map_leaves`, `where`, sums, `dense`). To ask what an absent coefficient would do, give it an
explicit zero first (`restrict` to a larger support).
"""

from .algebra import (
    clip,
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    map_leaves,
    max_leaves,
    maximum,
    mean_leaves,
    min_leaves,
    minimum,
    not_equal,
    sum_leaves,
    where,
)
from .core.autodiff import register as _register
from .core.bridges import dense, from_dense, ravel, unravel
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
from .core.pointwise import absolute, divide, full, multiply, power
from .core.products import apply_matrix, linear_combination, mask_multiply
from .core.structure import assemble, prune, put, restrict, subtree
from .core.support import Support
from .core.tracing import stop_gradient
from .core.tree import VValue, from_buffer
from .derivatives import (
    LinearMap,
    detect_sparsity,
    fisher_product,
    gauss_newton_product,
    gradient,
    hessian,
    hessian_vector_product,
    jacobian,
    jacobian_operator,
    jacobian_vector_product,
    vector_jacobian_product,
)
from .exchange import covariance, mean, stack, unstack, vmap, wrap
from .files import from_json, load, save, to_json
from .patterns import (
    Pattern,
    drop,
    drop_level,
    escape_pattern,
    labels,
    map_with_path,
    merge_levels,
    partition,
    positions,
    relabel,
    select,
    sorted_items,
    split_level,
    swap_levels,
    update,
)
from .show import diff

_register()

__version__ = "0.2.0.dev0"

__all__ = [
    "NUMBER",
    "LinearMap",
    "Path",
    "Pattern",
    "Support",
    "VValue",
    "absolute",
    "add",
    "apply_matrix",
    "as_path",
    "assemble",
    "clip",
    "covariance",
    "dense",
    "detect_sparsity",
    "diff",
    "divide",
    "drop",
    "drop_level",
    "equal",
    "escape_pattern",
    "fisher_product",
    "format_path",
    "from_buffer",
    "from_dense",
    "from_json",
    "full",
    "gauss_newton_product",
    "gradient",
    "greater",
    "greater_equal",
    "hessian",
    "hessian_vector_product",
    "inner",
    "is_nonnegative",
    "jacobian",
    "jacobian_operator",
    "jacobian_vector_product",
    "l1_norm",
    "l2_norm",
    "labels",
    "less",
    "less_equal",
    "linear_combination",
    "load",
    "map_leaves",
    "map_with_path",
    "mask_multiply",
    "max_leaves",
    "max_norm",
    "maximum",
    "mean",
    "mean_leaves",
    "merge_levels",
    "min_leaves",
    "minimum",
    "multiply",
    "natural_key",
    "not_equal",
    "parse_path",
    "partition",
    "positions",
    "power",
    "prune",
    "put",
    "ravel",
    "relabel",
    "restrict",
    "save",
    "scale",
    "select",
    "sign",
    "sorted_items",
    "split_level",
    "squared_norm",
    "stack",
    "stop_gradient",
    "subtree",
    "sum_leaves",
    "swap_levels",
    "to_json",
    "unravel",
    "unstack",
    "update",
    "vector_jacobian_product",
    "vmap",
    "where",
    "wrap",
]
