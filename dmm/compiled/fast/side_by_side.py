"""A program on one batch of streams by the fast kernels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..bound import BoundProgram
from ..evaluation import Evaluation
from ..movement import is_finite
from .tables import ROWS, WIDTH, Directions, Sizes, Tables

__all__ = ["FastBoundProgram"]

LARGE = 10_000  # links from which on numpy is faster on one string, measured


class _Layout(NamedTuple):
    """How machines and strings share registers.

    Attributes
    ----------
    together : int
        Machines in one register; more than one where few strings would leave lanes empty.
    width : int
        Lanes of a machine, over all its registers.
    strings : int
        Lanes of a machine that hold a string. The others repeat the last one: what they hold
        overflows only if that does.
    """

    together: int
    width: int
    strings: int

    @classmethod
    def of(cls, machines: int, strings: int) -> _Layout:
        """The layout that wastes few lanes."""
        if machines == strings == 1:  # seven of eight lanes would be empty
            return cls(1, 1, 1)
        width = next((n for n in (1, 2, 4) if n >= strings), -(-strings // WIDTH) * WIDTH)
        if machines == 1 or width >= WIDTH:
            return cls(1, -(-strings // WIDTH) * WIDTH, strings)
        return cls(WIDTH // width, width, strings)

    @property
    def register(self) -> int:
        """Lanes of a register: one or eight."""
        return min(WIDTH, self.together * self.width)

    @property
    def chunks(self) -> int:
        """Registers that the strings of a machine take."""
        return max(1, self.width // WIDTH)

    def shaped(self, x: np.ndarray) -> np.ndarray:
        """For the kernels: a flat array where a register has one lane, else a row for each."""
        return x.ravel() if self.register == 1 else x.reshape(-1, WIDTH)

    def filled(self, x: np.ndarray) -> np.ndarray:
        """Strings, the last axis, repeated to whole registers: (..., chunks, lanes)."""
        x = np.concatenate([x, np.repeat(x[..., -1:], self.width - self.strings, axis=-1)], -1)
        return np.tile(x, self.together).reshape(*x.shape[:-1], self.chunks, self.register)

    def to_lanes(self, x: np.ndarray) -> np.ndarray:
        """From (machines, observed, ticks, strings) to (registers, observed, ticks, lanes)."""
        machines, observed, ticks, _ = x.shape
        groups = -(-machines // self.together)
        out = np.zeros((groups * self.together, observed, ticks, self.width))
        out[:machines, ..., : self.strings] = x
        out = out.reshape(groups, self.together, observed, ticks, self.width)
        return np.ascontiguousarray(out.transpose(0, 2, 3, 1, 4))

    def from_lanes(self, x: np.ndarray, machines: int) -> np.ndarray:
        """The way back; ``x`` is flat in its lanes."""
        groups, observed, ticks, _ = x.shape
        if self.together > 1:
            x = x.reshape(groups, observed, ticks, self.together, self.width)
            x = x.transpose(0, 3, 1, 2, 4).reshape(-1, observed, ticks, self.width)
        return x[:machines, ..., : self.strings]

    def lanes(self, machines: int, entries: np.ndarray, n: int) -> np.ndarray:
        """Where every lane of some entries is among ``n`` weights of each machine."""
        groups = -(-machines // self.together)
        machine = np.minimum(np.arange(groups * self.together), machines - 1)
        machine = np.repeat(machine.reshape(groups, 1, self.together), self.width, axis=2)
        return (n * machine + entries[:, None]).reshape(-1, WIDTH)

    def gradient(self, sums: np.ndarray, machines: int, entries: int) -> np.ndarray:
        """Sums over the strings of every machine, (machines, entries)."""
        if self.together == 1:
            return sums.reshape(machines, entries)
        groups = -(-machines // self.together)
        by_machine = sums.reshape(groups, entries, self.together, self.width).sum(-1)
        return by_machine.swapaxes(1, 2).reshape(groups * self.together, entries)[:machines]


class _State(NamedTuple):
    """A run with all ticks in memory."""

    layout: _Layout
    links: np.ndarray  # weights of the live links, and 0 for none: (machines, live links + 1)
    memory: np.ndarray
    observed: np.ndarray  # (machines, observed, ticks, strings)


class FastBoundProgram(BoundProgram):
    """`BoundProgram` by the fast kernels; what they do not do, numpy does.

    Streams with their keys, gradients with respect to streams, dense directions and complex
    weights are numpy's. So are, chosen by size, the values and gradients of a large layered machine
    on one string: a register has one number then, and products of whole matrices are faster.

    Parameters
    ----------
    plan, streams, workspace, indices, recompute : as for `BoundProgram`
    is_chosen_by_size : bool
    """

    def __init__(self, *args: Any, is_chosen_by_size: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert isinstance(self.evaluation, Evaluation)
        self.numbers, self.keys = self.evaluation.sources
        self.ticks = self.numbers.shape[1] - 1
        self._leaves_one_string = (
            is_chosen_by_size
            and self.numbers.shape[2] == 1
            and len(self.plan.links) >= LARGE
            and not any(block.is_loop for block in self.plan.blocks)
        )
        self._bound_sources: dict[_Layout, tuple[np.ndarray, np.ndarray]] = {}
        self._known: tuple[np.ndarray, _State] | None = None

    @property
    def tables(self) -> Tables:
        """The plan for the kernels."""
        n_keys = self.keys.shape[3]
        return self.workspace.once(("tables", n_keys), lambda: Tables(self.plan, n_keys))

    def _sources(self, layout: _Layout) -> tuple[np.ndarray, np.ndarray]:
        """What the sources emit at all ticks, and all slots before the first, as flat lanes."""
        known = self._bound_sources.get(layout)
        if known is None:
            tables = self.tables
            keys = np.moveaxis(self.keys, 3, 1).reshape(-1, *self.numbers.shape[1:])
            emitted = layout.filled(np.concatenate([self.numbers, keys]))
            emitted = emitted.transpose(2, 1, 0, 3)  # chunks, time, places, lanes
            start = np.zeros((layout.chunks, tables.n_outputs, layout.register))
            start[:, : tables.n_sources] = emitted[:, 0]
            numbers, wide = self._start
            keys = np.moveaxis(wide[len(self.keys) :], 2, 1).reshape(-1, layout.strings)
            others = np.concatenate([numbers[len(self.numbers) :], keys])
            start[:, tables.n_sources :] = layout.filled(others).swapaxes(0, 1)
            emitted = np.ascontiguousarray(emitted[:, 1:])
            known = layout.shaped(emitted), layout.shaped(start)
            self._bound_sources[layout] = known
        return known

    def _sizes(self, layout: _Layout, machines: int, period: int) -> Sizes:
        tables = self.tables
        return Sizes(
            -(-machines // layout.together),
            layout.chunks,
            self.ticks,
            self.plan.sink.n_rows,
            len(tables.entry_link),
            period,
            tables.stride,
            tables.n_sources,
            tables.sink,
        )

    def links_and_none(self, weights: np.ndarray) -> np.ndarray:
        """Weights of the live links, and 0 for none: (machines, live links + 1)."""
        links = self.links(weights)
        return np.concatenate([links, np.zeros((len(links), 1))], axis=1)

    def _entries(self, links: np.ndarray, layout: _Layout, name: str) -> np.ndarray:
        """Weights of a table's entries for the kernels: numbers in a row, or lanes."""
        entries, (machines, n) = getattr(self.tables, name), links.shape
        if layout.together == 1:
            return links[:, entries].ravel()
        lanes: np.ndarray = self.workspace.once(
            (name, self.keys.shape[3], layout, machines),
            lambda: layout.lanes(machines, entries, n),
        )
        return links.ravel()[lanes]

    # -------------------- values and derivatives --------------------

    def _run(self, links: np.ndarray) -> _State:
        layout = _Layout.of(len(links), self.numbers.shape[2])
        sizes = self._sizes(layout, len(links), self.ticks + 1)
        places = sizes.machines * sizes.chunks * sizes.period * sizes.stride
        memory = layout.shaped(self.workspace.room("lanes", places * layout.register))
        state = _State(layout, links, memory, self._observed(links, layout, sizes, memory))
        self.workspace.owner = state
        return state

    def _observed(
        self, links: np.ndarray, layout: _Layout, sizes: Sizes, memory: np.ndarray
    ) -> np.ndarray:
        """Observed numbers, (machines, observed, ticks, strings)."""
        from .ticking import run

        tables = self.tables
        out = np.empty(
            (sizes.machines, sizes.observed, sizes.ticks, sizes.chunks * layout.register)
        )
        run(
            memory,
            *self._sources(layout),
            layout.shaped(out),
            self._entries(links, layout, "entry_link"),
            sizes,
            tables.panels,
            tables.links,
            tables.units,
            tables.bounds,
        )
        return layout.from_lanes(out, len(links))

    def _kept(self, weights: np.ndarray) -> _State:
        """The run of these weights; the last one if it is that."""
        if self._known is not None:
            known, state = self._known
            if self.workspace.owner is state and self._is_same(known, weights):
                return state
        state = self._run(self.links_and_none(weights))
        self._known = np.array(np.atleast_2d(weights)), state
        return state

    def _is_left(self, weights: np.ndarray) -> bool:
        """Whether numpy has the values and gradients at these weights."""
        is_alone = len(np.atleast_2d(weights)) == 1
        return np.iscomplexobj(weights) or (is_alone and self._leaves_one_string)

    def forward(self, weights: np.ndarray) -> np.ndarray:
        """As `BoundProgram.forward`."""
        if self._is_left(weights):
            return super().forward(weights)
        observed = self._kept(weights).observed
        if not is_finite(observed):  # numpy keeps an overflow to what depends on it
            return super().forward(weights)
        return np.array(observed[0] if weights.ndim == 1 else observed)

    def values(self, weights: np.ndarray) -> np.ndarray:
        """As `BoundProgram.values`: with two times in memory, which stays in the cache."""
        if self._is_left(weights) or self.ticks < 2:  # two times are all that there are
            return self.forward(weights)
        links = self.links_and_none(weights)
        layout = _Layout.of(len(links), self.numbers.shape[2])
        sizes = self._sizes(layout, len(links), period=2)
        places = 2 * sizes.stride * layout.register
        memory = layout.shaped(self.workspace.room("lanes of two times", places))
        observed = self._observed(links, layout, sizes, memory)
        if not is_finite(observed):
            return super().forward(weights)
        return observed[0] if weights.ndim == 1 else observed

    def pullback(self, weights: np.ndarray, g: np.ndarray) -> np.ndarray:
        """As `BoundProgram.pullback`."""
        if self._is_left(weights) or np.iscomplexobj(g):
            return super().pullback(weights, g)
        from .ticking import pull_back

        state, tables = self._kept(weights), self.tables
        layout, machines = state.layout, len(state.links)
        sizes = self._sizes(layout, machines, self.ticks + 1)
        n_sums = sizes.machines * sizes.entries
        sums = np.empty(n_sums if layout.together == 1 else (n_sums, WIDTH))
        pull_back(
            state.memory,
            layout.shaped(layout.to_lanes(np.reshape(g, state.observed.shape))),
            sums,
            self._entries(state.links, layout, "back_link"),
            sizes,
            tables.panels,
            tables.links,
            tables.units,
            tables.bounds,
            tables.back,
            tables.followers,
            layout.shaped(np.empty(2 * tables.stride * layout.register)),
            layout.shaped(np.empty(sizes.entries * layout.register)),
        )
        found = self.unlink(tables.by_link(layout.gradient(sums, machines, sizes.entries)))
        if not is_finite(found):
            return super().pullback(weights, g)
        return found[0] if weights.ndim == 1 else found

    def _directions(self) -> tuple[Directions, np.ndarray]:
        """Directions along all trainable links; the element of the matrix that each changes."""
        live, elements = self.plan.trainable
        directions = self.tables.directions(live)
        element = np.zeros(len(self.plan.links), np.intp)
        element[live] = elements
        return directions, element[directions.links]

    def jacobian(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `BoundProgram.jacobian`."""
        if np.iscomplexobj(weights):
            return super().jacobian(weights)
        from .ticking import tangent

        state, tables = self._kept(weights), self.tables
        directions, elements = self.workspace.once(
            ("directions", self.keys.shape[3]), self._directions
        )
        layout = state.layout
        sizes = self._sizes(layout, 1, self.ticks + 1)
        # Links that share an element are added up afterwards, the others have its row at once.
        n, rows = self.plan.n_weights, elements
        if self.plan.shares_weights:
            n, rows = len(elements), np.arange(len(elements))
        filling = -len(rows) % ROWS  # what only fills the last panel has a row that nobody reads
        columns = np.zeros((n + 1, sizes.observed, sizes.ticks, sizes.chunks * layout.register))
        tangent(
            state.memory,
            layout.shaped(columns),
            np.concatenate([rows, np.full(filling, n)]),
            state.links[0, tables.row_link],
            sizes,
            tables.rows,
            tables.row_links,
            tables.starts.ravel(),
            tables.units,
            tables.bounds,
            directions.levels,
            directions.places,
            layout.shaped(np.empty(2 * ROWS * tables.stride * layout.register)),
        )
        out = np.ascontiguousarray(columns[:-1, ..., : layout.strings])
        if self.plan.shares_weights:
            by_direction, out = out, np.zeros((self.plan.n_weights, *out.shape[1:]))
            np.add.at(out, elements, by_direction)
        if not (is_finite(out) and is_finite(state.observed)):
            return super().jacobian(weights)
        return np.array(state.observed[0]), out
