"""Random machines whose every stream is a fragment of their own network matrix.

Nothing comes in from outside. What such a machine does next is decided by its links, and its links
are what it does: a register holds the matrix of the start, cells hold fragments of a matrix, and
at every tick the matrix is the register's plus a combination of the cells' fragments.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vvalues import Path, VValue, assemble
from vvalues.core.tree import from_leaves

from ..machine import Machine, fixed_links
from ..neurons import get_neuron_type

__all__ = ["self_referential_machine"]

SOURCE = ("base", "single")
HOLDER = ("self", "single")
TYPES = {
    "fast": {"tanh": 1.0},
    "slow": {"tanh": 0.5, "relu": 0.2, "identity": 0.3},
    "any": {"tanh": 0.6, "identity": 0.2, "mask_multiply": 0.2},
}
"""How often which type of cell occurs."""


def self_referential_machine(rng: np.random.Generator, cells: int = 6) -> Machine:
    """A random machine that is driven by nothing but its own matrix.

    Cells read each other; their streams are fragments, of the links among cells. The matrix is
    ``base + sum of c times cell``. How strong all that is, how dense, and of which types the cells
    are, is random too. In some machines there are slow cells, which hold what they read for 10 to
    200 ticks; in most of them no cell is unbounded.

    Parameters
    ----------
    rng : numpy.random.Generator
    cells : int

    Returns
    -------
    Machine
        With ``self`` as the holder of the matrix. It reads no stream. Trainable: the links among
        cells, as they are before the first tick; what comes later is from ``base``.

    Raises
    ------
    ValueError
        If ``cells`` is less than 2.

    Notes
    -----
    ``dmm.dynamics`` tells what such a machine does: some come to rest, some oscillate, sleep and
    wake, behave chaotically or grow without bounds.

    References
    ----------
    github anhinga/fluid, ``Lightweight_Pure_DMMs`` (machines whose streams are matrices);
    arXiv:1712.07447, section 4.

    Examples
    --------
    >>> machine = self_referential_machine(np.random.default_rng(0), cells=3)
    >>> sorted(machine.neurons)
    ['base', 'cell-1', 'cell-2', 'cell-3', 'self']
    >>> from dmm import run
    >>> trace = run(machine, ticks=3)
    >>> matrices = [outputs.subtree(machine.matrix_port) for outputs in trace.outputs]
    >>> matrices[0] == matrices[1]
    False
    """
    if cells < 2:
        raise ValueError(f"cells is {cells}; expected at least 2, which read each other")
    names = [f"cell-{i}" for i in range(1, cells + 1)]
    kind = rng.choice(("fast", "slow", "any"), p=(0.45, 0.4, 0.15))
    types = [
        str(name) for name in rng.choice(list(TYPES[kind]), cells, p=list(TYPES[kind].values()))
    ]
    neurons = dict(zip(names, types, strict=True))
    ports = [(name, field.name) for name in names for field in get_neuron_type(neurons[name]).reads]
    senders = [(name, get_neuron_type(neurons[name]).writes[0].name) for name in names]
    weights = _weights(rng, len(ports), cells)
    is_free = rng.random(weights.shape) < rng.choice([0.2, 0.5, 1.0])
    if kind == "slow":
        _slow_down(rng, types, weights, is_free)
    is_free[0, 0] |= not is_free.any()
    paths = [[(*port, *sender) for sender in senders] for port in ports]
    among = {paths[i][k]: weights[i, k] for i, k in zip(*np.nonzero(weights), strict=True)}
    free = [paths[i][k] for i, k in zip(*np.nonzero(is_free), strict=True)]
    return _machine(rng, neurons, senders, among, free)


def _slow_down(
    rng: np.random.Generator, types: list[str], weights: np.ndarray, is_free: np.ndarray
) -> None:
    """Make cells that add up slow: they hold on to what they have, and read the others a little.

    Only what is bounded is read by cells that are not.
    """
    is_bounded = np.array([name == "tanh" for name in types])
    for i, name in enumerate(types):
        if name == "tanh":
            continue
        reads = is_bounded if name == "relu" else np.array([name != "identity" for name in types])
        weights[i] *= reads
        is_free[i] = is_free[i] & reads if name == "relu" else False
        if name == "identity":
            kept = rng.uniform(0.9, 0.995)
            weights[i] *= 1.0 - kept
            weights[i, i] = kept


def _weights(rng: np.random.Generator, rows: int, cells: int) -> np.ndarray:
    """Random links, scaled so that a row gives between half and four times what it gets."""
    strength, density = rng.uniform(0.5, 4.0), rng.choice([0.3, 0.6, 1.0])
    drawn = rng.standard_normal((rows, cells)) * (rng.random((rows, cells)) < density)
    return strength * drawn / np.sqrt(cells * density)


def _machine(
    rng: np.random.Generator,
    neurons: dict[str, str],
    senders: list[tuple[str, str]],
    among: dict[Path, Any],
    free: list[Path],
) -> Machine:
    """Links among cells, and links that may change, as a machine that edits itself."""
    shares = rng.uniform(0.0, 2.0) * rng.standard_normal(len(senders))
    shares *= rng.random(len(senders)) < 0.5
    fixed: dict[Path, Any] = {("self", "accum", *SOURCE): 1.0}
    fixed |= {("self", "delta", *sender): c for sender, c in zip(senders, shares, strict=True) if c}
    neurons = {"self": "accumulator", "base": "register", **neurons}
    fixed |= {(*SOURCE, *SOURCE): 1.0, **fixed_links(neurons)}
    begun = {sender: _fragment(rng, free) for sender in senders}
    begun[SOURCE] = from_leaves({**fixed, **among})
    return Machine(
        neurons,
        from_leaves(fixed),
        from_leaves(among),
        name="self-referential",
        initial=assemble(begun),
        matrix_port=HOLDER,
    )


def _fragment(rng: np.random.Generator, free: list[Path]) -> VValue:
    return from_leaves(dict(zip(free, rng.standard_normal(len(free)).tolist(), strict=True)))
