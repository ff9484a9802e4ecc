"""Autoregressions, and threshold ones: another autoregression where a past sample exceeds a bound.

They are weights of all latest samples up to some order. A search among single lags finds a smaller
loss on the same rows, and by chance more often a sum that holds for no others; where rows are few,
this plainer question has the better answer. For the same reason weights are fitted to all rows that
an order can be fitted to, beginning before those that a longer one needs.

References
----------
H. Tong, K. S. Lim, J. R. Statist. Soc. B 42 (1980), 245-292; K. S. Chan, Ann. Statist. 21 (1993),
520-533, for the bound by least squares; B. E. Hansen, Econometrica 68 (2000), 575-603, for the
share of samples on either side.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...likelihoods import Likelihood
from .features import Below, Feature, Product, Step, depth, latest
from .fitting import Rows, Sum, fitted
from .growing import midpoints

__all__ = ["autoregressions", "threshold_autoregressions"]

SHARE = 0.15
"""Of the rows that have to lie on either side of a bound."""

FEWEST = 2
"""Rows for every weight, at least."""

BOUNDS = 80
"""Bounds that are tried for each sample that may decide."""


def autoregressions(
    rows: Rows, own: str, lags: int, likelihood: Likelihood, most: int
) -> list[Sum]:
    """Sums of the latest samples of a series, none of them left out between.

    Parameters
    ----------
    rows : Rows
    own : str
        The series.
    lags : int
        Latest samples that may be looked at.
    likelihood : Likelihood
    most : int
        Samples in a sum, at most.

    Returns
    -------
    list of Sum
        Of no sample, one, two, ..., while there are rows enough for so many weights.

    Examples
    --------
    >>> from synthesis.likelihoods import Gaussian
    >>> from .features import Values
    >>> series = np.sin(0.7 * np.arange(40.0))[None]
    >>> rows = Rows(Values({"y": series}), series, (np.zeros(35, int), np.arange(4, 39)), horizon=1)
    >>> for found in autoregressions(rows, "y", 4, Gaussian(), most=2):
    ...     print(*found.features, f"{found.loss:.3f}")
    0.512
    y 0.207
    y y[t-1] 0.000
    """
    most = max(min(most, lags, len(rows) // FEWEST - 1), 0)
    orders = [latest(own, order) for order in range(most + 1)]
    return [_fitted(rows, samples, likelihood) for samples in orders]


def threshold_autoregressions(
    rows: Rows, own: str, lags: int, likelihood: Likelihood, most: int
) -> list[Sum]:
    """Sums of the latest samples with other weights where one of these exceeds a bound.

    Parameters
    ----------
    rows : Rows
    own : str
        The series.
    lags : int
        Latest samples that may be looked at.
    likelihood : Likelihood
        The deciding sample and the bound are found by least squares, the weights then by this.
    most : int
        Terms in a sum, at most: a step for the second constant, and the samples on both sides.

    Returns
    -------
    list of Sum
        Of a constant; of one sample on either side, two, ..., while a bound leaves rows enough for
        so many weights on either side.

    Examples
    --------
    >>> from synthesis.likelihoods import Gaussian
    >>> from .features import Values
    >>> noise, y = np.random.default_rng(0).standard_normal(300), [0.0]
    >>> for e in noise:
    ...     y.append((2.0 - 0.8 * y[-1] if y[-1] > 1.2 else 1.0 + 0.6 * y[-1]) + 0.1 * e)
    >>> series = np.array(y)[None]
    >>> places = np.zeros(296, int), np.arange(4, 300)
    >>> rows = Rows(Values({"y": series}), series, places, horizon=1)
    >>> _, found = threshold_autoregressions(rows, "y", 2, Gaussian(), most=3)
    >>> print(*found.features)
    [y > 1.185] [y > 1.185] y [y <= 1.185] y
    """
    found = [_fitted(rows, [], likelihood)]  # where rows are too few for more
    for order in range(1, min(lags, (most - 1) // 2) + 1):
        samples = latest(own, order)
        gate = _likeliest_gate(rows.reaching(order), samples)
        if gate is None:
            break
        sides: tuple[Feature, Feature] = gate, Below(gate.of, gate.bound)
        gated = (Product(side, sample) for side in sides for sample in samples)
        found.append(_fitted(rows, [gate, *gated], likelihood))
    return found


def _fitted(rows: Rows, features: Sequence[Feature], likelihood: Likelihood) -> Sum:
    """With weights by all rows from which the features can be told."""
    reach = 1 + max((depth(feature) for feature in features), default=0)
    return fitted(rows.reaching(reach), features, likelihood)


def _likeliest_gate(rows: Rows, samples: Sequence[Feature]) -> Step | None:
    """The sample and the bound that leave the least squares; None if no bound serves."""
    design = np.vstack([rows.matrix(samples), rows.target]).T
    gates = [
        Step(sample, bound)
        for sample in samples
        for bound in _bounds(rows.column(sample), FEWEST * design.shape[1])
    ]

    def left(gate: Step) -> float:
        is_above = rows.column(gate) > 0.0
        return _squares_left(design[is_above]) + _squares_left(design[~is_above])

    return min(gates, key=left, default=None)


def _bounds(column: np.ndarray, least: int) -> list[float]:
    """Bounds that leave so many rows, and a fair share of all, on either side."""
    between = midpoints(column)
    below = np.searchsorted(np.sort(column), between)
    fewer = np.minimum(below, len(column) - below)
    inner = between[fewer >= max(least, SHARE * len(column))]
    if len(inner) > BOUNDS:
        inner = inner[np.linspace(0, len(inner) - 1, BOUNDS).round().astype(int)]
    return inner.tolist()


def _squares_left(design: np.ndarray) -> float:
    """The sum of squares that all other columns leave of the last one."""
    triangle = np.asarray(np.linalg.qr(design, mode="r"))
    return float(triangle[-1, -1] ** 2)
