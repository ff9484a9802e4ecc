"""Self-organised pooling: waves in a sheet of sensors teach the units of a second layer.

Sources: arXiv:1906.01039; github thomsonlab/GrowingBrains @82b81dc, ``Development_Algorithm.m``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from vvalues import VValue

from ....process.checks import check_probability
from ...wired import SYNAPSE
from ..arguments import check_positions
from ..plasticity import WinnerLayer
from ..sheets import IzhikevichSheet, scattered, spread_of
from .settings import PoolingSettings

__all__ = ["Fields", "Pooling", "Progress", "elongations", "receptive_fields", "spreads"]


class Fields(NamedTuple):
    """Figures of the receptive fields.

    Attributes
    ----------
    organised : int
        Units with fewer than ``small`` sensors.
    mean_size : float
        Mean number of sensors of an organised unit.
    coverage : float
        Share of (live) sensors that an organised unit reads; 0 if no sensor is live.
    mean_distance : float
        Mean distance of a sensor to the centroid of its field, over organised units.

    Examples
    --------
    >>> found = Fields(organised=40, mean_size=21.5, coverage=0.93, mean_distance=1.4)
    >>> f"{found.coverage:.0%} of the sensors, {found.mean_size:g} a unit"
    '93% of the sensors, 21.5 a unit'
    """

    organised: int
    mean_size: float
    coverage: float
    mean_distance: float


class Progress(NamedTuple):
    """A review.

    Attributes
    ----------
    steps : int
        Milliseconds so far.
    fields : Fields

    Examples
    --------
    >>> Progress(1000, Fields(12, 30.0, 0.6, 2.0)).fields.organised
    12
    """

    steps: int
    fields: Fields


def receptive_fields(
    weights: np.ndarray,
    positions: np.ndarray,
    small: int = 150,
    live: np.ndarray | None = None,
) -> Fields:
    """Figures of receptive fields; a synapse is a weight of 0.1 or more.

    Parameters
    ----------
    weights : array (sensors, units)
    positions : array (sensors, 2)
    small : int
        Fields of fewer sensors count as organised.
    live : array of bool (sensors,), optional
        Coverage is counted among these; all when omitted.

    Examples
    --------
    >>> line = np.arange(4.0)[:, None] * [[1.0, 0.0]]
    >>> receptive_fields(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]), line, small=3)
    Fields(organised=2, mean_size=1.5, coverage=0.75, mean_distance=0.25)
    """
    synapses = weights >= SYNAPSE
    sizes = synapses.sum(axis=0)
    organised = np.flatnonzero((sizes < small) & (sizes > 0))
    if not organised.size:
        return Fields(0, float("nan"), 0.0, float("nan"))
    distances = _of_fields(weights[:, organised], positions, 1, spread_of)
    covered = np.asarray(synapses[:, organised].any(axis=1))
    among = covered if live is None else covered[live]
    coverage = among.mean() if among.size else 0.0
    mean_size = float(sizes[organised].mean())
    return Fields(organised.size, mean_size, float(coverage), float(np.mean(distances)))


def spreads(weights: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """How far receptive fields are spread out, against discs of as many sensors.

    Parameters
    ----------
    weights : array (sensors, units)
        A synapse is a weight of 0.1 or more.
    positions : array (sensors, 2)

    Returns
    -------
    array (units,)
        Mean distance of a field's sensors to their centroid, over that of the same number of
        sensors nearest to it; 1 for a disc, NaN for units with fewer than two sensors. No size is
        involved, so it says nothing of what a stop rule by size has asked for.

    Examples
    --------
    >>> line = np.arange(6.0)[:, None] * [[1.0, 0.0]]
    >>> spreads(np.array([[1, 1], [1, 0], [1, 0], [0, 0], [0, 0], [0, 1]]), line).tolist()
    [1.0, 5.0]
    """
    tree = cKDTree(positions)

    def spread(points: np.ndarray) -> float:
        nearest = tree.query(points.mean(axis=0), k=len(points))[0]
        return float(spread_of(points) / nearest.mean())

    return _of_fields(weights, positions, 2, spread)


def elongations(weights: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """How many times longer than wide receptive fields are, along their own axes.

    Parameters
    ----------
    weights : array (sensors, units)
        A synapse is a weight of 0.1 or more.
    positions : array (sensors, 2)

    Returns
    -------
    array (units,)
        Ratio of the standard deviations of a field's sensors along its two principal axes; NaN for
        units with fewer than three sensors, infinite for sensors on a line.

    Examples
    --------
    >>> corners = np.array([[0.0, 0.0], [6.0, 0.0], [6.0, 2.0], [0.0, 2.0]])
    >>> elongations(np.ones((4, 1)), corners).round(6).tolist()
    [3.0]
    """

    def elongation(points: np.ndarray) -> float:
        least, most = np.linalg.eigvalsh(np.cov(points.T))
        return float(np.sqrt(most / least)) if least > 0 else np.inf

    return _of_fields(weights, positions, 3, elongation)


def _of_fields(
    weights: np.ndarray,
    positions: np.ndarray,
    least: int,
    measure: Callable[[np.ndarray], float],
) -> np.ndarray:
    """A measure of the sensors of every unit, (units,); NaN for units with fewer than the least."""
    fields = [positions[synapses] for synapses in (weights >= SYNAPSE).T]
    return np.array([measure(own) if len(own) >= least else np.nan for own in fields])


class Pooling:
    """A sheet of Izhikevich sensors and a layer of units that learn its waves.

    Parameters
    ----------
    rng : numpy.random.Generator
    settings : PoolingSettings, optional
    positions : array (n, 2), optional
        Sensors anywhere, in place of a square's.

    Examples
    --------
    >>> settings = PoolingSettings(n_sensors=60, n_units=5, side=6.0)
    >>> pooling = Pooling(np.random.default_rng(0), settings)
    >>> pooling.advance(100)
    >>> pooling.weights.shape, pooling.steps
    ((60, 5), 100)
    """

    def __init__(
        self,
        rng: np.random.Generator,
        settings: PoolingSettings | None = None,
        positions: np.ndarray | None = None,
    ) -> None:
        self.settings = settings = PoolingSettings() if settings is None else settings
        if positions is None:
            positions = scattered(settings.n_sensors, settings.side, rng)
        positions = check_positions(positions)
        self.layer = WinnerLayer(len(positions), settings.n_units, rng)
        n_silent = round(settings.silent * len(positions))
        if n_silent == len(positions):
            raise ValueError(
                f"silent is {settings.silent}: none of {n_silent} sensors would be left to fire"
            )
        silent = np.sort(rng.permutation(len(positions))[:n_silent])
        self.sheet = IzhikevichSheet(positions, settings.kernel, rng, silent=silent)
        self.steps = 0

    @property
    def positions(self) -> np.ndarray:
        """Positions of the sensors, (sensors, 2)."""
        return self.sheet.positions

    @property
    def weights(self) -> np.ndarray:
        """Weights (sensors, units)."""
        return self.layer.weights

    @property
    def live(self) -> np.ndarray:
        """Which sensors are not silent."""
        live = np.ones(len(self.positions), dtype=bool)
        live[self.sheet.silent] = False
        return live

    @property
    def state(self) -> VValue:
        """All that the next step depends on, array leaves; what `restore` takes."""
        own = {"sensors": self.sheet.state, "units": self.layer.state, "steps": float(self.steps)}
        return VValue(own)

    def restore(self, state: VValue, rng: np.random.Generator) -> None:
        """Go on from a state, edited or not, with this source of noise.

        Examples
        --------
        >>> settings = PoolingSettings(n_sensors=30, n_units=3, side=5.0)
        >>> rng = np.random.default_rng(0)
        >>> pooling, copy = (Pooling(rng, settings) for _ in range(2))
        >>> copy.restore(pooling.state, np.random.default_rng(1))
        >>> copy.state == pooling.state
        True
        """
        self.sheet.restore(state["sensors"], rng)
        self.layer.restore(state["units"])
        self.steps = int(state["steps"])

    def advance(self, steps: int) -> None:
        """Run for so many milliseconds."""
        sheet_step, layer_step = self.sheet.step, self.layer.step
        for _ in range(steps):
            layer_step(sheet_step())
            self.steps += 1
            if self.steps % self.settings.review == 0:
                self.layer.lower_thresholds()

    def fields(self) -> Fields:
        """Figures of the receptive fields as they are."""
        return receptive_fields(self.weights, self.positions, self.settings.small, self.live)

    def organise(self, most: int = 200_000, organised: float = 0.9) -> Iterator[Progress]:
        """Run until enough units are organised; a review every ``settings.review`` steps.

        Parameters
        ----------
        most : int
            Steps at which to stop in any case.
        organised : float
            Share of the units that have to be.
        """
        check_probability("organised", organised)
        wanted = organised * self.settings.n_units
        while self.steps < most:
            self.advance(min(self.settings.review, most - self.steps))
            found = self.fields()
            yield Progress(self.steps, found)
            if found.organised >= wanted:
                return
