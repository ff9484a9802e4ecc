"""Which features a forecast may be made of: families, the plainest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np

from .features import Feature, Given, Hinge, Lagged, Leaky, Product, Step, latest
from .fitting import Rows
from .growing import midpoints, parent

__all__ = ["FAMILIES", "Family", "candidates", "season_of"]

NEAR = 4
"""Latest samples of a stream that may be bent or multiplied ..."""

GATES = 3
"""... or decide, and be decided on."""

FEW = 4
"""Streams of which all products are remembered."""

FEWEST = 12
"""Samples below which no season is looked for."""

QUANTILES = tuple(k / 10.0 for k in range(1, 10))
RATES = (0.5, 0.7, 0.8, 0.9, 0.95)
"""Bounds and rates from which the better ones are found."""


@dataclass(frozen=True)
class Family:
    """What features there may be beside the latest samples of every stream.

    Attributes
    ----------
    name : str
    has_bends, has_steps, has_products, has_memories : bool
        Hinges; steps, and samples that count on one side of a bound only; products of samples; sums
        that forget, of streams and of their products.
    has_expectations : bool
        Products of a stream and of what another was expected to be - its faded sum of the sample
        before - are remembered, too: with the product itself, surprise.
    changes_from : str
        "" for sums of these; else sums of changes, added to the "latest" sample, to the one a
        "season" ago (see `grown_from`), or with errors to the "latest" and by what changed a
        "season" ago; a sum that forgets is then one of changes.
    is_consecutive : bool
        Instead sums of the latest samples of the series itself up to some order.
    has_regimes : bool
        The same with other weights where one of these samples exceeds a bound (see
        `threshold_autoregressions`).
    has_errors : bool
        Sums of the latest samples, or changes, and of the errors that the forecast has made (see
        `moving_averages`).

    Examples
    --------
    >>> print(", ".join(one.name for one in FAMILIES if one.changes_from and not one.has_errors))
    changes, exponential smoothing, seasonal changes
    """

    name: str
    has_bends: bool = False
    has_steps: bool = False
    has_products: bool = False
    has_memories: bool = False
    has_expectations: bool = False
    changes_from: str = ""
    is_consecutive: bool = False
    has_regimes: bool = False
    has_errors: bool = False


FAMILIES = (
    Family("lags"),
    Family("autoregression", is_consecutive=True),
    Family("threshold autoregression", has_regimes=True),
    Family("changes", changes_from="latest"),
    Family("exponential smoothing", changes_from="latest", has_memories=True),
    Family("seasonal changes", changes_from="season"),
    Family("moving average", has_errors=True),
    Family("moving average of changes", changes_from="latest", has_errors=True),
    Family("moving average of seasonal changes", changes_from="season", has_errors=True),
    Family("moving average of both", changes_from="latest and season", has_errors=True),
    Family("bends", has_bends=True),
    Family("steps", has_steps=True),
    Family("products", has_products=True),
    Family("memories", has_memories=True),
    Family("expectations", has_memories=True, has_expectations=True),
    Family("all", has_bends=True, has_products=True, has_memories=True),
)


def candidates(
    family: Family, rows: Rows, own: str, streams: Sequence[str], lags: int
) -> list[Feature]:
    """The features of a family, those first that others need; none that never changes.

    Parameters
    ----------
    family : Family
    rows : Rows
        Bounds are chosen among the samples of these.
    own : str
        The stream that is forecast.
    streams : sequence of str
        Those that may be looked at, ``own`` among them.
    lags : int
        Latest samples of each.

    Examples
    --------
    >>> from .features import Values
    >>> walk = np.random.default_rng(0).standard_normal((1, 40)).cumsum(axis=1)
    >>> places = (np.zeros(38, dtype=int), np.arange(1, 39))
    >>> rows = Rows(Values({"y": walk}), walk, places, horizon=1)
    >>> print(*candidates(FAMILIES[0], rows, "y", ["y"], lags=2))
    y y[t-1]
    """
    samples = {name: latest(name, lags) for name in streams}
    found: dict[Feature, None] = dict.fromkeys(f for name in streams for f in samples[name])
    if family.has_memories:
        found |= dict.fromkeys(_memories(own, streams))
    if family.has_expectations:
        found |= dict.fromkeys(_expected(streams))
    near = [feature for name in streams for feature in samples[name][:NEAR]]
    few = [feature for name in streams for feature in samples[name][:GATES]]
    if family.has_bends:
        found |= dict.fromkeys(Hinge(f, bound) for f in near for bound in _bounds(rows, f))
    if family.has_products:
        pairs = ((f, g) for k, f in enumerate(near) for g in near[k:])
        found |= dict.fromkeys(Product(f, g) for f, g in pairs)
    if family.has_steps:
        found |= dict.fromkeys(_gated(rows, few))
    return _changing(rows, list(found))


def _memories(own: str, streams: Sequence[str]) -> Iterator[Feature]:
    """Sums that forget: of streams, and of products of two; of many streams, with the series."""
    given: list[Feature] = [Given(name) for name in streams]
    pairs = [
        Product(one, other)
        for one, other in combinations(given, 2)
        if len(given) <= FEW or Given(own) in (one, other)
    ]
    for of in (*given, *pairs):
        yield from (Leaky(of, rate) for rate in RATES)


def _expected(streams: Sequence[str]) -> Iterator[Feature]:
    given: list[Feature] = [Given(name) for name in streams]
    for one, other in permutations(given[:FEW], 2):
        for slow in RATES:
            product = Product(one, Lagged(Leaky(other, slow), 1))
            yield from (Leaky(product, rate) for rate in RATES)


def _gated(rows: Rows, few: Sequence[Feature]) -> Iterator[Feature]:
    for gate in few:
        for bound in _bounds(rows, gate):
            step = Step(gate, bound)
            yield step
            yield from (Product(step, feature) for feature in few)


def _bounds(rows: Rows, feature: Feature) -> list[float]:
    """Bounds at tenths of a feature's samples; none of a feature with two values."""
    between = midpoints(rows.column(feature))
    if len(between) < 2:
        return []
    wanted = np.quantile(rows.column(feature), QUANTILES)
    places = np.minimum(np.searchsorted(between, wanted), len(between) - 1)
    return np.unique(between[places]).tolist()


