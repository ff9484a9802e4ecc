"""The constants of a form: many starts at once, the linear ones solved for at every step.

Weights of the output and the bias are linear, so they are eliminated (variable projection): only
the constants inside are searched for, by damped Gauss-Newton steps from the best of many spread
starts. All starts of a form are evaluated together, as arrays (starts, samples).

References
----------
G. Golub, V. Pereyra, SIAM J. Numer. Anal. 10 (1973), 413-432; the Jacobian is L. Kaufman's, BIT 15
(1975), 49-57.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..operations import OPERATIONS
from .form import Argument, Constant, Form, Term, count_constants

__all__ = ["Constants", "fitted", "values_and_slopes"]

MOST_STARTS, CARRIED_ON = 1024, 24
ITERATIONS, SLOW = 60, 15  # a fit ends when so many steps have not halved the error
LARGEST, SMALLEST = 1e8, 1e-9  # of a term's value; of its part beside the others


class Constants(NamedTuple):
    """What was found for a form.

    Attributes
    ----------
    inner : array (constants,)
        In the order in which the form has them, from the inside out.
    weights : array (terms + 1, outputs)
        Of the linear combination, the bias first.
    error : float
        Norm of the residual over that of the centred targets.

    Examples
    --------
    >>> Constants(np.array([1.3]), np.array([[0.5], [2.0]]), error=1e-12).weights.ravel()
    array([0.5, 2. ])
    """

    inner: np.ndarray
    weights: np.ndarray
    error: float


# -------------------- evaluation --------------------


class _Reader:
    """Goes through a form once and hands out its constants in order."""

    def __init__(self, inputs: np.ndarray, constants: np.ndarray) -> None:
        self.inputs, self.constants, self.next = inputs, constants, 0

    def constant(self, constant: Constant, scale: np.ndarray | None) -> tuple[np.ndarray, int]:
        """Its values (starts, 1) and its number; -1 if it is not open."""
        if not isinstance(constant, str):
            return np.full((len(self.constants), 1), constant), -1
        self.next += 1
        return self.constants[:, self.next - 1, None], self.next - 1

    def term(self, term: Term) -> tuple[np.ndarray, dict[int, np.ndarray]]:
        """Values (starts, samples), and slopes by every constant inside."""
        if not term.kind:
            return self.inputs[None, :, term.column].repeat(len(self.constants), axis=0), {}
        operation = OPERATIONS[term.kind]
        read = [self.argument(argument) for argument in term.arguments]
        rows = [values for values, _ in read]
        values = operation.apply(*rows)
        slopes: dict[int, np.ndarray] = {}
        for partial, (_, inner) in zip(operation.partials(values, *rows), read, strict=True):
            slopes |= {i: partial * slope for i, slope in inner.items()}
        return values, slopes

    def argument(self, argument: Argument) -> tuple[np.ndarray, dict[int, np.ndarray]]:
        total = np.zeros((len(self.constants), self.inputs.shape[0]))
        slopes: dict[int, np.ndarray] = {}
        for part, constant in argument.parts:
            values, inner = self.term(part)
            weight, i = self.constant(constant, np.ptp(values, axis=1))
            total = total + weight * values
            slopes |= {j: weight * slope for j, slope in inner.items()}
            if i >= 0:
                slopes[i] = values
        number, i = self.constant(argument.number, np.max(np.abs(total), axis=1))
        if i >= 0:
            slopes[i] = np.ones_like(total)
        return total + number, slopes


class _Starter(_Reader):
    """Fills in the constants it is asked for: points of the unit cube, made plausible."""

    def __init__(self, inputs: np.ndarray, unit: np.ndarray) -> None:
        super().__init__(inputs, np.empty_like(unit))
        self.unit = unit

    def constant(self, constant: Constant, scale: np.ndarray | None) -> tuple[np.ndarray, int]:
        if isinstance(constant, str):
            self.constants[:, self.next] = _plausible(constant, self.unit[:, self.next], scale)
        return super().constant(constant, scale)


def _plausible(role: str, unit: np.ndarray, scale: np.ndarray | None) -> np.ndarray:
    """Points of [0, 1) as constants of a role, for an argument that varies by ``scale``."""
    sign = np.where(unit < 0.5, 1.0, -1.0)
    both = np.where(unit < 0.5, 2.0 * unit, 2.0 * unit - 1.0)  # both halves run through all sizes
    size = np.maximum(np.ones(len(unit)) if scale is None else scale, 1e-12)
    if role == "phase":
        return np.pi * unit  # the other half is the sign of the weight outside
    if role == "frequency":
        return np.pi * 0.25 * 64.0**unit / size
    if role == "rate":
        return sign * 0.2 * 50.0**both / size
    if role == "power":
        return sign * 0.3 * 20.0**both
    if role == "shift":
        return sign * 0.02 * 150.0**both * size
    return sign * 0.1 * 100.0**both


def values_and_slopes(
    form: Form, inputs: np.ndarray, constants: np.ndarray
) -> tuple[list[np.ndarray], list[dict[int, np.ndarray]]]:
    """Values of the terms of a form, and their slopes by its constants.

    Parameters
    ----------
    form : Form
    inputs : array (samples, inputs)
    constants : array (starts, constants)

    Returns
    -------
    values : list of arrays (starts, samples), one per term
    slopes : list of dicts, number of a constant -> array (starts, samples)
    """
    reader = _Reader(inputs, constants)
    with np.errstate(all="ignore"):
        found = [reader.term(term) for term in form]
    return [values for values, _ in found], [slopes for _, slopes in found]


# -------------------- the linear part --------------------


class _Projection(NamedTuple):
    """Targets on the span of bias and terms, for every start."""

    basis: np.ndarray  # (starts, samples, terms + 1), orthonormal columns
    weights: np.ndarray  # (starts, terms + 1, outputs), the bias first
    residual: np.ndarray  # (starts, samples, outputs)
    losses: np.ndarray  # (starts,): sums of squares; infinite where a term is wild or superfluous

    def left(self, rows: np.ndarray) -> np.ndarray:
        """What the basis does not reach of rows (starts, any, samples)."""
        return rows - (rows @ self.basis) @ np.swapaxes(self.basis, 1, 2)


def _projected(values: list[np.ndarray], targets: np.ndarray) -> _Projection:
    columns = np.stack([np.ones_like(values[0]), *values], axis=2)
    height = np.max(np.abs(columns), axis=(1, 2))
    is_good = height < LARGEST  # neither is NaN
    columns = np.where(is_good[:, None, None], columns, 1.0)
    basis, triangle = np.linalg.qr(columns)
    diagonal = np.abs(np.diagonal(triangle, axis1=1, axis2=2))
    is_good &= diagonal.min(axis=1) > SMALLEST * height
    triangle = np.where(is_good[:, None, None], triangle, np.eye(triangle.shape[1]))
    along = np.swapaxes(basis, 1, 2) @ targets
    residual = targets - basis @ along
    losses = np.where(is_good, np.sum(residual**2, axis=(1, 2)), np.inf)
    return _Projection(basis, np.linalg.solve(triangle, along), residual, losses)


# -------------------- the search --------------------


def _spread(n: int, dimensions: int) -> np.ndarray:
    """Points that fill the unit cube evenly, the same every time: array (n, dimensions).

    References
    ----------
    M. Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018 (the powers of the
    root of x^(d+1) = x + 1).
    """
    root = 2.0
    for _ in range(40):  # to its fixed point
        root = (1.0 + root) ** (1.0 / (dimensions + 1.0))
    steps = root ** -np.arange(1.0, dimensions + 1.0)
    return (0.5 + np.arange(1, n + 1)[:, None] * steps) % 1.0


def fitted(form: Form, inputs: np.ndarray, targets: np.ndarray, exact: float) -> Constants:
    """The constants with which a form comes nearest to the targets.

    Parameters
    ----------
    form : Form
    inputs : array (samples, inputs)
    targets : array (samples, outputs)
    exact : float
        Error at which the search ends.

    Raises
    ------
    ValueError
        If there are fewer samples than terms and bias.

    Examples
    --------
    >>> from synthesis.architectures.evolving.search.form import Argument, Term
    >>> x = np.linspace(0.5, 3.0, 30)[:, None]
    >>> sine = Term("sin", (Argument(((Term("", column=0), "frequency"),)),))
    >>> found = fitted((sine,), x, 2.0 * np.sin(1.7 * x) + 1.0, exact=1e-9)
    >>> found.inner.round(3), found.weights.ravel().round(3)
    (array([1.7]), array([1., 2.]))
    """
    if len(inputs) <= len(form):
        raise ValueError(
            f"{len(inputs)} samples cannot settle the weights of {len(form)} terms and a bias"
        )
    n_constants = count_constants(form)
    unit = _spread(min(64 * 2**n_constants, MOST_STARTS), n_constants)
    starter = _Starter(inputs, unit)
    total = float(np.linalg.norm(targets - targets.mean(axis=0))) or 1.0
    with np.errstate(all="ignore"):
        values = [starter.term(term)[0] for term in form]
        losses = _projected(values, targets).losses
        best = np.argsort(losses, kind="stable")[:CARRIED_ON]
        return _descended(form, inputs, targets, starter.constants[best], total, exact)


def _descended(
    form: Form,
    inputs: np.ndarray,
    targets: np.ndarray,
    constants: np.ndarray,
    total: float,
    exact: float,
) -> Constants:
    """Damped Gauss-Newton steps of all starts side by side; the best of them."""
    values, slopes = values_and_slopes(form, inputs, constants)
    projection = _projected(values, targets)
    damping = np.full(len(constants), 1e-2)
    history = [float(np.min(projection.losses))]
    for _ in range(ITERATIONS):
        if history[-1] <= (exact * total) ** 2 or not np.isfinite(history[-1]):
            break
        if len(history) > SLOW and history[-1] > 0.25 * history[-1 - SLOW]:
            break
        trial = constants + _step(slopes, projection, damping)
        values, trial_slopes = values_and_slopes(form, inputs, trial)
        trial_projection = _projected(values, targets)
        better = trial_projection.losses < projection.losses
        damping = np.where(better, damping / 5.0, np.minimum(damping * 6.0, 1e8))
        constants = _chosen(better, trial, constants)
        slopes = [
            {i: _chosen(better, new[i], old[i]) for i in new}
            for new, old in zip(trial_slopes, slopes, strict=True)
        ]
        parts = zip(trial_projection, projection, strict=True)
        projection = _Projection(*(_chosen(better, new, old) for new, old in parts))
        history.append(float(np.min(projection.losses)))
    best = int(np.argmin(projection.losses))
    error = float(np.sqrt(projection.losses[best])) / total
    return Constants(constants[best], projection.weights[best], error)


def _chosen(better: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Of every start what was taken, arrays (starts, ...)."""
    return np.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old)


