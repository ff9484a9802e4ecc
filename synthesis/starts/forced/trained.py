"""Small dense machines over a table: random weights, descent, least squares, then fewer links.

Many random starts are trained side by side, the best ones are fitted by least squares, and what
gives the whole table goes through the library's loop, which takes links away.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dmm import Machine, Streams, layered_space
from vvalues import Support, VValue, from_buffer

from ...loop import Settings, synthesize
from ...loop.trainer import PopulationTrainer, member
from ...optimize.least_squares import levenberg_marquardt
from ...optimize.objective import MachineObjective
from ...process.models import MachineModel
from ...tasks import StreamTask
from ...tasks.streams import to_streams
from .taught import Taught

__all__ = ["Descent", "Space"]

LARGE = 30.0
"""Numbers beyond this are made smaller while descent goes on."""

EXACT = 1e-10
"""Mean squared error, in units of the answers, of what gives the whole table."""

ROUGHLY, NEAR = 1e-2, 1e-6
"""How far an answer may be off before and after the loop."""

FITS = 100
"""Steps of least squares."""

BUDGET = 0.2
"""What a removal may cost: an error by 1 in a row of so many."""

L1, L1_SHARE = 0.02, 5e-4
"""What a unit of weight costs at most, and as a share of the variance of the answers."""

CONST = ("const_1", "const_1")
PORTS = (("output", "dict-1"), ("output", "dict-2"))


@dataclass(frozen=True)
class Space:
    """A layered search space.

    Attributes
    ----------
    layers, copies : int
        Layers, and neurons of each type in each.
    """

    layers: int
    copies: int


@dataclass(frozen=True)
class Descent:
    """How machines are trained on a table.

    Attributes
    ----------
    table : Taught
        With one or two outputs.
    space : Space
    types : tuple of str
        Of neurons that scale with what they read.
    rng : numpy.random.Generator
    members, steps : int
        Random starts that are trained side by side, and for how long.
    rate : float
    most_rows, batch : int
        Rows that are trained on, at once and in a step of descent; all others are to be right
        afterwards.
    best, rounds : int
        Starts that are fitted, and how often, as rows that are wrong come in.
    scale : float
        Standard deviation of random weights.
    """

    table: Taught
    space: Space
    types: tuple[str, ...]
    rng: np.random.Generator
    members: int = 48
    steps: int = 800
    rate: float = 0.03
    most_rows: int = 120
    batch: int = 16
    best: int = 4
    rounds: int = 3
    scale: float = 0.5

    # -------------------- the table as streams --------------------

    @cached_property
    def unit(self) -> float:
        """What numbers are divided by."""
        largest = max(float(np.abs(part).max()) for part in (self.table.rows, self.table.answers))
        return largest if largest > LARGE else 1.0

    @property
    def ports(self) -> tuple[tuple[str, str], ...]:
        """What is observed."""
        return PORTS[: self.table.answers.shape[1]]

    def streams(self, rows: np.ndarray, unit: float | None = None) -> Streams:
        """Rows, each held until it has come through all layers."""
        numbers = self.table.rows[rows] / (unit or self.unit)
        held = np.repeat(numbers[:, None], self.space.layers + 2, axis=1)
        return to_streams({f"{i:02d}": held[..., i] for i in range(held.shape[2])})

    def targets(self, rows: np.ndarray, unit: float | None = None) -> np.ndarray:
        """What is asked at the end, (outputs, ticks, rows)."""
        told = self.table.answers[rows].T / (unit or self.unit)
        asked = np.full((len(told), self.space.layers + 2, len(rows)), np.nan)
        asked[:, -1] = told
        return asked

    @cached_property
    def model(self) -> MachineModel:
        """The dense machine."""
        names = (f"stream-{i:02d}" for i in range(len(self.table.columns)))
        sources = (*((name, "stream") for name in names), CONST)
        space = layered_space(
            self.rng,
            layers=self.space.layers,
            copies=self.space.copies,
            types=self.types,
            scale=self.scale,
            sources=sources,
        )
        return MachineModel(space, observed=self.ports)

    def objective(self, rows: np.ndarray) -> MachineObjective:
        """Squared errors, mean over rows."""
        return MachineObjective(self.model, self.streams(rows), self.targets(rows))

    # -------------------- training --------------------

    def machine(self) -> Machine | None:
        """A small machine that gives the whole table, in its units; None if none is found."""
        rows = self.rng.permutation(len(self.table))[: self.most_rows]
        objective = self.objective(rows)
        support = objective.living(self.model.space.trainable.support)
        for start in self._population(objective, support, rows):
            fitted = self._fitted(start, rows)
            if fitted is not None:
                return self._smaller(*fitted)
        return None

    def _population(
        self, objective: MachineObjective, support: Support, rows: np.ndarray
    ) -> list[VValue]:
        """The best of many random starts after descent."""
        order = self.rng.permutation(rows)
        parts = [order[i : i + self.batch] for i in range(0, len(order), self.batch)]
        batches = [(self.streams(part), self.targets(part)) for part in parts]
        trainer = PopulationTrainer(self.model, support, batches, self.rate, self.steps)
        population = trainer.start(self._first_weights(support, rows))
        population = trainer.advance(population, self.steps, self.rng)
        members = [member(population.weights, i) for i in range(self.members)]
        losses = objective.losses(support, np.stack([one.buffer for one in members]))
        found = [members[i] for i in np.argsort(losses, kind="stable")[: self.best]]
        return [from_buffer(support, np.array(one.buffer)) for one in found]

    def _first_weights(self, support: Support, rows: np.ndarray) -> np.ndarray:
        """Random weights, so that neurons of the first layer bend at a row each."""
        weights = self.scale * self.rng.standard_normal((self.members, support.size))
        numbers = self.table.rows / self.unit
        for links in _first_layer(support).values():
            const = [i for i in links if support.paths[i][2] == CONST[0]]
            heard = [i for i in links if support.paths[i][2].startswith("stream-")]
            if not const or not heard:
                continue
            columns = [int(support.paths[i][2].rpartition("-")[2]) for i in heard]
            signs = np.array([_sign(support.paths[i]) for i in (*heard, *const)])
            chosen = numbers[self.rng.choice(rows, self.members)][:, columns]
            total = (signs[: len(heard)] * weights[:, heard] * chosen).sum(axis=1)
            weights[:, const] = 0.0
            weights[:, const[0]] = -signs[len(heard)] * total
        return weights

    def _fitted(self, start: VValue, rows: np.ndarray) -> tuple[VValue, np.ndarray] | None:
        """Least squares; rows that it gets wrong are fitted, too. None if it does not get there."""
        exact = EXACT / self.unit**2
        for _ in range(self.rounds):
            objective = self.objective(rows)
            fit = levenberg_marquardt(objective, start, iterations=FITS, target=1e-4 * exact)
            if fit.loss > exact:
                return None
            wrong = np.flatnonzero(self._errors(fit.parameters, self.unit) > ROUGHLY / self.unit)
            if not len(wrong):
                return fit.parameters, rows
            start, rows = fit.parameters, np.union1d(rows, wrong[: self.most_rows])
        return None

    def _errors(self, parameters: VValue, unit: float) -> np.ndarray:
        """The largest error of every row of the table."""
        every = np.arange(len(self.table))
        program = self.model.program(parameters.support)
        values = program.evaluate(np.array(parameters.buffer), self.streams(every, unit))
        return np.abs(values[:, -1] - self.targets(every, unit)[:, -1]).max(axis=0)

    def _smaller(self, parameters: VValue, rows: np.ndarray) -> Machine:
        """What the loop makes of a machine in its own units, if that gives the whole table."""
        streams, targets = self.streams(rows, 1.0), self.targets(rows, 1.0)
        task = StreamTask(
            "forced",
            "a table",
            lambda rng: streams,
            lambda streams: targets,
            lambda: (streams,),
            lambda rng: self.model.space,
            self.ports,
        )
        l1 = min(L1, L1_SHARE * float(np.nanvar(targets)))
        common = {"budget": BUDGET / len(rows), "fit_l1": l1, "exact": EXACT / len(rows)}
        settings = Settings.of(common={**common, "rescues": 0})
        start = self._in_own_units(self.model.space.with_trainable(parameters))
        seed = int(self.rng.integers(2**31))
        found = synthesize(task, seed, settings, start, workers=1).machine
        is_right = np.all(self._errors(found.trainable, 1.0) <= NEAR)
        return found if is_right else start

    def _in_own_units(self, machine: Machine) -> Machine:
        """The constant in units of the table; all else scales with what it reads."""
        weights = machine.trainable
        factors = [self.unit if path[2] == CONST[0] else 1.0 for path in weights.support.paths]
        return machine.with_trainable(from_buffer(weights.support, weights.buffer * factors))


def _first_layer(support: Support) -> dict[str, list[int]]:
    """Links of the neurons ``TYPE-1-NUMBER``."""
    found: dict[str, list[int]] = {}
    for i, path in enumerate(support.paths):
        if path[0] != "output" and path[0].split("-")[1] == "1":
            found.setdefault(path[0], []).append(i)
    return found


def _sign(path: tuple[str, ...]) -> float:
    """Whether a field counts against the other one of its neuron."""
    return -1.0 if path[1] == "dict-2" else 1.0
