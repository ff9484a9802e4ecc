"""Fewer weights for the same function: along a path, one by one, and by magnitude with labels."""

from .magnitude import gradual_magnitude, lottery_ticket
from .pruning_path import Pruned, PruningSettings, deviation, pruned_along_path, settle
from .singly import removed_singly
from .sparse import Sparsified, n_zeros, settled, sparse_path, sparsified

__all__ = [
    "Pruned",
    "PruningSettings",
    "Sparsified",
    "deviation",
    "gradual_magnitude",
    "lottery_ticket",
    "n_zeros",
    "pruned_along_path",
    "removed_singly",
    "settle",
    "settled",
    "sparse_path",
    "sparsified",
]
