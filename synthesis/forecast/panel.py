"""What users bring to a forecast: a series, or several strings of one, and streams beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..fit.data import Layout, read_streams
from .symbols import apart, coded, entries, numbers_of
from .transforms import Transform

__all__ = ["Panel", "read_panel"]

OWN = "y"
"""What a series without a name is called."""


@dataclass(frozen=True)
class Panel:
    """A series to forecast, with the streams beside it, string by string.

    Attributes
    ----------
    own : str
        What the series is called.
    streams : mapping of name to array (strings, samples)
        0 beyond the end of a string; ``own`` is the first.
    layout : Layout
        How answers are given back.
    symbols : tuple of str
        What the numbers 0, 1, ... of the series stand for; empty if it holds numbers.
    classes : int
        In how many classes the series is, if it is looked at class by class: ``own/a`` is 1 where
        it is ``a``. 0 if it is looked at as a number.
    """

    own: str
    streams: Mapping[str, np.ndarray]
    layout: Layout
    symbols: tuple[str, ...] = ()
    classes: int = 0

    @property
    def lengths(self) -> np.ndarray:
        """Samples of every string, (strings,)."""
        return self.layout.lengths

    @property
    def series(self) -> np.ndarray:
        """What is forecast, (strings, samples)."""
        return self.streams[self.own]

    def observed(self) -> np.ndarray:
        """All its samples, one string after the other."""
        return self.series[self._is_known]

    def on_scale(self, scale: Transform) -> np.ndarray:
        """The series on a scale, (strings, samples).

        0 beyond the end of a string, where a scale may have no values.
        """
        scaled = np.zeros_like(self.series)
        scaled[self._is_known] = scale.there(self.observed())
        return scaled

    def by_class(self, classes: int) -> Panel:
        """The same, looked at class by class."""
        panel = replace(self, classes=classes)
        beside = {name: x for name, x in self.streams.items() if name != self.own}
        own = panel.told(self.series)
        indicators = {name: own[name] * self._is_known for name in panel.own_names}
        return replace(panel, streams={self.own: self.series, **indicators, **beside})

    def told(self, series: np.ndarray) -> dict[str, np.ndarray]:
        """The streams that values of the series make up."""
        names = self._indicators
        return {self.own: series, **{name: 1.0 * (series == k) for k, name in enumerate(names)}}

    def shown(self, value: float) -> str:
        """A sample of the series as users wrote it."""
        return self.symbols[int(value)] if self.symbols else f"{value:g}"

    @property
    def own_names(self) -> tuple[str, ...]:
        """Under which names forecasts look at the series' own past."""
        return self._indicators or (self.own,)

    @property
    def beside(self) -> tuple[str, ...]:
        """Names of the other streams."""
        return tuple(n for n in self.streams if n not in (self.own, *self._indicators))

    @property
    def _indicators(self) -> tuple[str, ...]:
        called = self.symbols or tuple(map(str, range(self.classes)))
        return tuple(f"{self.own}/{one}" for one in called) if self.classes else ()

    @property
    def _is_known(self) -> np.ndarray:
        return np.arange(self.series.shape[1]) < self.lengths[:, None]


def read_panel(
    series: Any,
    X: Any = None,
    group: Any = None,
    own: str | None = None,
    like: Panel | None = None,
) -> Panel:
    """A panel from what users have.

    Parameters
    ----------
    series : array-like, pandas.Series
        Shape (samples,), or (strings, samples), or a list of arrays of any lengths; a text, or a
        list of texts, for symbols.
    X : mapping of name to likewise, or pandas.DataFrame, optional
        Streams beside it; one with keys becomes a stream ``name/key`` for each.
    group : array-like (samples,), optional
        Which string a sample belongs to.
    own : str, optional
        What the series is called; else its own name, or ``y``.
    like : Panel, optional
        One whose symbols and keys these are.

    Raises
    ------
    ValueError
        If the series has no samples, something is missing or no number, or the parts do not fit
        together.

    Examples
    --------
    >>> panel = read_panel([1.0, 2.0, 4.0], {"u": [0.0, 1.0, 0.0]})
    >>> panel.own, list(panel.streams), panel.series.shape
    ('y', ['y', 'u'], (1, 3))
    >>> panel = read_panel("abca")
    >>> panel.symbols, panel.series.tolist()
    (('a', 'b', 'c'), [[0.0, 1.0, 2.0, 0.0]])
    """
    if getattr(series, "ndim", 1) == 2 and series.shape[1] == 1:
        series = series.iloc[:, 0] if hasattr(series, "iloc") else series[:, 0]
    name = own or str(getattr(series, "name", None) or OWN)
    beside = _mapping(X)
    if name in beside:
        raise ValueError(
            f"X has a stream {name!r}, which is what the series is called; its own past is looked "
            "at in any case: leave it out of X"
        )
    series = entries(series)
    given = read_streams({name: series, **beside}, group)
    symbols, values = like.symbols if like else (), numbers_of(given, name)
    if given.has_keys(name):
        symbols, values = coded(given, name, symbols)
    streams = {name: values}
    for stream in given.names[1:]:
        streams |= apart(given, stream)
    if like:  # a key that does not come up is 0
        streams = {k: np.zeros_like(values) for k in like.beside if "/" in k} | streams
    return Panel(name, streams, given.layout, symbols)


def _mapping(X: Any) -> dict[str, Any]:
    if X is None:
        return {}
    if isinstance(X, Mapping):
        return {str(name): values for name, values in X.items()}
    if hasattr(X, "columns"):
        return {str(name): X[name] for name in X.columns}
    if hasattr(X, "name") and hasattr(X, "index"):
        return {str(X.name or "x"): X}
    raise ValueError(
        f"X is {type(X).__name__}; expected a mapping name -> stream, or a DataFrame: streams "
        "beside the series have names"
    )