def _step(
    slopes: list[dict[int, np.ndarray]], projection: _Projection, damping: np.ndarray
) -> np.ndarray:
    """Steps (starts, constants): the residual's slope is the projected one of the terms."""
    of = {i: k for k, inner in enumerate(slopes) for i in inner}  # constant -> its term
    n_constants = len(of)
    rows = np.stack([slopes[of[i]][i] for i in range(n_constants)], axis=1)
    weights = projection.weights[:, [of[i] + 1 for i in range(n_constants)]]
    j = (projection.left(rows)[:, :, :, None] * weights[:, :, None, :]).reshape(*rows.shape[:2], -1)
    scale = np.maximum(np.linalg.norm(j, axis=2), 1e-300)
    j = j / scale[:, :, None]
    residual = projection.residual.reshape(len(j), -1)
    hessian = j @ np.swapaxes(j, 1, 2)
    hessian[:, np.arange(n_constants), np.arange(n_constants)] += damping[:, None] + 1e-14
    gradient = (j @ residual[:, :, None])[:, :, 0]
    is_good = np.isfinite(hessian).all(axis=(1, 2)) & np.isfinite(gradient).all(axis=1)
    hessian[~is_good] = np.eye(n_constants)
    gradient[~is_good] = 0.0
    return np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0] / scale
