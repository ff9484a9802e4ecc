"""Random machines that copy parts of themselves while they run.

Every machine has an accumulator that holds the matrix, cells of random types with random links, and
one or two neurons of type ``deep_copy``, each with a register that says which cells to copy - at
times the copier among them - and a trigger that some cell or stream sets off.
"""

from __future__ import annotations

import numpy as np

from vvalues import Path, VValue
from vvalues.core.tree import from_leaves

from ..machine import Machine, streams_from_trees
from ..neurons import get_neuron_type
from .editing_machines import Life

__all__ = ["random_copying_life"]

SENDERS = {"stream-1": "stream", "const_1": "const_1"}
TYPES = ("accum", "norm", "tanh", "relu", "dot", "compare", "gate", "delay(2)", "event_list")


def random_copying_life(rng: np.random.Generator, max_ticks: int = 9) -> Life:
    """A machine that copies parts of itself, with one to three strings for it.

    Parameters
    ----------
    rng : numpy.random.Generator
    max_ticks : int

    Examples
    --------
    >>> life = random_copying_life(np.random.default_rng(0))
    >>> "deep_copy-0" in life.machine.neurons
    True
    """
    count = int(rng.integers(2, 6))
    cells = {f"{kind}-{i}": str(kind) for i, kind in enumerate(rng.choice(TYPES, count))}
    copiers = {f"deep_copy-{i}": "deep_copy" for i in range(int(rng.integers(1, 3)))}
    registers = {f"register-{i}": "register" for i in range(len(copiers))}
    held = {"self": "accumulator", "output": "output"}
    neurons = {**SENDERS, **cells, **copiers, **registers, **held}
    links = _links_among(rng, cells) | _links_of_copiers(rng, cells, copiers)
    keeper = ("self", "accum", "self", "single")
    is_kept = bool(rng.random() < 0.5)
    machine = Machine(
        neurons,
        from_leaves({keeper: 1.0} if is_kept else {}),
        from_leaves(links if is_kept else {**links, keeper: 1.0}),
        initial=VValue({name: {"single": _members(rng, cells, copiers)} for name in registers}),
        matrix_port=("self", "single"),
    )
    ticks = int(rng.integers(4, max_ticks + 1))
    strings = [
        [VValue({":number": x, "a": y}) for x, y in rng.standard_normal((ticks, 2)).tolist()]
        for _ in range(int(rng.integers(1, 4)))
    ]
    return Life(machine, streams_from_trees({"stream-1": strings}))


def _links_among(rng: np.random.Generator, cells: dict[str, str]) -> dict[Path, float]:
    """Random links, and those by which delays and lists remember."""
    links: dict[Path, float] = {}
    for receiver, kind in {**cells, "output": "output"}.items():
        for field in get_neuron_type(kind).reads:
            for sender in _ports({**SENDERS, **cells}):
                if rng.random() < 0.3:
                    path = (receiver, field.name, *sender)
                    links[path] = 0.5 * rng.standard_normal()
    for name, kind in cells.items():
        for field_in, _, field_out in get_neuron_type(kind).fixed_links:
            links[name, field_in, name, field_out] = 1.0
    return links


def _links_of_copiers(
    rng: np.random.Generator, cells: dict[str, str], copiers: dict[str, str]
) -> dict[Path, float]:
    links: dict[Path, float] = {}
    triggers = _ports({"stream-1": "stream", **cells})
    for i, name in enumerate(copiers):
        links["self", "delta", name, "delta"] = 1.0
        links[name, "matrix", "self", "single"] = 1.0
        links[name, "subgraph", f"register-{i}", "single"] = 1.0
        links[f"register-{i}", "single", f"register-{i}", "single"] = 1.0
        links[name, "outgoing", "const_1", "const_1"] = rng.standard_normal()
        for field in ("before", "count"):
            links[name, field, name, field] = 1.0
        for k in rng.choice(len(triggers), size=2):
            path = (name, "trigger", *triggers[k])
            links[path] = rng.standard_normal()
    return links


def _ports(neurons: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, f.name) for name, kind in neurons.items() for f in get_neuron_type(kind).writes]


def _members(rng: np.random.Generator, cells: dict[str, str], copiers: dict[str, str]) -> VValue:
    """A subgraph: some of the cells, now and then a copier."""
    chosen = [name for name in cells if rng.random() < 0.5]
    chosen += [name for name in copiers if rng.random() < 0.2]
    return VValue(dict.fromkeys(chosen, 1.0))
