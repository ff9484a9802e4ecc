"""Layers of spiking units that wire themselves: waves below teach the layer above.

Sources: arXiv:2006.06902; github thomsonlab/GrowingBrains @82b81dc, ``multiLayerSNN``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np

from vvalues import VValue

from ....process.bounds import Bounded, bound, checked, finite, positive, whole
from ....process.checks import check_finite, check_whole
from ..arguments import check_number, check_positions, unit_indices
from ..leaky import LeakySheet
from ..plasticity import CompetitiveLayer
from ..sheets import IzhikevichSheet, LateralKernel, Sheet, scattered, spread_of

__all__ = [
    "LayerSettings",
    "Raster",
    "SpikingStack",
    "Waves",
    "izhikevich_retina",
    "leaky_retina",
    "published_layers",
    "wave_figures",
]

RETINA_KERNEL = LateralKernel(16.0, 3.0, 2.0, 5.0)
LGN_KERNEL = LateralKernel(60.0, 15.0, 1.2, 1.3)
LGN_DRIVE = LateralKernel(0.04, 0.01, 1.2, 1.3)
IZHIKEVICH_KERNEL = LateralKernel(4.0, 1.5, 2.0, 5.0)


@dataclass(frozen=True)
class LayerSettings(Bounded):
    """One layer above the sensors.

    Attributes
    ----------
    n_units : int
    side : float
        Of the square its units are scattered in.
    winners : int
        Units that respond and learn in one step.
    rate : float
        Of learning, per ms.
    threshold : float
        Mean initial threshold.
    kernel : LateralKernel, optional
        Among the units; without one the layer has no spikes of its own (it may only be the last).
    drive : LateralKernel, optional
        From responses to currents.
    trace : float, optional
        Time constant in ms of trace-based STDP, in place of same-step Hebb.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> layers = [LayerSettings(10), LayerSettings(6, winners=2, kernel=None)]
    >>> stack = SpikingStack(leaky_retina(rng, n=80, side=5.0), layers, rng)
    >>> [layer.plastic.weights.shape for layer in stack.layers]
    [(80, 10), (10, 6)]
    """

    n_units: int = field(metadata=bound(partial(check_whole, least=1)))
    side: float = positive(6.0)
    winners: int = whole(1, least=1)
    rate: float = finite(0.1)
    threshold: float = checked(70.0, check_number)
    kernel: LateralKernel | None = LGN_KERNEL
    drive: LateralKernel = LGN_DRIVE
    trace: float | None = positive(None)


def published_layers() -> tuple[LayerSettings, ...]:
    """LGN of 300 units with one winner, V1 of 400 with 40.

    Examples
    --------
    >>> [(layer.n_units, layer.winners) for layer in published_layers()]
    [(300, 1), (400, 40)]
    """
    return (
        LayerSettings(300),
        LayerSettings(400, winners=40, rate=0.15, threshold=30.0, kernel=None),
    )


def leaky_retina(
    rng: np.random.Generator,
    positions: np.ndarray | None = None,
    kernel: LateralKernel = RETINA_KERNEL,
    *,
    n: int = 1600,
    side: float = 20.0,
    milliseconds: float = 0.1,
) -> LeakySheet:
    """The published sensors: leaky units in a square, or at given positions.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> retina = leaky_retina(rng, n=60, side=5.0)
    >>> retina.positions.shape, retina.milliseconds
    ((60, 2), 0.1)
    """
    positions = scattered(n, side, rng) if positions is None else positions
    return LeakySheet(positions, kernel, rng, milliseconds=milliseconds)


def izhikevich_retina(
    rng: np.random.Generator,
    positions: np.ndarray | None = None,
    kernel: LateralKernel = IZHIKEVICH_KERNEL,
    *,
    n: int = 1600,
    side: float = 20.0,
) -> IzhikevichSheet:
    """The published other version: Izhikevich units, here in steps of 1 ms.

    The released ``DS_spikingNN.m`` takes steps of 0.1 ms with a kernel ten times as strong: the
    same charge per spike.

    Examples
    --------
    >>> retina = izhikevich_retina(np.random.default_rng(0), n=60, side=5.0)
    >>> retina.positions.shape, retina.milliseconds
    ((60, 2), 1.0)
    """
    positions = scattered(n, side, rng) if positions is None else positions
    return IzhikevichSheet(positions, kernel, rng, recovery="scattered")


class _Layer:
    """A competitive layer, with a spiking sheet of its own or without."""

    def __init__(
        self, settings: LayerSettings, n_inputs: int, milliseconds: float, rng: np.random.Generator
    ) -> None:
        self.settings = settings
        self.positions = scattered(settings.n_units, settings.side, rng)
        self.plastic = CompetitiveLayer(
            n_inputs, settings.n_units, settings.winners, rng,
            rate=settings.rate, threshold=settings.threshold, trace=settings.trace,
        )  # fmt: skip
        self.sheet: LeakySheet | None = None
        if settings.kernel is not None:
            self.sheet = LeakySheet(
                self.positions, settings.kernel, rng, noise=0.0, milliseconds=min(milliseconds, 1.0)
            )
            self.drive = settings.drive.matrix(self.positions, with_self=True)

    @property
    def state(self) -> VValue:
        own = {"position": self.positions.copy(), "plastic": self.plastic.state}
        return VValue(own if self.sheet is None else {**own, "sheet": self.sheet.state})

    def restore(self, state: VValue, rng: np.random.Generator) -> None:
        self.positions = np.array(state["position"])
        self.plastic.restore(state["plastic"])
        if self.sheet is not None:
            self.sheet.restore(state["sheet"], rng)
            self.drive = self.settings.drive.matrix(self.positions, with_self=True)

    def step(self, fired: np.ndarray, milliseconds: float, learn: bool) -> np.ndarray:
        y = self.plastic.step(fired, milliseconds, learn)
        active = np.flatnonzero(y)
        if self.sheet is None:
            return active
        drive = y[active] @ self.drive[active] if active.size else None
        return self.sheet.step(drive)


class SpikingStack:
    """A sheet of sensors and any number of layers above it.

    Parameters
    ----------
    retina : Sheet
        `LeakySheet` or `IzhikevichSheet`, with sensors at any positions in any dimension.
    layers : sequence of LayerSettings
    rng : numpy.random.Generator

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> stack = SpikingStack(leaky_retina(rng, n=80, side=5.0), [LayerSettings(10)], rng)
    >>> raster = stack.run(20.0)
    >>> len(raster.fired), len(raster.fired[0])
    (2, 200)
    """

    def __init__(
        self, retina: Sheet, layers: Sequence[LayerSettings], rng: np.random.Generator
    ) -> None:
        if any(settings.kernel is None for settings in layers[:-1]):
            raise ValueError("a layer without a kernel has no spikes; only the last one may be so")
        self.retina = retina
        self.layers: list[_Layer] = []
        n = len(retina.positions)
        for settings in layers:
            self.layers.append(_Layer(settings, n, retina.milliseconds, rng))
            n = settings.n_units
        self.milliseconds = 0.0

    @property
    def weights(self) -> list[np.ndarray]:
        """Weights of every layer, (inputs, units)."""
        return [layer.plastic.weights for layer in self.layers]

    @property
    def state(self) -> VValue:
        """All that the next step depends on, array leaves; what `restore` takes."""
        layers = {f"layer-{k}": layer.state for k, layer in enumerate(self.layers, start=1)}
        own = {"retina": self.retina.state, "milliseconds": self.milliseconds}
        return VValue({**layers, **own})

    def restore(self, state: VValue, rng: np.random.Generator) -> None:
        """Go on from a state of a stack of the same settings, with this source of noise."""
        self.retina.restore(state["retina"], rng)
        for k, layer in enumerate(self.layers, start=1):
            layer.restore(state[f"layer-{k}"], rng)
        self.milliseconds = float(state["milliseconds"])

    def step(self, drive: np.ndarray | None = None, learn: bool = True) -> list[np.ndarray]:
        """One step of all layers; indices of who fires in each, sensors first."""
        dt = self.retina.milliseconds
        fired = [self.retina.step(drive)]
        for layer in self.layers:
            fired.append(layer.step(fired[-1], dt, learn))
        self.milliseconds += dt
        return fired

    def run(
        self, milliseconds: float, drive: np.ndarray | None = None, learn: bool = True
    ) -> Raster:
        """Run and keep who fired when.

        Raises
        ------
        ValueError
            If the time is less than one step or not finite, or the drive does not fit the sensors.
        """
        steps = self._steps(milliseconds)
        if steps < 1:
            raise ValueError(f"{milliseconds} ms is less than one step")
        found = [self.step(drive, learn) for _ in range(steps)]
        fired = tuple(list(column) for column in zip(*found, strict=True))
        return Raster(self.retina.milliseconds, fired)

    def _steps(self, milliseconds: float) -> int:
        check_finite("milliseconds", milliseconds)
        return round(milliseconds / self.retina.milliseconds)

    def organise(
        self, milliseconds: float, watch: Callable[[SpikingStack], None] | None = None
    ) -> None:
        """Run and learn without keeping spikes; ``watch`` is called every 1000 ms."""
        steps = self._steps(milliseconds)
        every = round(1000.0 / self.retina.milliseconds)
        for i in range(1, steps + 1):
            self.step()
            if watch is not None and i % every == 0:
                watch(self)


class Raster(NamedTuple):
    """Who fired when.

    Attributes
    ----------
    milliseconds : float
        Length of a step.
    fired : tuple of lists of arrays
        Per layer (sensors first), per step: indices of the units that fired.

    Examples
    --------
    >>> raster = Raster(0.1, ([np.array([3]), np.array([], dtype=int), np.array([3, 4])],))
    >>> [len(step) for step in raster.fired[0]]
    [1, 0, 2]
    """

    milliseconds: float
    fired: tuple[list[np.ndarray], ...]


class Waves(NamedTuple):
    """Figures of waves.

    Attributes
    ----------
    spread : float
        Mean distance of the firing units to their centroid, over steps with at least two.
    spread_of_all : float
        The same of all units.
    silent : float
        Share of steps in which nobody fires.
    mean_firing : float
        Units per step.
    most_firing : int

    Examples
    --------
    >>> found = Waves(spread=1.2, spread_of_all=4.0, silent=0.3, mean_firing=7.5, most_firing=40)
    >>> f"waves as wide as {found.spread / found.spread_of_all:.0%} of the sheet"
    'waves as wide as 30% of the sheet'
    """

    spread: float
    spread_of_all: float
    silent: float
    mean_firing: float
    most_firing: int


def wave_figures(positions: np.ndarray, fired: Sequence[np.ndarray]) -> Waves:
    """Figures of the waves in a raster's layer of units at ``positions``.

    Examples
    --------
    >>> line = np.arange(6.0)[:, None] * [[1.0, 0.0]]
    >>> figures = wave_figures(line, [np.array([0, 1]), np.array([], dtype=int), np.array([4, 5])])
    >>> figures.spread, figures.spread_of_all, round(figures.silent, 2)
    (0.5, 1.5, 0.33)
    """
    positions = check_positions(positions)
    counts = np.array([len(step) for step in fired])
    if not counts.size:
        raise ValueError("fired is empty: no step was recorded")

    for step in fired:
        unit_indices("fired", step, len(positions))
    spreads = [spread_of(positions[step]) for step in fired if len(step) > 1]
    return Waves(
        float(np.mean(spreads)) if spreads else float("nan"),
        spread_of(positions),
        float(np.mean(counts == 0)),
        float(counts.mean()),
        int(counts.max()),
    )
