"""Whether a state from a checkpoint is one that a loop can go on from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vvalues import Support, VValue, format_path

from ..optimize.optimizers import state_leaves
from .dense import DenseMemory
from .route import ROUTE, Settings, phases
from .search import Search, SearchState
from .trainer import PopulationMemory, stacked

__all__ = ["check_state"]


def check_state(search: Search, settings: Settings, state: SearchState) -> None:
    """Refuse a state that does not fit a search.

    Raises
    ------
    ValueError
        If its phase is unknown, its memory is not that phase's, or a machine in it has a link that
        the search space does not have.
    """
    if not state.is_done and state.phase not in ROUTE:
        raise ValueError(f"phase is {state.phase!r:.60}; expected one of {', '.join(ROUTE)}")
    state.generator()
    space = search.model.space.trainable.support
    for name, tree in _machines(state):
        _check_links(name, tree, space)
    if state.is_done or state.memory is None:
        return
    expected = phases(settings)[state.phase].memory
    if expected is not None and not isinstance(state.memory, expected):
        raise ValueError(
            f"memory is a {type(state.memory).__name__}; the phase {state.phase} remembers a "
            f"{expected.__name__}"
        )
    if isinstance(state.memory, DenseMemory):
        _check_moments(search, state.parameters, state.memory)
    if isinstance(state.memory, PopulationMemory):
        _check_population(space, settings.population.starts, state.memory)


def _machines(state: SearchState) -> Iterator[tuple[str, VValue]]:
    yield "parameters", state.parameters
    if state.best is not None:
        yield "best", state.best
    for i, tree in enumerate(state.reserve):
        yield f"reserve/{i}", tree
    for i, member in enumerate(state.front):
        yield f"front/members/{i}/parameters", member.parameters


def _check_links(name: str, tree: VValue, space: Support) -> None:
    if tree.support is space:
        return
    strange = next((path for path in tree.support.paths if path not in space), None)
    if strange is not None or tree.support.shapes is not None:
        shown = "an array" if strange is None else format_path(strange)
        raise ValueError(f"{name} has {shown}, which is no link of the search space")


def _check_moments(search: Search, parameters: VValue, memory: DenseMemory) -> None:
    optimizer = search.common.descent.optimizer(0.0)
    leaves = state_leaves(optimizer.init(parameters))
    if memory.moments and [_kind(leaf) for leaf in memory.moments] != [*map(_kind, leaves)]:
        raise ValueError("memory/moments do not fit the parameters")


def _kind(leaf: object) -> object:
    return leaf.support if isinstance(leaf, VValue) else type(leaf)


def _check_population(space: Support, members: int, memory: PopulationMemory) -> None:
    whole = stacked(space, np.zeros((members, space.size))).support
    one_each = Support.of((path[0],) for path in whole.paths)
    for name, expected in (
        *((name, whole) for name in ("weights", "first", "second", "good")),
        *((name, one_each) for name in ("clip", "best", "factor")),
    ):
        if getattr(memory, name).support is not expected:
            raise ValueError(f"memory/{name} does not fit {members} members of the search space")
