"""Operations on V-values, and the same operations on plain vectors: what is made of the core.

Elementwise algebra, patterns of paths, batches, and derivatives of powers, which are powers again.
"""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval

import vvalues as vv
from tests.vvalues.core.graph_core import (
    INDEX,
    PATHS,
    SIZE,
    Operation,
    below,
    detached,
    indicator,
    some_path,
    some_paths,
    support,
)
from vvalues import VValue

DEPTHS = np.array([float(len(path)) for path in PATHS])


def relocated(move: Any) -> np.ndarray:
    """The matrix that takes every path to where it moves; what meets is added."""
    out = np.zeros((SIZE, SIZE))
    for path, i in INDEX.items():
        out[INDEX[move(path)], i] = 1.0
    return out


TO_Y = relocated(lambda path: ("y", *path[1:]) if path[:1] == ("x",) else path)
DROPPED = relocated(lambda path: path[:1] + path[2:])
SWAPPED = relocated(lambda path: (path[1], path[0], *path[2:]) if len(path) > 1 else path)
SUMMED = relocated(lambda path: path[:1])


# -------------------- where there is no kink --------------------


def apart(rng: np.random.Generator, one: VValue, other: VValue) -> Any:
    """Nothing, unless leaves of the two are equal or almost so."""
    return () if np.all(np.abs((one - other).buffer) > 1e-3) else None


def away_from(level: float) -> Any:
    def draw(rng: np.random.Generator, tree: VValue, *others: Any) -> Any:
        return () if np.all(np.abs(tree.buffer - level) > 1e-3) else None

    return draw


def leaves_apart(rng: np.random.Generator, tree: VValue) -> Any:
    """Where the leaves are, unless two of them are equal or almost so, or there is none."""
    is_apart = len(tree) and np.all(np.diff(np.sort(tree.buffer)) > 1e-3)
    return ([INDEX[path] for path in tree],) if is_apart else None


def there(rng: np.random.Generator, tree: VValue) -> Any:
    return (len(tree),) if len(tree) else None


def not_empty(rng: np.random.Generator, *trees: VValue) -> Any:
    return () if any(map(len, trees)) else None


def small(rng: np.random.Generator, *trees: VValue) -> Any:
    return () if all(vv.max_norm(tree) < 3.0 for tree in trees) else None


def one_path(rng: np.random.Generator, *_: Any) -> Any:
    return (some_path(rng),)


def chosen(is_one: Any, one: Any, other: Any) -> Any:
    return one * is_one + other * (1.0 - is_one)


# -------------------- on trees --------------------


def of_a_part(a: Any, path: Any) -> Any:
    one, rest = vv.partition(a, path)
    return one - 2.0 * rest


def wrapped(a: Any) -> Any:
    parameters, unwrap = vv.wrap({"p": a, "q": "constant"})
    return unwrap(parameters * parameters)["p"]


def cubes(v: Any) -> Any:
    return vv.sum_leaves(v**3)


