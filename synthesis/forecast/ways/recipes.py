"""The search for a forecast: every family on every scale, cut after cut, size after size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...likelihoods import Likelihood
from ..panel import Panel
from ..sums import (
    Family,
    Rows,
    Sum,
    Values,
    autoregressions,
    candidates,
    grown,
    grown_from,
    innovation_of,
    moving_averages,
    threshold_autoregressions,
)
from ..transforms import TRANSFORMS
from .choice import Tried, parts

__all__ = ["Recipe", "Search", "Way", "losses_of", "no_larger", "rows_of"]

ON_SCALE = ("gaussian", "huber")
"""Likelihoods whose predictor is a forecast of the series itself, so that it can be added to it."""


@dataclass(frozen=True)
class Recipe:
    """How a forecast is made: on which scale, of what, and of how many features.

    Examples
    --------
    >>> from synthesis.forecast import FAMILIES
    >>> print(Recipe("log", FAMILIES[0], 3))
    lags, 3 features on the scale log
    """

    transform: str
    family: Family
    size: int

    def __str__(self) -> str:
        scale = f" on the scale {self.transform}" if self.transform != "none" else ""
        return f"{self.family.name}, {self.size} features{scale}"


@dataclass(frozen=True)
class Way:
    """A recipe and what it makes of the data.

    Attributes
    ----------
    recipe : Recipe
    found : Sum
        By all rows.
    by_cut : tuple of Sum
        By those before each cut; none of a way that was tried by runs.

    Examples
    --------
    >>> from synthesis.forecast.sums import FAMILIES, Given
    >>> way = Way(Recipe("none", FAMILIES[0], 1), Sum((Given("y"),), np.array([[0.0, 0.8]]), 1.0))
    >>> print(way.recipe, "of", *way.found.features)
    lags, 1 features of y
    """

    recipe: Recipe
    found: Sum
    by_cut: tuple[Sum, ...] = ()


class Search:
    """All ways to forecast a panel.

    Parameters
    ----------
    panel : Panel
    inputs : sequence of str
        Streams that may be looked at.
    horizon, lags, most : int
        Samples ahead; latest samples that may be looked at; features at most.
    likelihood : Likelihood
    season : int
        Samples after which the series is like itself; 0 if it is not.

    Examples
    --------
    >>> from synthesis.forecast import FAMILIES
    >>> from synthesis.forecast.panel import read_panel
    >>> from synthesis.likelihoods import Gaussian
    >>> panel = read_panel(np.sin(0.7 * np.arange(60.0)))
    >>> search = Search(panel, ["y"], horizon=1, lags=3, most=2, likelihood=Gaussian())
    >>> for way in search.tried(["none"], FAMILIES[:1]):
    ...     print(f"{way.name}: {way.loss:.3f}")
    lags, 0 features: 0.508
    lags, 1 features: 0.232
    lags, 2 features: 0.000
    """

    def __init__(
        self,
        panel: Panel,
        inputs: Sequence[str],
        horizon: int,
        lags: int,
        most: int,
        likelihood: Likelihood,
        season: int = 0,
    ) -> None:
        self.panel, self.inputs, self.likelihood = panel, tuple(inputs), likelihood
        self.horizon, self.lags, self.most, self.season = horizon, lags, most, season
        self.outputs = likelihood.outputs(panel.observed())
        self._rows: dict[str, Rows] = {}
        self._tried: dict[tuple[str, Family], list[Tried]] = {}

    def rows(self, transform: str) -> Rows:
        """All rows, on a scale."""
        if transform not in self._rows:
            self._rows[transform] = rows_of(
                self.panel, self.inputs, transform, self.lags, self.horizon
            )
        return self._rows[transform]

    def cuts(self, transform: str) -> list[tuple[Rows, Rows]]:
        """Rows to fit and rows to forecast then."""
        rows = self.rows(transform)
        string, sample = rows.places
        cut = parts(string, sample + self.horizon)
        return [(rows.take(part.fit), rows.take(part.forecast)) for part in cut]

    def tried(self, transforms: Sequence[str], families: Sequence[Family]) -> Iterator[Tried]:
        """Every way on the rows that it was not fitted to, losses on the series' own scale."""
        for transform in transforms:
            for family in families:
                if (transform, family) not in self._tried:
                    cuts = self.cuts(transform)
                    self._tried[transform, family] = [*self._of_family(transform, family, cuts)]
                yield from self._tried[transform, family]

    def _of_family(
        self, transform: str, family: Family, cuts: Sequence[tuple[Rows, Rows]]
    ) -> Iterator[Tried]:
        sums = self.sums(self.rows(transform), family)
        if family.has_errors:  # without any it would be no way of its own
            sums = [one for one in sums if innovation_of(one.features)]
        whole = {len(one.features): one for one in sums}
        per_cut = [self.sums(before, family) for before, _ in cuts]
        for features, one in whole.items():
            recipe = Recipe(transform, family, features)
            links = len(one.circuit(self.inputs).wires)
            size = links + 2 * (transform != "none")  # the scale is one more thing to read, twice
            by_cut = [no_larger(found, features) for found in per_cut]
            losses = [
                losses_of(found, after, transform, self.likelihood)
                for found, (_, after) in zip(by_cut, cuts, strict=True)
            ]
            way = Way(recipe, one, tuple(by_cut))
            told = np.concatenate(losses)
            yield Tried(str(recipe), size, told, way, one.fitted, not family.changes_from)

    def sums(self, rows: Rows, family: Family) -> list[Sum]:
        """Sums of a family's features, by their number; none where it does not serve."""
        if not self._serves(family):
            return []
        own, lags, likelihood, most = self.panel.own, self.lags, self.likelihood, self.most
        changes = family.changes_from
        if family.has_errors:
            return moving_averages(rows, own, self.season, changes, lags, likelihood, most)
        if changes:
            beside = [name for name in self.inputs if name != own]
            period, remembers = 1 if changes == "latest" else self.season, family.has_memories
            return grown_from(rows, own, beside, period, lags, likelihood, most, remembers)
        if family.is_consecutive:
            return autoregressions(rows, own, lags, likelihood, most)
        if family.has_regimes:
            return threshold_autoregressions(rows, own, lags, likelihood, most)
        offered = candidates(family, rows, own, self.inputs, lags)
        return grown(rows, offered, likelihood, most, self.outputs)

    def _serves(self, family: Family) -> bool:
        """Whether the series reads itself, and is told on its own scale, where that is needed."""
        reads_itself = self.panel.own in self.inputs
        is_on_scale = self.likelihood.name in ON_SCALE
        if family.has_errors:
            return reads_itself and is_on_scale and self.horizon == 1
        if family.is_consecutive and not family.changes_from:
            return reads_itself and self.outputs == 1
        if family.changes_from or family.has_regimes:
            return reads_itself and is_on_scale
        return True

    def refitted(self, rows: Rows, recipe: Recipe) -> Sum:
        """What a recipe makes of other rows."""
        found = self.sums(rows, recipe.family)
        return no_larger(found, recipe.size)

    def on_scale(self, tried: Tried) -> Tried:
        """The same with the losses on the way's own scale; its key is what was tried.

        There errors are most alike, so that all samples decide; on the series' own scale those
        where it is high do.
        """
        way = tried.key
        cuts = self.cuts(way.recipe.transform)
        losses = [
            self.likelihood.losses(found.predictor(after), after.target)
            for found, (_, after) in zip(way.by_cut, cuts, strict=True)
        ]
        return replace(tried, losses=np.concatenate(losses), key=tried)

    def surprises(self, way: Way) -> np.ndarray:
        """By how much samples differed, on a way's scale, from its forecasts before them."""
        cuts = self.cuts(way.recipe.transform)
        left = [
            after.target - self.likelihood.mean(found.predictor(after))[0]
            for found, (_, after) in zip(way.by_cut, cuts, strict=True)
        ]
        return np.concatenate(left)


