"""The value and its calculus: trees as vectors, registered with autograd."""

from .autodiff import VValueBox, VValueSpace, register
from .bridges import dense, from_dense, map_leaves, ravel, unravel
from .combinations import apply_matrix, linear_combination, mask_multiply
from .construction import as_leaf_or_tree, walk
from .kernels import (
    add,
    align,
    contract,
    extremes,
    inner,
    leaf_magnitudes,
    max_norm,
    put,
    scale,
    subtree,
)
from .linear import is_nonnegative, l1_norm, l2_norm, negative, sign, squared_norm, subtract
from .paths import NUMBER, Path, as_path, format_path, names_own_scalar, natural_key, parse_path
from .primitives import assemble, prune, restrict, stop_gradient, take
from .products import MODES, ProductPlan, product_plan
from .support import Support, Union
from .tracing import is_traced, is_tree, require_trees, support_of, unboxed
from .tree import At, VValue, from_buffer, from_leaves

__all__ = [
    "MODES",
    "NUMBER",
    "At",
    "Path",
    "ProductPlan",
    "Support",
    "Union",
    "VValue",
    "VValueBox",
    "VValueSpace",
    "add",
    "align",
    "apply_matrix",
    "as_leaf_or_tree",
    "as_path",
    "assemble",
    "contract",
    "dense",
    "extremes",
    "format_path",
    "from_buffer",
    "from_dense",
    "from_leaves",
    "inner",
    "is_nonnegative",
    "is_traced",
    "is_tree",
    "l1_norm",
    "l2_norm",
    "leaf_magnitudes",
    "linear_combination",
    "map_leaves",
    "mask_multiply",
    "max_norm",
    "names_own_scalar",
    "natural_key",
    "negative",
    "parse_path",
    "product_plan",
    "prune",
    "put",
    "ravel",
    "register",
    "require_trees",
    "restrict",
    "scale",
    "sign",
    "squared_norm",
    "stop_gradient",
    "subtract",
    "subtree",
    "support_of",
    "take",
    "unboxed",
    "unravel",
    "walk",
]
