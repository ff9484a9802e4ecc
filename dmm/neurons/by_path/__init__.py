"""Neurons that do not treat all keys alike: lists, cells, products, fragments, populations.

What lists, products and fragments do is said in terms of elements (`dmm.neurons.terms`); a memory
with addresses is run with its cells inside it.
"""

from .addressed import Recall
from .lists import END, as_list
from .matrix_products import contraction
from .plasticity import outer_product
from .populations import PARENT

__all__ = ["END", "PARENT", "Recall", "as_list", "contraction", "outer_product"]
