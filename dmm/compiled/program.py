"""The compiled engine: a machine as one autograd primitive.

``compile_machine(machine)`` gives a `Program`. A program run costs one tape node for the tree
(`vvalues.ravel`) and one for the machine, whatever the number of links and ticks; gradients,
Jacobians and second-order products are exact and agree with the reference engine.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Sequence
from functools import cache, partial
from importlib.util import find_spec
from threading import local
from weakref import WeakKeyDictionary

import numpy as np

from vvalues import Support, VValue, ravel, restrict
from vvalues.core.fused import evaluate
from vvalues.core.tracing import is_traced

from ..machine.machine import Machine
from ..machine.streams import Streams
from ..neurons.fields import names_of
from ..reference.judge import ReferenceProgram
from .bound import BoundProgram
from .fast import why_not_fast
from .lowering import Lowered, Reason, lower
from .movement import Workspace
from .plan import Plan, make_plan
from .plastic import PlasticProgram, why_not_plastic

__all__ = ["Program", "compile_machine", "fast_or_numpy"]

ENGINES = (None, "numpy", "fast", "reference")
OUTPUT = (("output", "dict-1"), ("output", "dict-2"))


class Program:
    """A compiled machine.

    Parameters
    ----------
    machine : Machine or Lowered
        One that is lowered already (`dmm.compiled.lower`) is taken as it is, with what it stops.
    observed, stopped, recompute, engine : see `compile_machine`

    Attributes
    ----------
    machine : Machine
    engine : "numpy" or "fast"
    observed : tuple of (neuron, input field)
    support : Support of the trainable matrix it was compiled for
    live : boolean array, per element of the trainable matrix
        Which trainable links can influence what is observed; the others have zero gradient.

    Raises
    ------
    ValueError
        If the compiled engine cannot run the machine; the message says why.

    Notes
    -----
    Large arrays are kept from one run to the next, for each thread its own: several threads may
    use one program at once. What `bind` returns is for the thread that asked.

    Examples
    --------
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector
    >>> detector = duplicate_detector()
    >>> program = Program(detector, [("output", "dict-1")])
    >>> streams = text_streams(["aa.", "ab."], 30)
    >>> program(detector.trainable, streams)[0, -1]  # a letter twice, none
    array([1., 0.])
    """

    def __init__(
        self,
        machine: Machine | Lowered,
        observed: Sequence[tuple[str, str]],
        stopped: Collection[tuple[str, str]] = (),
        *,
        recompute: bool | int = False,
        engine: str | None = None,
    ) -> None:
        lowered = lower(machine, stopped) if isinstance(machine, Machine) else machine
        if isinstance(lowered, Reason):
            raise ValueError(f"{lowered}; take a ReferenceProgram, or compile_machine to choose")
        self.machine = lowered.original
        self.observed = tuple(observed)
        self.recompute = recompute and lowered.is_stepwise
        self.support: Support = self.machine.trainable.support
        self.plan = make_plan(lowered, self.observed)
        self.engine = _engine(engine, self.plan, self.recompute)
        self._is_chosen_by_size = engine is None
        self.live = np.zeros(self.support.size, dtype=bool)
        self.live[self.plan.trainable[1]] = True
        self._indices: dict[tuple[str, int], np.ndarray] = {}
        self._mine = _OfThread()

    def live_on(self, streams: Streams) -> np.ndarray:
        """Which trainable links can influence what is observed; the same for all streams."""
        return self.live

    def bind(self, streams: Streams) -> BoundProgram:
        """The program on given streams; remembered as long as the streams live."""
        mine = self._mine
        bound = mine.bound.get(streams)
        if bound is None:
            make: Callable[..., BoundProgram] = BoundProgram
            if self.engine == "fast":
                from .fast.side_by_side import FastBoundProgram

                make = partial(FastBoundProgram, is_chosen_by_size=self._is_chosen_by_size)
            bound = mine.bound[streams] = make(
                self.plan, streams, mine.workspace, self._indices, recompute=self.recompute
            )
        return bound

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

        The run of one machine is kept, for derivatives at the same weights; that of several only
        where autograd traces it.

        Returns
        -------
        array of shape ([machines,] observed, ticks, strings)

        Raises
        ------
        ValueError
            If the number of weights is not that of the compiled support.
        """
        bound = self.bind(streams)
        is_several = not is_traced(weights) and np.ndim(weights) == 2 and len(weights) > 1
        return bound.values(weights) if is_several else evaluate(weights, bound)

    def jacobian(self, weights: np.ndarray, streams: Streams) -> tuple[np.ndarray, np.ndarray]:
        """Values and their exact Jacobian with respect to flat weights, by forward mode.

        Both arrays are fresh: the caller may change them.

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


class _OfThread(local):
    """What a program keeps for each thread that uses it."""

    def __init__(self) -> None:
        self.workspace = Workspace()
        self.bound: WeakKeyDictionary[Streams, BoundProgram] = WeakKeyDictionary()


def compile_machine(
    machine: Machine,
    observed: Sequence[tuple[str, str]] = OUTPUT,
    *,
    stopped: Collection[tuple[str, str]] = (),
    recompute: bool | int = False,
    engine: str | None = None,
) -> Program | PlasticProgram | ReferenceProgram:
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
        For long runs: store the state only every so many ticks (True: see
        `dmm.compiled.segments.segment_length`) and compute each segment once more for the
        derivatives: a quarter of the memory, or far less, for up to twice the time. Without effect
        on memories with addresses.
    engine : str, optional
        ``"numpy"``, ``"fast"`` (kernels of numba: the extra ``fast``) or ``"reference"``. When
        omitted, the fast one where it is installed and knows all neuron types of the machine,
        otherwise numpy; values and gradients of a large layered machine on one string are
        left to numpy then. ``program.engine`` says which it is.

    Returns
    -------
    Program; PlasticProgram for a machine that holds its own matrix; ReferenceProgram (with a
    warning that says why) for a machine that neither can run.

    Raises
    ------
    ValueError
        If an observed port or the engine does not exist, or the engine cannot run the machine; the
        message says why.

    Examples
    --------
    >>> from autograd import grad
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector
    >>> detector = duplicate_detector()
    >>> program = compile_machine(detector)
    >>> streams = text_streams(["aa.", "ab."], 50)
    >>> program(detector.trainable, streams).shape  # observed inputs, ticks, strings
    (2, 50, 2)
    >>> slope = grad(lambda weights: (program(weights, streams) ** 2).sum())(detector.trainable)
    >>> slope["output", "dict-1", "compare", "true"]
    176.0
    """
    _check_observed(machine, observed)
    if engine not in ENGINES:
        raise ValueError(f"engine is {engine!r}; expected None, 'numpy', 'fast' or 'reference'")
    if engine == "reference":
        return ReferenceProgram(machine, observed, stopped)
    if machine.matrix_port is not None and engine is None:
        lowered: Lowered | Reason | None = why_not_plastic(machine)
        if lowered is None:
            return PlasticProgram(machine, observed, stopped, recompute)
    else:
        lowered = lower(machine, stopped)
    if isinstance(lowered, Reason):
        warnings.warn(f"{lowered}; this machine runs on the reference engine", stacklevel=2)
        return ReferenceProgram(machine, observed, stopped)
    return Program(lowered, observed, recompute=recompute, engine=engine)


