"""What a forecaster answers once it is fitted: forecasts, their intervals, runs, a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dmm import Machine

from .panel import Panel, read_panel
from .rule import Rule
from .sums import fitted
from .ways import rows_of

__all__ = ["Answers", "Forecast"]


@dataclass(frozen=True)
class Forecast:
    """What is expected after the end of a series.

    Attributes
    ----------
    mean : array (steps,)
        The path without noise; of classes and choices, their probabilities by draws.
    low, high : array (steps,)
        Between which so large a share of random paths lies.
    level : float
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    level: float


class Answers:
    """For a forecaster with a rule, and the panel that it was found on."""

    rule_: Rule
    panel_: Panel
    level: float
    seed: Any

    def predict(self, series: Any = None, X: Any = None, group: Any = None) -> Any:
        """What was, or would have been, forecast for every sample from those ``horizon`` before it.

        Parameters
        ----------
        series, X, group : as in `fit`; those of `fit` when omitted

        Returns
        -------
        array like the series
            Means (probabilities of a 1; of classes, the likeliest). NaN for the first samples, of
            which too little came before.

        Raises
        ------
        AttributeError
            Before `fit`.
        ValueError
            If streams are missing or there are others.
        """
        panel = self._panel(series, X, group)
        means = self.rule_.means(panel)
        told = means[0]
        if len(means) > 1:
            told = np.where(np.isnan(told), np.nan, np.argmax(np.nan_to_num(means), axis=0))
        if panel.is_flat:
            return told[0]
        return [row[:n] for row, n in zip(told, panel.lengths, strict=True)]

    def predict_proba(self, series: Any = None, X: Any = None, group: Any = None) -> np.ndarray:
        """Probabilities of every class for every sample, (strings, samples, classes).

        Raises
        ------
        AttributeError
            If the likelihood has no classes.
        """
        name = self._fitted().likelihood.name
        if name not in ("bernoulli", "categorical"):
            raise AttributeError(f"likelihood {name!r} has no classes; predict gives means")
        means = self.rule_.means(self._panel(series, X, group))
        if len(means) == 1:
            means = np.concatenate([1.0 - means, means])
        return means.transpose(1, 2, 0)

    def interval(self, series: Any = None, X: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """Between which each sample was to be expected, ``horizon`` samples before it.

        Returns
        -------
        low, high : arrays (samples,)
            By quantiles of the errors on samples that came after those a forecast was fitted to.
        """
        self._fitted()
        if not self.rule_.has_noise:
            raise AttributeError("intervals are of numbers; see predict_proba, or forecast")
        panel, tail = self._panel(series, X), (1.0 - self.level) / 2.0
        low, high = (self.rule_.reach(panel, q)[0] for q in (tail, 1.0 - tail))
        return low, high

    def forecast(
        self, steps: int, X: Any = None, *, series: Any = None, past: Any = None, draws: int = 1000
    ) -> Forecast:
        """What comes after the end of a series, run free.

        Parameters
        ----------
        steps : int
        X : mapping of name to array (steps,), optional
            Streams beside it, for the samples to come.
        series : array-like (samples,), optional
            The series to go on from; that of `fit` when omitted (its first string).
        past : mapping of name to array (samples,), optional
            Streams beside ``series``.
        draws : int
            Random paths for the interval; 0 for none.

        Raises
        ------
        ValueError
            If streams for the samples to come are missing.
        """
        self._fitted()
        panel, future = self._panel(series, past), self._future(X, steps)
        calm = self.rule_.run(panel, future, steps)[:, 0]
        if not draws:
            return Forecast(calm, calm, calm, self.level)
        paths = self.rule_.run(panel, future, steps, draws, np.random.default_rng(self.seed))
        tail = (1.0 - self.level) / 2.0
        low, high = np.quantile(paths, [tail, 1.0 - tail], axis=1)
        mean = calm if self.rule_.has_noise else paths.mean(axis=1)
        return Forecast(mean, low, high, self.level)

    def score(self, series: Any, X: Any = None, group: Any = None) -> float:
        """The share of a series' loss under its own mean that the forecasts save (R^2 of numbers).

        Raises
        ------
        ValueError
            If the series is constant where it is forecast.
        """
        panel = self._panel(series, X, group)
        own, rule = self.rule_.losses(panel), self.rule_
        plain = rows_of(panel, rule.inputs, "none", rule.lags, rule.horizon)
        still = fitted(plain, [], rule.likelihood, rule.outputs).loss
        if still <= 0.0:
            raise ValueError(f"{panel.own} is constant where it is forecast; R^2 is not defined")
        return 1.0 - float(own.mean()) / still

    def generator(self) -> Machine:
        """The machine that runs free: it takes its own answers where it would read the series.

        Raises
        ------
        ValueError
            If the horizon is not 1, or there is more than one output.
        """
        self._fitted()
        if self.rule_.horizon != 1 or self.rule_.outputs > 1:
            raise ValueError("a machine that runs free forecasts one number, one sample ahead")
        return self.rule_.circuit(runs_free=True).lowered()[0]

    # -------------------- inside --------------------

    def _fitted(self) -> Rule:
        if not hasattr(self, "rule_"):
            raise AttributeError("not fitted yet: call fit(series) first")
        return self.rule_

    def _panel(self, series: Any, X: Any, group: Any = None) -> Panel:
        rule = self._fitted()
        if series is None:
            return self.panel_
        panel = read_panel(series, X, group, own=self.panel_.own)
        expected = [name for name in self.panel_.streams if name != panel.own]
        received = [name for name in panel.streams if name != panel.own]
        if sorted(expected) != sorted(received):
            raise ValueError(
                f"streams beside {panel.own}: {', '.join(received) or 'none'}; expected "
                f"{', '.join(expected) or 'none'}, as in fit"
            )
        rule.likelihood.check(panel.observed(), panel.own)
        return panel

    def _future(self, X: Any, steps: int) -> dict[str, np.ndarray]:
        beside = [name for name in self.rule_.inputs if name != self.panel_.own]
        given = {str(k): np.asarray(v, dtype=float) for k, v in dict(X or {}).items()}
        missing = [name for name in beside if name not in given]
        if missing:
            raise ValueError(
                f"X lacks {', '.join(missing)}: a forecast that looks at it needs its samples to "
                "come"
            )
        for name in beside:
            if given[name].shape != (steps,):
                raise ValueError(
                    f"X: {name} has shape {given[name].shape}; expected ({steps},), a number per "
                    "step"
                )
        return {name: given[name] for name in beside}
