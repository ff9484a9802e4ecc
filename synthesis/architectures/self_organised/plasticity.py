"""Competition and local learning between two layers of units."""

from __future__ import annotations

import numpy as np

from vvalues import VValue

from ...process.checks import check_finite, check_positive, check_whole
from .arguments import check_number
from .sheets import sum_of_rows

__all__ = [
    "CompetitiveLayer",
    "WinnerLayer",
    "best_of",
    "initial_weights",
    "sharpened",
    "winner_learns",
]

MEAN_WEIGHT = 2.5
WEIGHT_SPREAD = 0.14
FAINT = 0.05  # of the mean; a column that traces have depressed below it is scaled up again
FLOOR = 1e-3  # weight of a depressed synapse in such a column


def initial_weights(n_inputs: int, n_units: int, rng: np.random.Generator) -> np.ndarray:
    """Normal weights (inputs, units), every unit's scaled to mean 2.5.

    Raises
    ------
    ValueError
        Without inputs or units.
    """
    check_whole("n_inputs", n_inputs, 1)
    check_whole("n_units", n_units, 1)
    weights = MEAN_WEIGHT + WEIGHT_SPREAD * rng.standard_normal((n_inputs, n_units))
    return weights * (MEAN_WEIGHT / weights.mean(axis=0))


def winner_learns(
    fired: np.ndarray,
    weights: np.ndarray,
    threshold: np.ndarray,
    peak: np.ndarray,
    wins: np.ndarray,
    rate: float = 0.1,
    threshold_rate: float = 0.005,
) -> int:
    """The unit most above its threshold learns what fires just now; arrays change in place.

    Parameters
    ----------
    fired : array of int
        Inputs that fire.
    weights : array (inputs, units)
        The mean over the inputs of the winner returns to 2.5.
    threshold, peak, wins : arrays (units,)
        ``peak`` is the largest activity so far.
    rate, threshold_rate : float
        Weight per spike, and threshold, per unit of excess.

    Returns
    -------
    int
        Index of the winner, or -1 if nobody is above threshold.

    References
    ----------
    arXiv:1906.01039; github thomsonlab/GrowingBrains @82b81dc, ``Development_Algorithm.m``.
    """
    if not fired.size:
        return -1
    activity = sum_of_rows(weights, fired)
    np.maximum(peak, activity, out=peak)
    excess = activity - threshold
    winner = int(excess.argmax())
    above = float(excess[winner])
    if above <= 0.0:
        return -1
    weights[fired, winner] += rate * above
    column = weights[:, winner]
    column *= MEAN_WEIGHT * len(column) / column.sum()
    threshold[winner] += threshold_rate * above
    wins[winner] += 1
    return winner


class WinnerLayer:
    """Units of which the one most above its threshold learns what fires just now.

    Parameters
    ----------
    n_inputs, n_units : int
    rng : numpy.random.Generator
    rate : float
        Weight per unit of excess per spike.
    threshold_rate : float
        Threshold per unit of excess.
    patience : int
        Units that won less often have their threshold lowered by `lower_thresholds`.

    Attributes
    ----------
    weights : array (inputs, units)
        The mean over the inputs of every unit stays 2.5.
    threshold, wins, peak : arrays (units,)
        ``peak`` is the largest activity so far.

    References
    ----------
    arXiv:1906.01039; github thomsonlab/GrowingBrains @82b81dc, ``Development_Algorithm.m``.

    Examples
    --------
    >>> layer = WinnerLayer(6, 3, np.random.default_rng(0))
    >>> layer.threshold[:] = 5.0
    >>> winners = [layer.step(np.array([0, 1])) for _ in range(8)]
    >>> winners, layer.weights.mean(axis=0).round(2)
    ([2, 2, 2, 2, 2, 2, 2, 2], array([2.5, 2.5, 2.5]))
    """

    def __init__(
        self,
        n_inputs: int,
        n_units: int,
        rng: np.random.Generator,
        *,
        rate: float = 0.1,
        threshold_rate: float = 0.005,
        patience: int = 200,
    ) -> None:
        check_finite("rate", rate)
        check_finite("threshold_rate", threshold_rate)
        self.weights = initial_weights(n_inputs, n_units, rng)
        self.threshold = 70.0 + 2.0 * rng.standard_normal(n_units)
        self.wins = np.zeros(n_units, dtype=np.intp)
        self.peak = np.zeros(n_units)
        self.rate, self.threshold_rate, self.patience = rate, threshold_rate, patience

    @property
    def state(self) -> VValue:
        """Weights, thresholds, wins and peaks, array leaves; what `restore` takes."""
        names = ("weights", "threshold", "wins", "peak")
        return VValue({name: np.array(getattr(self, name), np.float64) for name in names})

    def restore(self, state: VValue) -> None:
        """Go on from a state."""
        self.weights, self.threshold = np.array(state["weights"]), np.array(state["threshold"])
        self.wins = np.array(state["wins"]).astype(np.intp)
        self.peak = np.array(state["peak"])

    def step(self, fired: np.ndarray) -> int:
        """Let the winner learn; its index, or -1 if nobody is above threshold."""
        return winner_learns(
            fired,
            self.weights,
            self.threshold,
            self.peak,
            self.wins,
            self.rate,
            self.threshold_rate,
        )

    def lower_thresholds(self) -> None:
        """Units that seldom won: a fifth of their largest activity becomes their threshold."""
        seldom = self.wins < self.patience
        self.threshold[seldom] = self.peak[seldom] / 5.0


