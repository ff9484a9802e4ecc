"""How sure weights are, and whether errors still hold something."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, norm

from ...likelihoods import Likelihood
from .features import Hinge
from .fitting import Rows, Sum, hessian
from .innovations import answered, innovation_of

__all__ = ["Weight", "independence", "weights_of"]

SINGULAR = 1e-12
"""Share of the largest eigenvalue below which one is 0."""

TOLD = 1e-6
"""Share of a derivative that others may not tell, for a bound to count as free."""


@dataclass(frozen=True)
class Weight:
    """One weight of a forecast, with what is known about it.

    Attributes
    ----------
    output : int
    term : str
        What it weighs.
    value, low, high : float
    held : float or None
        The share of resamples in whose fit such a term was, where that was asked for.

    Examples
    --------
    >>> from synthesis.forecast import FAMILIES, Forecaster
    >>> y = [1.0]
    >>> for noise in np.random.default_rng(0).standard_normal(80):
    ...     y.append(0.8 * y[-1] + noise)
    >>> for w in Forecaster(families=FAMILIES[:1], most=1).fit(y).weights_:
    ...     print(f"{w.term}: {w.value:.2f}, between {w.low:.2f} and {w.high:.2f}")
    1: 0.08, between -0.12 and 0.28
    y: 0.85, between 0.75 and 0.96
    """

    output: int
    term: str
    value: float
    low: float
    high: float
    held: float | None = None


def weights_of(rows: Rows, found: Sum, likelihood: Likelihood, level: float) -> list[Weight]:
    """Weights with their intervals, by the delta method.

    Parameters
    ----------
    rows : Rows
        On which the sum was fitted.
    found : Sum
    likelihood : Likelihood
    level : float
        Share of data sets whose interval would hold the true weight, if the form is right.

    Notes
    -----
    Derivatives by the numbers that were fitted and by the bounds of hinges make up the Jacobian.
    What was chosen (which terms, where a step is) counts as known: the intervals are too narrow by
    that.

    Examples
    --------
    >>> from synthesis.likelihoods import Gaussian
    >>> from .features import Given, Values
    >>> from .fitting import fitted
    >>> series = np.array([[1.0, 2.0, 1.5, 3.0, 2.0, 1.0, 2.5]])
    >>> rows = Rows(Values({"y": series}), series, (np.zeros(6, int), np.arange(6)), horizon=1)
    >>> found = fitted(rows, [Given("y")], Gaussian())
    >>> for w in weights_of(rows, found, Gaussian(), level=0.9):
    ...     print(f"{w.term}: {w.value:.2f}, between {w.low:.2f} and {w.high:.2f}")
    1: 2.61, between 1.27 and 3.95
    y: -0.35, between -1.06 and 0.36
    """
    terms = ["1", *map(str, found.features)]
    reach = float(norm.ppf(0.5 + level / 2.0)) * _spreads(rows, found, likelihood)
    return [
        Weight(k, term, float(w), float(w - r), float(w + r))
        for k, (weights, reaches) in enumerate(zip(found.weights, reach, strict=True))
        for term, w, r in zip(terms, weights, reaches, strict=True)
    ]


def _spreads(rows: Rows, found: Sum, likelihood: Likelihood) -> np.ndarray:
    """Standard errors of weights, (outputs, 1 + features)."""
    predictor = found.predictor(rows)
    if len(found.weights) > 1:
        matrix = rows.matrix(found.features)
        variances = np.diag(_covariances(hessian(likelihood, predictor, matrix)))
        return np.sqrt(np.maximum(variances, 0.0)).reshape(found.weights.shape)
    residual, sure = likelihood.working(predictor, rows.target)
    free = np.eye(found.weights.size) if found.free is None else found.free
    jacobian = _with_bounds(rows, found, free.T @ _effects(rows, found)) * np.sqrt(sure[0])
    freedom = max(len(rows) - len(jacobian), 1)
    noise = 1.0
    if likelihood.has_noise:
        noise = float((sure[0] * residual[0] ** 2).sum()) / freedom
    of_numbers = _covariances(jacobian @ jacobian.T)[: free.shape[1], : free.shape[1]]
    variances = np.einsum("ij,jk,ik->i", free, of_numbers, free)
    return np.sqrt(noise * np.maximum(variances, 0.0))[None]


def _effects(rows: Rows, found: Sum) -> np.ndarray:
    """By how much the predictor moves with every weight, (1 + features, rows).

    A weight of a forecast that looks at its errors moves these, too.
    """
    error = innovation_of(found.features)
    if error is None:
        return rows.matrix(found.features)
    columns = [rows.values[feature] for feature in found.features]
    then = np.zeros((1 + len(columns), *rows.observed.shape))  # of what is forecast
    then[..., rows.horizon :] = np.array([np.ones_like(columns[0]), *columns])[..., : -rows.horizon]
    string, sample = rows.places
    return answered(then, error.errors, error.since)[:, string, sample + rows.horizon]


def _covariances(information: np.ndarray) -> np.ndarray:
    """The inverse; what the data leave open (the sum of all logits) left out."""
    size = np.sqrt(np.maximum(np.diag(information), 1e-300))
    inverse = np.linalg.pinv(information / np.outer(size, size), rcond=SINGULAR, hermitian=True)
    return inverse / np.outer(size, size)


def _with_bounds(rows: Rows, found: Sum, jacobian: np.ndarray) -> np.ndarray:
    """Derivatives by numbers, and by those bounds of hinges that the samples tell from them."""
    for feature, weight in zip(found.features, found.weights[0, 1:], strict=True):
        if isinstance(feature, Hinge):
            moved = -weight * (rows.column(feature) > 0.0)
            rest = moved - np.linalg.lstsq(jacobian.T, moved, rcond=None)[0] @ jacobian
            if rest @ rest > TOLD * (moved @ moved):
                jacobian = np.vstack([jacobian, moved])
    return jacobian


def independence(residuals: np.ndarray, lags: int) -> float:
    """How likely residuals are as alike from one sample to later ones, if all are by chance.

    Notes
    -----
    The probability of a larger portmanteau statistic.

    References
    ----------
    G. M. Ljung, G. E. P. Box, Biometrika 65 (1978), 297-303.

    Examples
    --------
    >>> independence(np.tile([1.0, -1.0], 50), 5) < 1e-6
    True
    """
    n = len(residuals)
    centred = residuals - residuals.mean()
    power = float(centred @ centred)
    lags = min(lags, n - 1)
    if power <= 0.0 or lags < 1:
        return 1.0
    alike = np.array([centred[k:] @ centred[: n - k] / power for k in range(1, lags + 1)])
    statistic = n * (n + 2) * float(np.sum(alike**2 / (n - np.arange(1, lags + 1))))
    return float(chi2.sf(statistic, lags))
