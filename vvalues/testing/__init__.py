"""Laws that hold for V-values, and checks of gradients with respect to trees."""

from .axioms import check_vector_space
from .checks import assert_trees_close, check_tree_gradients, keep_clear
from .closeness import coordinate_name
from .samples import SampleTree, SignedSample, pick_signed, stochastic_linear_combination

__all__ = [
    "SampleTree",
    "SignedSample",
    "assert_trees_close",
    "check_tree_gradients",
    "check_vector_space",
    "coordinate_name",
    "keep_clear",
    "pick_signed",
    "stochastic_linear_combination",
]