ALGEBRA: dict[str, Operation] = {
    "absolute": Operation("t", "t", abs, anp.abs, away_from(0.0)),
    "multiply": Operation("tt", "t", vv.multiply, lambda a, b: a * b),
    "power": Operation("t", "t", lambda a: vv.power(a, 3), lambda a: a**3),
    "divide by a tree": Operation(
        "tt",
        "t",
        lambda a, b: vv.divide(a, b * b + vv.full(getval(a).support, 2.0), getval(a).support),
        lambda a, b: a / (b * b + 2.0),
    ),
    "full": Operation(
        "n",
        "t",
        lambda s, paths: vv.full(support(paths), s),
        lambda s, paths: s * indicator(paths),
        lambda rng, *_: (some_paths(rng),),
    ),
    "clip": Operation(
        "t",
        "t",
        lambda a, low, high: vv.clip(a, low, high),
        anp.clip,
        lambda rng, a: (-float(rng.uniform(0.1, 2.0)), float(rng.uniform(0.1, 2.0))),
    ),
    "maximum": Operation(
        "tt", "t", vv.maximum, lambda a, b: chosen(detached(a) > detached(b), a, b), apart
    ),
    "minimum": Operation(
        "tt", "t", vv.minimum, lambda a, b: chosen(detached(a) < detached(b), a, b), apart
    ),
    "where": Operation(
        "tt",
        "t",
        lambda a, b: vv.where(a > 0.3, a, b),
        lambda a, b: chosen(detached(a) > 0.3, a, b),
        away_from(0.3),
    ),
    "sum_leaves": Operation("t", "n", vv.sum_leaves, anp.sum),
    "sum_leaves of a level": Operation(
        "t", "t", lambda a: vv.sum_leaves(a, 1), lambda a: anp.dot(SUMMED, a)
    ),
    "mean_leaves": Operation(
        "t", "n", lambda a, n: vv.mean_leaves(a), lambda a, n: anp.sum(a) / n, there
    ),
    "max_leaves": Operation(
        "t", "n", lambda a, i: vv.max_leaves(a), lambda a, i: anp.max(a[i]), leaves_apart
    ),
    "min_leaves": Operation(
        "t", "n", lambda a, i: vv.min_leaves(a), lambda a, i: anp.min(a[i]), leaves_apart
    ),
    "select": Operation("t", "t", vv.select, lambda a, path: a * below(path), one_path),
    "drop": Operation("t", "t", vv.drop, lambda a, path: a * (1.0 - below(path)), one_path),
    "partition": Operation(
        "t", "t", of_a_part, lambda a, path: a * (3.0 * below(path) - 2.0), one_path
    ),
    "update": Operation(
        "t",
        "t",
        lambda a, path: vv.update(a, path, lambda part: part * part),
        lambda a, path: chosen(below(path), a * a, a),
        one_path,
    ),
    "map_with_path": Operation(
        "t",
        "t",
        lambda a: vv.map_with_path(lambda path, x: x * len(path), a),
        lambda a: a * DEPTHS,
    ),
    "relabel": Operation(
        "t", "t", lambda a: vv.relabel(a, {"x": "y"}, add=True), lambda a: anp.dot(TO_Y, a)
    ),
    "drop_level": Operation(
        "t", "t", lambda a: vv.drop_level(a, 1, add=True), lambda a: anp.dot(DROPPED, a)
    ),
    "swap_levels": Operation(
        "t", "t", lambda a: vv.swap_levels(a, 0, 1), lambda a: anp.dot(SWAPPED, a)
    ),
    "merge_levels and split_level": Operation(
        "t", "t", lambda a: vv.split_level(vv.merge_levels(a, 0) * 2.0, 0), lambda a: 2.0 * a
    ),
    "stack and unstack": Operation(
        "tt",
        "t",
        lambda a, b: vv.unstack(vv.stack([a, b]) ** 2)[1],
        lambda a, b: b * b,
        not_empty,
    ),
    "vmap": Operation(
        "tt",
        "t",
        lambda a, b: vv.unstack(vv.vmap(lambda v: v * v, vv.stack([a, b])))[0],
        lambda a, b: a * a,
        not_empty,
    ),
    "mean": Operation("tt", "t", lambda a, b: vv.mean([a, b]), lambda a, b: (a + b) / 2.0),
    "covariance": Operation(
        "tt",
        "t",
        lambda a, b: vv.covariance([a, b]) @ a,
        lambda a, b: (a - b) * anp.dot(a - b, a) / 2.0,
        small,
    ),
    "wrap": Operation("t", "t", wrapped, lambda a: a * a),
    "gradient": Operation("t", "t", vv.gradient(cubes), lambda a: 3.0 * a * a, small),
    "jacobian": Operation(
        "t", "t", lambda a: vv.jacobian(lambda v: v * v)(a) @ a, lambda a: 2.0 * a * a, small
    ),
    "hessian": Operation(
        "t", "t", lambda a: vv.hessian(cubes)(a) @ a, lambda a: 6.0 * a * a, small
    ),
    "jacobian_vector_product": Operation(
        "tt",
        "t",
        lambda a, b: vv.jacobian_vector_product(lambda v: v**3)(a)(b),
        lambda a, b: 3.0 * a * a * b,
        small,
    ),
    "vector_jacobian_product": Operation(
        "tt",
        "t",
        lambda a, b: vv.vector_jacobian_product(lambda v: v**3)(a)(b),
        lambda a, b: 3.0 * a * a * b,
        small,
    ),
    "hessian_vector_product": Operation(
        "tt",
        "t",
        lambda a, b: vv.hessian_vector_product(cubes)(a)(b),
        lambda a, b: 6.0 * a * b,
        small,
    ),
    "gauss_newton_product": Operation(
        "tt",
        "t",
        lambda a, b: vv.gauss_newton_product(lambda v: v**2, vv.squared_norm)(a)(b),
        lambda a, b: 8.0 * a * a * b,
        small,
    ),
    "fisher_product": Operation(
        "tt",
        "t",
        lambda a, b: vv.fisher_product(lambda v: v**2)(a)(b),
        lambda a, b: 4.0 * a * a * b,
        small,
    ),
}
