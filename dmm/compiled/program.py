"""The compiled engine: a machine as one autograd primitive.

``compile_machine(machine)`` gives a `Program`. A program run costs one tape node for the tree
(`vvalues.ravel`) and one for the machine, whatever the number of links and ticks; gradients,
Jacobians and second-order products are exact and agree with the reference engine.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from weakref import WeakKeyDictionary

import numpy as np

from vvalues import VValue, ravel, restrict
from vvalues.core.fused import evaluate
from vvalues.core.support import Support

from ..machine.machine import Machine
from ..machine.streams import Streams
from ..reference.program import ReferenceProgram
from .bound import BoundProgram
from .fallback import why_not_compiled
from .lowering import lower
from .movement import Workspace
from .plan import make_plan

__all__ = ["BoundProgram", "Program", "ReferenceProgram", "compile_machine"]

OUTPUT = (("output", "dict-1"), ("output", "dict-2"))


class Program:
    """A compiled machine.

    Parameters
    ----------
    machine, observed, stopped, recompute : see `compile_machine`

    Attributes
    ----------
    machine : Machine
    observed : tuple of (neuron, input field)
    support : Support of the trainable matrix it was compiled for
    live : boolean array, per element of the trainable matrix
        Which trainable links can influence what is observed; the others have zero gradient.

    Notes
    -----
    Large arrays are kept from one run to the next, so a program is not for several threads at
    once: compile one for each.
    """

    engine = "compiled"

    def __init__(
        self,
        machine: Machine,
        observed: Sequence[tuple[str, str]],
        stopped: Collection[tuple[str, str]] = (),
        *,
        recompute: bool | int = False,
    ) -> None:
        self.machine = machine
        self.observed = tuple(observed)
        self.stopped = frozenset(stopped)
        self.recompute = recompute
        self.support: Support = machine.trainable.support
        lowered = lower(machine, self.stopped)
        self.plan = make_plan(lowered.machine, self.observed)
        links, elements = self.plan.trainable
        self.plan.trainable = links, lowered.origin[elements]
        self._stopped_when_lowered = lowered.stopped
        self.live = np.zeros(self.support.size, dtype=bool)
        self.live[self.plan.trainable[1]] = True
        self.workspace = Workspace()
        self._stream_indices: dict[tuple[str, int], np.ndarray] = {}
        self._bound: WeakKeyDictionary[Streams, BoundProgram] = WeakKeyDictionary()

    def bind(self, streams: Streams) -> BoundProgram:
        """The program on given streams; remembered as long as the streams live."""
        bound = self._bound.get(streams)
        if bound is None:
            bound = self._bound[streams] = self._bind(streams)
        return bound

    def _bind(self, streams: Streams) -> BoundProgram:
        return BoundProgram(
            self.plan,
            streams,
            n_weights=self.support.size,
            stopped=self._stopped_when_lowered,
            recompute=self.recompute,
            workspace=self.workspace,
            indices=self._stream_indices,
        )

    def __call__(self, trainable: VValue, streams: Streams) -> np.ndarray:
        """Observed numbers for a trainable matrix; differentiable.

        Parameters
        ----------
        trainable : VValue
            Depth 4. Links outside the compiled support have no effect (and no gradient).
        streams : Streams

        Returns
        -------
        array of shape (observed, ticks, strings)

        Examples
        --------
        >>> from dmm import compile_machine, text_streams
        >>> from dmm.zoo import duplicate_detector
        >>> detector = duplicate_detector()
        >>> program = compile_machine(detector)
        >>> observed = program(detector.trainable, text_streams("aa.", 40))
        >>> observed.shape, float(observed[0].max())
        ((2, 40, 1), 1.0)
        """
        return evaluate(self.flatten(trainable), self.bind(streams))

    def flatten(self, trainable: VValue) -> np.ndarray:
        """Weights in the order of ``support``."""
        if trainable.support is not self.support:
            trainable = restrict(trainable, self.support)
        return ravel(trainable)

    def evaluate(self, weights: np.ndarray, streams: Streams) -> np.ndarray:
        """As a call, for flat weights of shape (links,) or (machines, links); differentiable.

        Returns
        -------
        array of shape ([machines,] observed, ticks, strings)

        Raises
        ------
        ValueError
            If the number of weights is not that of the compiled support.
        """
        return evaluate(weights, self.bind(streams))

    def jacobian(self, weights: np.ndarray, streams: Streams) -> tuple[np.ndarray, np.ndarray]:
        """Values and their exact Jacobian with respect to flat weights, by forward mode.

        Returns
        -------
        values : array of shape (observed, ticks, strings)
        jacobian : array of shape (links, observed, ticks, strings)
        """
        return self.bind(streams).jacobian(weights)

    def stream_gradient(
        self, weights: np.ndarray, g: np.ndarray, streams: Streams
    ) -> dict[str, np.ndarray]:
        """Gradient with respect to the entries of the input streams.

        Parameters
        ----------
        weights : array, (links,)
        g : array, (observed, ticks, strings)
            Cotangent of the observed numbers.
        streams : Streams

        Returns
        -------
        dict of source neuron to array of shape (ticks, strings, columns)
            Zero where an entry is never emitted.
        """
        return self.bind(streams).stream_gradient(weights, g)

    def trace(self, trainable: VValue, streams: Streams) -> np.ndarray:
        """Observed streams with their keys, untraced: (observed, ticks, strings, columns).

        Column 0 is the ``:number``; the others are those of ``streams.keys`` (constants of the
        machine may append columns, see `BoundProgram.columns`).
        """
        return self.bind(streams).trace(np.asarray(self.flatten(trainable)))


def compile_machine(
    machine: Machine,
    observed: Sequence[tuple[str, str]] = OUTPUT,
    *,
    stopped: Collection[tuple[str, str]] = (),
    recompute: bool | int = False,
) -> Program | ReferenceProgram:
    """Compile a machine.

    Parameters
    ----------
    machine : Machine
    observed : sequence of (neuron, input field)
        What a run returns; by default both inputs of ``output``.
    stopped : collection of (neuron type, field)
        Inputs that pass no gradient. ``[("accum", "dict-1")]`` is the gradient of the published
        Julia run; the default is the exact one.
    recompute : bool or int
        For long runs: store the state only every so many ticks (True: the square root of the
        number of ticks) and compute each segment once more for the derivatives. Memory then grows
        with the square root of the number of ticks, time by about one forward pass.

    Returns
    -------
    Program, or ReferenceProgram (with a warning that says why) for a machine that the compiled
    engine cannot run.

    Raises
    ------
    ValueError
        If an observed port does not exist.
    """
    _check_observed(machine, observed)
    reason = why_not_compiled(machine)
    if reason:
        warnings.warn(f"{reason}; this machine runs on the reference engine", stacklevel=2)
        return ReferenceProgram(machine, observed, stopped)
    return Program(machine, observed, stopped, recompute=recompute)


def _check_observed(machine: Machine, observed: Sequence[tuple[str, str]]) -> None:
    kinds: Mapping[str, str] = machine.neurons
    for neuron, field in observed:
        if neuron not in kinds:
            raise ValueError(
                f"observed port {neuron}/{field}: the machine has no neuron {neuron!r}"
            )
        if machine.type_of(neuron).read_field(field) is None:
            reads = ", ".join(f.name for f in machine.type_of(neuron).reads) or "nothing"
            raise ValueError(f"observed port {neuron}/{field}: {neuron!r} reads {reads}")
