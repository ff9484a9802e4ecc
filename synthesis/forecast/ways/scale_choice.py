"""The scale of a positive series: the one on which its errors are most alike.

Squared errors on the series' own scale hardly tell: where it is high they are large on any scale,
and few of them decide. Told is therefore how likely the series is, if its errors on a scale are
normal and of one size. What forecasts lose says already what too many numbers cost: they are not
counted again.

References
----------
G. E. P. Box, D. R. Cox, J. R. Statist. Soc. B 26 (1964), 211-252; of forecasts in place of a fit:
A. P. Dawid, J. R. Statist. Soc. A 147 (1984), 278-292.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..sums import FAMILIES, Family
from ..transforms import TRANSFORMS, Transform
from .choice import ROUNDED, code_length
from .recipes import Search

__all__ = ["likeliest_scale"]

COST = 2.0
"""Nats for a scale: it has to be read twice."""

TINY = 1e-300


def likeliest_scale(search: Search, scales: Sequence[str], families: Sequence[Family]) -> str:
    """The scale on which linear forecasts make what came most likely.

    Parameters
    ----------
    search : Search
    scales : sequence of str
        Each is tried.
    families : sequence of Family
        The linear ones serve: what bends on a wrong scale may be straight on the right one.

    Examples
    --------
    >>> from synthesis.forecast.panel import read_panel
    >>> from synthesis.forecast.sums import FAMILIES
    >>> from synthesis.likelihoods import Gaussian
    >>> steps = 0.1 * np.random.default_rng(0).standard_normal(80)
    >>> panel = read_panel(np.exp(np.cumsum(steps)))
    >>> search = Search(panel, ["y"], horizon=1, lags=2, most=2, likelihood=Gaussian())
    >>> likeliest_scale(search, ["none", "log"], FAMILIES[:1])
    'log'
    """
    if len(scales) == 1:
        return scales[0]
    linear = [family for family in families if _is_linear(family)] or FAMILIES[:1]
    lengths = {name: _code_length(search, name, linear) for name in scales}
    return min(lengths, key=lambda name: lengths[name])


def _is_linear(family: Family) -> bool:
    """Whether it weighs samples, changes and errors, and nothing that is made of them."""
    is_bent = family.has_bends or family.has_steps or family.has_products or family.has_regimes
    remembers = family.has_memories and not family.changes_from  # products, too
    return not (is_bent or remembers)


def _code_length(search: Search, scale: str, families: Sequence[Family]) -> float:
    """Nats for the series' own samples, by what does best of some families on a scale."""
    target = np.concatenate([after.target for _, after in search.cuts(scale)])
    least = max(ROUNDED * float(target.var()), TINY)
    told = [
        code_length(search.on_scale(one).loss, len(target), 0, True, least)
        for one in search.tried([scale], families)
    ]
    shortest = min(told, default=np.inf)
    rounding = 0.5 * _resolution(search.panel.observed())
    transform = TRANSFORMS[scale]
    stretched = _stretch(transform, transform.back(target), rounding)
    return shortest - float(np.log(stretched).sum()) + COST * (scale != "none")


def _resolution(observed: np.ndarray) -> float:
    """How far apart two samples are that differ, at least."""
    return float(np.diff(np.unique(observed)).min())


def _stretch(scale: Transform, sample: np.ndarray, rounding: float) -> np.ndarray:
    """By how much a scale stretches what would have been rounded to each sample, (rows,)."""
    # Its slope at the sample itself would do, but at 0 a root is infinitely steep.
    low, high = sample - rounding, sample + rounding
    if np.isfinite(scale.least):
        low = np.maximum(low, 0.5 * sample)
    return (scale.there(high) - scale.there(low)) / (high - low)
