"""Matrices whose rows and columns are elements of trees, arrays or numbers: linear maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import autograd.numpy as anp
import numpy as np

from ..core.bridges import unravel
from ..core.support import Support
from ..core.tracing import is_traced
from ..core.tree import VValue
from .layout import Layout

__all__ = ["LinearMap"]


@dataclass(frozen=True, eq=False)
class LinearMap:
    """A matrix from vectors of one layout to vectors of another: derivatives of all by all.

    `jacobian`, `hessian` and `covariance` make them.

    Attributes
    ----------
    matrix : array of shape (rows.size, columns.size), or a scipy sparse array of that shape
    rows, columns : Layout
        How results and arguments lie in it; ``.support`` of one that is a tree.
    sweeps : int
        How many sweeps over the function it took.

    Examples
    --------
    >>> from vvalues.derivatives import jacobian
    >>> v = VValue({"a": {"x": 2, "y": 3}, "b": 5})
    >>> J = jacobian(lambda v: VValue({"s": v["a", "x"] * v["b"], "t": v["a", "y"]}))(v)
    >>> J
    LinearMap(2 elements of a tree by 3 elements of a tree, 2 sweeps)
    >>> J @ VValue({"a": {"x": 1}})
    VValue({'s': 5.0, 't': 0.0})
    >>> J["s", "a"].dense()
    array([[5., 0.]])
    >>> J.T @ VValue({"s": 1})
    VValue({'a': {'x': 5.0, 'y': 0.0}, 'b': 2.0})
    """

    matrix: Any
    rows: Layout
    columns: Layout
    sweeps: int = 0

    # numpy must leave `array @ jacobian` to us, which means: refuse it.
    __array_ufunc__ = None

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows.size, self.columns.size

    @property
    def is_sparse(self) -> bool:
        """Whether the matrix is one of scipy's sparse arrays."""
        return not isinstance(self.matrix, np.ndarray) and hasattr(self.matrix, "tocsr")

    def __repr__(self) -> str:
        form = f", {self.matrix.nnz} entries" if self.is_sparse else ""
        cost = f", {self.sweeps} sweeps" if self.sweeps else ""
        return f"LinearMap({self.rows} by {self.columns}{form}{cost})"

    # -------------------- products --------------------

    def __matmul__(self, other: Any) -> Any:
        """Product with a direction of the arguments' kind, or with another map."""
        if isinstance(other, LinearMap):
            if other.rows != self.columns:
                raise ValueError(f"{self} @ {other}: columns and rows do not fit")
            return LinearMap(_dot(self.matrix, other.matrix), self.rows, other.columns)
        self.columns.require(other, "the direction")
        return self.rows.value(_dot(self.matrix, self.columns.flat(other)))

    @property
    def T(self) -> LinearMap:
        """The transpose; times a cotangent of the value it is what a backward sweep gives."""
        return LinearMap(self.matrix.T, self.columns, self.rows, self.sweeps)

    def __add__(self, other: LinearMap) -> LinearMap:
        if not isinstance(other, LinearMap):
            return NotImplemented
        if (other.rows, other.columns) != (self.rows, self.columns):
            raise ValueError(f"{self} + {other}: rows or columns differ")
        return LinearMap(self.matrix + other.matrix, self.rows, self.columns)

    def __mul__(self, factor: float) -> LinearMap:
        return LinearMap(self.matrix * factor, self.rows, self.columns, self.sweeps)

    __rmul__ = __mul__

    def solve(self, right: Any) -> Any:
        """The direction ``d`` with ``J @ d == right``.

        Parameters
        ----------
        right : of the rows' kind

        Returns
        -------
        of the columns' kind

        Raises
        ------
        ValueError
            If the matrix is not square.
        numpy.linalg.LinAlgError
            If it is singular.

        Examples
        --------
        >>> from vvalues.derivatives import jacobian
        >>> J = jacobian(lambda v: v * v)(VValue({"a": 2, "b": 4}))
        >>> J.solve(VValue({"a": 1, "b": 1}))
        VValue({'a': 0.25, 'b': 0.125})
        """
        if self.rows.size != self.columns.size:
            raise ValueError(
                f"a linear map of {self.shape} is not square; for least squares "
                "numpy.linalg.lstsq(J.dense(), J.rows.flat(right))"
            )
        flat = self.rows.flat(self.rows.require(right, "the right side"))
        if self.is_sparse:
            from scipy.sparse.linalg import spsolve

            return self.columns.value(np.atleast_1d(spsolve(self.matrix.tocsc(), flat)))
        return self.columns.value(anp.linalg.solve(self.matrix, flat))

    # -------------------- parts --------------------

    def __getitem__(self, patterns: Any) -> LinearMap:
        """A block: the rows and the columns that two patterns select (``...``: all of them).

        One pattern alone selects rows. Patterns are those of `vvalues.select`.
        """
        row_pattern, column_pattern = (
            patterns if isinstance(patterns, tuple) and len(patterns) == 2 else (patterns, ...)
        )
        rows, at_rows = self.rows.part(row_pattern)
        columns, at_columns = self.columns.part(column_pattern)
        matrix = self.matrix.tocsr() if self.is_sparse else self.matrix
        return LinearMap(matrix[at_rows][:, at_columns], rows, columns, self.sweeps)

    def diagonal(self) -> Any:
        """The diagonal, of the columns' kind; for a matrix whose rows are its columns.

        Raises
        ------
        ValueError
            If they are not.
        """
        if self.rows != self.columns:
            raise ValueError(f"{self}: a diagonal needs rows that are the columns")
        matrix = self.matrix.diagonal() if self.is_sparse else anp.diagonal(self.matrix)
        return self.columns.value(anp.array(matrix) if not is_traced(matrix) else matrix)

    # -------------------- forms --------------------

    def dense(self) -> np.ndarray:
        """The matrix as an array, rows and columns in canonical order of the paths."""
        return self.matrix.toarray() if self.is_sparse else self.matrix

    def sparse(self) -> Any:
        """The matrix as a ``scipy.sparse.csr_array``."""
        from scipy.sparse import csr_array

        return csr_array(self.matrix)

    def linear_operator(self) -> Any:
        """The matrix as a ``scipy.sparse.linalg.LinearOperator`` on flat arrays."""
        from scipy.sparse.linalg import aslinearoperator

        return aslinearoperator(self.matrix)

    def tree(self) -> VValue:
        """All entries as one tree, at row path + column path; trees with scalar leaves only.

        Raises
        ------
        ValueError
            If a side is no tree with scalar leaves, or two entries would have the same path.

        Examples
        --------
        >>> from vvalues.derivatives import jacobian
        >>> jacobian(lambda v: v * v)(VValue({"a": 2, "b": 4})).tree()
        VValue({'a': {'a': 4.0, 'b': 0.0}, 'b': {'a': 0.0, 'b': 8.0}})
        """
        for side in (self.rows, self.columns):
            if side.support is None or side.support.shapes is not None:
                raise ValueError(
                    f"{self}: a path for every entry needs scalar leaves on both sides"
                )
        assert self.rows.support is not None and self.columns.support is not None
        paths = [
            row + column for row in self.rows.support.paths for column in self.columns.support.paths
        ]
        support = Support.of(paths)
        flat = anp.ravel(self.dense())
        order = {path: i for i, path in enumerate(paths)}
        return unravel(flat[np.array([order[path] for path in support.paths], int)], support)


def _dot(matrix: Any, other: Any) -> Any:
    is_sparse = hasattr(matrix, "tocsr") or hasattr(other, "tocsr")
    return matrix @ other if is_sparse else anp.dot(matrix, other)
