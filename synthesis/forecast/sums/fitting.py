"""Sums of features: weighted least squares, again and again (Fisher scoring)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dmm.machine import Circuit

from ...likelihoods import Likelihood
from .building import circuit_of
from .features import Feature, Values

__all__ = ["Rows", "Sum", "fitted", "hessian", "least_squares", "sizes"]

ITERATIONS = 50
TOLERANCE = 1e-10
RIDGE = 1e-10  # relative to a feature's own size: decides only what the data leave open
HALVINGS = 20


class Rows:
    """Observations and the features they are to be told by.

    Parameters
    ----------
    values : Values
    observed : array (strings, samples)
        What is to be forecast.
    places : tuple of int arrays (rows,)
        String and sample at which each forecast is made.
    horizon : int
        Samples from there to what is forecast.

    Examples
    --------
    >>> from .features import Given
    >>> series = np.array([[1.0, 2.0, 4.0, 8.0]])
    >>> rows = Rows(Values({"y": series}), series, (np.array([0, 0]), np.array([1, 2])), horizon=1)
    >>> rows.column(Given("y")), rows.target
    (array([2., 4.]), array([4., 8.]))
    """

    def __init__(
        self,
        values: Values,
        observed: np.ndarray,
        places: tuple[np.ndarray, np.ndarray],
        horizon: int,
    ) -> None:
        self.values, self.observed, self.places, self.horizon = values, observed, places, horizon
        self._columns: dict[Feature, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.places[0])

    @cached_property
    def target(self) -> np.ndarray:
        """What was observed, (rows,)."""
        string, sample = self.places
        return self.observed[string, sample + self.horizon]

    def column(self, feature: Feature) -> np.ndarray:
        """A feature, (rows,)."""
        if feature not in self._columns:
            self._columns[feature] = self.values[feature][self.places]
        return self._columns[feature]

    def matrix(self, features: Sequence[Feature]) -> np.ndarray:
        """A constant and features, (1 + features, rows)."""
        return np.array([np.ones(len(self)), *(self.column(feature) for feature in features)])

    def beyond(self, begin: Feature) -> Rows:
        """The same rows, with what is to be forecast counted from a feature."""
        rest = self.observed.copy()
        rest[:, self.horizon :] -= self.values[begin][:, : rest.shape[1] - self.horizon]
        return Rows(self.values, rest, self.places, self.horizon)

    def reaching(self, samples: int) -> Rows:
        """With the rows before the first one, from which only so many samples can be looked at."""
        string, sample = self.places
        earlier = np.arange(samples - 1, sample.min())
        strings = np.unique(string)
        string = np.r_[np.repeat(strings, len(earlier)), string]
        sample = np.r_[np.tile(earlier, len(strings)), sample]
        return Rows(self.values, self.observed, (string, sample), self.horizon)

    def take(self, chosen: np.ndarray) -> Rows:
        """Some of the rows, as often as they are named."""
        string, sample = self.places
        return Rows(self.values, self.observed, (string[chosen], sample[chosen]), self.horizon)


@dataclass(frozen=True)
class Sum:
    """A constant and features, weighted.

    Attributes
    ----------
    features : tuple of Feature
    weights : array (outputs, 1 + features)
        Those of the constant first.
    loss : float
        Mean over the rows that it was fitted on.
    free : array (1 + features, numbers), optional
        By how much the weights move with each number that was fitted; without it, every weight was
        fitted by itself.

    Examples
    --------
    >>> from dmm.show.algebra import sample_equations
    >>> from .features import latest
    >>> found = Sum(tuple(latest("y", 2)), np.array([[0.0, 1.2, -0.5]]), loss=0.9)
    >>> print(sample_equations(found.circuit(["y"])))
    output.dict-1 = 1.2 y - 0.5 y[t-1]
    """

    features: tuple[Feature, ...]
    weights: np.ndarray
    loss: float
    free: np.ndarray | None = None

    @property
    def fitted(self) -> int:
        """How many numbers were fitted."""
        return self.weights.size if self.free is None else self.free.shape[1]

    def circuit(
        self,
        streams: Sequence[str],
        *,
        feeds_back: str | None = None,
        above: float | None = None,
        within: tuple[float, float] = (-np.inf, np.inf),
    ) -> Circuit:
        """Its machine in samples (see `circuit_of`)."""
        return circuit_of(
            self.features,
            self.weights,
            streams,
            feeds_back=feeds_back,
            above=above,
            within=within,
        )

    def predictor(self, rows: Rows) -> np.ndarray:
        """What it says, (outputs, rows)."""
        return self.weights @ rows.matrix(self.features)


def fitted(
    rows: Rows,
    features: Sequence[Feature],
    likelihood: Likelihood,
    outputs: int = 1,
    start: Sum | None = None,
) -> Sum:
    """The most likely weights, by Fisher scoring.

    Parameters
    ----------
    rows : Rows
    features : sequence of Feature
    likelihood : Likelihood
    outputs : int
    start : Sum, optional
        Weights to begin with, of those features that it has.

    Examples
    --------
    >>> from synthesis.likelihoods import Gaussian
    >>> from .features import Given
    >>> series = 2.0 ** np.arange(6.0)[None]
    >>> rows = Rows(Values({"y": series}), series, (np.zeros(5, int), np.arange(5)), horizon=1)
    >>> fitted(rows, [Given("y")], Gaussian()).weights.round(6) + 0.0
    array([[0., 2.]])
    """
    matrix, target = rows.matrix(features), rows.target
    size = sizes(matrix)
    matrix = matrix / size[:, None]
    weights = _begun(features, outputs, start) * size
    loss = float(likelihood.losses(weights @ matrix, target).mean())
    for _ in range(ITERATIONS):
        step = _scoring_step(matrix, weights, target, likelihood)
        for _ in range(HALVINGS):
            moved = weights + step
            moved_loss = float(likelihood.losses(moved @ matrix, target).mean())
            if moved_loss <= loss:
                break
            step = step / 2.0
        else:
            break
        gain, weights, loss = loss - moved_loss, moved, moved_loss
        if likelihood.name == "gaussian" or gain <= TOLERANCE * max(abs(loss), 1e-12):
            break
    return Sum(tuple(features), weights / size, loss)


def _begun(features: Sequence[Feature], outputs: int, start: Sum | None) -> np.ndarray:
    weights = np.zeros((outputs, 1 + len(features)))
    if start is not None:
        weights[:, 0] = start.weights[:, 0]
        for k, feature in enumerate(features, 1):
            if feature in start.features:
                weights[:, k] = start.weights[:, 1 + start.features.index(feature)]
    return weights


def _scoring_step(
    matrix: np.ndarray, weights: np.ndarray, target: np.ndarray, likelihood: Likelihood
) -> np.ndarray:
    predictor = weights @ matrix
    residual, sure = likelihood.working(predictor, target)
    if len(weights) == 1:
        root = np.sqrt(sure[0])
        return least_squares(matrix * root, residual[0] * root)[None]
    slope = (residual * sure) @ matrix.T
    bend = hessian(likelihood, predictor, matrix)
    bend[np.diag_indices_from(bend)] += RIDGE * np.trace(bend)
    return np.linalg.lstsq(bend, slope.ravel(), rcond=None)[0].reshape(slope.shape)


def hessian(likelihood: Likelihood, predictor: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Second derivatives of what is expected to be lost, by all weights.

    Parameters
    ----------
    likelihood : Likelihood
    predictor : array (outputs, rows)
    matrix : array (1 + features, rows)

    Returns
    -------
    array (outputs * (1 + features), outputs * (1 + features))
    """
    size = len(predictor) * len(matrix)
    curvature = likelihood.curvature(predictor)
    return np.einsum("klr,ir,jr->kilj", curvature, matrix, matrix).reshape(size, size)


def sizes(matrix: np.ndarray) -> np.ndarray:
    """The root mean square of every row; never 0."""
    return np.sqrt(np.mean(matrix**2, axis=1)) + 1e-300


def least_squares(matrix: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Weights of rows that make up a target, by the normal equations where those are sound."""
    gram = matrix @ matrix.T
    gram[np.diag_indices_from(gram)] *= 1.0 + RIDGE
    try:
        return np.linalg.solve(gram, matrix @ target)
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(matrix.T, target, rcond=None)[0]
