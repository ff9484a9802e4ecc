"""Neurons that do not treat all keys alike: lists, cells, matrix products, fragments of matrices.

What lists, products and fragments do is said in terms of elements (`dmm.neurons.terms`); a memory
with addresses is run with its cells inside it.
"""

from .addressed import Recall
from .lists import END, as_list
from .matrix_products import contraction
from .plasticity import outer_product

__all__ = ["END", "Recall", "as_list", "contraction", "outer_product"]
