"""Products of a mask or matrix with a V-value: linear combination, masking, application.

All of them are one bilinear contraction over an index plan (see `vvalues.core.products`), so there
is one primitive, and its two partial derivatives are the same contraction with the roles exchanged.
A support is wiring here: each gradient lives on the support of its argument.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.extend import defjvp, defvjp_argnum, primitive

from . import kernels
from .products import ProductPlan, product_plan
from .tracing import support_of
from .tree import VValue

__all__ = ["apply_matrix", "linear_combination", "mask_multiply"]


@primitive
def _contract(one: VValue, other: VValue, plan: ProductPlan, role: int, /) -> VValue:
    return kernels.contract(plan, role, one, other)


def _other_roles(role: int) -> tuple[int, int]:
    first, second = (r for r in range(3) if r != role)
    return first, second


def _contract_vjp(argnum: int, ans: VValue, args: tuple, kwargs: dict) -> Callable:
    one, other, plan, role = args
    wanted, kept = _other_roles(role) if argnum == 0 else _other_roles(role)[::-1]
    companion = other if argnum == 0 else one

    def vjp(g: VValue) -> VValue:
        # The remaining roles are {kept: companion, role: g}; _contract takes them in order.
        ordered = (companion, g) if kept < role else (g, companion)
        return _contract(*ordered, plan, wanted)

    return vjp


defvjp_argnum(_contract, _contract_vjp)
defjvp(_contract, "same", "same", argnums=(0, 1))


def _product(mask: Any, value: Any, *, level: int, in_place: bool, mode: str) -> VValue:
    plan = product_plan(
        support_of(mask, "mask" if level == 0 else "matrix"),
        support_of(value, "value"),
        level=level,
        in_place=in_place,
        mode=mode,
    )
    return _contract(mask, value, plan, 2)


def linear_combination(mask: VValue, value: VValue, /, mode: str = "canonical") -> VValue:
    """Sum of the subtrees of ``value`` that the mask selects, each times its coefficient.

    Parameters
    ----------
    mask : VValue with scalar leaves, path in ``value`` -> coefficient
    value : VValue, leaves of any shape
    mode : {"canonical", "compat"}
        Canonical is bilinear: a coefficient at path *p* scales the whole subtree ``value[p]``.
        Compat is the case table of the Clojure core, in which the ``:number`` of an inner mask
        node meets only the value's own scalar there.

    Returns
    -------
    VValue; selected scalars are summed at the root (``result[":number"]``).

    Raises
    ------
    ValueError
        For an unknown mode, an array leaf in the mask, or selected leaves of different shapes that
        would have to be added; the message names the paths.

    Notes
    -----
    Cost: the number of (coefficient, selected element) pairs. Gradients live on the supports of
    the arguments.

    References
    ----------
    arXiv:1712.07447, section 3; github jsa-aerial/DMM, ``src/dmm/core.clj``, ``rec-map-lin-comb``.

    Examples
    --------
    >>> T = VValue({"a": 1, "b": 2, "c": {"a": 1, "b": 2}})
    >>> linear_combination(VValue({"c": 7}), T)
    VValue({'a': 7.0, 'b': 14.0})
    """
    return _product(mask, value, level=0, in_place=False, mode=mode)


def mask_multiply(mask: VValue, value: VValue, /, mode: str = "canonical") -> VValue:
    """The subtrees of ``value`` that the mask selects, scaled, where they are.

    Parameters, modes, errors and cost are those of `linear_combination`; where a canonical mask
    has coefficients at a node and below it, their effects add.

    References
    ----------
    github jsa-aerial/DMM, ``src/dmm/core.clj``, ``rec-map-mult-mask``.

    Examples
    --------
    >>> mask_multiply(VValue({"c": 7}), VValue({"a": 1, "c": {"x": 2}}))
    VValue({'c': {'x': 14.0}})
    """
    return _product(mask, value, level=0, in_place=True, mode=mode)


def apply_matrix(matrix: VValue, value: VValue, level: int, /, mode: str = "canonical") -> VValue:
    """A linear combination of ``value`` for every prefix of ``level`` keys of the matrix.

    Parameters
    ----------
    matrix : VValue with scalar leaves
        The first ``level`` keys of a path name the output, the remaining ones select in ``value``.
    value : VValue, leaves of any shape
    level : int
        2 for a network matrix (receiving neuron / receiving field / sending neuron /
        sending field) applied to the outputs of all neurons.
    mode : {"canonical", "compat"}
        See `linear_combination`.

    Returns
    -------
    VValue, output prefix -> linear combination

    Raises
    ------
    ValueError
        If a path of the matrix is shorter than ``level``; the message names it. Otherwise as
        `linear_combination`.

    References
    ----------
    arXiv:1712.07447, section 3; github jsa-aerial/DMM, ``src/dmm/core.clj``, ``apply-matrix``.

    Examples
    --------
    >>> A = VValue({"x": {"a": 8}, "y": {"b": 10}, "z": {"a": 2, "b": 4}})
    >>> apply_matrix(A, VValue({"a": 3, "b": 5}), 1)
    VValue({'x': 24.0, 'y': 50.0, 'z': 26.0})
    """
    return _product(matrix, value, level=level, in_place=False, mode=mode)
