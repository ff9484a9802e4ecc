"""The door to forecasts: a series in; a small machine that tells what comes next out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dmm import Machine
from dmm.machine import Circuit

from ..fit.parameters import Parameters
from ..likelihoods import Censored, Likelihood, likelihood_named
from .answers import Answers
from .assessment import Report
from .demands import check_data, check_parameters, lags_for
from .panel import read_panel
from .rule import Rule
from .sums import (
    FAMILIES,
    Family,
    Weight,
    held_links,
    independence,
    kind_of,
    season_of,
    stability,
    weights_of,
)
from .transforms import transforms_for
from .ways import (
    CONSTANT,
    Search,
    Tried,
    Way,
    chosen,
    compared,
    left_by_run,
    likeliest_scale,
    rivals,
    tried_freely,
)

__all__ = ["Forecaster"]

RUN = 250
"""Samples over which ways run free before one of them is chosen, at most."""

PORTMANTEAU = 10
"""Samples over which errors are looked at for what joins them."""


class Forecaster(Parameters, Answers):
    """Finds the smallest machine that forecasts a series as well as any that was tried.

    The series' own past and streams beside it are looked at: latest samples, what exceeds a bound,
    steps, products, sums that forget, and errors of its own. Each way is tried on samples that come
    after those it was fitted to; of those within a third of a standard error of the best, the one
    with the fewest links is chosen.

    Parameters
    ----------
    horizon : int
        Samples ahead.
    likelihood : str or Likelihood
        "gaussian" (noise of unknown size; a series that often lies at one end of its range is
        taken for cut off there, see `Censored`), "huber" (the same with outliers), "poisson"
        (counts), "bernoulli" (0 and 1), "categorical" (classes 0, 1, ..., or symbols).
    transform : str
        The scale: "none", "sqrt", "log", or "auto" for the one on which
        errors are most alike (see `synthesis.forecast.ways.scale_choice`).
    lags : int, optional
        Latest samples that may be looked at. When omitted, a season and two, and at least 8.
    families : sequence of Family
        What a machine may be made of (see `synthesis.forecast.FAMILIES`).
    most : int
        Features at most.
    uses_own_past : bool
        Whether the series' own past may be looked at; without it, only streams beside it.
    aim : "one step" or "free run"
        Whether forecasts of one sample after the other are to be good, or whole runs beside
        streams that are known (a simulation): the machine is then chosen and refined by runs, and
        may hold what is hidden.
    choice : "third of standard error", "standard error", "difference" or "code length"
        The smallest way within so much of the best (whether it is one of changes is settled by a
        whole standard error), or within one standard error of what differs from the best on the
        same samples; or the one by which what came, and its links, are told in the fewest bits. The
        last two are not careful where a series wanders.
    level : float
        Of intervals.
    seed : int or numpy.random.Generator
        For draws of `forecast` and resamples of `bootstrap`.

    Attributes
    ----------
    machine_ : Machine
    circuit_ : Circuit
        The same in samples.
    equations_ : str
    weights_ : list of Weight
        With intervals.
    report_ : Report
        Prints what was found, beside what the plainest ways would have done.
    classes_ : tuple
        Of a series of classes or symbols, in the order of probabilities; else empty.
    season_, lags_ : int
    held_ : dict of a link's path to a number
        After `bootstrap`: the share of resamples in whose fit a term was that needs the link.
    is_stable_ : bool or None
        Whether it stays near the data when it runs free; None where it cannot, for want of streams
        or of its own past.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = [0.0, 0.0]
    >>> for noise in rng.standard_normal(400):
    ...     y.append(1.2 * y[-1] - 0.5 * y[-2] + noise)
    >>> model = Forecaster().fit(y)
    >>> [weight.term for weight in model.weights_]
    ['1', 'y', 'y[t-1]']
    >>> model.is_stable_
    True
    """

    machine_: Machine
    circuit_: Circuit
    equations_: str
    report_: Report
    _needs_answers = False  # the series is what scikit-learn calls X

    def __init__(
        self,
        horizon: int = 1,
        *,
        likelihood: str | Likelihood = "gaussian",
        transform: str = "auto",
        lags: int | None = None,
        families: Sequence[Family] = FAMILIES,
        most: int = 8,
        uses_own_past: bool = True,
        aim: str = "one step",
        choice: str = "third of standard error",
        level: float = 0.9,
        seed: Any = 0,
    ) -> None:
        self.horizon = horizon
        self.likelihood = likelihood
        self.transform = transform
        self.lags = lags
        self.families = families
        self.most = most
        self.uses_own_past = uses_own_past
        self.aim = aim
        self.choice = choice
        self.level = level
        self.seed = seed

    # -------------------- fitting --------------------

    def fit(self, series: Any, X: Any = None, group: Any = None) -> Forecaster:
        """Find a machine.

        Parameters
        ----------
        series : array-like, pandas.Series
            Shape (samples,), (strings, samples), or a list of arrays; for symbols a text, words, or
            a list of lists of words.
        X : mapping of name to likewise, or DataFrame, optional
            Streams beside it, known as far as the series is.
        group : array-like (samples,), optional
            Which string a sample belongs to.

        Raises
        ------
        ValueError
            If nothing can be learned from the data: one sentence with the remedy.
        """
        check_parameters(self)
        panel = read_panel(series, X, group)
        observed = panel.observed()
        likelihood = self._likelihood(observed)
        likelihood.check(observed, panel.own)
        check_data(self, panel, likelihood)
        if likelihood.outputs(observed) > 1:
            panel = panel.by_class(likelihood.outputs(observed))
        scales = transforms_for(self.transform, observed, likelihood.name == "gaussian")
        self.season_ = season_of(panel.series[0, : panel.lengths[0]], int(panel.lengths[0]) // 4)
        self.lags_ = lags_for(self, panel, self.season_)
        inputs = (panel.own_names if self.uses_own_past else ()) + panel.beside
        self.panel_ = panel
        self.classes_ = panel.symbols or (*range(panel.classes),) if likelihood.has_classes else ()
        search = Search(
            panel, inputs, self.horizon, self.lags_, self.most, likelihood, self.season_
        )
        if likelihood.name == "huber":
            likelihood = search.likelihood = _adapted(search, likelihood)
        if self.aim == "free run":
            tried = list(tried_freely(search, self.families))
            best = min(tried, key=lambda one: one.loss)  # what is left of a run is no noise
        else:
            scale = likeliest_scale(search, scales, self.families)
            tried = list(search.tried([scale], self.families))
            judged = [search.on_scale(one) for one in tried]
            best = chosen(self._sound(search, judged), self.choice, likelihood.has_noise).key
        self._settle(search, best, tried)
        return self

    def _likelihood(self, observed: np.ndarray) -> Likelihood:
        given = self.likelihood
        if given == "gaussian" and self.transform in ("auto", "none"):
            given = Censored.of(observed) or given
        return likelihood_named(given) if isinstance(given, str) else given

    def _settle(self, search: Search, best: Tried, tried: list[Tried]) -> None:
        recipe, found = best.key.recipe, best.key.found
        self._search, self._recipe = search, recipe
        is_simulation = self.aim == "free run"
        left = left_by_run(search, found) if is_simulation else search.surprises(best.key)
        self.rule_ = self._rule(search, best.key, left)
        rows = search.rows(recipe.transform)
        self.weights_ = weights_of(rows, found, search.likelihood, self.level)
        if is_simulation:  # errors of runs are no noise: nothing is known of intervals
            self.weights_ = [replace(w, low=np.nan, high=np.nan) for w in self.weights_]
        self.circuit_ = self.rule_.circuit()
        self.machine_, _ = self.circuit_.lowered()
        self.equations_ = self.rule_.equations()
        self.is_stable_ = self.rule_.stays_near(search.panel, int(search.panel.lengths[0]))
        self.report_ = self._report(best, tried)

    def _rule(self, search: Search, way: Way, surprises: np.ndarray) -> Rule:
        return Rule(
            way.found,
            search.panel.own,
            search.inputs,
            self.horizon,
            self.lags_,
            search.likelihood,
            way.recipe.transform,
            surprises,
            tuple(map(str, self.classes_)),
            self.aim == "free run",
        )

    def _sound(self, search: Search, judged: list[Tried]) -> list[Tried]:
        """Ways that stay near the data when they run free, if one of these is about the best.

        What runs away forecasts well as long as nothing comes that lies beyond the data.
        """
        if not search.likelihood.has_noise:
            return judged
        samples = min(int(search.panel.lengths[0]), RUN)
        rules = (self._rule(search, one.key.key, np.zeros(0)) for one in judged)
        stays = [rule.stays_near(search.panel, samples) is not False for rule in rules]
        best = min(judged, key=lambda one: one.loss)
        sound = [one for one, near in zip(judged, stays, strict=True) if near]
        is_enough = any(one.loss <= best.loss + best.error for one in sound)
        return sound if is_enough else judged

    def _report(self, best: Tried, tried: list[Tried]) -> Report:
        search, rows = self._search, self._search.rows(self.rule_.transform)
        others = list(rivals(search, self.season_))
        if self.aim == "free run":  # the others run one sample at a time
            others = [one for one in others if one.name == CONSTANT]
        residual, sure = search.likelihood.working(self.rule_.sum.predictor(rows), rows.target)
        left = residual[0] * np.sqrt(sure[0])
        alike = independence(left, PORTMANTEAU) if self.horizon == 1 else 1.0  # else they overlap
        limit = best.loss + best.error
        within = _others(best, [t for t in tried if t.loss <= limit])
        rival = min(others, key=lambda one: one.loss)
        return Report(
            own=self.panel_.own,
            horizon=self.horizon,
            aim=self.aim,
            likelihood=search.likelihood.name,
            recipe=str(self._recipe),
            classes=self.rule_.classes if self.rule_.outputs > 1 else (),
            equations=self.equations_,
            links=len(self.circuit_.wires),
            loss=best.loss,
            error=best.error,
            rivals=tuple((one.name, one.size, one.loss) for one in others),
            within=tuple((one.name, one.size, one.loss) for one in within),
            is_stable=self.is_stable_,
            independence=alike,
            compared=compared(best, rival),
            weights=tuple(self.weights_),
        )

    # -------------------- how sure --------------------

    def bootstrap(self, resamples: int = 100) -> list[Weight]:
        """Weights with the share of resamples in whose fit each term was found.

        The whole fit is made again for blocks of samples drawn with replacement, of the same
        family, size and scale. ``held_`` then tells the same of every link of ``machine_``, such
        as for ``draw(machine_, sizes=held_)``.
        """
        self._fitted()
        search = self._search
        rng = np.random.default_rng(self.seed)
        rows = search.rows(self.rule_.transform)
        found = stability(lambda r: search.refitted(r, self._recipe), rows, resamples, rng)
        kinds = [kind_of(feature) for feature in self.rule_.sum.features]
        held = {kind: found[kind] / resamples for kind in kinds}
        shares = [1.0, *(held[kind] for kind in kinds)] * self.rule_.outputs
        self.weights_ = [replace(w, held=s) for w, s in zip(self.weights_, shares, strict=True)]
        rule = self.rule_
        self.held_ = held_links(rule.sum, lambda one: replace(rule, sum=one).circuit(), held)
        self.report_ = replace(self.report_, weights=tuple(self.weights_), resamples=resamples)
        return self.weights_


def _adapted(search: Search, likelihood: Likelihood) -> Likelihood:
    """With the noise's width read off the residuals of an autoregression."""
    rows = search.rows("none")
    plain = search.sums(rows, FAMILIES[0])[-1]
    return likelihood.adapted(rows.target - plain.predictor(rows)[0])


def _others(best: Tried, tried: list[Tried]) -> list[Tried]:
    """The others, the best first, each sum of features once."""
    seen = {_made_of(best)}
    found = []
    for one in sorted(tried, key=lambda t: t.loss):
        if _made_of(one) not in seen:
            seen.add(_made_of(one))
            found.append(one)
    return found


def _made_of(one: Tried) -> tuple[str, frozenset]:
    return one.key.recipe.transform, frozenset(one.key.found.features)
