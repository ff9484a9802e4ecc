"""Moving averages: forecasts by the latest errors, those of a season ago among them.

A series is taken for the answer to shocks that nobody sees; what is left of a shock is told by the
error that it made. A few errors then say what would take many samples. Beside them there are the
latest samples, and what is told may be the changes of a series, or those from season to season: the
models of Box and Jenkins. Weights are conditional least squares - no error before there are samples
enough for a forecast - by steps of Gauss and Newton, and only such weights are taken that shocks
fade, and the errors of the first forecasts do.

References
----------
G. Box, G. Jenkins, Time Series Analysis (1970), chapters 3, 7 and 9.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import accumulate, pairwise, product
from typing import NamedTuple

import numpy as np

from ...likelihoods import Likelihood
from .features import Feature, Given, Lagged, latest
from .fitting import Rows, Sum, least_squares
from .innovations import Innovation, answered

__all__ = ["moving_averages"]

HIGHEST, HIGHEST_OF_SEASON = 2, 1
MOST = 3
"""Numbers of a kind that are fitted, and of all kinds, at most; constants aside."""

EDGE = 0.98
"""What is left after a sample, or a season, of what has to fade, at most."""

FEWEST = 2
"""Rows for every number, at least."""

ITERATIONS = 30
HALVINGS = 12
TOLERANCE = 1e-6
"""Share of the loss below which a step is the last one."""


def moving_averages(
    rows: Rows,
    own: str,
    season: int,
    changes_from: str,
    lags: int,
    likelihood: Likelihood,
    most: int,
) -> list[Sum]:
    """Sums of the latest samples and errors of a series.

    Parameters
    ----------
    rows : Rows
        One sample ahead.
    own : str
        The series.
    season : int
        Samples after which it is like itself; 0 if it is not.
    changes_from : str
        What is told is the series itself (""), its changes from the "latest" sample, from a
        "season" ago, or the changes of one from the other ("latest and season").
    lags : int
        Latest samples that may be looked at.
    likelihood : Likelihood
        Whose predictor is on the series' own scale.
    most : int
        Features in a sum, at most.

    Returns
    -------
    list of Sum
        The one without errors, and the likeliest of every number of features; empty if a season is
        asked for and there is none.

    Examples
    --------
    >>> from synthesis.likelihoods import Gaussian
    >>> from .features import Values
    >>> shocks = np.random.default_rng(0).standard_normal(300)
    >>> series = (5.0 + shocks[1:] - 0.6 * shocks[:-1])[None]
    >>> places = np.zeros(297, dtype=int), np.arange(1, 298)
    >>> rows = Rows(Values({"y": series}), series, places, horizon=1)
    >>> found = moving_averages(rows, "y", 0, "", 2, Gaussian(), most=1)[-1]
    >>> print(*found.features, found.weights.round(2))
    error [[ 4.98 -0.57]]
    """
    if "season" in changes_from and not season:
        return []
    steps = [step for name, step in (("latest", 1), ("season", season)) if name in changes_from]
    fits = _Fits(rows, own, season, steps, likelihood)
    best: dict[int, Sum] = {}
    for orders in _orders(season):
        is_told = not any(orders) or len(rows) >= FEWEST * (sum(orders) + 1)
        if is_told and fits.depth(orders) <= lags:
            found = fits.sum_of(orders)
            size = len(found.features)
            if size <= most and (size not in best or found.loss < best[size].loss):
                best[size] = found
    return [best[size] for size in sorted(best)]


class _Orders(NamedTuple):
    """How many numbers there are of each kind."""

    samples: int
    seasonal_samples: int
    errors: int
    seasonal_errors: int


def _orders(season: int) -> Iterator[_Orders]:
    """All with errors, and the plainest, which is left where rows are few."""
    near, far = range(HIGHEST + 1), range((HIGHEST_OF_SEASON if season else 0) + 1)
    for orders in map(_Orders._make, product(near, far, near, far)):
        has_errors = orders.errors or orders.seasonal_errors
        if (has_errors or not any(orders)) and sum(orders) <= MOST:
            yield orders


class _Weights(NamedTuple):
    """A forecast: its constant, what it counts of the latest samples, and of the latest errors."""

    constant: np.ndarray
    samples: np.ndarray
    errors: np.ndarray


class _Fits:
    """Fits of all orders to the same rows, those of smaller orders first.

    What is fitted are numbers: those of the orders, kind by kind, and a constant where there is
    one. Each weight is a product of them and linear in every one.
    """

    def __init__(
        self, rows: Rows, own: str, season: int, steps: Sequence[int], likelihood: Likelihood
    ) -> None:
        self.own, self.season, self.likelihood = own, season, likelihood
        self.change = reduce(np.convolve, (_polynomial([-1.0], step) for step in steps), np.ones(1))
        self.has_constant = len(steps) < 2  # changes of changes have no trend of their own
        string, sample = rows.places
        self.places, self.target = (string, sample + rows.horizon), rows.target
        self.series = rows.values[Given(own)][:, : int(sample.max()) + rows.horizon + 1]
        self._known: dict[_Orders, tuple[np.ndarray, float]] = {}

    def sum_of(self, orders: _Orders) -> Sum:
        """The best forecast of some orders."""
        numbers, loss = self.fitted(orders)
        told = self.weights(orders, numbers)
        samples, errors = tuple(told.samples.tolist()), tuple(told.errors.tolist())
        error = Innovation(Given(self.own), float(told.constant[0]), samples, errors)
        late: list[Feature] = [Lagged(error, lag) if lag else error for lag in range(len(errors))]
        weights, features = np.concatenate(told), [*latest(self.own, len(samples)), *late]
        free = [np.concatenate(slope) for slope in self.slopes(orders, numbers)]
        kept = np.flatnonzero(np.r_[1.0, weights[1:]])
        return Sum(
            tuple(features[k - 1] for k in kept[1:]),
            weights[None, kept],
            loss,
            np.array(free).reshape(-1, len(weights)).T[kept],
        )

    def fitted(self, orders: _Orders) -> tuple[np.ndarray, float]:
        """The best numbers, and their loss."""
        if orders not in self._known:
            self._known[orders] = self._refined(orders, self._start(orders))
        return self._known[orders]

    def _start(self, orders: _Orders) -> np.ndarray:
        """The best numbers where one of them is 0."""
        starts = [(np.inf, np.zeros(int(self.has_constant)))]
        for kind, order in enumerate(orders):
            if order:
                fewer = orders._replace(**{orders._fields[kind]: order - 1})
                numbers, loss = self.fitted(fewer)
                starts.append((loss, np.insert(numbers, sum(fewer[: kind + 1]), 0.0)))
        return min(starts, key=lambda start: start[0])[1]

    def _refined(self, orders: _Orders, numbers: np.ndarray) -> tuple[np.ndarray, float]:
        errors, loss = self.errors(orders, numbers)
        for _ in range(ITERATIONS if len(numbers) else 0):
            step = self._step(orders, numbers, errors)
            for _ in range(HALVINGS):
                moved = _fading(orders, numbers + step)
                moved_errors, moved_loss = self.errors(orders, moved)
                if moved_loss <= loss:
                    break
                step = step / 2.0
            else:
                break
            gain, numbers, errors, loss = loss - moved_loss, moved, moved_errors, moved_loss
            if gain <= TOLERANCE * loss:
                break
        return numbers, loss

    def _step(self, orders: _Orders, numbers: np.ndarray, errors: np.ndarray) -> np.ndarray:
        """Of Gauss and Newton."""
        moved = [
            slope.constant + _late(slope.samples, self.series) + _late(slope.errors, errors)
            for slope in self.slopes(orders, numbers)
        ]
        counted = self.weights(orders, numbers).errors
        string, sample = self.places
        told = answered(np.array(moved), counted, self.depth(orders))[:, string, sample]
        predictor = self.target - errors[self.places]
        residual, sure = self.likelihood.working(predictor[None], self.target)
        root = np.sqrt(sure[0])
        return least_squares(told * root, residual[0] * root)

    def errors(self, orders: _Orders, numbers: np.ndarray) -> tuple[np.ndarray, float]:
        """Of a forecast, (strings, samples), and its loss."""
        told = self.weights(orders, numbers)
        unlike = self.series - _late(told.samples, self.series) - told.constant
        errors = answered(unlike, told.errors, self.depth(orders))
        predictor = self.target - errors[self.places]
        return errors, float(self.likelihood.losses(predictor[None], self.target).mean())

    # -------------------- what numbers mean --------------------

    def depth(self, orders: _Orders) -> int:
        """Samples before the first forecast."""
        within = orders.samples + self.season * orders.seasonal_samples
        return max(within + len(self.change) - 1, 1)

    def weights(self, orders: _Orders, numbers: np.ndarray) -> _Weights:
        """What the numbers amount to."""
        near, far, shocks, far_shocks, constant = _by_kind(orders, numbers)
        samples = np.convolve(_polynomial(-near), _polynomial(-far, self.season))
        errors = np.convolve(_polynomial(shocks), _polynomial(far_shocks, self.season))
        level = constant if self.has_constant else np.zeros(1)
        return _Weights(level, -np.convolve(samples, self.change)[1:], errors[1:])

    def slopes(self, orders: _Orders, numbers: np.ndarray) -> list[_Weights]:
        """Derivatives of the weights by every number."""
        before = self.weights(orders, numbers)
        after = (self.weights(orders, numbers + unit) for unit in np.eye(len(numbers)))
        return [_Weights(*(a - b for a, b in zip(one, before, strict=True))) for one in after]


def _fading(orders: _Orders, numbers: np.ndarray) -> np.ndarray:
    """Numbers with which fades what a shock leaves, and what errors of the first forecasts do."""
    near, far, shocks, far_shocks, constant = _by_kind(orders, numbers)
    return np.r_[_pulled(near), _pulled(far), -_pulled(-shocks), -_pulled(-far_shocks), constant]


def _pulled(numbers: np.ndarray) -> np.ndarray:
    """Numbers of a recursion whose solutions fade: roots are drawn in while one is too large."""
    largest = float(np.abs(numbers).sum())  # no root is larger than 1 if this is not
    if largest > EDGE ** len(numbers):
        largest = float(np.abs(np.roots(np.r_[1.0, -numbers])).max())
    return numbers * min(1.0, EDGE / max(largest, EDGE)) ** np.arange(1, len(numbers) + 1)


def _by_kind(orders: _Orders, numbers: np.ndarray) -> list[np.ndarray]:
    """Numbers kind by kind, the constant last."""
    ends = [0, *accumulate(orders), len(numbers)]
    return [numbers[start:end] for start, end in pairwise(ends)]


def _polynomial(numbers: Sequence[float] | np.ndarray, step: int = 1) -> np.ndarray:
    """1, and numbers at the multiples of a delay."""
    found = np.zeros(1 + step * len(numbers))
    found[0] = 1.0
    found[step * np.arange(1, len(numbers) + 1)] = numbers
    return found


def _late(weights: np.ndarray, series: np.ndarray) -> np.ndarray:
    """Earlier samples, weighted, the newest first; like the series."""
    found = np.zeros_like(series)
    for k in np.flatnonzero(weights):  # few: a filter would multiply by all that are 0
        found[:, k + 1 :] += weights[k] * series[:, : -k - 1]
    return found