def _changing(rows: Rows, features: Sequence[Feature]) -> list[Feature]:
    """Without what is constant, and without what is of no use for want of a parent."""
    kept: dict[Feature, None] = {}
    for feature in features:
        column, above = rows.column(feature), parent(feature)
        if np.ptp(column) > 1e-9 * np.abs(column).max() and (above is None or above in kept):
            kept[feature] = None
    return list(kept)


def season_of(series: np.ndarray, most: int) -> int:
    """The number of samples after which a series is most like itself; 0 if it has no season.

    Parameters
    ----------
    series : array (samples,)
    most : int
        Longest season that is looked for.

    Notes
    -----
    The first peak of the autocorrelation of the differences (which have no trend) that is as high
    as any, and beyond what the largest of as many does by chance.

    Examples
    --------
    >>> season_of(np.tile([1.0, 5.0, 2.0, 2.5], 12), 20)
    4
    """
    if len(series) < FEWEST:
        return 0
    change = np.diff(series)
    change = change - change.mean()
    power = float(change @ change)
    most = min(most, len(change) // 3)
    if power <= 0.0 or most < 3:
        return 0
    like = np.array(
        [float(change[k:] @ change[: len(change) - k]) / power for k in range(most + 2)]
    )
    peaks = [k for k in range(2, most + 1) if like[k] > like[k - 1] and like[k] >= like[k + 1]]
    high = [k for k in peaks if like[k] > np.sqrt(2.0 * np.log(most) / len(change)) + 0.1]
    if not high:
        return 0
    top = max(like[k] for k in high)
    return next(k for k in high if like[k] >= 0.9 * top)
