"""What any forecast has to be compared with: the last value, the last season's, autoregression."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...likelihoods import Gaussian, Likelihood
from ..sums import Feature, Given, Rows, fitted, latest
from .choice import Tried
from .recipes import Search

__all__ = ["CONSTANT", "rivals"]

AUTOREGRESSION = 13
"""Largest order of an autoregression."""

CONSTANT = "constant"


def rivals(search: Search, season: int) -> Iterator[Tried]:
    """What the plainest ways to forecast would have lost on the rows that are forecast.

    Parameters
    ----------
    search : Search
    season : int
        0 for none.

    Examples
    --------
    >>> from synthesis.forecast.panel import read_panel
    >>> panel = read_panel(np.tile([1.0, 5.0, 2.0, 2.5], 12))
    >>> search = Search(panel, ["y"], horizon=1, lags=6, most=2, likelihood=Gaussian())
    >>> for way in rivals(search, season=4):
    ...     print(f"{way.name}: {way.loss:.3f}")
    constant: 2.036
    naive (the last value): 6.702
    seasonal naive (4): 0.000
    AR(4) by AIC: 0.000
    """
    rows, cuts, own = search.rows("none"), search.cuts("none"), search.panel.own
    likelihood, outputs = search.likelihood, search.outputs
    yield _fitted_ones(CONSTANT, [], cuts, likelihood, outputs)
    if likelihood.has_classes and set(search.panel.own_names) <= set(search.inputs):
        last: list[Feature] = [Given(name) for name in search.panel.own_names]
        yield _fitted_ones("Markov chain (the last class)", last, cuts, likelihood, outputs)
    if not likelihood.has_noise:
        return
    yield _repeated("naive (the last value)", rows.horizon, cuts, likelihood)
    periods = -(-rows.horizon // season) if season else 0
    if 0 < periods * season <= search.lags + rows.horizon - 1:
        yield _repeated(f"seasonal naive ({season})", periods * season, cuts, likelihood)
    if own in search.inputs:
        order = _order(rows, own)
        yield _fitted_ones(f"AR({order}) by AIC", latest(own, order), cuts, likelihood, outputs)


def _order(rows: Rows, own: str) -> int:
    """The order that Akaike's criterion chooses by all rows."""
    most = min(AUTOREGRESSION, int(rows.places[1].min()) + 1, len(rows) // 4)
    lags = latest(own, max(most, 1))
    n = len(rows)
    cost = [
        n * np.log(max(fitted(rows, lags[:order], Gaussian()).loss, 1e-300)) + 2.0 * (order + 2)
        for order in range(1, len(lags) + 1)
    ]
    return int(np.argmin(cost)) + 1


def _fitted_ones(
    name: str,
    features: list[Feature],
    cuts: list[tuple[Rows, Rows]],
    likelihood: Likelihood,
    outputs: int,
) -> Tried:
    losses = []
    for before, after in cuts:
        found = fitted(before, features, likelihood, outputs)
        losses.append(likelihood.losses(found.predictor(after), after.target))
    return Tried(name, len(features) + 1, np.concatenate(losses))


def _repeated(name: str, back: int, cuts: list[tuple[Rows, Rows]], likelihood: Likelihood) -> Tried:
    """The value of so many samples before the one that is forecast."""
    losses = []
    for _, after in cuts:
        string, sample = after.places
        then = after.observed[string, sample + after.horizon - back]
        losses.append(likelihood.losses(then[None], after.target))
    return Tried(name, 0, np.concatenate(losses))
