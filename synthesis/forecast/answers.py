"""What a forecaster answers once it is fitted: forecasts, their intervals, runs, a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dmm import Machine

from ..fit import Fitted
from ..fit.data import Names
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
        The path without noise; of counts and choices, the mean of random paths; of classes their
        shares, (steps, classes).
    low, high : array (steps,)
        Between which so large a share of random paths lies; of classes the same as ``mean``. Of a
        simulation, between which its errors lay while it was fitted.
    level : float

    Examples
    --------
    >>> from synthesis.forecast import FAMILIES, Forecaster
    >>> y = np.sin(0.7 * np.arange(60.0))
    >>> ahead = Forecaster(families=FAMILIES[:1], lags=2).fit(y).forecast(2)
    >>> ahead.mean.round(4), np.sin(0.7 * np.array([60.0, 61.0])).round(4)
    (array([-0.9165, -0.9587]), array([-0.9165, -0.9587]))
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
        array (samples,) or (strings, samples), or a list, as the series came
            Means (on another scale: medians; probabilities of a 1; of classes and symbols, the
            likeliest). NaN for the first samples, of which too little came before; None for
            symbols.

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
        if panel.symbols:
            shown = np.array([*panel.symbols, None], dtype=object)
            told = shown[np.nan_to_num(told, nan=-1.0).astype(int)]
        return self._given(panel, told)

    def predict_proba(self, series: Any = None, X: Any = None, group: Any = None) -> np.ndarray:
        """Probabilities of every class for every sample, (strings, samples, classes).

        Classes are in the order of ``classes_``.

        Raises
        ------
        AttributeError
            If the likelihood has no classes.
        """
        likelihood = self._fitted().likelihood
        if not likelihood.has_classes:
            raise AttributeError(
                f"likelihood {likelihood.name!r} has no classes; predict gives means"
            )
        means = self.rule_.means(self._panel(series, X, group))
        if len(means) == 1:
            means = np.concatenate([1.0 - means, means])
        return means.transpose(1, 2, 0)

    def interval(self, series: Any = None, X: Any = None, group: Any = None) -> tuple[Any, Any]:
        """Between which each sample was to be expected, ``horizon`` samples before it.

        Returns
        -------
        low, high : like what `predict` returns
            By quantiles of the errors on samples that came after those a forecast was fitted to.

        Raises
        ------
        AttributeError
            Before `fit`, of counts, choices and classes, or after a fit for runs.
        """
        rule = self._fitted()
        if not rule.has_noise or rule.is_simulation:
            raise AttributeError("intervals are of numbers; see predict_proba, or forecast")
        panel, tail = self._panel(series, X, group), (1.0 - self.level) / 2.0
        low, high = (self._given(panel, rule.reach(panel, q)) for q in (tail, 1.0 - tail))
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
            Random paths for the interval; 0 for none: the run then goes on from the mean of a
            number and from the likeliest of classes.

        Raises
        ------
        ValueError
            If streams for the samples to come are missing.
        """
        rule = self._fitted()
        panel, future = self._panel(series, past), self._future(X, steps)
        calm = rule.run(panel, future, steps)[:, 0]
        if not draws:
            return Forecast(calm, calm, calm, self.level)
        tail = (1.0 - self.level) / 2.0
        if rule.is_simulation:
            low, high = np.quantile(rule.surprises, [tail, 1.0 - tail])
            return Forecast(calm, calm + low, calm + high, self.level)
        paths = rule.run(panel, future, steps, draws, np.random.default_rng(self.seed))
        if rule.outputs > 1:
            shares = np.array([(paths == k).mean(axis=1) for k in range(rule.outputs)]).T
            return Forecast(shares, shares, shares, self.level)
        low, high = np.quantile(paths, [tail, 1.0 - tail], axis=1)
        mean = calm if rule.has_noise else paths.mean(axis=1)
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

    def generator(self, above: float = 0.5) -> Machine:
        """The machine that runs free: it takes its own answers where it would read the series.

        Fitted to zeros and ones it is a detector: it answers 1 where that is likely enough, and
        goes on from what it has answered.

        Parameters
        ----------
        above : float
            A detector answers 1 where the probability of a 1 is above this, between 0 and 1: less
            where it is worse to miss a 1 than to report one too many.

        Raises
        ------
        ValueError
            If it forecasts more than one sample ahead, on another scale, counts, or several
            classes; if ``above`` is not between 0 and 1.
        """
        rule = self._fitted()
        is_number = rule.has_noise and rule.transform == "none"
        if rule.horizon != 1 or not (is_number or rule.decides):
            raise ValueError(
                "a machine that runs free forecasts a number itself, or whether there is a 1, one "
                "sample ahead; fit with horizon=1, transform='none' and likelihood 'gaussian', "
                "'huber' or 'bernoulli'"
            )
        if not 0.0 < above < 1.0:
            raise ValueError(f"above is {above:g}; expected a probability between 0 and 1")
        return rule.free_circuit(above).lowered()[0]

    def simulator(self, above: float = 0.5) -> Fitted:
        """`generator` for streams beside the series: ``predict(X)``, and files for `dmm predict`.

        It never sees the series, and begins where that is 0; its answer at a sample is for the
        next one.

        Parameters
        ----------
        above : float
            As in `generator`.

        Raises
        ------
        ValueError
            As in `generator`; if there are no streams beside the series.

        Examples
        --------
        >>> from synthesis.forecast import FAMILIES, Forecaster
        >>> inflow, level = np.repeat([0.0, 2.0, 1.0, 4.0, 0.0, 3.0], 12), [0.0]
        >>> for flow in inflow[:-1]:
        ...     level.append(0.5 * level[-1] + 0.5 * flow)
        >>> model = Forecaster(families=FAMILIES[:1], lags=1, transform="none")
        >>> tank = model.fit(level, {"inflow": inflow}).simulator()
        >>> tank.predict({"inflow": [1.0, 1.0, 0.0, 0.0]}).round(4)
        array([0.5   , 0.75  , 0.375 , 0.1875])
        """
        machine, beside = self.generator(above), self.panel_.beside
        if not beside:
            raise ValueError(
                f"there are no streams beside {self.panel_.own}; what runs without any is "
                "forecast(steps)"
            )
        kinds = ("numbers",) * len(beside)
        return Fitted(machine, Names(beside, kinds, is_named=True, outputs=(self.panel_.own,)))

    # -------------------- inside --------------------

    @staticmethod
    def _given(panel: Panel, told: np.ndarray) -> Any:
        """In the form in which the series came."""
        strings = [row[:n, None] for row, n in zip(told, panel.lengths, strict=True)]
        return panel.layout.join(strings, [panel.own], is_flat=True)

    def _fitted(self) -> Rule:
        if not hasattr(self, "rule_"):
            raise AttributeError("not fitted yet: call fit(series) first")
        return self.rule_

    def _panel(self, series: Any, X: Any, group: Any = None) -> Panel:
        rule = self._fitted()
        if series is None:
            return self.panel_
        panel = read_panel(series, X, group, self.panel_.own, like=self.panel_)
        expected, received = self.panel_.beside, panel.beside
        if sorted(expected) != sorted(received):
            raise ValueError(
                f"streams beside {panel.own}: {', '.join(received) or 'none'}; expected "
                f"{', '.join(expected) or 'none'}, as in fit"
            )
        rule.likelihood.check(panel.observed(), panel.own)
        return panel.by_class(self.panel_.classes)

    def _future(self, X: Any, steps: int) -> dict[str, np.ndarray]:
        beside = sorted(self.rule_.reads.intersection(self.panel_.beside))
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
