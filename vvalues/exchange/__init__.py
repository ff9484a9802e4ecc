"""V-values and other people's trees.

`interop` makes V-values nodes of the pytrees of jax, optree and torch, on request. `compat` is the
algebra of the Clojure core on nested dicts; its names are those of `vvalues` for other things, so
it is used as a module: ``from vvalues.exchange import compat``.
"""

from .interop import LeafTree, register_jax, register_optree, register_torch

__all__ = ["LeafTree", "register_jax", "register_optree", "register_torch"]
