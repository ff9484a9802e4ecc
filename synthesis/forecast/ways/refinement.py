"""Weights that serve a free run: the errors of whole runs are made small, not those of one sample.

A forecast one sample ahead may lean on samples that hold the noise of measurement; fed with its own
answers it then drifts. Refined on runs, the same features become a model of what produces the
series, hidden states included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
from scipy.optimize import least_squares

from ..sums import Family, Sum, Values
from .choice import Tried
from .freely import FreeRun
from .recipes import Recipe, Search

__all__ = ["free_run", "left_by_run", "refined_freely", "tried_freely"]

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


def free_run(
    found: Sum,
    weights: np.ndarray,
    own: str,
    given: Mapping[str, np.ndarray],
    start: int,
    stop: int,
) -> np.ndarray:
    """A series run free from a known beginning, beside streams that are known throughout.

    Parameters
    ----------
    found : Sum
        Whose features are run.
    weights : array (paths, 1 + features)
        One path each.
    own : str
        The series.
    given : mapping of name to array (1, samples)
    start, stop : int
        The first sample that is forecast, and the first that is not.

    Returns
    -------
    array (stop - start, paths)
    """
    run = FreeRun(found.features, own)
    run.begin(given, 0, start, len(weights))
    beside = {name: x[0] for name, x in given.items() if name != own}
    bound = LARGEST * float(np.abs(given[own][0, :stop]).max())
    out = np.empty((stop - start, len(weights)))
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(start, stop):
            now = np.einsum("pf,fp->p", weights, run.matrix())
            now = np.clip(np.nan_to_num(now, nan=bound), -bound, bound)
            out[t - start] = now
            run.push({own: now, **{name: np.full(len(now), x[t]) for name, x in beside.items()}})
    return out


def refined_freely(
    found: Sum, own: str, given: Mapping[str, np.ndarray], start: int, stop: int
) -> Sum:
    """The same features with weights for which a free run is nearest to a series.

    Parameters
    ----------
    found, own, given, start, stop : as in `free_run`

    Returns
    -------
    Sum
        Its loss is the mean squared error of the run.
    """
    series = given[own][0, start:stop]
    values = Values({name: x[:, :stop] for name, x in given.items()})
    columns = [np.ones(1), *(values[feature][0, start:] for feature in found.features)]
    usual = float(series.std()) / (np.array([np.abs(c).mean() for c in columns]) + 1e-300)
    scale = np.maximum(np.abs(found.weights[0]), LEAST * usual)

    def residuals(w: np.ndarray) -> np.ndarray:
        return free_run(found, (w * scale)[None], own, given, start, stop)[:, 0] - series

    def jacobian(w: np.ndarray) -> np.ndarray:
        moved = np.vstack([w, w + STEP * np.eye(len(w))])
        runs = free_run(found, moved * scale, own, given, start, stop)
        return (runs[:, 1:] - runs[:, :1]) / STEP

    begin = found.weights[0] / scale
    fit = least_squares(residuals, begin, jacobian, max_nfev=ITERATIONS, x_scale="jac")
    return Sum(found.features, (fit.x * scale)[None], float(np.mean(fit.fun**2)))


def left_by_run(search: Search, found: Sum) -> np.ndarray:
    """By how much the series differs from a run through all of it, (samples,)."""
    given = {name: search.panel.streams[name] for name in search.inputs}
    own, stop = search.panel.own, int(search.panel.lengths[0])
    run = free_run(found, found.weights, own, given, search.lags, stop)[:, 0]
    return search.panel.series[0, search.lags : stop] - run


# -------------------- which features --------------------


def tried_freely(search: Search, families: Sequence[Family]) -> Iterator[Tried]:
    """The ways whose runs come nearest, refined; losses are mean squared errors of blocks of runs.

    Parameters
    ----------
    search : Search
        Of a single string.
    families : sequence of Family
    """
    given = {name: search.panel.streams[name] for name in search.inputs}
    total = int(search.panel.lengths[0])
    edges = [int(share * total) for share in CUTS]
    parts = list(pairwise(edges))
    sums = {
        (family.name, stop): {len(s.features): s for s in _before(search, family, stop)}
        for family in families
        for stop in edges
    }
    ways = [(family, size) for family in families for size in range(1, search.most + 1)]
    ways = [w for w in ways if all(w[1] in sums[w[0].name, stop] for stop in edges)]

    def losses(family: Family, size: int, is_refined: bool) -> np.ndarray:
        found = []
        for stop, end in parts:
            one = sums[family.name, stop][size]
            if is_refined:
                one = refined_freely(one, search.panel.own, given, search.lags, stop)
            run = free_run(one, one.weights, search.panel.own, given, stop, end)[:, 0]
            square = (run - search.panel.series[0, stop:end]) ** 2
            found += [float(block.mean()) for block in np.array_split(square, BLOCKS)]
        return np.array(found)

    ways.sort(key=lambda way: float(np.median(losses(way[0], way[1], False))))
    for family, size in ways[:SHORTLIST]:
        one = refined_freely(
            sums[family.name, total][size], search.panel.own, given, search.lags, total
        )
        recipe = Recipe("none", family, size)
        links = len(one.circuit(search.inputs).wires)
        yield Tried(str(recipe), links, losses(family, size, True), (recipe, one))


def _before(search: Search, family: Family, stop: int) -> list[Sum]:
    """Sums of a family that are fitted one sample ahead, to the samples before one."""
    rows = search.rows("none")
    known = np.flatnonzero(rows.places[1] + search.horizon < stop)
    return search.sums(rows.take(known), family)
