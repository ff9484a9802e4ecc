"""V-values and other people's trees.

`containers` takes in nested parameters of any make and gives them back (`wrap`), `batches` makes
one tree of many. `tables` leads to pandas and xarray, `interop` makes V-values nodes of the pytrees
of jax, optree and torch; all on request. `compat` is the algebra of the Clojure core on nested
dicts; its names are those of `vvalues` for other things, so it is used as a module:
``from vvalues.exchange import compat``.
"""

from .batches import covariance, mean, stack, unstack, vmap
from .containers import wrap
from .interop import LeafTree, register_jax, register_optree, register_torch
from .tables import from_datatree, from_series, to_datatree, to_series

__all__ = [
    "LeafTree",
    "covariance",
    "from_datatree",
    "from_series",
    "mean",
    "register_jax",
    "register_optree",
    "register_torch",
    "stack",
    "to_datatree",
    "to_series",
    "unstack",
    "vmap",
    "wrap",
]
