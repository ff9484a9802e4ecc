"""A compiled machine step by step, from any state: for those who look at all of its states.

A state is what all outputs that matter emitted last, keys included. From a batch of states one step
feeds every string of a fixed batch of short streams, all at once. A step may have several ticks, of
which one is looked at. A machine whose loops take as long as a step then does several things in
turn, and all but one of them matter to nobody: they are left out, as they may grow without bound.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..machine.machine import Machine
from ..machine.streams import Streams
from ..machine.wiring import by_receiver, reach, wired
from .binding import bind_initial, bind_sources
from .evaluation import Evaluation
from .lowering import Lowered, lower
from .plan import Plan
from .program import Program

__all__ = ["Stepper"]


class Stepper:
    r"""A machine that is continued from given states.

    Parameters
    ----------
    machine : Machine
    observed : sequence of (neuron, input field)
    streams : Streams
        What is fed in a step: a string per alternative, as long as a step has ticks. Sources
        without a stream emit nothing.
    tick : int
        The tick of a step at which the observed ports are looked at. What cannot reach them then is
        0 in all states.

    Attributes
    ----------
    start : array (width,)
        The state before the first tick.

    Raises
    ------
    ValueError
        If the compiled engine cannot run the machine tick by tick, or what a source emits depends
        on a clock.

    Notes
    -----
    Sums are added in the order of the engine without numba, one step at a time. Where they are not
    exact in floating point, a run of many ticks at once may round otherwise.

    Examples
    --------
    >>> from dmm import streams_from_trees
    >>> from dmm.machine import machine_of
    >>> from vvalues import VValue
    >>> links = "sum.dict-1 <- sum.dict\n sum.dict-2 <- x.stream\n output.dict-1 <- sum.dict"
    >>> machine = machine_of({"x": "stream", "sum": "accum", "output": "output"}, fixed=links)
    >>> digits = streams_from_trees({"x": [[VValue(0.0)], [VValue(5.0)]]})
    >>> stepper = Stepper(machine, [("output", "dict-1")], digits, tick=0)
    >>> states = stepper.start[None]
    >>> for _ in range(4):
    ...     states = stepper.step(states)[0][:, 1]  # on from where it was fed with 5
    >>> stepper.step(states)[1]  # per state, per alternative, what is observed
    array([[[15.],
            [15.]]])
    """

    start: np.ndarray

    def __init__(
        self,
        machine: Machine,
        observed: Sequence[tuple[str, str]],
        streams: Streams,
        tick: int,
    ) -> None:
        for neuron in machine.neurons:
            if machine.type_of(neuron).is_source and machine.type_of(neuron).reads:
                raise ValueError(
                    f"what {neuron!r} ({machine.neurons[neuron]}) emits depends on a clock, not on "
                    "the state of the machine; feed it by neurons of the type 'stream'"
                )
        lowered = lower(machine)
        if isinstance(lowered, Lowered) and not lowered.is_stepwise:
            raise ValueError("a memory with addresses has too many states to visit them all")
        program = Program(machine, observed, engine="numpy")
        self._plan = program.plan
        self._weights = program.bind(streams).links(np.asarray(program.flatten(machine.trainable)))
        self._numbers, self._keys, columns = bind_sources(self._plan, streams)
        start = bind_initial(self._plan, columns, self._keys.shape[-1])
        self._key_shape = start[1].shape[0], start[1].shape[2]
        self._tick = tick
        matter = _mattering(self._plan, streams.ticks, tick)
        # Ports are in the order of their numbers.
        self._slots = np.array([neuron in matter for neuron, _ in self._plan.slot_of], bool)
        self._key_slots = np.array([neuron in matter for neuron, _ in self._plan.key_slot_of], bool)
        self.start = self._states(*start)[0]

    def step(self, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Feed every alternative in every state.

        Parameters
        ----------
        states : array (states, width)

        Returns
        -------
        states : array (states, alternatives, width)
            After the last tick of the step.
        observed : array (states, alternatives, observed)
            What the observed ports read at the tick.
        """
        alternatives, n = self._numbers.shape[-1], len(states)
        numbers, keys = self._outputs(np.repeat(states, alternatives, axis=0))
        sources = np.tile(self._numbers, (1, 1, n)), np.tile(self._keys, (1, 1, n, 1))
        for source, before in zip(sources, (numbers, keys), strict=True):
            source[:, 0] = before[: len(source)]
        with np.errstate(all="ignore"):
            evaluation = Evaluation(self._plan, sources)
            observed, _, state = evaluation.forward(self._weights, (numbers, keys))
        last = state.signals.numbers[0, :, -1], state.signals.keys[0, :, -1]
        return (
            self._states(*last).reshape(n, alternatives, -1),
            observed[0, :, self._tick].T.reshape(n, alternatives, -1),
        )

    def _states(self, numbers: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """A row per string: numbers of all slots, then their keys; zeros where nothing matters."""
        strings = numbers.shape[1]
        numbers = np.where(self._slots[:, None], numbers, 0.0)
        keys = np.where(self._key_slots[:, None, None], keys, 0.0)
        return np.concatenate([numbers.T, np.moveaxis(keys, 1, 0).reshape(strings, -1)], axis=1)

    def _outputs(self, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers (slots, strings) and keys (keyed slots, strings, keys) of rows."""
        n_slots = self._plan.n_slots
        slots, width = self._key_shape
        keys = states[:, n_slots:].reshape(len(states), slots, width)
        return states[:, :n_slots].T, np.moveaxis(keys, 0, 1)


def _mattering(plan: Plan, ticks: int, tick: int) -> set[str]:
    """Neurons whose outputs at the last tick of a step can reach what is observed at one tick.

    What is observed at a tick was emitted at the tick before it, and read by its neuron at that
    one; ticks are counted round the step.
    """
    machine = plan.machine
    into = by_receiver(
        wired(machine, [*machine.fixed.support.paths, *machine.trainable.support.paths])
    )
    starts = [
        (path[2], (tick - 1) % ticks)
        for neuron, field in plan.observed
        for path in into[neuron]
        if path[1] == field
    ]
    found = reach(starts, lambda node: [(path[2], (node[1] - 1) % ticks) for path in into[node[0]]])
    return {neuron for neuron, when in found if when == ticks - 1}
