"""Growth from one cell: division inside a polygon, a budding second layer, and wounds.

Sources: arXiv:1906.01039; github thomsonlab/GrowingBrains @82b81dc,
``GrowingNN_arbitraryScaffold.m``. One thing differs: there, a new sensor is inserted in the middle
of the list while its row of weights is appended at the end, so weights change owner; here the cell
and its row are appended together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from vvalues import VValue

from ....process.checks import check_positive, check_whole
from ..plasticity import MEAN_WEIGHT, WEIGHT_SPREAD, winner_learns
from ..polygons import Polygon
from ..sheets import izhikevich_step, sum_of_rows
from .pooling import Fields, receptive_fields
from .settings import TissueSettings

__all__ = ["Stage", "Tissue"]

NEWBORN = 1  # cells added or lost at the end of every array
CELLS = ("positions", "v", "u", "c", "d", "hayflick", "clock", "layered", "healing")
UNITS = ("weights", "unit_positions", "threshold", "peak", "wins")


def _numbers(names: list[str], part: int) -> np.ndarray:
    """A number in every name: its first part after the word, or the second."""
    return np.array([float(name.split("-")[part]) for name in names])


class Stage(NamedTuple):
    """The tissue after some steps.

    Attributes
    ----------
    steps : int
        Milliseconds, one visit each.
    cells, units : int
        Of the first and the second layer.

    Examples
    --------
    >>> square = Polygon([(0, 0), (6, 0), (6, 6), (0, 6)])
    >>> Tissue(square, np.random.default_rng(0)).stage
    Stage(steps=0, cells=1, units=0)
    """

    steps: int
    cells: int
    units: int


class Tissue:
    """Cells in a polygon: they divide, fire, bud a second layer, and close wounds.

    Parameters
    ----------
    polygon : Polygon
    rng : numpy.random.Generator
    settings : TissueSettings, optional
    seed : array (n, 2), optional
        First cells; one anywhere inside when omitted.

    Attributes
    ----------
    names : list of str
        Of the cells; a name is never given twice.
    positions : array (cells, 2)
    hayflick, clock : arrays of int (cells,)
        Divisions left, and visits until a cell may bud.
    weights : array (cells, units)
        Columns of mean 2.5.
    unit_positions : array (units, 2)

    Raises
    ------
    ValueError
        If the polygon is smaller than one neighbourhood, the seed is empty or outside.

    Examples
    --------
    >>> tissue = Tissue(Polygon([(0, 0), (6, 0), (6, 6), (0, 6)]), np.random.default_rng(0))
    >>> len(tissue.positions)
    1
    >>> stage = tissue.grow(3000)
    >>> stage.cells > 20, stage.units > 0
    (True, True)
    """

    def __init__(
        self,
        polygon: Polygon,
        rng: np.random.Generator,
        settings: TissueSettings | None = None,
        seed: np.ndarray | None = None,
    ) -> None:
        self.polygon, self.rng = polygon, rng
        self.settings = settings = TissueSettings() if settings is None else settings
        neighbourhood = np.pi * settings.radius**2
        if polygon.area < neighbourhood:
            raise ValueError(
                f"polygon has area {polygon.area:.3g}; a cell's neighbourhood alone takes "
                f"{neighbourhood:.3g}: enlarge the polygon or reduce the radius"
            )
        first = polygon.sample(1, rng) if seed is None else np.asarray(seed, dtype=np.float64)
        if first.ndim != 2 or first.shape[1] != 2 or not len(first):
            raise ValueError(f"seed has shape {first.shape}; growth needs at least one cell (x, y)")
        polygon.require_inside(first, "seed cell")
        if len(first) > settings.most:
            raise ValueError(f"seed has {len(first)} cells; there is room for {settings.most}")
        self.kernel_of = settings.kernel
        self.positions, self.unit_positions = np.empty((2, 0, 2))
        self._kernel = np.zeros((64, 64))
        self.v, self.u, self.c, self.d = np.empty((4, 0))
        self.hayflick, self.clock, self.wins = np.empty((3, 0), dtype=np.intp)
        self.layered, self.healing = np.empty((2, 0), dtype=bool)
        self.names: list[str] = []
        self.unit_names: list[str] = []
        self._born, self.steps, self._next = 0, 0, 0
        self.weights = np.empty((0, 0))
        self.threshold, self.peak = np.empty((2, 0))
        for place in first:
            self._add(place, settings.hayflick)

    # -------------------- what is there --------------------

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.names)

    @property
    def stage(self) -> Stage:
        """Counts as they are."""
        return Stage(self.steps, self.n, len(self.unit_names))

    def fields(self, small: int = 150) -> Fields:
        """Figures of the second layer's receptive fields."""
        return receptive_fields(self.weights, self.positions, small)

    def neighbours(self, radius: float | None = None) -> np.ndarray:
        """Number of cells within a radius of every cell, itself included."""
        tree = cKDTree(self.positions)
        reach = self.settings.radius if radius is None else radius
        return tree.query_ball_point(self.positions, reach, return_length=True)

    # -------------------- time --------------------

    def grow(self, steps: int) -> Stage:
        """Run for so many milliseconds: waves, learning, and one cell visited in each."""
        for _ in range(steps):
            fired = self._fire()
            if self.unit_names:
                winner_learns(fired, self.weights, self.threshold, self.peak, self.wins)
            self._visit()
            self.steps += 1
            if self.steps % self.settings.review == 0:
                seldom = self.wins < self.settings.patience
                self.threshold[seldom] = self.peak[seldom] / 5.0
        return self.stage

    def stages(self, every: int, most: int) -> Iterator[Stage]:
        """Stages every so many steps, from now until ``most`` steps.

        Raises
        ------
        ValueError
            If ``every`` is below 1: it would never end.
        """
        check_whole("every", every, 1)
        yield self.stage
        while self.steps < most:
            yield self.grow(min(every, most - self.steps))

    def _fire(self) -> np.ndarray:
        current = self.settings.noise * self.rng.standard_normal(self.n)
        fired = np.flatnonzero(self.v >= 30.0)
        if fired.size:
            self.v[fired] = self.c[fired]
            self.u[fired] += self.d[fired]
            current += sum_of_rows(self._kernel, fired)[: self.n]  # whole rows are contiguous
        izhikevich_step(self.v, self.u, current)
        return fired

    # -------------------- as a tree --------------------

    @property
    def state(self) -> VValue:
        """All that the next step depends on, array leaves; what `restore` takes."""
        cells = {name: np.array(getattr(self, name), np.float64) for name in CELLS}
        cells["number"] = _numbers(self.names, 1)
        units = {name: np.array(getattr(self, name), np.float64) for name in UNITS}
        units["cell"], units["number"] = (_numbers(self.unit_names, k) for k in (1, 2))
        counts = {"steps": float(self.steps), "born": float(self._born), "next": float(self._next)}
        return VValue({"cells": cells, "units": units, **counts})

    def restore(self, state: VValue, rng: np.random.Generator) -> None:
        """Go on from a state, edited or not, with this source of chance."""
        self.rng, cells, units = rng, state["cells"], state["units"]
        for tree, names in ((cells, CELLS), (units, UNITS)):
            for name in names:
                setattr(self, name, np.array(tree[name], getattr(self, name).dtype))
        self.names = [f"cell-{int(number):05d}" for number in cells["number"]]
        self.steps, self._born, self._next = (int(state[k]) for k in ("steps", "born", "next"))
        self._kernel = np.zeros((64, 64))
        for i in range(self.n):
            self._extend_kernel(i)
        pairs = zip(units["cell"], units["number"], strict=True)
        self.unit_names = [f"unit-{int(cell):05d}-{int(number):04d}" for cell, number in pairs]

    # -------------------- division and budding --------------------

    def _visit(self) -> None:
        """The cell whose turn it is divides, buds, or lets its clock run."""
        i = self._next
        near = np.sum((self.positions - self.positions[i]) ** 2, axis=1) < self.settings.radius**2
        if not (self._may_divide(i, near) and self._divide(i)):
            if self.clock[i] > 0:
                self.clock[i] -= 1
                self.healing[i] &= self.clock[i] > 0
            elif not self.layered[near].any() and self.rng.random() < self.settings.budding:
                self._bud(i)
        self._next = (i + 1) % self.n

    def _may_divide(self, i: int, near: np.ndarray) -> bool:
        return bool(
            self.hayflick[i] > 0
            and self.clock[i] > 0
            and (self.healing[i] or np.count_nonzero(near) <= self.settings.sparse)
            and self.n < self.settings.most
        )

    def _divide(self, i: int) -> bool:
        """A daughter at a random place with room, if one is found."""
        settings = self.settings
        room_for = settings.sparse if self.healing[i] else settings.crowded
        r = settings.radius * (1.0 + self.rng.random(settings.tries))
        angle = 2.0 * np.pi * self.rng.random(settings.tries)
        places = self.positions[i] + r[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        places = places[self.polygon.contains(places)]
        around = np.count_nonzero(cdist(places, self.positions) < settings.radius, axis=1)
        possible = np.flatnonzero(around <= room_for)
        if not possible.size:
            return False
        self.hayflick[i] -= 1
        self._rest(i)
        self._add(places[possible[0]], int(self.hayflick[i]), bool(self.healing[i]))
        return True

    def _rest(self, i: int) -> None:
        """State of a cell just after a division."""
        r = self.rng.random()
        self.c[i], self.d[i] = -65.0 + 15.0 * r**2, 8.0 - 6.0 * r**2
        self.v[i], self.u[i] = -65.0, -13.0
        self.clock[i] = self.settings.clock

    def _add(self, place: np.ndarray, hayflick: int, healing: bool = False) -> None:
        i = self.n
        new = {"positions": place, "hayflick": hayflick, "layered": False, "healing": healing}
        for name in CELLS:
            setattr(self, name, np.append(getattr(self, name), [new.get(name, 0)], axis=0))
        self._rest(i)
        self.names.append(f"cell-{self._born:05d}")
        self._born += 1
        self._extend_kernel(i)
        if self.unit_names:
            row = np.zeros((NEWBORN, len(self.unit_names)))
            self.weights = np.concatenate([self.weights, row])
            self.weights *= MEAN_WEIGHT / self.weights.mean(axis=0)
        else:
            self.weights = np.empty((self.n, 0))

    def _extend_kernel(self, i: int) -> None:
        if i >= len(self._kernel):
            larger = np.zeros((2 * len(self._kernel),) * 2)
            larger[:i, :i] = self._kernel[:i, :i]
            self._kernel = larger
        row = self.kernel_of.between(self.positions[i : i + 1], self.positions[:i])[0]
        self._kernel[i, :i] = self._kernel[:i, i] = row
        self._kernel[i, i] = 0.0

    def _bud(self, i: int) -> None:
        """A unit of the second layer above a cell, reading that cell alone."""
        self.layered[i] = True
        column = np.zeros((self.n, 1))
        column[i] = MEAN_WEIGHT + WEIGHT_SPREAD * self.rng.standard_normal()
        column *= MEAN_WEIGHT / column.mean()
        self.weights = np.concatenate([self.weights, column], axis=1)
        self.unit_names.append(f"unit-{self.names[i][5:]}-{len(self.unit_names):04d}")
        self.unit_positions = np.concatenate([self.unit_positions, self.positions[i : i + 1]])
        self.threshold = np.append(self.threshold, 70.0 + 2.0 * self.rng.standard_normal())
        self.peak = np.append(self.peak, 0.0)
        self.wins = np.append(self.wins, 0)

    # -------------------- wounds --------------------

    def wound(self, centre: np.ndarray, radius: float, *, heal: bool = True) -> int:
        """Remove the cells of a disc and the units above it; the number of cells removed.

        Parameters
        ----------
        centre : (x, y)
        radius : float
        heal : bool
            The clocks of the cells at the edge (within two neighbourhoods) start again, and until
            they run down these cells and their daughters divide wherever a daughter finds a
            sparse place, however crowded they are themselves - as long as their Hayflick counters
            allow. Without, tissue whose clocks have run down never closes. Ours: the released
            code has no wounds.

        Raises
        ------
        ValueError
            If no cell would be left, the centre is no point, or the radius is not above 0.
        """
        check_positive("radius of the wound", radius)
        place = np.asarray(centre, dtype=np.float64)
        if place.shape != (2,) or not np.isfinite(place).all():
            raise ValueError(f"centre of the wound is {centre!r}; expected a finite point (x, y)")
        distance = np.linalg.norm(self.positions - place, axis=1)
        keep = distance >= radius
        if not keep.any():
            raise ValueError(f"the wound of radius {radius:g} would remove all {self.n} cells")
        if keep.all():
            return 0
        removed = int(np.count_nonzero(~keep))
        above = np.linalg.norm(self.unit_positions - place, axis=1) >= radius
        self._keep_cells(keep)
        self._keep_units(above)
        if heal:
            edge = distance[keep] < radius + 2.0 * self.settings.radius
            self.clock[edge] = self.settings.clock
            self.healing[edge] = True
        return removed

    def _keep_cells(self, keep: np.ndarray) -> None:
        rows = np.flatnonzero(keep)
        for name in CELLS:
            setattr(self, name, getattr(self, name)[rows])
        self._kernel[: rows.size, : rows.size] = self._kernel[np.ix_(rows, rows)]
        self.names = [self.names[i] for i in rows]
        self.weights = self.weights[rows]
        self._next = 0

    def _keep_units(self, keep: np.ndarray) -> None:
        # A unit whose every sensor is gone has nothing to read and goes too.
        keep = keep & (self.weights.sum(axis=0) > 0.0)
        self.weights = np.ascontiguousarray(self.weights[:, keep])  # rows are summed all the time
        if keep.any():
            self.weights *= MEAN_WEIGHT / self.weights.mean(axis=0)
        self.unit_names = [name for name, stays in zip(self.unit_names, keep, strict=True) if stays]
        self.unit_positions = self.unit_positions[keep]
        self.threshold, self.peak = self.threshold[keep], self.peak[keep]
        self.wins = self.wins[keep]
        self._free_budding_sites()

    def _free_budding_sites(self) -> None:
        """Cells whose unit is gone may bud again."""
        self.layered[:] = False
        if len(self.unit_positions):
            nearest, _ = cKDTree(self.unit_positions).query(self.positions)
            self.layered[:] = nearest == 0.0
