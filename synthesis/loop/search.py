"""What the loop works on: the search, its state, the step from one to the next, and the result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np

from dmm import Machine, Streams
from vvalues import VValue

from ..optimize.descent import ClippedAdam
from ..optimize.least_squares import Fit
from ..optimize.objective import Objective
from ..process.bounds import Bounded, finite, whole
from ..process.models import MachineModel
from ..process.process import Outcome
from ..process.records import Front, Record
from ..process.state import State
from .contest import Contest

__all__ = [
    "Common",
    "Counts",
    "Further",
    "Phase",
    "Result",
    "Search",
    "SearchState",
    "Step",
    "Words",
    "fitted",
    "is_better",
]


@dataclass(frozen=True)
class Common(Bounded, called="setting {}"):
    """Constants that several phases go by.

    Attributes
    ----------
    small : int
        Number of links at which least squares takes over.
    exact : float
        A loss not above this counts as exact.
    fit_l1 : float
        L1 of least-squares fits while links are being removed.
    budget : float
        A loss that a removal may always cost: what a machine is allowed to lose on the way to
        a smaller one, as long as it finds back.
    alike : float
        Two machines are equally good if their losses differ by less than this share; then the
        one with fewer links counts.
    steps : int
        No further attempt begins when so many steps are done (Adam's and least squares'): the
        budget of a run is work, not time, and its outcome does not depend on the clock.
    rescues : int
        At most so many further populations, or restarts from a perturbed copy, while the best
        machine is not exact.
    descent : ClippedAdam
        How weights move while there are many of them.
    contest : Contest
        How variants of a recurrent machine compete.

    Examples
    --------
    >>> from synthesis import Settings
    >>> Settings.of(common={"exact": 1e-6}).common.exact
    1e-06
    """

    small: int = whole(120, least=1)
    exact: float = finite(1e-10)
    fit_l1: float = finite(0.02)
    budget: float = finite(0.05)
    alike: float = finite(0.0)
    steps: int = whole(1_000_000)
    rescues: int = whole(4)
    descent: ClippedAdam = field(default_factory=ClippedAdam)
    contest: Contest = field(default_factory=Contest)


class Further(NamedTuple):
    """Strings for machines of few links, many more than those that links are removed by.

    Attributes
    ----------
    fitted : Objective
        What such machines are fitted to.
    judged : Objective
        What they are compared by; nothing is fitted to these strings.
    """

    fitted: Objective
    judged: Objective


@dataclass(frozen=True)
class Search:
    """What does not change during a run.

    Attributes
    ----------
    objective : Objective
        What machines are fitted and pruned on.
    model : MachineModel
    common : Common
    batches : sequence of (Streams, targets)
        Small batches of a pool of strings, for populations of recurrent machines; none where
        machines are layered.
    proof : Objective, optional
        Further strings that an exact machine has to be exact on too. What these strings show only
        (a clamp out of the pool's reach) is settled at the end, without another link.
    further : Further, optional
        What small machines are confirmed on.
    fresh : rng -> VValue, optional
        First weights of another member of a population, where they do not scatter around 0.

    Examples
    --------
    >>> from synthesis import get_task
    >>> from synthesis.loop import prepare
    >>> loop, state = prepare(get_task("modulo-3@layered-2x1"), seed=0)
    >>> round(loop.search.objective.loss(state.parameters)), loop.search.common.small
    (75, 120)
    """

    objective: Objective
    model: MachineModel
    common: Common = field(default_factory=Common)
    batches: Sequence[tuple[Streams, np.ndarray]] = ()
    proof: Objective | None = None
    further: Further | None = None
    fresh: Callable[[np.random.Generator], VValue] | None = None

    def rating(self, state: SearchState) -> float:
        """The loss that machines are compared by: on strings that nothing was fitted to, if any."""
        return self.further.judged.loss(state.parameters) if self.further else state.loss


@dataclass(frozen=True)
class Counts:
    """What a run has tried so far.

    Attributes
    ----------
    failures : int
        Machines in a row that were no better than the best.
    rescues, regrowths, restarts : int
    starts : int
        Starts of the present population that were taken up after the first.

    Examples
    --------
    >>> Counts().one_more("failures").one_more("failures").failures
    2
    """

    failures: int = 0
    rescues: int = 0
    regrowths: int = 0
    restarts: int = 0
    starts: int = 0

    def one_more(self, name: str) -> Counts:
        """With one of the counts raised."""
        return replace(self, **{name: getattr(self, name) + 1})


@dataclass(frozen=True)
class SearchState(State):
    """Where the loop stands; each unit of work maps one state to the next.

    Attributes
    ----------
    parameters : VValue
        The machine being worked on.
    memory : any
        What the present phase remembers from one unit to the next, in a class of its own; None at
        the beginning of a phase, unless the one before handed something on.
    counts : Counts
    reserve : tuple of VValue
        Further starts of a population, most promising first.
    best : VValue or None
        The best machine of earlier passes.
    best_loss : float
    front : Front

    Examples
    --------
    >>> from synthesis import get_task
    >>> from synthesis.loop import prepare
    >>> _, state = prepare(get_task("modulo-3@layered-2x1"), seed=0)
    >>> state.phase, state.links, state.counted("failures").counts.failures
    ('shrink', 78, 1)
    """

    memory: Any = None
    counts: Counts = field(default_factory=Counts)
    reserve: tuple[VValue, ...] = ()
    best: VValue | None = None
    best_loss: float = float("inf")
    front: Front = field(default_factory=Front)

    def counted(self, name: str) -> SearchState:
        """The state with one of its counts raised."""
        return replace(self, counts=self.counts.one_more(name))

    def with_front(self) -> SearchState:
        """The state with its machine on the front."""
        return replace(self, front=self.front.add(self.parameters, self.loss))


class Step(NamedTuple):
    """What a phase returns after one unit of work.

    Attributes
    ----------
    word : str
        How it ended, in a word; `synthesis.loop.route` says which phase follows.
    state : SearchState
    records : list of Record
    hands_on : any
        What the phase leaves to the next one as its memory, when it is over.

    Examples
    --------
    >>> from synthesis import get_task
    >>> from synthesis.loop import prepare
    >>> from synthesis.loop.phases import Begin
    >>> loop, state = prepare(get_task("modulo-3@layered-2x1"), seed=0)
    >>> step = Begin()(loop.search, state)
    >>> step.word
    'small'
    """

    word: str
    state: SearchState
    records: list[Record]
    hands_on: Any = None


Words = Mapping[str, str]
"""How a phase can end, in a word, and what that means."""


class Phase(Bounded, ABC, called="setting {}"):
    """One kind of work; its fields are its settings.

    A phase is called with the search and the state, and does one unit of work - small enough to
    checkpoint after each.

    Attributes
    ----------
    words : mapping of str to str
        How it can end, in a word, and what that means.
    memory : class or None
        What it remembers between units, if anything.

    Examples
    --------
    >>> from synthesis.loop.phases import Polish, Remove
    >>> sorted(Remove.words), Polish(iterations=100).patience
    (['more', 'stuck'], 30)
    """

    words: ClassVar[Words] = {}
    memory: ClassVar[type | None] = None

    @abstractmethod
    def __call__(self, search: Search, state: SearchState) -> Step:
        """One unit of work."""


def fitted(state: SearchState, fit: Fit) -> SearchState:
    """The state with the outcome of a least-squares fit."""
    step = state.step + fit.iterations
    return replace(state, parameters=fit.parameters, loss=fit.loss, step=step)


def is_better(
    links: int,
    loss: float,
    than_links: int,
    than_loss: float,
    exact: float,
    alike: float = 0.0,
) -> bool:
    """Exact machines before others; among exact or equally good ones fewer links, then less loss.

    Examples
    --------
    >>> is_better(5, 1.01, 9, 1.0, exact=1e-10), is_better(5, 1.01, 9, 1.0, 1e-10, alike=0.02)
    (False, True)
    """
    smaller, larger = sorted((loss, than_loss))
    if larger <= exact:
        return links < than_links  # losses at rounding level mean nothing
    if larger < (1.0 + alike) * smaller and links != than_links:
        return links < than_links
    return loss < than_loss


@dataclass(frozen=True)
class Result(Outcome):
    """Outcome of a run of the loop.

    Attributes
    ----------
    machine : Machine
    front : Front
        Machines found on the way, links against training loss.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> from synthesis.process.records import Front
    >>> machine = duplicate_detector()
    >>> found = Result(machine.trainable, 0.0, {"held_out_loss": 0.0}, [], machine, Front())
    >>> found.loss, found.figures, found.machine.name
    (0.0, {'held_out_loss': 0.0}, 'duplicate-detector')
    """

    machine: Machine
    front: Front
