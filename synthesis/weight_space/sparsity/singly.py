"""Weights that go one by one, the others making up for each: the metric form, for few weights.

While there are many weights, the smallest is a good guess at the one that is missed least. Among
the last few it is not: all of an output may pass through the smallest, a large one may do nothing,
and zeros do not come back. So of these, candidates are tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from vvalues import VValue, from_buffer

from ...process.linearization import Linearization, linearize
from ..reference import Reference

__all__ = ["damped_step", "removed_singly", "restored", "saliencies"]

CANDIDATES = 8  # weights that are tried before one goes
FINALISTS = 3  # of them, how many are judged by what the others can restore
LARGEST_STEP = 0.5  # of one weight; further off the outputs are not linear


def removed_singly(
    reference: Reference,
    parameters: VValue,
    weights: np.ndarray,
    kept: int,
    *,
    rng: np.random.Generator,
    per_step: int | None = None,
    steps: int = 4,
) -> VValue:
    """Set one weight after the other to zero, the one whose loss the others make up for best.

    Parameters
    ----------
    reference : Reference
        The dense network, frozen on unlabelled inputs.
    parameters : VValue
    weights : array of bool (size,)
        Elements that are weights; the others do not move, and zeros stay zero.
    kept : int
        How many weights stay.
    rng : numpy.random.Generator
    per_step : int, optional
        Inputs per removal; all when omitted.
    steps : int
        Damped metric steps back to the frozen outputs after every removal, at most.

    Returns
    -------
    VValue

    Notes
    -----
    Candidates are the weights of least saliency by the optimal brain surgeon, finalists those whose
    loss changes the outputs least, with the surgeon's compensation or without; what goes is decided
    after the others have restored what they can. A removal costs a Jacobian product per weight that
    is left, per step and finalist.

    References
    ----------
    B. Hassibi, D. Stork, NIPS 1992 (optimal brain surgeon).

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.weight_space import freeze
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> reference, rng = freeze(model, weights, inputs), np.random.default_rng(0)
    >>> every = np.ones(weights.size, dtype=bool)
    >>> sparse = removed_singly(reference, weights, every, 12, rng=rng)
    >>> int((sparse.buffer != 0).sum()), round(reference.divergence(sparse), 5)
    (12, 0.0)
    """
    while True:
        free = np.flatnonzero(weights & (parameters.buffer != 0.0))
        if len(free) <= kept:
            return parameters
        stored = reference.sample(per_step, rng)
        finalists = [
            restored(stored, network, left, Reference.divergence, steps=steps)
            for network, left in _removals(stored, parameters, free)[:FINALISTS]
        ]
        parameters = _nearest(stored, finalists)[1]


def _columns(here: Linearization, elements: np.ndarray) -> np.ndarray:
    """The Jacobian by some elements of the parameters, (numbers of the output, elements)."""
    size = here.support.size
    if len(elements) == size or here.values.size <= 3 * len(elements):  # rows may be pulled
        return here.rows()[:, elements]
    units = np.zeros((len(elements), size))
    units[np.arange(len(elements)), elements] = 1.0
    pushed = [here.push(from_buffer(here.support, unit)).ravel() for unit in units]
    return np.stack(pushed, axis=1) if pushed else np.zeros((here.values.size, 0))


def damped_step(
    rows: np.ndarray, r: np.ndarray, damping: float, largest: float = LARGEST_STEP
) -> np.ndarray:
    """``-(J^T J + damping diag)^-1 J^T r`` for the Jacobian ``rows`` and moved outputs r.

    The shortest step, in a scaled norm, that undoes the movement to first order; shrunk where an
    element of it is above ``largest``.
    """
    matrix = rows.T @ rows
    matrix[np.diag_indices_from(matrix)] *= 1.0 + damping
    matrix[np.diag_indices_from(matrix)] += 1e-8
    step = -cho_solve(cho_factor(matrix), rows.T @ r)
    step *= min(1.0, largest / max(float(np.max(np.abs(step), initial=0.0)), 1e-300))
    return step


def saliencies(rows: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Predicted movement of the outputs when each weight goes and the others compensate."""
    metric = rows.T @ rows
    ridge = 1e-3 * np.diag(metric) + 1e-6
    return w**2 / np.diag(np.linalg.inv(metric + np.diag(ridge)))


def restored(
    reference: Reference,
    parameters: VValue,
    free: np.ndarray,
    measure: Callable[[Reference, VValue], float],
    *,
    steps: int,
    largest: float = LARGEST_STEP,
    good: float = 0.0,
) -> VValue:
    """Damped metric steps of some elements back to the frozen outputs; never to a worse place.

    Parameters
    ----------
    reference : Reference
    parameters : VValue
        On any support.
    free : array of int
        Elements that move.
    measure : callable
        How far parameters are from the reference.
    steps : int
        At most so many.
    largest : float
        Largest change of one element per step.
    good : float
        Stop at this measure.
    """
    current, damping = measure(reference, parameters), 1e-2
    for _ in range(steps):
        if current <= good:
            break
        here = linearize(reference.model, parameters, reference.inputs)
        rows, r = _columns(here, free), (here.values - reference.values).ravel()
        before = current
        for _ in range(6):
            step = damped_step(rows, r, damping, largest)
            trial = _moved(parameters, free, parameters.buffer[free] + step)
            reached = _finite(measure(reference, trial))
            if reached < current:
                parameters, current, damping = trial, reached, damping / 5.0
                break
            damping *= 6.0
        if not current < before * (1.0 - 1e-4):
            break
    return parameters


def _removals(
    reference: Reference, parameters: VValue, free: np.ndarray
) -> list[tuple[VValue, np.ndarray]]:
    """Networks that have one of the free weights no more, and those that are left; best first."""
    here = linearize(reference.model, parameters, reference.inputs)
    rows, w = _columns(here, free), parameters.buffer[free]
    r = (here.values - reference.values).ravel()
    trials = []
    for q in np.argsort(saliencies(rows, w), kind="stable")[:CANDIDATES]:
        others = np.arange(len(w)) != q
        plain = np.where(others, w, 0.0)
        compensated = plain.copy()
        compensated[others] += damped_step(rows[:, others], r - w[q] * rows[:, q], 1e-2)
        both = (_moved(parameters, free, values) for values in (plain, compensated))
        distance, best = _nearest(reference, both)
        trials.append((distance, best, free[others]))
    trials.sort(key=lambda trial: trial[0])
    return [(network, left) for _, network, left in trials]


def _nearest(reference: Reference, networks: Iterable[VValue]) -> tuple[float, VValue]:
    distances = [(_finite(reference.divergence(network)), network) for network in networks]
    return min(distances, key=lambda pair: pair[0])


def _moved(parameters: VValue, elements: np.ndarray, values: np.ndarray) -> VValue:
    buffer = np.array(parameters.buffer)
    buffer[elements] = values
    return from_buffer(parameters.support, buffer)


def _finite(value: float) -> float:
    return value if np.isfinite(value) else np.inf