def no_larger(found: Sequence[Sum], size: int) -> Sum:
    """The largest of so many features, or fewer.

    Examples
    --------
    >>> from synthesis.forecast.sums import latest
    >>> lags = latest("y", 3)
    >>> sums = [Sum(tuple(lags[:k]), np.ones((1, 1 + k)), loss=1.0) for k in (1, 3)]
    >>> print(*no_larger(sums, 2).features)
    y
    """
    within = (one for one in found if len(one.features) <= size)
    return max(within, key=lambda one: len(one.features))


def rows_of(panel: Panel, inputs: Sequence[str], transform: str, lags: int, horizon: int) -> Rows:
    """Every sample of a panel from which, and to which, there is enough.

    Examples
    --------
    >>> from synthesis.forecast.panel import read_panel
    >>> rows = rows_of(read_panel([1.0, 2.0, 4.0, 8.0]), ["y"], "log", lags=2, horizon=1)
    >>> rows.target / np.log(2.0)
    array([2., 3.])
    """
    scaled = panel.on_scale(TRANSFORMS[transform])
    streams = {**panel.streams, panel.own: scaled}
    values = Values({name: streams[name] for name in inputs})
    places = [
        (np.full(n - horizon - lags + 1, k), np.arange(lags - 1, n - horizon))
        for k, n in enumerate(panel.lengths)
        if n - horizon >= lags
    ]
    string, sample = (np.concatenate(part) for part in zip(*places, strict=True))
    return Rows(values, scaled, (string, sample), horizon)


def losses_of(found: Sum, rows: Rows, transform: str, likelihood: Likelihood) -> np.ndarray:
    """What a sum costs on rows, on the series' own scale, (rows,).

    Examples
    --------
    >>> from synthesis.forecast.panel import read_panel
    >>> from synthesis.forecast.sums import Given
    >>> from synthesis.likelihoods import Gaussian
    >>> rows = rows_of(read_panel([1.0, 2.0, 4.0, 8.0]), ["y"], "none", lags=2, horizon=1)
    >>> losses_of(Sum((Given("y"),), np.array([[0.0, 1.0]]), 0.0), rows, "none", Gaussian())
    array([ 4., 16.])
    """
    scale = TRANSFORMS[transform]
    return likelihood.losses(scale.back(found.predictor(rows)), scale.back(rows.target))