def _engine(name: str | None, plan: Plan, recompute: bool | int) -> str:
    """The engine of this name, or the one that suits the plan."""
    if name == "numpy":
        return name
    reason = "it keeps all ticks, and recompute asks for less" if recompute else why_not_fast(plan)
    return fast_or_numpy(name, reason)


def fast_or_numpy(name: str | None, why_not: str | None) -> str:
    """The fast engine, unless something speaks against it: what, or that numba is missing.

    Parameters
    ----------
    name : {"fast", None}
        What was asked for.
    why_not : str, optional
        Why the fast kernels cannot do it.

    Raises
    ------
    ValueError
        If it was asked for and something speaks against it.

    Examples
    --------
    >>> fast_or_numpy(None, "they do not know the neuron type 'gate'")
    'numpy'
    """
    reason = why_not or _why_no_numba()
    if reason is None:
        return "fast"
    if name is None:
        return "numpy"
    raise ValueError(f"engine is 'fast': {reason}; take 'numpy'")


@cache
def _why_no_numba() -> str | None:
    """Asked once: looking for it takes a fifth of the time in which a machine is compiled."""
    if find_spec("numba") is None:
        return "numba is not installed (pip install dataflow-matrix-machines[fast])"
    return None


def _check_observed(machine: Machine, observed: Sequence[tuple[str, str]]) -> None:
    for neuron, field in observed:
        if neuron not in machine.neurons:
            raise ValueError(
                f"observed port {neuron}/{field}: the machine has no neuron {neuron!r}"
            )
        if machine.type_of(neuron).read_field(field) is None:
            reads = names_of(machine.type_of(neuron).reads)
            raise ValueError(f"observed port {neuron}/{field}: {neuron!r} reads {reads}")
