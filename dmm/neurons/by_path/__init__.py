"""Neurons that do not treat all keys alike: lists, and fragments of network matrices.

What they do is said in terms of elements (`dmm.neurons.terms`).
"""

from .lists import END, as_list
from .plasticity import outer_product

__all__ = ["END", "as_list", "outer_product"]
