"""Products of a mask or matrix with a V-value: linear combination, masking, application.

Every product of the field has the form ``out[k] += coefficient[i] * value[j]`` over a list of
triplets ``(i, j, k)`` that depends on the two supports alone; a *plan* is that list, and is
remembered on the supports. Paired with a cotangent of the output the form is trilinear, so the same
triplets give both partial derivatives: there is one primitive, and its derivatives are the same
contraction with the roles exchanged. A support is wiring here: each gradient lives on the support
of its argument.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from autograd.extend import defjvp, defvjp_argnum

from .kernels import align
from .paths import Path, format_path
from .support import Support
from .tracing import primitive, support_of
from .tree import VValue, from_buffer

__all__ = ["apply_matrix", "linear_combination", "mask_multiply", "product_plan"]

MODES = ("canonical", "compat")


# -------------------- the three products --------------------


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


def _product(mask: Any, value: Any, *, level: int, in_place: bool, mode: str) -> VValue:
    plan = product_plan(
        support_of(mask, "mask" if level == 0 else "matrix"),
        support_of(value, "value"),
        level=level,
        in_place=in_place,
        mode=mode,
    )
    return _contract(mask, value, plan, 2)


# -------------------- one primitive --------------------

Positions = tuple[np.ndarray, np.ndarray, np.ndarray]


class ProductPlan(NamedTuple):
    """Triplets of element positions, and the supports of the three parties."""

    supports: tuple[Support, Support, Support]  # coefficient, value, output
    positions: Positions


@primitive
def _contract(one: VValue, other: VValue, plan: ProductPlan, role: int, /) -> VValue:
    """The party ``role`` (0 coefficient, 1 value, 2 output) of a product from the other two.

    Role 2 is the product itself, roles 0 and 1 are its two partial adjoints; the arguments come in
    the order of the remaining roles.
    """
    first, second = _other_roles(role)
    support = plan.supports[role]
    left = align(one, plan.supports[first])[plan.positions[first]]
    right = align(other, plan.supports[second])[plan.positions[second]]
    out = np.bincount(plan.positions[role], weights=left * right, minlength=support.size)
    return from_buffer(support, out.astype(np.float64, copy=False))


def _other_roles(role: int) -> tuple[int, int]:
    first, second = (r for r in range(3) if r != role)
    return first, second


def _contract_vjp(argnum: int, ans: VValue, args: tuple, kwargs: dict) -> Callable:
    one, other, plan, role = args
    wanted, kept = _other_roles(role) if argnum == 0 else _other_roles(role)[::-1]
    companion = other if argnum == 0 else one

    def vjp(g: VValue) -> VValue:
        # The remaining roles are {kept: companion, role: g}; _contract takes them in order.
        left, right = (companion, g) if kept < role else (g, companion)
        return _contract(left, right, plan, wanted)

    return vjp


defvjp_argnum(_contract, _contract_vjp)
defjvp(_contract, "same", "same", argnums=(0, 1))


# -------------------- plans --------------------


def product_plan(
    coefficients: Support, values: Support, *, level: int, in_place: bool, mode: str
) -> ProductPlan:
    """The plan of a product; cached on the supports.

    Parameters
    ----------
    coefficients, values : supports of the mask (scalar leaves only) and of the V-value
    level : number of leading keys of the mask that name the *output* (0 for a mask)
    in_place : bool
        True keeps a selected subtree where it is (mask multiplication); False moves it to the
        output's root (linear combination).
    mode : {"canonical", "compat"}

    Raises
    ------
    ValueError
        For an unknown mode, a negative level, a mask with array leaves, or one that is shallower
        than ``level``.
    """
    key = (level, in_place, mode)
    plans = coefficients.plans.setdefault(values, {})
    if key not in plans:
        output, positions = _build(coefficients, values, level, in_place, mode)
        # None stands for `values`, which a plan remembered under it must not keep alive.
        plans[key] = (None if output is values else output), positions
    output, positions = plans[key]
    return ProductPlan((coefficients, values, values if output is None else output), positions)


def _build(
    coefficients: Support, values: Support, level: int, in_place: bool, mode: str
) -> tuple[Support, Positions]:
    if not isinstance(level, int) or level < 0:
        raise ValueError(f"level is {level!r}; expected a number of keys, 0 or more")
    if mode not in MODES:
        raise ValueError(f"mode is {mode!r}; expected one of {', '.join(MODES)}")
    if coefficients.shapes is not None:
        i = next(i for i, shape in enumerate(coefficients.shapes) if shape)
        raise ValueError(
            f"mask leaf at {format_path(coefficients.paths[i])} is an array of shape "
            f"{coefficients.shape(i)}; the coefficients of a product are scalars"
        )
    pairs: list[tuple[int, int]] = []  # (coefficient leaf, value leaf)
    targets: list[Path] = []
    for i, path in enumerate(coefficients.paths):
        if len(path) < level:
            raise ValueError(
                f"matrix leaf at {format_path(path)} has depth {len(path)}; applying at level "
                f"{level} needs paths of at least {level} keys"
            )
        row, selector = path[:level], path[level:]
        for j in _selected(coefficients, values, path, selector, mode):
            pairs.append((i, j))
            targets.append(
                row + (values.paths[j] if in_place else values.paths[j][len(selector) :])
            )
    return _flatten(values, pairs, targets)


def _selected(
    coefficients: Support, values: Support, path: Path, selector: Path, mode: str
) -> range:
    """Leaves of the V-value that one coefficient multiplies."""
    first, last = values.leaf_range(selector)
    if mode == "canonical":
        return range(first, last)
    # The Clojure core's case table (DMM/src/dmm/core.clj, mult-mask and lin-comb): the coefficient
    # of an inner node (key ":number") meets the value's own scalar there, not its subtree, and
    # only where the value has an inner node too.
    begin, end = coefficients.leaf_range(path)
    is_inner_in_mask = end - begin > 1 or not selector
    if not is_inner_in_mask:
        return range(first, last)
    has_own_scalar = last > first and values.paths[first] == selector
    is_inner_in_value = last - first > 1 or not selector
    return range(first, first + 1) if has_own_scalar and is_inner_in_value else range(0)


def _flatten(
    values: Support, pairs: list[tuple[int, int]], targets: list[Path]
) -> tuple[Support, Positions]:
    """Leaf pairs to element triplets."""
    shape_of: dict[Path, tuple[int, ...]] = {}
    for (_, j), target in zip(pairs, targets, strict=True):
        shape = shape_of.setdefault(target, values.shape(j))
        if shape != values.shape(j):
            raise ValueError(
                f"the product would add a leaf of shape {values.shape(j)} (from "
                f"{format_path(values.paths[j])}) to one of shape {shape} at {format_path(target)}"
            )
    paths = sorted(shape_of)
    output = Support.of(paths, [shape_of[path] for path in paths], is_sorted=True)
    position = {path: k for k, path in enumerate(paths)}
    mask_leaf = np.array([i for i, _ in pairs], np.intp)
    value_leaf = np.array([j for _, j in pairs], np.intp)
    output_leaf = np.array([position[target] for target in targets], np.intp)
    if values.shapes is None:
        return output, (mask_leaf, value_leaf, output_leaf)
    lengths = np.diff(values.offsets)[value_leaf]
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return output, (
        np.repeat(mask_leaf, lengths),
        np.repeat(values.offsets[value_leaf], lengths) + within,
        np.repeat(output.offsets[output_leaf], lengths) + within,
    )
