"""Index plans for the bilinear products of a mask (or matrix) with a V-value.

Every product of the field - mask multiplication, linear combination, the application of a network
matrix - has the form ``out[k] += coefficient[i] * value[j]`` over a list of triplets ``(i, j, k)``
that depends on the two supports alone. A plan is that list. Since the form is trilinear once paired
with an output cotangent, the same triplets give both partial derivatives.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .paths import Path, format_path
from .support import Support

__all__ = ["MODES", "ProductPlan", "product_plan"]

MODES = ("canonical", "compat")

Positions = tuple[np.ndarray, np.ndarray, np.ndarray]


class ProductPlan(NamedTuple):
    """Triplets of element positions, and the supports of the three parties."""

    supports: tuple[Support, Support, Support]  # coefficient, value, output
    positions: Positions


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
