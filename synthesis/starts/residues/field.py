"""Linear algebra over the field of the residues modulo a prime: exact, by elimination."""

from __future__ import annotations

import numpy as np

__all__ = ["independent", "inverse", "is_prime", "next_prime", "reciprocal", "reduced", "solved"]


def is_prime(number: int) -> bool:
    """Whether a number has no divisors but 1 and itself."""
    return number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))


def next_prime(number: int) -> int:
    """The least prime that is no smaller than a number.

    Examples
    --------
    >>> next_prime(5), next_prime(6)
    (5, 7)
    """
    while not is_prime(number):
        number += 1
    return number


def reciprocal(residue: int, prime: int) -> int:
    """What times a residue is 1.

    Raises
    ------
    ValueError
        If the residue is 0.

    Examples
    --------
    >>> reciprocal(3, 5)
    2
    """
    return pow(int(residue), -1, prime)


def reduced(matrix: np.ndarray, prime: int) -> tuple[np.ndarray, list[int]]:
    """The reduced row echelon form of a matrix, and its pivot columns.

    Parameters
    ----------
    matrix : int array (rows, columns)
    prime : int

    Returns
    -------
    int array (rows, columns), list of int

    Examples
    --------
    >>> form, pivots = reduced(np.array([[2, 4, 1], [1, 2, 0]]), 5)
    >>> form.tolist(), pivots
    ([[1, 2, 0], [0, 0, 1]], [0, 2])
    """
    form = np.array(matrix, dtype=np.int64) % prime
    pivots: list[int] = []
    for column in range(form.shape[1]):
        row = len(pivots)
        below = np.flatnonzero(form[row:, column])
        if not len(below):
            continue
        form[[row, row + below[0]]] = form[[row + below[0], row]]
        form[row] = form[row] * reciprocal(form[row, column], prime) % prime
        others = np.flatnonzero(form[:, column])
        others = others[others != row]
        change = np.outer(form[others, column], form[row, column:])
        form[others, column:] = (form[others, column:] - change) % prime
        pivots.append(column)
    return form, pivots


def solved(matrix: np.ndarray, right: np.ndarray, prime: int) -> tuple[np.ndarray, bool] | None:
    """A solution of linear equations, and whether it is the only one; None if there is none.

    Parameters
    ----------
    matrix : int array (equations, unknowns)
    right : int array (equations,) or (equations, several)
    prime : int

    Returns
    -------
    (int array (unknowns,) or (unknowns, several), bool), or None
        Where there are several solutions, unknowns that are free are 0.

    Examples
    --------
    >>> solved(np.array([[2, 1], [1, 1]]), np.array([1, 3]), 5)
    (array([3, 0]), True)
    >>> solved(np.array([[2], [1]]), np.array([1, 3]), 7) is None
    True
    """
    unknowns = matrix.shape[1]
    several = right.reshape(len(right), -1)
    form, pivots = reduced(np.concatenate([matrix, several], axis=1), prime)
    if pivots and pivots[-1] >= unknowns:
        return None
    found = np.zeros((unknowns, several.shape[1]), dtype=np.int64)
    found[pivots] = form[: len(pivots), unknowns:]
    return found.reshape(unknowns, *right.shape[1:]), len(pivots) == unknowns


def inverse(matrix: np.ndarray, prime: int) -> np.ndarray | None:
    """The inverse of a square matrix; None if it has none.

    Examples
    --------
    >>> inverse(np.array([[2, 1], [1, 1]]), 5)
    array([[1, 4],
           [4, 2]])
    """
    found = solved(matrix, np.eye(len(matrix), dtype=np.int64), prime)
    return found[0] if found is not None and found[1] else None


def independent(rows: np.ndarray, prime: int) -> list[int]:
    """The first rows of which none is a combination of those before it.

    Examples
    --------
    >>> independent(np.array([[1, 2], [2, 4], [0, 1]]), 5)
    [0, 2]
    """
    return reduced(rows.T, prime)[1]
