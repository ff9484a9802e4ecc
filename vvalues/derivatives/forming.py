"""How Jacobians and Hessians are formed: a sweep per row, per column, or per colour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval

from ..core.tracing import is_traced
from ..patterns.language import Pattern
from .colouring import Sparsity, as_sparsity, colours
from .layout import Layout, layout_of, only, with_argument
from .maps import LinearMap
from .sweeps import Tape, gradient, one_point, pushing

__all__ = ["detect_sparsity", "hessian", "jacobian", "jacobian_operator"]

_MODES = ("auto", "reverse", "forward")


def jacobian(
    function: Callable,
    *patterns: Pattern,
    argnum: int = 0,
    mode: str = "auto",
    sparsity: Any = None,
) -> Callable[..., LinearMap]:
    """All derivatives of a function's value by one of its arguments.

    Parameters
    ----------
    function : callable -> VValue, array or number
        Of trees, arrays and numbers.
    *patterns : as those of `select`
        The leaves of the argument that it is differentiated by; all without any.
    argnum : int
    mode : {"auto", "reverse", "forward"}
        A sweep per row or per column; "auto" takes what is fewer.
    sparsity : optional
        Where it may be different from zero: a list of blocks, pairs of patterns of rows and columns
        such as ``("out/n1", "n1")``; an array of bool, a scipy sparse array, or what
        `detect_sparsity` has found. Then rows or columns that do not meet share a sweep, and the
        matrix is sparse. Entries elsewhere are *taken* for zero: what is declared is not checked.

    Returns
    -------
    callable, of the function's arguments -> LinearMap

    Raises
    ------
    ValueError
        If the mode is none, or the sparsity has another shape.
    TypeError
        If argument or value is neither a tree nor an array nor a number.

    Notes
    -----
    Columns are the elements that the argument has, rows those of the value. To ask about absent
    ones, ``restrict`` the argument to a larger support first. It can be differentiated itself,
    unless it is sparse.

    Examples
    --------
    >>> from vvalues import VValue
    >>> v = VValue({"a": 2, "b": 4})
    >>> jacobian(lambda v: v * v["a"])(v).dense()
    array([[4., 0.],
           [4., 2.]])
    >>> jacobian(lambda v: v * v, sparsity=[("a", "a"), ("b", "b")])(v)
    LinearMap(2 elements of a tree by 2 elements of a tree, 2 entries, 1 sweeps)
    """
    if mode not in _MODES:
        raise ValueError(f"mode is {mode!r}; expected one of {', '.join(map(repr, _MODES))}")

    known: dict[tuple[Layout, Layout], _Groups] = {}  # colourings, by rows and columns

    def at(*arguments: Any) -> LinearMap:
        of_part, x = only(*with_argument(function, arguments, argnum), patterns)
        columns = layout_of(x, f"argument {argnum}")
        if sparsity is not None:
            return _sparse(of_part, x, columns, mode, sparsity, known)
        if mode == "forward":
            return _forward(of_part, x, columns)
        tape = Tape(of_part, x)
        rows = layout_of(tape.value, "the value of the function")
        if mode == "auto" and columns.size < rows.size:
            return _forward(of_part, x, columns)
        return _reverse(tape, rows, columns)

    return at


def hessian(
    function: Callable, *patterns: Pattern, argnum: int = 0, sparsity: Any = None
) -> Callable[..., LinearMap]:
    """All second derivatives of a number by one of the arguments.

    Parameters
    ----------
    function : callable -> number
    *patterns, argnum, sparsity : as those of `jacobian`

    Returns
    -------
    callable, of the function's arguments -> LinearMap, symmetric, rows as columns

    Examples
    --------
    >>> from vvalues import VValue
    >>> hessian(lambda v: v["a"] ** 2 * v["b"])(VValue({"a": 2, "b": 4})).tree()
    VValue({'a': {'a': 8.0, 'b': 4.0}, 'b': {'a': 4.0, 'b': 0.0}})
    """

    def at(*arguments: Any) -> LinearMap:
        of_part, x = only(*with_argument(function, arguments, argnum), patterns)
        columns = layout_of(x, f"argument {argnum}")

        def slopes(x: Any) -> Any:  # a gradient may have a larger support than the argument
            return columns.value(columns.flat(gradient(of_part)(x)))

        return jacobian(slopes, sparsity=sparsity)(x)

    return at


def jacobian_operator(function: Callable, argnum: int = 0) -> Callable[..., Any]:
    """The Jacobian as products alone: nothing is formed, every product is a sweep.

    Parameters
    ----------
    function : callable -> VValue, array or number
    argnum : int

    Returns
    -------
    callable, of the function's arguments -> scipy.sparse.linalg.LinearOperator on flat arrays

    Examples
    --------
    >>> from vvalues import VValue
    >>> J = jacobian_operator(lambda v: v * v)(VValue({"a": 2, "b": 4}))
    >>> J @ np.ones(2), J.rmatvec(np.array([1.0, 0.0]))
    (array([4., 8.]), array([4., 0.]))
    """
    from scipy.sparse.linalg import LinearOperator

    def at(*arguments: Any) -> Any:
        of_one, x = with_argument(function, arguments, argnum)
        tape, push = Tape(of_one, x), pushing(of_one, x)
        columns = layout_of(x, f"argument {argnum}")
        rows = layout_of(tape.value, "the value of the function")
        return LinearOperator(
            (rows.size, columns.size),
            matvec=lambda d: np.array(rows.flat(push(columns.value(np.ravel(d)))[1])),
            rmatvec=lambda g: np.array(columns.flat(tape.backwards(rows.value(np.ravel(g))))),
            dtype=np.float64,
        )

    return at


# -------------------- dense --------------------


def _units(layout: Layout) -> Any:
    for i in range(layout.size):
        unit = np.zeros(layout.size)
        unit[i] = 1.0
        yield layout.cotangent(unit)


def _reverse(tape: Tape, rows: Layout, columns: Layout) -> LinearMap:
    swept = (tape.backwards(unit) for unit in _units(rows))
    return LinearMap(_stacked(swept, columns, rows.size), rows, columns, rows.size)


def _forward(function: Callable, x: Any, columns: Layout) -> LinearMap:
    push = pushing(function, x)
    with one_point():
        pushed = [push(unit) for unit in _units(columns)]
    rows = layout_of(pushed[0][0] if pushed else function(x), "the value of the function")
    matrix = _stacked((tangent for _, tangent in pushed), rows, columns.size)
    return LinearMap(matrix.T, rows, columns, columns.size)


def _stacked(vectors: Any, layout: Layout, n: int) -> Any:
    """Vectors as the rows of a matrix; traced if one of them is."""
    out = np.empty((n, layout.size))
    for i, vector in enumerate(vectors):
        if is_traced(vector):
            rest = [layout.flat(vector), *(layout.flat(v) for v in vectors)]
            return anp.stack([*(out[j] for j in range(i)), *rest])
        out[i] = layout.plain(vector)
    return out


# -------------------- sparse --------------------


class _Groups(NamedTuple):
    """Which columns, or which rows, are swept together."""

    sparsity: Sparsity
    by_column: np.ndarray
    by_row: np.ndarray


def _sparse(
    function: Callable,
    x: Any,
    columns: Layout,
    mode: str,
    declared: Any,
    known: dict[tuple[Layout, Layout], _Groups],
) -> LinearMap:
    from scipy.sparse import csr_array

    if is_traced(x):
        raise TypeError(
            "a sparse Jacobian cannot be differentiated itself: leave out sparsity, or use "
            "jacobian_vector_product"
        )
    tape = Tape(function, x)
    rows = layout_of(tape.value, "the value of the function")
    if (rows, columns) not in known:
        sparsity = as_sparsity(declared, rows, columns)
        known[rows, columns] = _Groups(sparsity, colours(sparsity), colours(sparsity.transposed))
    sparsity, by_column, by_row = known[rows, columns]
    n_forward, n_reverse = (int(c.max(initial=-1)) + 1 for c in (by_column, by_row))
    push = pushing(function, x)
    if mode == "forward" or (mode == "auto" and n_forward <= n_reverse):
        with one_point():
            swept = _swept(lambda g: push(g)[1], by_column, n_forward, columns, rows)
        entries = swept[by_column[sparsity.columns], sparsity.rows]
    else:
        swept = _swept(tape.backwards, by_row, n_reverse, rows, columns)
        entries = swept[by_row[sparsity.rows], sparsity.columns]
    matrix = csr_array((entries, (sparsity.rows, sparsity.columns)), shape=sparsity.shape)
    return LinearMap(matrix, rows, columns, len(swept))


def _swept(
    sweep: Callable[[Any], Any], groups: np.ndarray, n: int, source: Layout, target: Layout
) -> np.ndarray:
    """What every group, all its units at once, is swept to."""
    out = np.empty((n, target.size))
    for colour in range(n):
        out[colour] = target.plain(sweep(source.cotangent((groups == colour).astype(np.float64))))
    return out


def detect_sparsity(
    function: Callable,
    *arguments: Any,
    rng: np.random.Generator,
    argnum: int = 0,
    n_points: int = 2,
) -> Sparsity:
    """Where a Jacobian is not zero at some random points near the arguments.

    Parameters
    ----------
    function : callable -> VValue, array or number
    *arguments : where it will be differentiated
    rng : numpy.random.Generator
    argnum : int
    n_points : int
        Number of dense Jacobians to form.

    Returns
    -------
    Sparsity, for ``jacobian(function, sparsity=...)``

    Notes
    -----
    What is zero at all these points by accident, or because a branch was not taken, is missed.

    Examples
    --------
    >>> from vvalues import VValue
    >>> v, rng = VValue({"a": 0, "b": 4}), np.random.default_rng(0)
    >>> found = detect_sparsity(lambda v: v * v, v, rng=rng)
    >>> found.rows, found.columns
    (array([0, 1]), array([0, 1]))
    """
    of_one, x = with_argument(function, arguments, argnum)
    columns = layout_of(x, f"argument {argnum}")
    flat = np.array(columns.flat(getval(x)), dtype=np.float64)
    seen = []
    for _ in range(n_points):
        moved = flat + 0.1 * (1.0 + np.abs(flat)) * rng.normal(size=flat.size)
        seen.append(jacobian(of_one)(columns.value(moved)).dense() != 0.0)
    inside = np.any(seen, axis=0)
    return Sparsity.of(inside)
