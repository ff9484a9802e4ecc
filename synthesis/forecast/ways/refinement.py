"""Weights that serve a free run: the errors of whole runs are made small, not those of one sample.

A forecast one sample ahead may lean on samples that hold the noise of measurement; fed with its own
answers it then drifts. Refined on runs, the same features become a model of what produces the
series, hidden states included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy.optimize import least_squares

from ..sums import Family, Sum, Values
from .choice import Tried
from .freely import FreeRun
from .recipes import Recipe, Search, Way

__all__ = ["Course", "left_by_run", "tried_freely"]

LEAST = 1e-3
"""The least size of a weight, relative to one that would tell all of the series."""

STEP = 1e-6
"""Of weights, relative to their size, for derivatives of a run by them."""

LARGEST = 1e3
"""Times the largest sample: beyond that a run has left the series for good."""

ITERATIONS = 30

SHORTLIST = 12
"""Ways that are refined: those whose runs are nearest before that."""

CUTS = (1.0 / 2.0, 2.0 / 3.0, 5.0 / 6.0, 1.0)
"""Shares of the series: each part is run freely by what was fitted to all before it."""

BLOCKS = 10
"""Blocks of each part whose mean errors count as independent."""


class Course:
    """A series that may be run free from any of its samples, beside streams known throughout.

    Parameters
    ----------
    search : Search
        Of a single string.
    """

    def __init__(self, search: Search) -> None:
        self.own, self.first = search.panel.own, search.lags
        self.given = {name: search.panel.streams[name] for name in search.inputs}
        self.series = search.panel.series[0]
        self.length = int(search.panel.lengths[0])
        self.mean = search.likelihood.mean

    def run(self, found: Sum, weights: np.ndarray, start: int, stop: int) -> np.ndarray:
        """The series as its own forecasts go on from a sample.

        Parameters
        ----------
        found : Sum
            Whose features are run.
        weights : array (paths, 1 + features)
            One path each.
        start, stop : int
            The first sample that is forecast, and the first that is not.

        Returns
        -------
        array (stop - start, paths)
        """
        free = FreeRun(found.features)
        free.begin(self.given, 0, start, len(weights))
        beside = {name: x[0] for name, x in self.given.items() if name != self.own}
        bound = LARGEST * float(np.abs(self.series[:stop]).max())
        out = np.empty((stop - start, len(weights)))
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(start, stop):
                now = np.einsum("pf,fp->p", weights, free.matrix())
                now = self.mean(np.fmax(np.fmin(now, bound), -bound))  # no number: too large, too
                out[t - start] = now
                free.push({self.own: now, **{name: x[t] for name, x in beside.items()}})
        return out

    def left(self, found: Sum, start: int, stop: int) -> np.ndarray:
        """By how much the series differs from a run, (stop - start,)."""
        return self.series[start:stop] - self.run(found, found.weights, start, stop)[:, 0]

    def refined(self, found: Sum, stop: int) -> Sum:
        """The same features with weights for which a run up to a sample is nearest to the series.

        Returns
        -------
        Sum
            Its loss is the mean squared error of the run.
        """
        start, series = self.first, self.series[self.first : stop]
        values = Values({name: x[:, :stop] for name, x in self.given.items()})
        columns = [np.ones(1), *(values[feature][0, start:] for feature in found.features)]
        usual = float(series.std()) / (np.array([np.abs(c).mean() for c in columns]) + 1e-300)
        scale = np.maximum(np.abs(found.weights[0]), LEAST * usual)

        @lru_cache(maxsize=1)  # residuals and derivatives are asked for at the same weights
        def runs(w: tuple[float, ...]) -> np.ndarray:
            moved = np.vstack([w, w + STEP * np.eye(len(w))])
            return self.run(found, moved * scale, start, stop)

        def residuals(w: np.ndarray) -> np.ndarray:
            return runs(tuple(w))[:, 0] - series

        def jacobian(w: np.ndarray) -> np.ndarray:
            return (runs(tuple(w))[:, 1:] - runs(tuple(w))[:, :1]) / STEP

        begin = found.weights[0] / scale
        fit = least_squares(residuals, begin, jacobian, max_nfev=ITERATIONS, x_scale="jac")
        return Sum(found.features, (fit.x * scale)[None], float(np.mean(fit.fun**2)))


def left_by_run(search: Search, found: Sum) -> np.ndarray:
    """By how much the series differs from a run through all of it, (samples,).

    Examples
    --------
    >>> from synthesis.forecast.panel import read_panel
    >>> from synthesis.forecast.sums import Given
    >>> from synthesis.likelihoods import Gaussian
    >>> panel = read_panel([8.0, 4.0, 2.0, 1.5])
    >>> search = Search(panel, ["y"], horizon=1, lags=1, most=1, likelihood=Gaussian())
    >>> left_by_run(search, Sum((Given("y"),), np.array([[0.0, 0.5]]), 0.0))
    array([0. , 0. , 0.5])
    """
    course = Course(search)
    return course.left(found, course.first, course.length)


# -------------------- which features --------------------


def tried_freely(search: Search, families: Sequence[Family]) -> Iterator[Tried]:
    """The ways whose runs come nearest, refined; losses are mean squared errors of blocks of runs.

    Parameters
    ----------
    search : Search
        Of a single string.
    families : sequence of Family

    Examples
    --------
    >>> from synthesis.forecast.panel import read_panel
    >>> from synthesis.forecast.sums import FAMILIES
    >>> from synthesis.likelihoods import Gaussian
    >>> panel = read_panel(np.sin(0.7 * np.arange(60.0)))
    >>> search = Search(panel, ["y"], horizon=1, lags=2, most=2, likelihood=Gaussian())
    >>> for way in tried_freely(search, FAMILIES[:1]):
    ...     print(f"{way.name}: {way.loss:.3f}")
    lags, 2 features: 0.000
    lags, 1 features: 0.526
    """
    course = Course(search)
    families = [one for one in families if not one.has_errors]  # a run free of data makes none
    edges = [int(share * course.length) for share in CUTS]
    sums = {
        (family, stop): {len(s.features): s for s in _before(search, family, stop)}
        for family in families
        for stop in edges
    }

    def losses(family: Family, size: int, is_refined: bool) -> np.ndarray:
        found = []
        for stop, end in pairwise(edges):
            one = sums[family, stop][size]
            left = course.left(course.refined(one, stop) if is_refined else one, stop, end)
            found += [float(np.mean(block**2)) for block in np.array_split(left, BLOCKS)]
        return np.array(found)

    ways = [(family, size) for family in families for size in range(1, search.most + 1)]
    ways = [(f, size) for f, size in ways if all(size in sums[f, stop] for stop in edges)]
    ways.sort(key=lambda way: float(np.median(losses(way[0], way[1], is_refined=False))))
    for family, size in ways[:SHORTLIST]:
        one = course.refined(sums[family, course.length][size], course.length)
        recipe = Recipe("none", family, size)
        links = len(one.circuit(search.inputs).wires)
        yield Tried(str(recipe), links, losses(family, size, is_refined=True), Way(recipe, one))


def _before(search: Search, family: Family, stop: int) -> list[Sum]:
    """Sums of a family that are fitted one sample ahead, to the samples before one."""
    rows = search.rows("none")
    known = np.flatnonzero(rows.places[1] + search.horizon < stop)
    return search.sums(rows.take(known), family)
