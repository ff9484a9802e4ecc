"""Search spaces: large machines to start a synthesis from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vvalues.support import Support
from vvalues.tree import from_buffer, from_leaves

from .machine import Machine, fixed_links
from .neurons import get_neuron_type

__all__ = ["SOURCES", "layered_space"]

SOURCES = (("input", "char"), ("eos", "char"), ("const_1", "const_1"))
"""Outputs of layer 0 in the published feedforward networks."""

FIELDS_WITHOUT_SOFT_LINKS = {("accum", "dict-1")}  # the accumulator's own fixed self-link is there


def layered_space(
    rng: np.random.Generator,
    *,
    layers: int = 5,
    copies: int = 2,
    types: Sequence[str] = ("accum", "norm", "compare", "dot"),
    scale: float = 0.01,
    sources: Sequence[tuple[str, str]] = SOURCES,
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
        Standard deviation of the initial weights.
    sources : sequence of (neuron, field)

    References
    ----------
    github anhinga/julia-flux-drafts, ``.../v0-1/feedforward-run-3``.
    """
    if layers < 1 or copies < 1:
        raise ValueError(f"layers is {layers} and copies is {copies}; both must be at least 1")
    neurons = {"timer": "timer", "input": "input", "output": "output"}
    neurons.update({name: name for name, _ in sources})
    available = list(sources)
    paths: list[tuple[str, ...]] = []
    for layer in range(1, layers + 1):
        fresh = {f"{kind}-{layer}-{copy}": kind for kind in types for copy in range(1, copies + 1)}
        for neuron, kind in fresh.items():
            for field in get_neuron_type(kind).reads:
                if (kind, field.name) not in FIELDS_WITHOUT_SOFT_LINKS:
                    paths += [(neuron, field.name, *sender) for sender in available]
        available += [
            (neuron, field.name)
            for neuron, kind in fresh.items()
            for field in get_neuron_type(kind).writes
        ]
        neurons.update(fresh)
    for field in get_neuron_type("output").reads:
        paths += [("output", field.name, *sender) for sender in available]
    support = Support.of(paths)
    weights = scale * rng.standard_normal(support.size)
    return Machine(
        neurons,
        from_leaves(fixed_links(neurons)),
        from_buffer(support, weights),
        name=f"layered-{layers}x{copies}",
    )
