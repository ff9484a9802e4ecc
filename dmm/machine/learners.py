"""A search space of machines that learn: they edit their own links while they run.

A machine meets numbers ``x-1``, ``x-2``, ... and is to say what ``y-1``, ... will be. Its cells
predict; what it knows is in the links from the inputs to the cells, and these are the only ones
that it may change. *How* it changes them is for the search to find: every rule is a plasticity
neuron whose gate, post- and pre-activity may be anything that is there, and all weights are random.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vvalues import Path, VValue
from vvalues.core.support import Support
from vvalues.core.tree import from_buffer, from_leaves

from .machine import Machine

__all__ = ["plastic_space"]

Port = tuple[str, str]

KEEPER = ("self", "accum", "self", "single")


def plastic_space(
    rng: np.random.Generator,
    *,
    inputs: int = 3,
    targets: int = 1,
    clocks: int = 5,
    rules: int = 2,
    leaks: int = 1,
    is_normalised: bool = False,
    scale: float = 0.3,
) -> Machine:
    """A machine that holds its own matrix, with random rules to change it.

    Parameters
    ----------
    rng : numpy.random.Generator
    inputs, targets : int
        Streams ``x-1``, ... and ``y-1``, ...: numbers.
    clocks : int
        Streams ``clock-0``, ...: each is 1 at its own phase of a period and 0 at the others.
    rules : int
        Plasticity neurons. Each reads any numbers on its gate, and the labelled inputs, targets
        and predictions on ``post`` and ``pre``.
    leaks : int
        Gates that can send a share of the plastic links back to the matrix: forgetting.
    is_normalised : bool
        Whether rules are offered the inputs divided by one more than their square too.
    scale : float
        Standard deviation of the initial weights (dimensionless).

    Returns
    -------
    Machine
        With ``self`` as the holder of the matrix, kept by a fixed link. Trainable: all links into
        rules, leaks, cells and ``self.delta``. What the cells say is observed at ``p``, which
        labels their numbers (and the first two at ``output``). The links from inputs to cells
        start at trainable weights too.

    Raises
    ------
    ValueError
        If there are no inputs, targets, clocks or rules, or ``leaks`` is negative.

    Examples
    --------
    >>> space = plastic_space(np.random.default_rng(0), inputs=2, rules=1, leaks=0)
    >>> len(space.trainable), space.neurons["rule-1"], space.matrix_port
    (27, 'plasticity', ('self', 'single'))
    """
    for name, count in (("inputs", inputs), ("targets", targets), ("clocks", clocks)):
        _check_count(name, count, 1)
    _check_count("rules", rules, 1)
    _check_count("leaks", leaks, 0)
    xs = [(f"x-{k}", "stream") for k in range(1, inputs + 1)]
    ys = [(f"y-{k}", "stream") for k in range(1, targets + 1)]
    cells = [(f"cell-{k}", "dict") for k in range(1, targets + 1)]
    ticking = [(f"clock-{k}", "stream") for k in range(clocks)]
    numbers = [*xs, *ys, *cells, ("const_1", "const_1"), *ticking]
    neurons = dict.fromkeys([name for name, _ in (*xs, *ys, *ticking)], "stream")
    neurons |= {"const_1": "const_1", "output": "output", "self": "accumulator"}
    neurons |= dict.fromkeys([name for name, _ in cells], "identity")
    neurons |= {"x": _labels(xs), "y": _labels(cells), "p": _labels(cells), "places": "register"}
    fixed: dict[Path, float] = {KEEPER: 1.0, ("places", "single", "places", "single"): 1.0}
    fixed |= {("output", f"dict-{i}", *cell): 1.0 for i, cell in enumerate(cells[:2], 1)}
    for label, ports in (("x", xs), ("y", ys), ("p", cells)):
        fixed |= {(label, f"number-{i}", *port): 1.0 for i, port in enumerate(ports, 1)}
    paths = [(*cell, *port) for cell in cells for port in numbers]
    labelled = [("x", "dict"), ("y", "dict"), ("p", "dict")]
    if is_normalised:
        neurons["unit"] = "normalised"
        paths.append(("unit", "dict", "x", "dict"))
        labelled.append(("unit", "dict"))
    for i in range(1, rules + 1):
        rule = f"rule-{i}"
        neurons[rule] = "plasticity"
        fixed[rule, "mask", "places", "single"] = 1.0
        paths += [(rule, "gate", *port) for port in numbers]
        paths += [(rule, field, *port) for field in ("post", "pre") for port in labelled]
        paths.append(("self", "delta", rule, "delta"))
    if leaks:
        neurons["known"] = "mask_multiply"
        fixed["known", "mask", "places", "single"] = 1.0
        fixed["known", "main", "self", "single"] = 1.0
    for i in range(1, leaks + 1):
        leak = f"leak-{i}"
        neurons[leak] = "gate"
        fixed[leak, "dict", "known", "single"] = 1.0
        paths += [(leak, "gate", *port) for port in numbers]
        paths.append(("self", "delta", leak, "dict"))
    support = Support.of(paths)
    return Machine(
        neurons,
        from_leaves(fixed),
        from_buffer(support, scale * rng.standard_normal(support.size)),
        name=f"plastic-{inputs}x{targets}",
        initial=VValue({"places": {"single": _places(cells, xs)}}),
        matrix_port=("self", "single"),
    )


def _check_count(name: str, count: int, least: int) -> None:
    if count < least:
        raise ValueError(f"{name} is {count}; expected at least {least}")


def _labels(ports: Sequence[Port]) -> str:
    return f"label({','.join('/'.join(port) for port in ports)})"


def _places(cells: Sequence[Port], xs: Sequence[Port]) -> VValue:
    """The links that may change, as a mask of ones."""
    return from_leaves(dict.fromkeys(((*cell, *x) for cell in cells for x in xs), 1.0))
