"""Beginning again: from the best machine with room to grow, with noise, or from new random weights.

``regrow`` opens links among neurons in use and a few fresh ones; ``rescue`` disturbs the best
machine on the whole search space; ``fresh_start`` draws new weights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from vvalues import Support, VValue, from_buffer, restrict

from ...process.bounds import checked, finite, whole
from ...process.checks import check_each
from ..search import Phase, Search, SearchState, Step, Words
from .dense import DenseMemory, fresh_weights
from .shrink import ShrinkMemory

__all__ = ["Begin", "FreshStart", "Regrow", "Rescue", "regrown"]


@dataclass(frozen=True)
class Begin(Phase):
    """Where a run begins, by its search space.

    Examples
    --------
    >>> Begin.words["small"]
    'a layered space of few links'
    """

    words: ClassVar[Words] = {
        "large": "a layered space",
        "small": "a layered space of few links",
        "recurrent": "a space with cycles",
    }

    def __call__(self, search: Search, state: SearchState) -> Step:
        """Nothing is changed."""
        return Step(_size(search, state), state, [])


def _size(search: Search, state: SearchState) -> str:
    """A start that is small already needs no dense phase."""
    if search.batches:
        return "recurrent"
    return "large" if len(state.parameters) > search.common.small else "small"


@dataclass(frozen=True)
class FreshStart(Phase):
    """New random weights on the whole search space.

    Where regrowing is stuck in a strange but exact machine, another start often is not.

    Examples
    --------
    >>> list(FreshStart.words)
    ['large', 'small', 'recurrent']
    """

    words: ClassVar[Words] = Begin.words

    def __call__(self, search: Search, state: SearchState) -> Step:
        """The weights; in a recurrent space the population draws its own."""
        if search.batches:
            state = replace(state, reserve=())
            return Step("recurrent", state, [state.record("fresh start")])
        rng = state.generator()
        parameters = fresh_weights(search, rng)
        state = state.after(rng, parameters=parameters, loss=search.objective.loss(parameters))
        return Step(_size(search, state), state, [state.record("fresh start")])


@dataclass(frozen=True)
class Rescue(Phase):
    """The best machine plus noise on the whole search space, once more; or another population.

    Attributes
    ----------
    steps : int
        Adam steps that follow.
    scale : float
        Standard deviation of the noise.

    Examples
    --------
    >>> from synthesis import Settings
    >>> Settings.of(rescue={"scale": 0.05}).rescue.scale
    0.05
    """

    steps: int = whole(400)
    scale: float = finite(0.01)

    words: ClassVar[Words] = {
        "large": "a layered space",
        "recurrent": "a space with cycles",
    }

    def __call__(self, search: Search, state: SearchState) -> Step:
        """The disturbed machine."""
        if search.batches:
            return Step("recurrent", state, [state.record("rescue")])
        assert state.best is not None
        rng = state.generator()
        whole = search.model.space.trainable.support
        noise = from_buffer(whole, self.scale * rng.standard_normal(whole.size))
        parameters = restrict(state.best, whole) + noise
        state = state.after(rng, parameters=parameters, loss=search.objective.loss(parameters))
        return Step("large", state, [state.record("rescue")], DenseMemory(steps=self.steps))


@dataclass(frozen=True)
class Regrow(Phase):
    """The best machine with a few fresh neurons and all links among those in use, near zero.

    Attributes
    ----------
    neurons : int
        Unused neurons offered to one regrowth.
    scales : tuple of float
        Standard deviations of new weights, in turn.
    in_a_loop : float
        Factor of these in recurrent spaces: noise in a loop of gain 1 grows with every tick.

    Examples
    --------
    >>> from synthesis import Settings
    >>> Settings.of(regrow={"neurons": 8}).regrow.neurons
    8
    """

    neurons: int = whole(5)
    scales: tuple[float, ...] = checked((0.05, 0.30, 0.15), check_each)
    in_a_loop: float = finite(0.1)

    words: ClassVar[Words] = {
        "done": "always",
    }

    def __call__(self, search: Search, state: SearchState) -> Step:
        """The machine with room to grow."""
        assert state.best is not None
        rng = state.generator()
        scale = self.scales[(state.counts.regrowths - 1) % len(self.scales)]
        scale *= self.in_a_loop if search.batches else 1.0
        whole = search.model.space.trainable.support
        parameters = regrown(state.best, whole, rng, self.neurons, scale)
        state = state.after(rng, parameters=parameters, loss=search.objective.loss(parameters))
        memory = ShrinkMemory(give_up=search.common.budget)
        return Step("done", state, [state.record("regrow")], memory)


def regrown(
    parameters: VValue, whole: Support, rng: np.random.Generator, n_neurons: int, scale: float
) -> VValue:
    """Add random unused neurons, and every allowed link among neurons in use, near zero.

    A removal can end in a machine that is exact but has relays too many; a few fresh neurons give
    it room to find the shorter way.

    Parameters
    ----------
    parameters : VValue
    whole : Support of the search space
    rng : numpy.random.Generator
    n_neurons : int
        Unused neurons to add, all equally likely.
    scale : float
        Standard deviation of the new weights.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> from synthesis.loop import space_around
    >>> detector = duplicate_detector()
    >>> whole, rng = space_around(detector, spares=1).trainable.support, np.random.default_rng(0)
    >>> len(regrown(detector.trainable, whole, rng, n_neurons=2, scale=0.05))
    110
    """
    used = {key for path in parameters.support.paths for key in (path[0], path[2])}
    unused = sorted({path[0] for path in whole.paths} - used)
    chosen = rng.permutation(len(unused))[:n_neurons]
    available = used | {unused[i] for i in chosen}
    senders = {path[2] for path in whole.paths} - {path[0] for path in whole.paths}
    available |= senders  # sources are always at hand
    keep = np.array([p[0] in available and p[2] in available for p in whole.paths], dtype=bool)
    support = whole.where(keep)
    noise = scale * rng.standard_normal(support.size)
    noise[[support.index[path] for path in parameters.support.paths]] = 0.0
    return restrict(parameters, support) + from_buffer(support, noise)
