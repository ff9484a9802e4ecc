"""Neurons that do not treat all keys alike: lists, cells, and fragments of network matrices.

What lists and fragments do is said in terms of elements (`dmm.neurons.terms`); a memory with
addresses is run with its cells inside it.
"""

from .addressed import Recall
from .lists import END, as_list
from .plasticity import outer_product

__all__ = ["END", "Recall", "as_list", "outer_product"]
