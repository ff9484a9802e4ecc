"""Compiled machines that hold their own network matrix and edit it while they run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from threading import local
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from vvalues import Path, Support, VValue, format_path, ravel, restrict
from vvalues.core.fused import evaluate

from ...machine.machine import Machine, initial_outputs
from ...machine.streams import Streams
from ...reference.judge import ReferenceProgram
from ..lowering import Reason
from ..segments import segment_length
from .arrangement import arranged
from .following import CannotFollow
from .growth import Growing, OnReference
from .outside import Outside
from .places import Arrangement
from .recomputed import RecomputedSweeps
from .supports import supports_of, why_not_plastic
from .sweeps import Start, Sweeps

__all__ = ["BoundPlasticProgram", "PlasticProgram"]


class PlasticProgram:
    """A compiled machine whose matrix is one of its own streams.

    Parameters
    ----------
    machine : Machine
        With a matrix port.
    observed : sequence of (neuron, input field)
    stopped : collection of (neuron type, field)
        Inputs that pass no gradient.
    recompute : bool or int
        See `compile_machine`.

    Attributes
    ----------
    machine : Machine
    engine : "plastic"
    observed : tuple of (neuron, input field)
    support : Support of the trainable matrix
    live : boolean array, per element of the trainable matrix
        All of them: nothing is known before there are streams, see `live_on`.

    Raises
    ------
    ValueError
        If the machine holds no matrix, or has neurons that this engine cannot run.

    Notes
    -----
    What the matrix can come to hold depends on what the streams hold. It is followed when streams
    are bound; where it cannot be known, those streams run on the reference engine, with a warning
    that says why. Where it depends on numbers how much that is (copies), there is room for some,
    and twice as many where a run makes more.

    Numbers that are not finite spread as in numpy: zero times infinity is not a number here, while
    the reference engine does not even look at what has no link.

    Examples
    --------
    >>> from dmm.zoo import fast_weights
    >>> x = np.random.default_rng(0).normal(size=(60, 1, 1))
    >>> streams = Streams((((),),), {"x-1": x, "target": 0.7 * x}, ticks=60)
    >>> machine = fast_weights()
    >>> program = PlasticProgram(machine, [("output", "dict-1")])
    >>> errors = program(machine.trainable, streams)[0, :, 0]
    >>> np.abs(errors).reshape(6, 10).max(1).round(2)  # it learns while it runs
    array([0.91, 1.07, 0.04, 0.02, 0.02, 0.  ])
    """

    engine = "plastic"

    def __init__(
        self,
        machine: Machine,
        observed: Sequence[tuple[str, str]],
        stopped: Collection[tuple[str, str]] = (),
        recompute: bool | int = False,
    ) -> None:
        if machine.matrix_port is None:
            raise ValueError("the machine holds no network matrix; take a Program")
        reason = why_not_plastic(machine)
        if reason is not None:
            raise ValueError(f"{reason}; take a ReferenceProgram, or compile_machine to choose")
        self.machine = machine
        self.observed = tuple(observed)
        self.stopped = frozenset(stopped)
        self.recompute = recompute
        self.support: Support = machine.trainable.support
        self.live = np.ones(self.support.size, dtype=bool)
        self._mine = _OfThread()

    def bind(self, streams: Streams) -> BoundPlasticProgram | Growing | OnReference:
        """The program on given streams; remembered as long as the streams live.

        Where it may have to be made anew, for copies or on the reference engine, it holds the
        streams, and both live as long as the program.
        """
        bound = self._mine.bound.get(streams)
        if bound is None:
            make, refer = partial(self._bound, streams), partial(self._on_reference, streams)
            bound = make(1)
            if isinstance(bound, Reason):
                bound = refer(bound)
            elif bound.can_grow:
                bound = Growing(bound, make, refer)
            self._mine.bound[streams] = bound
        return bound

    def _bound(self, streams: Streams, reserve: int) -> BoundPlasticProgram | Reason:
        supports = supports_of(self.machine, streams, self.stopped, reserve)
        if isinstance(supports, Reason):
            return supports
        try:  # machines inside neurons are followed for a tick more here
            arrangement = arranged(supports, self.observed, self.stopped)
        except CannotFollow as error:
            return Reason(error)
        return BoundPlasticProgram(arrangement, streams, self.support, self.recompute)

    def _on_reference(self, streams: Streams, reason: str) -> OnReference:
        reference = ReferenceProgram(self.machine, self.observed, self.stopped)
        return OnReference(reference, streams, reason)

    def live_on(self, streams: Streams) -> np.ndarray:
        """Which trainable links can influence what is observed on these streams."""
        return self.bind(streams).live

    def __call__(self, trainable: VValue, streams: Streams) -> np.ndarray:
        """Observed numbers, (observed, ticks, strings); differentiable, see `Program.__call__`."""
        return self.evaluate(self.flatten(trainable), streams)

    def flatten(self, trainable: VValue) -> np.ndarray:
        """Weights in the order of ``support``."""
        if trainable.support is not self.support:
            trainable = restrict(trainable, self.support)
        return ravel(trainable)

    def evaluate(self, weights: np.ndarray, streams: Streams) -> np.ndarray:
        """As a call, for flat weights of shape (links,) or (machines, links); differentiable."""
        return self.bind(streams).evaluate(weights)

    def jacobian(self, weights: np.ndarray, streams: Streams) -> tuple[np.ndarray, np.ndarray]:
        """Values and their exact Jacobian, by forward mode, see `Program.jacobian`."""
        return self.bind(streams).jacobian(weights)

    def trace(self, trainable: VValue, streams: Streams) -> np.ndarray:
        """Observed streams with their keys, see `Program.trace`; by the reference engine."""
        return ReferenceProgram(self.machine, self.observed).trace(trainable, streams)

    def matrices(
        self, trainable: VValue, streams: Streams, edit: tuple[int, VValue] | None = None
    ) -> tuple[tuple[Path, ...], np.ndarray]:
        """The network matrix of every down movement.

        Parameters
        ----------
        trainable : VValue
        streams : Streams
        edit : (tick, VValue), optional
            What is added to the matrix from outside, as it drives this tick; of links that can
            change.

        Returns
        -------
        tuple of paths
            The links that can change.
        array (ticks, strings, links)
            Their weights; entry ``t`` drives the down movement of tick ``t``.

        Raises
        ------
        ValueError
            If these streams are left to the reference engine, there is no such tick, or a link of
            the edit cannot change.

        Examples
        --------
        >>> from dmm.machine import links
        >>> from dmm.zoo import delta_rule
        >>> machine, one = delta_rule(inputs=1, rate=0.1), np.ones((12, 1, 1))
        >>> streams = Streams((((),),), {"x-1": one, "y-1": one, "clock-3": one}, ticks=12)
        >>> program = PlasticProgram(machine, ())
        >>> program.matrices(machine.trainable, streams)[1][4:, 0, 0].round(2)
        array([0.1 , 0.2 , 0.3 , 0.4 , 0.49, 0.57, 0.64, 0.7 ])
        >>> edit = 8, links("cell-1.dict <- x-1.stream")
        >>> program.matrices(machine.trainable, streams, edit)[1][4:, 0, 0].round(2)
        array([0.1 , 0.2 , 0.3 , 0.4 , 1.49, 1.57, 1.64, 1.7 ])
        """
        return self.bind(streams).matrices(self.flatten(trainable), edit)


class _OfThread(local):
    """What a program keeps for each thread that uses it."""

    def __init__(self) -> None:
        self.bound: WeakKeyDictionary[Streams, Any] = WeakKeyDictionary()


class BoundPlasticProgram:
    """A program on one batch of streams; remembers its last forward pass.

    Parameters
    ----------
    arrangement : Arrangement
    streams : Streams
    support : Support
        Of the trainable matrix.
    recompute : bool or int
        See `compile_machine`.

    Attributes
    ----------
    live : boolean array, per element of the trainable matrix
        Which links can influence what is observed.
    can_grow : bool
        Whether a run may need more room than there is.

    Examples
    --------
    >>> from dmm.zoo import fast_weights
    >>> machine, one = fast_weights(), np.ones((20, 1, 1))
    >>> streams = Streams((((),),), {"x-1": one, "target": one}, ticks=20)
    >>> bound = PlasticProgram(machine, [("output", "dict-1")]).bind(streams)
    >>> bound.forward(ravel(machine.trainable))[0, 2::4, 0].round(2)  # the error
    array([0.  , 1.  , 0.7 , 0.33, 0.11])
    """

    def __init__(
        self,
        arrangement: Arrangement,
        streams: Streams,
        support: Support,
        recompute: bool | int = False,
    ) -> None:
        self.arrangement = arrangement
        self._whole = Sweeps(arrangement, Outside(arrangement, streams))
        self.sweeps: Sweeps | RecomputedSweeps = self._whole
        if recompute:
            length = segment_length(streams.ticks) if recompute is True else int(recompute)
            self.sweeps = RecomputedSweeps(self._whole, length)
        machine, port = arrangement.supports.machine, arrangement.supports.machine.matrix_port
        assert port is not None
        begun = machine.fixed + initial_outputs(machine).subtree(port)
        position = {path: i for i, path in enumerate(support.paths)}
        self.n_weights = support.size
        self._base_still = np.array([begun[link] for link in arrangement.still_links])
        # What the holder emits at first besides the matrix is among the streams from outside.
        self._base_held = np.array([machine.fixed[link] for link in arrangement.held])
        self._still = _Places(arrangement.still_links, position)
        self._held = _Places(arrangement.held, position)
        self._last: tuple[np.ndarray, Any] | None = None
        self.can_grow = arrangement.supports.can_grow
        alive = arrangement.living_links()
        self.live = np.array([path in alive for path in support.paths], dtype=bool)

    # -------------------- weights --------------------

    def _start(self, weights: np.ndarray) -> Start:
        if weights.shape != (self.n_weights,):
            raise ValueError(
                f"weights have shape {weights.shape}; this program needs ({self.n_weights},) or "
                f"(machines, {self.n_weights})"
            )
        return Start(
            self._base_still + self._still.spread(weights),
            self._base_held + self._held.spread(weights),
        )

    def _life(self, weights: np.ndarray) -> Any:
        if self._last is not None:
            known, life = self._last
            # By content: the caller may have changed the array in place since.
            if known.dtype == weights.dtype and np.array_equal(known, weights):
                return life
        self._last = None  # a run that does not come to its end has overwritten the arrays
        life = self.sweeps.forward(self._start(weights))
        self._last = np.array(weights), life
        return life

    # -------------------- values and derivatives --------------------

    def evaluate(self, weights: np.ndarray) -> np.ndarray:
        """As `forward`; differentiable."""
        return evaluate(weights, self)

    def forward(self, weights: np.ndarray) -> np.ndarray:
        """Observed numbers, ([machines,] observed, ticks, strings)."""
        if weights.ndim == 2:
            return np.stack([self.forward(row) for row in weights])
        return np.array(self.sweeps.observed(self._life(weights)))

    def matrices(
        self, weights: np.ndarray, edit: tuple[int, VValue] | None = None
    ) -> tuple[tuple[Path, ...], np.ndarray]:
        """As `PlasticProgram.matrices`, for flat weights; all ticks are kept for them."""
        a, outside = self.arrangement, self._whole.outside
        if a.holder is None:
            return (), np.zeros((outside.ticks, outside.strings, 0))
        if self.sweeps is self._whole:
            life = self._life(weights)
        else:
            life = self._whole.forward(self._start(weights))
        links = tuple(link for link in a.supports.links if link in a.supports.changing)
        if edit is not None:
            tick, fragment = edit
            if not 0 <= tick < outside.ticks:
                raise ValueError(
                    f"the edit is for tick {tick}; there are {outside.ticks}, from 0 on"
                )
            self._last = None  # the arrays are those of another life from here on
            for path, weight in fragment.items():
                if path not in links:
                    raise ValueError(f"the edit has {format_path(path)}, a link that cannot change")
                life.slots.at[tick].keys[a.holder][:, a.column[path]] += weight
            self._whole.go_on(life, tick)
        columns = [a.column[link] for link in links]
        return links, life.slots.whole.keys[:-1, a.holder][..., columns]

    def pullback(self, weights: np.ndarray, g: np.ndarray) -> np.ndarray:
        """Gradient of ``sum(g * observed)``, of the shape of the weights."""
        if weights.ndim == 2:
            return np.stack([self.pullback(w, own) for w, own in zip(weights, g, strict=True)])
        found = self.sweeps.pull_back(self._life(weights), g)
        out = np.zeros(self.n_weights, np.result_type(found.still, found.held))
        self._still.collect(found.still, out)
        self._held.collect(found.held, out)
        return out

    def pushforward(self, weights: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Derivative of the observed numbers along a direction of the shape of the weights."""
        if weights.ndim == 2:
            pairs = zip(weights, direction, strict=True)
            return np.stack([self.pushforward(w, d) for w, d in pairs])
        return self._pushed(weights, direction[None])[0]

    def jacobian(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values, and their derivatives by every weight (links, observed, ticks, strings)."""
        values = self.forward(weights)
        return values, self._pushed(weights, np.eye(self.n_weights))

    def _pushed(self, weights: np.ndarray, directions: np.ndarray) -> np.ndarray:
        start = Start(self._still.spread(directions), self._held.spread(directions))
        return self.sweeps.push_forward(self._life(weights), start)


class _Places:
    """Where the trainable ones among some links are in the vector of weights."""

    def __init__(self, links: Sequence[Any], position: dict) -> None:
        self.size = len(links)
        self.link = np.array([i for i, link in enumerate(links) if link in position], np.intp)
        self.weight = np.array([position[links[i]] for i in self.link], np.intp)

    def spread(self, weights: np.ndarray) -> np.ndarray:
        """(..., weights) -> (..., links), 0 for links that are not trainable."""
        out = np.zeros((*weights.shape[:-1], self.size), weights.dtype)
        out[..., self.link] = weights[..., self.weight]
        return out

    def collect(self, links: np.ndarray, out: np.ndarray) -> None:
        """Add cotangents of links to those of the weights."""
        out[self.weight] += links[self.link]
