"""For tests of code on V-values: the laws of the space, derivatives, and leaves that are samples.

`check_tree_gradients` looks at functions of trees, `check_pytree_gradients` at functions of the
pytrees of JAX and PyTorch, `check_fused` at operations whose derivatives are written by hand,
`check_vector_space` at the space itself; `assert_trees_close` compares.
Hypothesis strategies are in `vvalues.strategies`.
"""

from .axioms import check_vector_space
from .by_hand import check_fused
from .checks import check_tree_gradients
from .closeness import assert_trees_close
from .probing import keep_clear
from .pytrees import check_pytree_gradients
from .samples import SampleTree, SignedSample, pick_signed, stochastic_linear_combination

__all__ = [
    "SampleTree",
    "SignedSample",
    "assert_trees_close",
    "check_fused",
    "check_pytree_gradients",
    "check_tree_gradients",
    "check_vector_space",
    "keep_clear",
    "pick_signed",
    "stochastic_linear_combination",
]
