"""Evaluation of evolving networks: plans by levels, and two engines that run them.

`planning` makes the `plan` of a support, which is `steps`. It is run by numpy, level by level; or,
where the extra ``fast`` is installed and all kinds are known, by `kernels` of numba on `flat`
tables, a few samples at a time. Importing this room does not import numba.
"""

from .flat import Flat
from .plan import Plan, Run
from .planning import make_plan
from .steps import Group, Step

__all__ = ["Flat", "Group", "Plan", "Run", "Step", "make_plan"]
