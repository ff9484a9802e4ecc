"""Search spaces: large machines to start a synthesis from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from vvalues.core.support import Support
from vvalues.core.tree import from_buffer, from_leaves

from ..neurons import FUNCTION, get_neuron_type
from .machine import Machine, fixed_links, type_from_name

__all__ = ["SOURCES", "layered_space", "recurrent_space", "superfluid_space"]

SOURCES = (("input", "char"), ("eos", "char"), ("const_1", "const_1"))
"""Outputs of layer 0 in the published feedforward networks."""

TYPES = ("accum", "norm", "compare", "dot")
"""The hidden neuron types of the published networks."""

Port = tuple[str, str]

FIELDS_WITHOUT_SOFT = {("accum", "dict-1")}  # the accumulator's own fixed self-link is there


def layered_space(
    rng: np.random.Generator,
    *,
    layers: int = 5,
    copies: int = 2,
    types: Sequence[str] = TYPES,
    scale: float = 0.01,
    sources: Sequence[Port] = SOURCES,
) -> Machine:
    """A feedforward machine with local recurrence and all skip connections.

    Every output of a lower layer (layer 0 holds the sources) feeds every input of each higher
    layer and both inputs of ``output``; accumulators keep their fixed self-link on ``dict-1`` and
    take trainable links on ``dict-2`` only. The defaults give the 1,486 trainable links of the
    published run.

    Parameters
    ----------
    rng : numpy.random.Generator
    layers, copies : int
        Number of layers; neurons of each type in a layer.
    types : sequence of neuron types
    scale : float
        Standard deviation of the initial weights (dimensionless).
    sources : sequence of (neuron, field)
        Outputs of layer 0. A neuron's type is its name up to the first ``-``, so that
        ``("stream-left", "stream")`` and ``("stream-right", "stream")`` are two input streams.

    Returns
    -------
    Machine

    Raises
    ------
    ValueError
        If ``layers`` or ``copies`` is less than 1, or a type is unknown.

    References
    ----------
    github anhinga/julia-flux-drafts, ``.../v0-1/feedforward-run-3``.

    Examples
    --------
    >>> len(layered_space(np.random.default_rng(0)).trainable)
    1486
    """
    _check_counts(layers=layers, copies=copies)
    neurons = _frame(sources)
    available = list(sources)
    paths: list[tuple[str, ...]] = []
    for layer in range(1, layers + 1):
        fresh = _copies(types, copies, f"{layer}-")
        inputs = [
            port for port in _inputs(fresh) if (fresh[port[0]], port[1]) not in FIELDS_WITHOUT_SOFT
        ]
        paths += _every_link(inputs, available)
        available += _outputs(fresh)
        neurons.update(fresh)
    paths += _every_link(_inputs({"output": "output"}), available)
    return _with_random_weights(
        rng, neurons, paths, scale, fixed_links(neurons), f"layered-{layers}x{copies}"
    )


def recurrent_space(
    rng: np.random.Generator,
    copies: int = 1,
    scale: float = 0.1,
    *,
    types: Sequence[str] = TYPES,
    sources: Sequence[Port] = SOURCES,
) -> Machine:
    """The prior-free machine: every output feeds every input, self-links included.

    Nothing is fixed but the clockwork of the ``input`` (timer to itself and to the input). Only
    fields that are read get links and only outputs that are produced send any, so one copy of
    each type has 72 trainable links where the published program carried 932 (2 copies: 208;
    5 copies: 1,036 instead of 20,308).

    Parameters
    ----------
    rng : numpy.random.Generator
    copies : int
        Neurons of each type.
    scale : float
        Standard deviation of the initial weights (dimensionless).
    types : sequence of neuron types
    sources : sequence of (neuron, field)
        As in `layered_space`.

    Returns
    -------
    Machine

    Raises
    ------
    ValueError
        If ``copies`` is less than 1, or a type is unknown.

    References
    ----------
    github anhinga/julia-flux-drafts, ``.../v0-1/rough-sketches/run-2.1``.

    Examples
    --------
    >>> [len(recurrent_space(np.random.default_rng(0), copies=n).trainable) for n in (1, 2, 5)]
    [72, 208, 1036]
    """
    _check_counts(copies=copies)
    hidden = _copies(types, copies)
    neurons = {**_frame(sources), **hidden}
    paths = _every_link(_inputs({**hidden, "output": "output"}), [*sources, *_outputs(hidden)])
    clockwork = {
        path: weight for path, weight in fixed_links(neurons).items() if path[0] not in hidden
    }
    return _with_random_weights(rng, neurons, paths, scale, clockwork, f"recurrent-{copies}")


def superfluid_space(
    rng: np.random.Generator,
    n_neurons: int = 8,
    scale: float = 0.1,
    *,
    types: Sequence[str] = TYPES,
    sources: Sequence[Port] = SOURCES,
    leaning: float = 0.0,
) -> Machine:
    """A fully recurrent machine of superfluid neurons: what each neuron *does* is trained too.

    Every output feeds every input; every neuron is a mixture of all ``types``, whose coefficients
    are weights of links from the neuron ``functions`` (see `dmm.neurons.superfluid`), with a fixed
    self-link that keeps them. The coefficients start at 1 / (number of types) plus noise, unless
    the neurons lean to one type each.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_neurons : int
    scale : float
        Standard deviation of the initial weights and of the coefficients (dimensionless).
    types : sequence of neuron types to mix
    sources : sequence of (neuron, field)
        As in `layered_space`.
    leaning : float
        How much of a neuron is of one type at first, the types in turn, from 0 to 1.

    Returns
    -------
    Machine

    Raises
    ------
    ValueError
        If ``n_neurons`` is less than 1, ``leaning`` is not from 0 to 1, or a type is unknown.

    Examples
    --------
    >>> space = superfluid_space(np.random.default_rng(0), n_neurons=3)
    >>> len(space.trainable), space.neurons["cell-1"]
    (210, 'superfluid(accum,norm,compare,dot)')
    """
    _check_counts(n_neurons=n_neurons)
    if not 0.0 <= leaning <= 1.0:
        raise ValueError(f"leaning is {leaning}; expected a share from 0 to 1")
    mixture = ",".join(types)
    hidden = {f"cell-{i}": f"superfluid({mixture})" for i in range(1, n_neurons + 1)}
    neurons = {**_frame(sources), "functions": f"functions({mixture})", **hidden}
    inputs = [port for port in _inputs(hidden) if port[1] != FUNCTION]
    outputs = [port for port in _outputs(hidden) if port[1] != FUNCTION]
    paths = _every_link([*inputs, *_inputs({"output": "output"})], [*sources, *outputs])
    paths += _every_link(
        [(cell, FUNCTION) for cell in hidden], [("functions", name) for name in types]
    )
    machine = _with_random_weights(
        rng, neurons, paths, scale, fixed_links(neurons), f"superfluid-{n_neurons}"
    )
    support = machine.trainable.support
    even = np.array([path[1] == FUNCTION for path in support.paths]) / len(types)
    turn = {cell: types[i % len(types)] for i, cell in enumerate(hidden)}
    own = np.array([p[1] == FUNCTION and p[3] == turn[p[0]] for p in support.paths])
    mean = (1.0 - leaning) * even + leaning * own
    return machine.with_trainable(from_buffer(support, machine.trainable.buffer + mean))


# -------------------- shared parts --------------------


def _check_counts(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name} is {count}; a space needs at least 1")


def _copies(types: Sequence[str], copies: int, prefix: str = "") -> dict[str, str]:
    """Neurons called by type and number, such as ``accum-2`` or ``accum-1-2`` with a prefix."""
    numbers = range(1, copies + 1)
    return {f"{name}-{prefix}{number}": name for name in types for number in numbers}


def _frame(sources: Sequence[Port]) -> dict[str, str]:
    """The neurons every space has: sources (with the timer that an ``input`` needs), output."""
    neurons = {name: type_from_name(name) for name, _ in sources}
    if "input" in neurons.values():
        neurons["timer"] = "timer"
    return {**neurons, "output": "output"}


def _inputs(neurons: Mapping[str, str]) -> list[Port]:
    return [(name, f.name) for name in neurons for f in get_neuron_type(neurons[name]).reads]


def _outputs(neurons: Mapping[str, str]) -> list[Port]:
    return [(name, f.name) for name in neurons for f in get_neuron_type(neurons[name]).writes]


def _every_link(inputs: Iterable[Port], outputs: Iterable[Port]) -> list[tuple[str, ...]]:
    outputs = list(outputs)
    return [(*port, *sender) for port in inputs for sender in outputs]


def _with_random_weights(
    rng: np.random.Generator,
    neurons: Mapping[str, str],
    paths: Iterable[tuple[str, ...]],
    scale: float,
    fixed: Mapping[tuple[str, ...], float],
    name: str,
) -> Machine:
    support = Support.of(paths)
    weights = scale * rng.standard_normal(support.size)
    return Machine(neurons, from_leaves(fixed), from_buffer(support, weights), name=name)
