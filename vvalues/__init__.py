"""V-values: vectors with tree-shaped indices, a first-class type of HIPS autograd.

A V-value maps paths in a tree to real numbers or real arrays; an absent path is zero, so trees of
different shape add. Importing this package registers the type: ``autograd.grad(f)(tree)`` returns a
V-value.
"""

from .core.autodiff import register as _register
from .core.paths import NUMBER, Path, as_path, format_path, natural_key, parse_path
from .core.primitives import (
    add,
    apply_matrix,
    assemble,
    dense,
    from_dense,
    inner,
    is_nonnegative,
    l1_norm,
    l2_norm,
    linear_combination,
    map_leaves,
    mask_multiply,
    max_norm,
    prune,
    put,
    ravel,
    restrict,
    scale,
    sign,
    squared_norm,
    stop_gradient,
    subtree,
    unravel,
)
from .core.support import Support
from .core.tree import VValue, from_buffer
from .files.io import from_json, load, save, to_json

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
