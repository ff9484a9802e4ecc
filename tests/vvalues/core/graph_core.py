"""Operations on V-values, and the same operations on plain vectors: the core.

All paths are of up to three keys out of two, so a V-value is a vector of 15 numbers with zeros
where it has no leaf, and every operation is a sum of products of such vectors with constant
tensors, written in operations of autograd's own numpy. Nothing of the library stands in the judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval

import vvalues as vv
from vvalues import NUMBER, VValue
from vvalues.core.tree import from_leaves

KEYS = ("x", "y")
PATHS = tuple(path for n in range(4) for path in product(KEYS, repeat=n))
INDEX = {path: i for i, path in enumerate(PATHS)}
SIZE = len(PATHS)


def as_vector(tree: VValue) -> np.ndarray:
    """All 15 numbers of a V-value; a gradient may have more, by paths that no value has."""
    out = np.zeros(SIZE)
    for path, leaf in tree.items():
        if path in INDEX:
            out[INDEX[path]] = leaf
    return out


def as_tree(vector: np.ndarray, paths: Any = PATHS) -> VValue:
    """The V-value with leaves at some paths."""
    return from_leaves({path: float(vector[INDEX[path]]) for path in sorted(paths)})


# -------------------- constant tensors --------------------


def below(path: tuple[str, ...]) -> np.ndarray:
    """1 at a path and everything under it."""
    return np.array([float(p[: len(path)] == path) for p in PATHS])


def moved(path: tuple[str, ...]) -> np.ndarray:
    """The matrix that takes the subtree at a path to the root."""
    out = np.zeros((SIZE, SIZE))
    for rest, i in INDEX.items():
        if path + rest in INDEX:
            out[i, INDEX[path + rest]] = 1.0
    return out


def products(out_of: Callable[[Any, Any], Any]) -> np.ndarray:
    """(out, coefficient, value): 1 where a coefficient times a value adds to an output."""
    out = np.zeros((SIZE, SIZE, SIZE))
    for m, v in product(PATHS, PATHS):
        target = out_of(m, v)
        if target is not None:
            out[INDEX[target], INDEX[m], INDEX[v]] = 1.0
    return out


IN_PLACE = products(lambda m, v: v if v[: len(m)] == m else None)
TO_ROOT = products(lambda m, v: v[len(m) :] if v[: len(m)] == m else None)
BY_ROW = products(
    lambda m, v: m[:1] + v[len(m) - 1 :] if len(m) > 1 and v[: len(m) - 1] == m[1:] else None
)


def contracted(tensor: np.ndarray, m: Any, v: Any) -> Any:
    return anp.dot(anp.dot(tensor, v), m)


def detached(x: Any) -> Any:
    return getval(x)


# -------------------- operations: on trees, and on vectors --------------------


@dataclass(frozen=True)
class Operation:
    """One operation twice: on V-values and numbers, and on vectors and numbers.

    ``takes`` are kinds of operands, ``t`` for trees and ``n`` for numbers; ``constant`` draws what
    else it needs, or None where it cannot be applied to these operands.
    """

    takes: str
    gives: str
    tree: Callable[..., Any]
    vector: Callable[..., Any]
    constant: Callable[..., Any] = lambda rng, *operands: ()


def some_path(rng: np.random.Generator, *operands: Any) -> Any:
    return PATHS[rng.integers(1, SIZE)]


def some_paths(rng: np.random.Generator, *operands: Any) -> Any:
    return tuple(path for path in PATHS if rng.random() < 0.6)


def threshold(rng: np.random.Generator, tree: VValue) -> Any:
    return float(rng.uniform(0.0, 1.0))


def not_small(rng: np.random.Generator, tree: VValue) -> Any:
    return () if vv.max_norm(tree) > 0.05 else None


def matrix_without_rows(rng: np.random.Generator, matrix: VValue, value: VValue) -> Any:
    return () if all(len(path) > 1 for path in matrix) else None


def short(rng: np.random.Generator, tree: VValue, number: Any) -> Any:
    return () if all(len(path) < 3 for path in tree) else None


def indicator(paths: Any) -> np.ndarray:
    out = np.zeros(SIZE)
    out[[INDEX[path] for path in paths]] = 1.0
    return out


def at(path: Any) -> np.ndarray:
    return indicator([path])


def kept(x: Any, limit: float) -> np.ndarray:
    return (np.abs(detached(x)) >= limit).astype(float)


def support(paths: Any) -> vv.Support:
    return vv.Support.of(paths)


ROWS, COLUMNS = ["x", "y"], ["x", ("y", "x")]
CELLS = [INDEX["x", "x"], INDEX["x", "y", "x"], INDEX["y", "x"], INDEX["y", "y", "x"]]
SELECTED = np.eye(SIZE)[CELLS]

CORE: dict[str, Operation] = {
    "add": Operation("tt", "t", vv.add, lambda a, b: a + b),
    "subtract": Operation("tt", "t", lambda a, b: a - b, lambda a, b: a - b),
    "negative": Operation("t", "t", lambda a: -a, lambda a: -a),
    "scale": Operation("tn", "t", vv.scale, lambda a, s: a * s),
    "divide": Operation(
        "tn", "t", lambda a, s: a / (2.0 + s * s), lambda a, s: a / (2.0 + s * s)
    ),
    "inner": Operation("tt", "n", vv.inner, anp.dot),
    "l1_norm": Operation("t", "n", vv.l1_norm, lambda a: anp.sum(anp.abs(a))),
    "squared_norm": Operation("t", "n", vv.squared_norm, lambda a: anp.dot(a, a)),
    "l2_norm": Operation(
        "t", "n", vv.l2_norm, lambda a: anp.sqrt(anp.dot(a, a)), not_small
    ),
    "max_norm": Operation("t", "n", vv.max_norm, lambda a: anp.max(anp.abs(a)), not_small),
    "sign": Operation("t", "t", vv.sign, lambda a: np.sign(detached(a))),
    "mask_multiply": Operation(
        "tt", "t", vv.mask_multiply, lambda m, v: contracted(IN_PLACE, m, v)
    ),
    "linear_combination": Operation(
        "tt", "t", vv.linear_combination, lambda m, v: contracted(TO_ROOT, m, v)
    ),
    "apply_matrix": Operation(
        "tt",
        "t",
        lambda m, v: vv.apply_matrix(m, v, 1),
        lambda m, v: contracted(BY_ROW, m, v),
        matrix_without_rows,
    ),
    "restrict": Operation(
        "t",
        "t",
        lambda a, paths: vv.restrict(a, support(paths)),
        lambda a, paths: a * indicator(paths),
        lambda rng, *_: (some_paths(rng),),
    ),
    "prune": Operation(
        "t", "t", vv.prune, lambda a, x: a * kept(a, x), lambda rng, a: (threshold(rng, a),)
    ),
    "stop_gradient": Operation("t", "t", vv.stop_gradient, detached),
    "stop_gradient of a number": Operation("n", "n", vv.stop_gradient, detached),
    "map_leaves": Operation("t", "t", lambda a: vv.map_leaves(anp.sin, a), anp.sin),
    "ravel and unravel": Operation(
        "t",
        "t",
        lambda a: vv.unravel(anp.tanh(vv.ravel(a)), getval(a).support),
        anp.tanh,
    ),
    "subtree": Operation(
        "t",
        "t",
        lambda a, path: a.subtree(path),
        lambda a, path: anp.dot(moved(path), a),
        lambda rng, *_: (some_path(rng),),
    ),
    "take": Operation(
        "t",
        "n",
        lambda a, path: a[(*path, NUMBER)],
        lambda a, path: anp.dot(at(path), a),
        lambda rng, *_: (some_path(rng),),
    ),
    "put a number": Operation(
        "tn",
        "t",
        lambda a, s, path: vv.put(a, path, s),
        lambda a, s, path: a * (1.0 - below(path)) + at(path) * s,
        lambda rng, *_: (some_path(rng),),
    ),
    "remove": Operation(
        "t",
        "t",
        lambda a, path: a.at(path).remove(),
        lambda a, path: a * (1.0 - below(path)),
        lambda rng, *_: (some_path(rng),),
    ),
    "assemble": Operation(
        "tn",
        "t",
        lambda a, s: vv.assemble({"x": a, ("y", "x"): s}),
        lambda a, s: anp.dot(moved(("x",)).T, a) + at(("y", "x")) * s,
        short,
    ),
    "dense and from_dense": Operation(
        "t",
        "t",
        lambda a: vv.from_dense(anp.sin(vv.dense(a, ROWS, COLUMNS)), ROWS, COLUMNS),
        lambda a: anp.dot(SELECTED.T, anp.sin(anp.dot(SELECTED, a))),
    ),
    "sine": Operation("n", "n", anp.sin, anp.sin),
    "times": Operation("nn", "n", lambda a, b: a * b, lambda a, b: a * b),
}  # fmt: skip
