"""The fast engine: kernels of numba that tick a plan, eight strings side by side (extra `fast`).

`tables` turns a plan into flat arrays, `ticking` holds the kernels on `lanes` (registers of eight
doubles), `side_by_side` binds them to streams. Importing this room does not import numba.
"""

from .tables import Tables, why_not_fast

__all__ = ["Tables", "why_not_fast"]
