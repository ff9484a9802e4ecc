"""Neurons that do not treat all keys alike: lists, matrix products, fragments of matrices.

What they do is said in terms of elements (`dmm.neurons.terms`).
"""

from .lists import END, as_list
from .matrix_products import contraction
from .plasticity import outer_product

__all__ = ["END", "as_list", "contraction", "outer_product"]
