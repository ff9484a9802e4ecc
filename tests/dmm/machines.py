"""Random machines for property tests.

Hypothesis draws the shape (sizes, density, seed); the weights come from a Generator with that seed,
so that they are in general position: ties and kinks have probability zero, except where a test asks
for them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from dmm import Machine, Streams, text_streams
from dmm.machine import fixed_links
from dmm.neurons import get_neuron_type
from vvalues.tree import from_leaves

TYPES = ("accum", "norm", "compare", "dot")
SOURCES = ("input", "eos", "const_1")


@dataclass(frozen=True)
class Case:
    """A machine, streams for it, and which inputs to observe."""

    machine: Machine
    streams: Streams
    observed: tuple[tuple[str, str], ...]

    @property
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(len(self.machine.trainable))


def random_machine(
    rng: np.random.Generator, n_neurons: int, density: float, *, is_cyclic: bool, scale: float = 0.7
) -> Machine:
    """Neurons of random types; links from earlier neurons, or from any when ``is_cyclic``."""
    hidden = {f"{rng.choice(TYPES)}-{i}": i for i in range(n_neurons)}
    neurons = {name: name for name in (*SOURCES, "timer", "output")}
    neurons.update({name: name.split("-")[0] for name in hidden})
    links = {}
    for receiver, kind in neurons.items():
        if receiver in SOURCES or receiver == "timer":
            continue
        for field in get_neuron_type(kind).reads:
            for sender, sender_kind in neurons.items():
                is_earlier = hidden.get(sender, -1) < hidden.get(receiver, n_neurons)
                for written in get_neuron_type(sender_kind).writes:
                    if (is_cyclic or is_earlier) and rng.random() < density:
                        path = (receiver, field.name, sender, written.name)
                        links[path] = scale * rng.standard_normal()
    fixed = from_leaves(fixed_links(neurons))
    return Machine(neurons, fixed, from_leaves(links))


TEXTS = ("test string.", "aabb.", "a.b.c.", "x", "mississippi.")


@st.composite
def cases(draw: st.DrawFn, is_cyclic: bool = False, max_ticks: int = 12) -> Case:
    """A machine with up to eight hidden neurons on one to three strings."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_neurons = draw(st.integers(0, 8))
    density = draw(st.sampled_from([0.0, 0.2, 0.5, 1.0]))
    machine = random_machine(rng, n_neurons, density, is_cyclic=is_cyclic, scale=0.4)
    texts = draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3))
    streams = text_streams(texts, draw(st.integers(1, max_ticks)), period=draw(st.integers(1, 4)))
    return Case(machine, streams, (("output", "dict-1"), ("output", "dict-2")))