def best_of(excess: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The at most k units furthest above 0, and their responses ``(y / max y)^4 y``."""
    best = np.argpartition(excess, -k)[-k:]
    winners = np.sort(best[excess[best] > 0.0])
    if not winners.size:
        return winners, np.empty(0)
    y = excess[winners]
    return winners, (y / y.max()) ** 4 * y


def sharpened(excess: np.ndarray, k: int) -> np.ndarray:
    """Responses (units,) after the competition of k winners: zero for all others."""
    winners, strengths = best_of(excess, k)
    y = np.zeros(len(excess))
    y[winners] = strengths
    return y


class CompetitiveLayer:
    """Units of which the k most above their thresholds learn, the best ones most.

    ``y = max(x - threshold, 0)`` of the k largest, sharpened to ``(y / max y)^4 y``;
    ``W += step rate H y^T``, thresholds follow, the winners' columns return to mean 2.5.

    Parameters
    ----------
    n_inputs, n_units, k : int
    rng : numpy.random.Generator
    rate : float
        Per ms.
    threshold : float
        Mean of the initial thresholds (standard deviation 2).
    threshold_rate : float
        Per ms.
    trace : float, optional
        Time constant in ms of spike traces for trace-based learning: pre-synaptic traces
        strengthen at a winner's activity, and its activity's own trace weakens the inputs that
        fire after it (by ``depression``); a unit left with less than 5 % of the mean weight
        returns to it, so it can win again. None is the released code's rule: same-step Hebb.
    depression : float

    References
    ----------
    arXiv:2006.06902; github thomsonlab/GrowingBrains @82b81dc, ``multiLayerSNN``. Traces:
    A. Morrison et al., Biol. Cybern. 98 (2008), 459, section 4.1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> layer = CompetitiveLayer(6, 4, 2, rng, threshold=5.0)
    >>> y = layer.step(np.array([0, 1, 2, 3]), milliseconds=1.0)
    >>> int((y > 0).sum()), layer.weights.mean(axis=0).round(2)
    (2, array([2.5, 2.5, 2.5, 2.5]))
    """

    def __init__(
        self,
        n_inputs: int,
        n_units: int,
        k: int,
        rng: np.random.Generator,
        *,
        rate: float = 0.1,
        threshold: float = 70.0,
        threshold_rate: float = 0.005,
        trace: float | None = None,
        depression: float = 0.5,
    ) -> None:
        if k not in range(1, n_units + 1):
            raise ValueError(f"k is {k}; from 1 to {n_units} units can win")
        check_finite("rate", rate)
        check_finite("threshold_rate", threshold_rate)
        check_finite("depression", depression)
        check_number("threshold", threshold)
        if trace is not None:
            check_positive("trace", trace)
        self.weights = initial_weights(n_inputs, n_units, rng)
        self.threshold = threshold + 2.0 * rng.standard_normal(n_units)
        self.k, self.rate, self.threshold_rate = k, rate, threshold_rate
        self.trace, self.depression = trace, depression
        self.before, self.after = np.zeros(n_inputs), np.zeros(n_units)
        self.y = np.zeros(n_units)

    @property
    def state(self) -> VValue:
        """Weights, thresholds, traces and activity, array leaves; what `restore` takes."""
        names = ("weights", "threshold", "before", "after", "y")
        return VValue({name: getattr(self, name).copy() for name in names})

    def restore(self, state: VValue) -> None:
        """Go on from a state."""
        for name in ("weights", "threshold", "before", "after", "y"):
            setattr(self, name, np.array(state[name]))

    def step(self, fired: np.ndarray, milliseconds: float, learn: bool = True) -> np.ndarray:
        """Activity ``y`` (units,) for the inputs that fired; learns unless told not to."""
        winners, strengths = self._compete(fired)
        self.y = np.zeros(len(self.threshold))
        self.y[winners] = strengths
        if learn:
            if self.trace is not None:
                self._learn_by_traces(fired, winners, milliseconds)
            elif winners.size:
                change = milliseconds * self.rate * strengths
                self.weights[np.ix_(fired, winners)] += change
                self._settle(winners, milliseconds)
        return self.y

    def _compete(self, fired: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not fired.size:
            return np.empty(0, dtype=np.intp), np.empty(0)
        return best_of(sum_of_rows(self.weights, fired) - self.threshold, self.k)

    def _settle(self, winners: np.ndarray, milliseconds: float) -> None:
        """Thresholds follow activity; winners' columns return to their mean."""
        self.threshold[winners] += milliseconds * self.threshold_rate * self.y[winners]
        columns = self.weights[:, winners]
        self.weights[:, winners] = columns * (MEAN_WEIGHT / columns.mean(axis=0))

    def _revive(self, units: np.ndarray) -> None:
        """Units that depression has left next to nothing: without weights they never won again."""
        faint = units[self.weights[:, units].mean(axis=0) < FAINT * MEAN_WEIGHT]
        columns = np.maximum(self.weights[:, faint], FLOOR)
        self.weights[:, faint] = columns * (MEAN_WEIGHT / columns.mean(axis=0))

    def _learn_by_traces(self, fired: np.ndarray, winners: np.ndarray, milliseconds: float) -> None:
        assert self.trace is not None
        decay = np.exp(-milliseconds / self.trace)
        self.before *= decay
        self.before[fired] += 1.0
        if fired.size:
            recent = np.flatnonzero(self.after > 1e-3 * max(self.after.max(), 1e-300))
            weakened = milliseconds * self.rate * self.depression * self.after[recent]
            rows = self.weights[np.ix_(fired, recent)] - weakened
            self.weights[np.ix_(fired, recent)] = np.maximum(rows, 0.0)
            self._revive(recent)
        self.after *= decay
        if winners.size:
            self.after[winners] += self.y[winners]
            change = milliseconds * self.rate * np.outer(self.before, self.y[winners])
            self.weights[:, winners] += change
            self._settle(winners, milliseconds)
