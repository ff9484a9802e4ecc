"""The search for a forecast: every family on every scale, cut after cut, size after size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...likelihoods import Likelihood
from ..panel import Panel
from ..sums import Family, Rows, Sum, Values, candidates, grown
from ..transforms import TRANSFORMS
from .choice import Tried, parts

__all__ = ["Recipe", "Search"]


@dataclass(frozen=True)
class Recipe:
    """How a forecast is made: on which scale, of what, and of how many features."""

    transform: str
    family: Family
    size: int

    def __str__(self) -> str:
        scale = f" on the scale {self.transform}" if self.transform != "none" else ""
        return f"{self.family.name}, {self.size} features{scale}"


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
    """

    def __init__(
        self,
        panel: Panel,
        inputs: Sequence[str],
        horizon: int,
        lags: int,
        most: int,
        likelihood: Likelihood,
    ) -> None:
        self.panel, self.inputs, self.likelihood = panel, tuple(inputs), likelihood
        self.horizon, self.lags, self.most = horizon, lags, most
        self.outputs = likelihood.outputs(panel.observed())
        self._rows: dict[str, Rows] = {}

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
            cuts = self.cuts(transform)
            for family in families:
                yield from self._of_family(transform, family, cuts)

    def _of_family(
        self, transform: str, family: Family, cuts: Sequence[tuple[Rows, Rows]]
    ) -> Iterator[Tried]:
        whole = {len(s.features): s for s in self.sums(self.rows(transform), family)}
        losses: dict[int, list[np.ndarray]] = {size: [] for size in whole}
        for before, after in cuts:
            found = self.sums(before, family)
            for size in whole:
                nearest = _no_larger(found, size)
                losses[size].append(self.losses(nearest, after, transform))
        for features, one in whole.items():
            recipe = Recipe(transform, family, features)
            links = len(one.circuit(self.inputs).wires)
            size = links + 2 * (transform != "none")  # the scale is one more thing to read, twice
            yield Tried(str(recipe), size, np.concatenate(losses[features]), (recipe, one))

    def sums(self, rows: Rows, family: Family) -> list[Sum]:
        """Sums of a family's features, by their number."""
        offered = candidates(family, rows, self.panel.own, self.inputs, self.lags)
        return grown(rows, offered, self.likelihood, self.most, self.outputs)

    def refitted(self, rows: Rows, recipe: Recipe) -> Sum:
        """What a recipe makes of other rows."""
        found = self.sums(rows, recipe.family)
        return _no_larger(found, recipe.size)

    def losses(self, found: Sum, rows: Rows, transform: str) -> np.ndarray:
        """What a sum costs on rows, on the series' own scale."""
        scale = TRANSFORMS[transform]
        predictor, observed = scale.back(found.predictor(rows)), scale.back(rows.target)
        return self.likelihood.losses(predictor, observed)


def _no_larger(found: Sequence[Sum], size: int) -> Sum:
    """The largest of so many features, or fewer."""
    within = (one for one in found if len(one.features) <= size)
    return max(within, key=lambda one: len(one.features))


def rows_of(panel: Panel, inputs: Sequence[str], transform: str, lags: int, horizon: int) -> Rows:
    """Every sample of a panel from which, and to which, there is enough."""
    scaled = TRANSFORMS[transform].there(panel.series) if transform != "none" else panel.series
    values = Values({name: panel.streams[name] for name in inputs} | _own(panel, inputs, scaled))
    places = [
        (np.full(n - horizon - lags + 1, k), np.arange(lags - 1, n - horizon))
        for k, n in enumerate(panel.lengths)
        if n - horizon >= lags
    ]
    string, sample = (np.concatenate(part) for part in zip(*places, strict=True))
    return Rows(values, scaled, (string, sample), horizon)


def _own(panel: Panel, inputs: Sequence[str], scaled: np.ndarray) -> dict[str, np.ndarray]:
    return {panel.own: scaled} if panel.own in inputs else {}
