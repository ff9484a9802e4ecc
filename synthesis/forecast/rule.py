"""A forecast that has been found: what it reads, on which scale, and what it says of any data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.special import logit

from dmm.machine import Circuit
from dmm.show.algebra import sample_equations

from ..fit.data import SOURCE
from ..likelihoods import Likelihood
from ..problems import answer_port
from .panel import Panel
from .sums import Rows, Sum, innovation_of, streams_of
from .transforms import TRANSFORMS, Transform
from .ways import FreeRun, is_bounded, losses_of, rows_of

__all__ = ["Rule"]

PATHS = 20
"""Random paths by which counts and choices are judged: a calm one hides what runs away."""

LARGEST = 1e150
"""Predictors beyond this are cut off: a run that leaves all bounds has said so by then."""

CALLED = {
    "poisson": "log of the mean of {}",
    "bernoulli": "log-odds of {}",
    "categorical": "logit of {}",
}


@dataclass(frozen=True)
class Rule:
    """How a series is forecast.

    Attributes
    ----------
    sum : Sum
    own : str
        The series.
    inputs : tuple of str
        Streams that it may read.
    horizon, lags : int
        Samples ahead; samples that have to be known before the first forecast.
    likelihood : Likelihood
    transform : str
        The scale.
    surprises : array
        By how much samples differed, on the scale, from what was forecast before them.
    classes : tuple of str
        What outputs are called, if there are several.
    is_simulation : bool
        Whether it was fitted by whole runs; ``surprises`` are then the errors of its run.
    """

    sum: Sum
    own: str
    inputs: tuple[str, ...]
    horizon: int
    lags: int
    likelihood: Likelihood
    transform: str
    surprises: np.ndarray = field(repr=False)
    classes: tuple[str, ...] = ()
    is_simulation: bool = False

    @property
    def scale(self) -> Transform:
        """The scale on which it is a sum."""
        return TRANSFORMS[self.transform]

    @property
    def outputs(self) -> int:
        """Predictors: one, or one per class."""
        return len(self.sum.weights)

    @property
    def reads(self) -> frozenset[str]:
        """Streams that its features look at."""
        return frozenset(name for feature in self.sum.features for name in streams_of(feature))

    @property
    def has_noise(self) -> bool:
        """Whether it forecasts numbers with noise of any size."""
        return self.likelihood.has_noise

    @property
    def decides(self) -> bool:
        """Whether it tells how likely a 1 is, so that running free it says yes or no."""
        return self.likelihood.has_classes and self.outputs == 1

    def circuit(self) -> Circuit:
        """Its machine in samples."""
        return self.sum.circuit(self.inputs, within=self.likelihood.bounds)

    def free_circuit(self, above: float) -> Circuit:
        """The one that reads its own answers for the series.

        If it `decides`, answers are 1 where the probability of a 1 is above ``above``.
        """
        bound = float(logit(above)) if self.decides else None
        return self.sum.circuit(
            self.inputs, feeds_back=self.own, above=bound, within=self.likelihood.bounds
        )

    def equations(self) -> str:
        """As text, an equation per line."""
        circuit = self.circuit()
        named = {**{name: name for name in self.inputs}, self.own: self.scale.of(self.own)}
        called = {
            (SOURCE + name, "stream"): shown
            for name, shown in named.items()
            if SOURCE + name in circuit.neurons
        }
        called |= _own_names(circuit) if innovation_of(self.sum.features) else {}
        told = CALLED.get(self.likelihood.name, self.scale.of("{}")).format(self.own)
        for k in range(self.outputs):
            which = f" = {self.classes[k]}" if self.outputs > 1 else ""
            called[answer_port(k)] = f"{told}[t+{self.horizon}]{which}"
        return sample_equations(circuit, called)

    # -------------------- on data --------------------

    def rows(self, panel: Panel) -> Rows:
        """Every sample of a panel that can be forecast.

        Raises
        ------
        ValueError
            If no string is long enough.
        """
        longest = int(panel.lengths.max())
        if longest < self.lags + self.horizon:
            raise ValueError(
                f"{panel.own} has {longest} samples; a forecast needs {self.lags + self.horizon}"
            )
        return rows_of(panel, self.inputs, self.transform, self.lags, self.horizon)

    def means(self, panel: Panel) -> np.ndarray:
        """What is expected of every sample, (outputs, strings, samples); NaN at first."""
        rows = self.rows(panel)
        mean = self.likelihood.mean(self.sum.predictor(rows))
        return self._placed(panel, rows, self.scale.back(mean))

    def losses(self, panel: Panel) -> np.ndarray:
        """What every forecast costs, on the series' own scale."""
        return losses_of(self.sum, self.rows(panel), self.transform, self.likelihood)

    def reach(self, panel: Panel, quantile: float) -> np.ndarray:
        """Below which each sample was to be expected with a probability, (strings, samples)."""
        rows = self.rows(panel)
        edge = self.sum.predictor(rows) + np.quantile(self.surprises, quantile)
        return self._placed(panel, rows, self.scale.back(self.likelihood.mean(edge)))[0]

    def _placed(self, panel: Panel, rows: Rows, told: np.ndarray) -> np.ndarray:
        placed = np.full((len(told), *panel.series.shape), np.nan)
        string, sample = rows.places
        placed[:, string, sample + self.horizon] = told
        return placed

    # -------------------- run free --------------------

    def run(
        self,
        panel: Panel,
        beside: Mapping[str, np.ndarray],
        steps: int,
        paths: int = 1,
        rng: np.random.Generator | None = None,
    ) -> np.ndarray:
        """Samples after the end of a panel's first string, (steps, paths).

        Parameters
        ----------
        panel : Panel
        beside : mapping of name to array (steps,)
            The other streams it reads, for the samples to come.
        steps, paths : int
        rng : numpy.random.Generator, optional
            Without it there is no noise.
        """
        free = FreeRun(self.sum.features)
        given = {**panel.streams, panel.own: panel.on_scale(self.scale)}
        waiting = []
        for back in range(self.horizon - 1, -1, -1):
            free.begin(given, 0, int(panel.lengths[0]) - back, paths)
            waiting.append(self._next(free, rng))
        out = np.empty((steps, paths))
        for t in range(steps):
            out[t] = waiting.pop(0)
            free.push({**panel.told(out[t]), **{name: x[t] for name, x in beside.items()}})
            waiting.append(self._next(free, rng))
        return self.scale.back(out)

    def stays_near(self, panel: Panel, samples: int) -> bool | None:
        """Whether a run of so many samples from the end of the first string stays sound.

        None where it cannot run alone, for want of streams or of its own past.
        """
        if self.reads - {self.own} or self.own not in self.inputs or self.outputs > 1:
            return None
        paths = 1 if self.has_noise else PATHS
        rng = None if self.has_noise else np.random.default_rng(0)
        return is_bounded(self.run(panel, {}, samples, paths, rng), panel.observed())

    def _next(self, free: FreeRun, rng: np.random.Generator | None) -> np.ndarray:
        with np.errstate(over="ignore", invalid="ignore"):
            predictor = np.clip(self.sum.weights @ free.matrix(), -LARGEST, LARGEST)
        if rng is None:
            return self.likelihood.likeliest(predictor)
        if self.has_noise:
            surprises = rng.choice(self.surprises, size=predictor.shape[1])
            return self.likelihood.mean(predictor + surprises)[0]
        return self.likelihood.drawn(predictor, rng)


def _own_names(circuit: Circuit) -> dict[tuple[str, str], str]:
    """What a forecast that looks at its own errors calls itself, and them."""
    (said,) = (w for w in circuit.wires if (w.neuron_in, w.field_in) == answer_port(0))
    missed = next(w for w in circuit.wires if w.neuron_out == said.neuron_out and w.lag)
    ports = {(w.neuron_out, w.field_out) for w in circuit.wires if w.neuron_out == missed.neuron_in}
    return {(said.neuron_out, said.field_out): "forecast", ports.pop(): "error"}
