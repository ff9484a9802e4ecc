"""The value and its calculus: trees as vectors, registered with autograd.

Users find what they need in `vvalues`; here are the names for code that adds operations of its own.
The room from the ground up:

* `paths` and `support`: the indices; `tree`: the value; `construction`: from nested mappings to it;
* `kernels`: untraced arithmetic; `tracing`: what autograd's boxes are and hide;
* `linear`, `pointwise`, `products`, `structure`, `bridges`: the differentiable operations, each one
  primitive;
* `autodiff`: the registration as a type of autograd;
* `fused`: operations on arrays whose derivatives are written by hand.
"""

from .tree import from_leaves  # first: the value and its operations know each other

# isort: split
from .fused import Differentiable, evaluate
from .kernels import align
from .tracing import is_traced, is_tree, primitive, require_trees, support_of, unboxed

__all__ = [
    "Differentiable",
    "align",
    "evaluate",
    "from_leaves",
    "is_traced",
    "is_tree",
    "primitive",
    "require_trees",
    "support_of",
    "unboxed",
]
