"""Random machines for property tests.

Hypothesis draws the shape (sizes, density, seed); the weights come from a Generator with that seed,
so that they are in general position: ties and kinks have probability zero, except where a test asks
for them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pkgutil import walk_packages

import numpy as np
from hypothesis import strategies as st

import dmm.neurons
from dmm import Machine, Streams, streams_from_trees, superfluid_space, text_streams
from dmm.machine import fixed_links
from dmm.neurons import Kernel, get_neuron_type, neuron_types
from vvalues import VValue
from vvalues.core.tree import from_leaves

PUBLISHED = ("accum", "norm", "compare", "dot")
SOURCES = ("input", "eos", "const_1")
OBSERVED = (("output", "dict-1"), ("output", "dict-2"))
LIBRARY = {module.name for module in walk_packages(dmm.neurons.__path__, "dmm.neurons.")}


def library_types() -> tuple[str, ...]:
    """Every type of the library by itself: whoever adds a card finds it tested."""
    return tuple(
        name
        for name in neuron_types()
        if "(" not in name and get_neuron_type(name).activation.__module__ in LIBRARY
    )


def types_with_kernel() -> tuple[str, ...]:
    """Those that the compiled engine can run, in and out of cycles."""
    return tuple(
        name
        for name in library_types()
        if isinstance(get_neuron_type(name).kernel, Kernel) and name != "timer"
    )


@dataclass(frozen=True)
class Case:
    """A machine, streams for it, and which inputs to observe."""

    machine: Machine
    streams: Streams
    observed: tuple[tuple[str, str], ...] = OBSERVED

    @property
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(len(self.machine.trainable))


def random_machine(
    rng: np.random.Generator,
    n_neurons: int,
    density: float,
    *,
    is_cyclic: bool,
    scale: float = 0.7,
    types: tuple[str, ...] = PUBLISHED,
    sources: tuple[str, ...] = SOURCES,
) -> Machine:
    """Neurons of random types; links from earlier neurons, or from any when ``is_cyclic``."""
    hidden = {f"{rng.choice(types)}-{i}": i for i in range(n_neurons)}
    neurons = {name: name.split("-")[0] for name in (*sources, "timer", "output")}
    neurons.update({name: name.split("-")[0] for name in hidden})
    links = {}
    for receiver, kind in neurons.items():
        if receiver in sources or receiver == "timer":
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


def texts(draw: st.DrawFn, max_ticks: int) -> Streams:
    """One to three strings."""
    chosen = draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3))
    return text_streams(chosen, draw(st.integers(1, max_ticks)), period=draw(st.integers(1, 4)))


def generator(draw: st.DrawFn) -> np.random.Generator:
    return np.random.default_rng(draw(st.integers(0, 2**32 - 1)))


@st.composite
def cases(draw: st.DrawFn, is_cyclic: bool = False, max_ticks: int = 12) -> Case:
    """A machine of published neurons, up to eight hidden ones, on one to three strings."""
    rng = generator(draw)
    n_neurons = draw(st.integers(0, 8))
    density = draw(st.sampled_from([0.0, 0.2, 0.5, 1.0]))
    machine = random_machine(rng, n_neurons, density, is_cyclic=is_cyclic, scale=0.4)
    return Case(machine, texts(draw, max_ticks))


@st.composite
def library_cases(
    draw: st.DrawFn, max_ticks: int = 8, types: tuple[str, ...] | None = None
) -> Case:
    """Neurons of all types that have a kernel (or of these), with and without cycles."""
    rng = generator(draw)
    machine = random_machine(
        rng,
        draw(st.integers(1, 8)),
        draw(st.sampled_from([0.2, 0.5])),
        is_cyclic=draw(st.booleans()),
        scale=0.4,
        types=types or types_with_kernel(),
    )
    return Case(machine, texts(draw, max_ticks))


@st.composite
def self_loop_cases(draw: st.DrawFn, max_ticks: int = 12) -> Case:
    """Acyclic but for self-links of any weight on summing neurons, trainable, fixed, or both."""
    rng = generator(draw)
    machine = random_machine(
        rng, draw(st.integers(1, 6)), 0.5, is_cyclic=False, types=("accum", "identity", "norm")
    )
    weights = st.one_of(st.sampled_from([0.0, 1.0, -1.0]), st.floats(-1.5, 1.5, width=16))
    leaves = dict(machine.trainable.items())
    fixed = dict(machine.fixed.items())
    for neuron, kind in machine.neurons.items():
        if kind not in ("accum", "identity"):
            continue
        for field in get_neuron_type(kind).reads:
            path = (neuron, field.name, neuron, "dict")
            leaves[path] = draw(weights)
            if draw(st.booleans()):
                fixed[path] = draw(weights)
    changed = replace(machine, trainable=from_leaves(leaves), fixed=from_leaves(fixed))
    return Case(changed, texts(draw, max_ticks))


@st.composite
def superfluid_cases(draw: st.DrawFn, max_ticks: int = 5) -> Case:
    """Mixtures of published activations whose coefficients may flow from neuron to neuron."""
    rng = generator(draw)
    types = draw(st.lists(st.sampled_from(PUBLISHED), min_size=1, max_size=4, unique=True))
    machine = superfluid_space(rng, draw(st.integers(1, 3)), 0.3, types=types)
    leaves = {path: weight for path, weight in machine.trainable.items() if rng.random() < 0.5}
    cells = [name for name in machine.neurons if name.startswith("cell")]
    for receiver in cells:
        for sender in cells:
            if rng.random() < 0.3:
                leaves[receiver, ":function", sender, ":function"] = 0.3 * rng.standard_normal()
    initial = {}
    if draw(st.booleans()):
        initial[cells[0], ":function", types[0]] = float(rng.standard_normal())
    changed = replace(machine, trainable=from_leaves(leaves), initial=from_leaves(initial))
    return Case(changed, texts(draw, max_ticks))


@st.composite
def array_cases(
    draw: st.DrawFn,
    max_ticks: int = 6,
    types: tuple[str, ...] = ("accum", "norm", "dot", "compare", "tanh", "gate"),
) -> Case:
    """Streams with array leaves, numbers and keys, from two sources that emit at every tick."""
    rng = generator(draw)
    sources = ("stream-1", "stream-2", "const_1")
    machine = random_machine(
        rng,
        draw(st.integers(1, 6)),
        0.6,
        is_cyclic=draw(st.booleans()),
        scale=0.4,
        types=types,
        sources=sources,
    )
    initial = {}
    for neuron, kind in machine.neurons.items():
        if kind == "accum" and rng.random() < 0.5:
            initial[neuron] = {"dict": random_tree(rng)}
    machine = replace(machine, initial=VValue(initial))
    ticks, strings = draw(st.integers(1, max_ticks)), draw(st.integers(1, 2))
    streams = streams_from_trees(
        {
            name: [[random_tree(rng) for _ in range(ticks)] for _ in range(strings)]
            for name in sources[:2]
        }
    )
    return Case(machine, streams)


def random_tree(rng: np.random.Generator) -> VValue:
    leaves = {
        (): float(rng.standard_normal()),
        ("a",): float(rng.standard_normal()),
        ("image",): rng.standard_normal((2, 3)),
        ("deep", "vector"): rng.standard_normal(2),
    }
    return from_leaves({path: leaf for path, leaf in leaves.items() if rng.random() < 0.6})
