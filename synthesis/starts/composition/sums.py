"""Sums of few streams: exact ones by greedy search with a beam, and the best ones where none is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .forms import TOLERANCE, Sum

__all__ = ["affine_matches", "best_sums", "exact_sums", "simple", "tidy"]


def simple(values: np.ndarray) -> np.ndarray:
    """Weights as whole multiples of a sixtieth: halves, thirds, quarters, fifths, tenths ..."""
    return np.asarray(np.round(values * 60.0) / 60.0)


def tidy(value: float) -> float:
    """A number without its rounding errors: simple if it is that, else to ten digits.

    Examples
    --------
    >>> tidy(0.1 + 0.2), tidy(1 / 3 + 1e-12) == 1 / 3, tidy(0.9731000000000007)
    (0.3, True, 0.9731)
    """
    rounded = round(float(value) * 60.0) / 60.0
    if abs(rounded - value) <= TOLERANCE * max(1.0, abs(value)):
        return rounded
    return float(f"{value:.10g}")


def affine_matches(rows: np.ndarray, answers: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Rows that are the answers but for a factor and a constant, on several parts of the samples.

    Parameters
    ----------
    rows : array (streams, samples)
    answers : array (samples,)
    weight : array (parts, samples), 0 or 1
        Which samples belong to a part.

    Returns
    -------
    array of bool (streams, parts)

    Notes
    -----
    A correlation of 1 to rounding; what is found is to be checked number by number.
    """
    n = np.maximum(weight.sum(axis=1), 1.0)
    mean_row, mean_answer = rows @ weight.T / n, weight @ answers / n
    var_row = rows**2 @ weight.T / n - mean_row**2
    var_answer = weight @ answers**2 / n - mean_answer**2
    covariance = (rows * answers) @ weight.T / n - mean_row * mean_answer
    with np.errstate(all="ignore"):
        share = covariance**2 / (var_row * var_answer)
    is_flat = var_answer <= 1e-12 * np.maximum(weight @ answers**2 / n, 1e-300)
    varies = var_row > 1e-12 * np.maximum(mean_row**2, 1e-300)
    return np.where(is_flat[None], False, varies & (share > 1.0 - 1e-7))


def exact_sums(rows: np.ndarray, answers: np.ndarray, most: int, beam: int = 4) -> Iterator[Sum]:
    """Sums of few streams that are the answers, by greedy search with a beam.

    Parameters
    ----------
    rows : array (streams, samples)
    answers : array (samples,)
    most : int
        Streams that a sum may have.
    beam : int
        Sums that are kept at each step.
    """
    scale = max(float(np.abs(answers).max(initial=0.0)), 1e-300)
    for chosen, error in _greedy(rows, answers, most, beam):
        if error <= TOLERANCE * scale:
            yield _without_spare(rows, answers, chosen, scale)


def sum_of_all(rows: np.ndarray, answers: np.ndarray, costs: np.ndarray) -> Sum | None:
    """The answers as a sum of any number of streams, the dear ones left out where that is possible.

    None if they are no such sum, or the samples are too few to tell.

    Parameters
    ----------
    rows : array (streams, samples)
    answers : array (samples,)
    costs : array (streams,)
    """
    if len(answers) < 3 * len(rows):
        return None
    scale = max(float(np.abs(answers).max(initial=0.0)), 1e-300)
    _, fit = _fitted(rows, answers)
    if np.abs(answers - fit).max() > TOLERANCE * scale:
        return None
    order = np.argsort(-costs, kind="stable").tolist()
    return _without_spare(rows, answers, order, scale)


def best_sums(rows: np.ndarray, answers: np.ndarray, most: int) -> Iterator[Sum]:
    """The best sum of one stream, of two, and so on, whether or not it is the answers."""
    best: dict[int, tuple[float, Sum]] = {}
    for chosen, _ in _greedy(rows, answers, most, 2):
        weights, fit = _fitted(rows[list(chosen)], answers)
        misfit = float(np.sum((answers - fit) ** 2))
        if misfit < best.get(len(chosen), (np.inf, None))[0]:
            best[len(chosen)] = misfit, Sum(chosen, tuple(map(float, weights)))
    yield from (form for _, form in best.values())


def _greedy(
    rows: np.ndarray, answers: np.ndarray, most: int, beam: int
) -> Iterator[tuple[tuple[int, ...], float]]:
    """Sets of streams that grow by those that tell most of what is left, with the largest error."""
    size = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    usable = np.flatnonzero(size > 0)
    unit = rows[usable] / size[usable, None]
    states: list[tuple[int, ...]] = [()]
    seen: set[frozenset[int]] = set()
    for _ in range(min(most, len(usable))):
        grown: list[tuple[float, tuple[int, ...]]] = []
        for chosen in states:
            residual = answers - _fitted(rows[list(chosen)], answers)[1]
            gain = np.abs(unit @ residual)
            for k in np.argsort(-gain, kind="stable")[: 2 * beam]:
                candidate = (*chosen, int(usable[k]))
                key = frozenset(candidate)
                if len(key) < len(candidate) or key in seen:
                    continue
                seen.add(key)
                _, fit = _fitted(rows[list(candidate)], answers)
                yield candidate, float(np.abs(answers - fit).max(initial=0.0))
                grown.append((float(np.sum((answers - fit) ** 2)), candidate))
        grown.sort(key=lambda item: item[0])
        states = [candidate for _, candidate in grown[:beam]]


def _fitted(rows: np.ndarray, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not len(rows):
        return np.zeros(0), np.zeros_like(answers)
    weights = np.linalg.lstsq(rows.T, answers, rcond=None)[0]
    return weights, weights @ rows


def _without_spare(
    rows: np.ndarray, answers: np.ndarray, chosen: Sequence[int], scale: float
) -> Sum:
    """The sum without streams it can do without, its weights rounded where nothing is lost."""
    kept = list(chosen)
    for stream in list(chosen):
        less = [k for k in kept if k != stream]
        _, fit = _fitted(rows[less], answers)
        if np.abs(answers - fit).max(initial=0.0) <= TOLERANCE * scale:
            kept = less
    weights, _ = _fitted(rows[kept], answers)
    rounded = simple(weights)
    if np.abs(answers - rounded @ rows[kept]).max(initial=0.0) <= TOLERANCE * scale:
        weights = rounded
    return Sum(tuple(kept), tuple(map(float, weights)))
