"""Machines that every rendering must cope with."""

from __future__ import annotations

from itertools import product

import numpy as np

from dmm import Machine, layered_space, machine_from_matrix, zoo
from dmm.zoo import duplicate_detector
from tests.dmm.machines import random_machine
from vvalues import VValue
from vvalues.core.tree import from_leaves

HOSTILE_NAMES = (
    "<script>document.title='pwned'</script>",
    "</pre></style></title><img src=x onerror=\"document.title='pwned'\">",
    "say \"hi\" \\ 'ho' `tick` $x$ %%{init}%% -->",
    "two\nlines\r\ttab",
    "\N{FIRE}\N{FAMILY} \N{RIGHT-TO-LEFT OVERRIDE}abc",
    "x" * 200,
    "x" * 100 + "y" + "x" * 99,
    "&lt;&amp;#34;",
)

# sparse20-after-100-steps-matrix.json of github anhinga/julia-flux-drafts (MIT), feedforward-run-3.
PUBLISHED = {
    "accum-1-2": {"dict-2": {"input": {"char": 0.76140845}}},
    "norm-2-1": {"dict": {"accum-1-2": {"dict": 0.6799909}, "input": {"char": -0.5035984}}},
    "dot-2-2": {
        "dict-1": {"accum-1-2": {"dict": -0.68474704}, "input": {"char": -0.5177265}},
        "dict-2": {"eos": {"char": -1.289527}},
    },
    "compare-1-2": {
        "dict-1": {"const_1": {"const_1": -0.44793695}},
        "dict-2": {"const_1": {"const_1": 0.4385935}},
    },
    "compare-3-1": {
        "dict-1": {"norm-2-1": {"norm": 0.25769955}, "compare-1-2": {"false": -0.44086167}},
        "dict-2": {"norm-2-1": {"norm": -0.25060785}, "compare-1-2": {"false": 0.44996113}},
    },
    "compare-4-2": {
        "dict-1": {"norm-2-1": {"norm": -0.5982746}},
        "dict-2": {"norm-2-1": {"norm": 0.60425675}},
    },
    "compare-5-1": {
        "dict-1": {"dot-2-2": {"dot": 0.67944056}},
        "dict-2": {"dot-2-2": {"dot": -0.689225}},
    },
    "output": {
        "dict-1": {"compare-3-1": {"false": -1.2568029}, "compare-4-2": {"false": 1.069833}},
        "dict-2": {"compare-5-1": {"true": 1.0863824}},
    },
}


def published_machine() -> Machine:
    """The synthesized machine of 19 trainable links."""
    return machine_from_matrix(VValue(PUBLISHED), name="sparse20")


def dense_machine() -> Machine:
    """1,486 trainable links."""
    return layered_space(np.random.default_rng(0))


def recurrent_machine() -> Machine:
    """Every neuron reads every output."""
    return random_machine(np.random.default_rng(1), 6, 1.0, is_cyclic=True, scale=0.3)


def small_recurrent_machine() -> Machine:
    """Two coupled accumulators and a leaky one, few enough links to be simplified."""
    neurons = {"stream": "stream", "const_1": "const_1", "norm": "norm", "output": "output"}
    neurons |= {f"accum-{i}": "accum" for i in (1, 2, 3)}
    fixed = {("accum-1", "dict-1", "accum-1", "dict"): 1.0}
    trainable = {
        ("accum-1", "dict-2", "stream", "stream"): 1.0,
        ("accum-1", "dict-2", "accum-2", "dict"): -0.5,
        ("accum-2", "dict-2", "accum-1", "dict"): 0.25,
        ("accum-3", "dict-1", "accum-3", "dict"): 0.9,
        ("accum-3", "dict-2", "const_1", "const_1"): -0.1,
        ("norm", "dict", "accum-2", "dict"): -2.0,
        ("output", "dict-1", "norm", "norm"): 1.0,
        ("output", "dict-2", "accum-3", "dict"): 3.0,
    }
    return Machine(neurons, from_leaves(fixed), from_leaves(trainable), name="small-recurrent")


def hostile_machine() -> Machine:
    """Names that want to break out of whatever they are written into."""
    neurons = dict.fromkeys(HOSTILE_NAMES, "accum")
    neurons |= {"input": "stream", "output": "output"}
    fixed = {(n, "dict-1", n, "dict"): 1.0 for n in HOSTILE_NAMES}
    trainable = {(n, "dict-2", "input", "stream"): 0.5 for n in HOSTILE_NAMES}
    trainable |= {("output", "dict-1", n, "dict"): -1.0 for n in HOSTILE_NAMES}
    return Machine(neurons, from_leaves(fixed), from_leaves(trainable), name=HOSTILE_NAMES[1])


def wide_machine(n_links: int) -> Machine:
    """So many soft links into one neuron, of sizes 1, 2, 3, ..."""
    names = [f"accum-{i}" for i in range(1, n_links + 1)]
    links = {("output", "dict-1", n, "dict"): float(i) for i, n in enumerate(names, start=1)}
    neurons = {**dict.fromkeys(names, "accum"), "output": "output"}
    return Machine(neurons, trainable=from_leaves(links), name="wide")


def exact_machines() -> list[Machine]:
    """Machines of 8 links of weight +-1 that all compute what the handcrafted one computes."""
    detector = duplicate_detector()
    machines = []
    for a, m, c, swapped in product((1.0, -1.0), (1.0, -1.0), (1.0, -1.0), (False, True)):
        # a, m: signs of the accumulator's input and of the norm's; c: of the dot product's inputs
        norm_field, one_field = ("dict-2", "dict-1") if swapped else ("dict-1", "dict-2")
        links = {
            ("accum", "dict-2", "input", "char"): a,
            ("norm", "dict", "accum", "dict"): m,
            ("compare", norm_field, "norm", "norm"): 1.0,
            ("compare", one_field, "const_1", "const_1"): 1.0,
            ("dot", "dict-1", "accum", "dict"): a * c,
            ("dot", "dict-2", "eos", "char"): c,
            ("output", "dict-1", "compare", "false" if swapped else "true"): 1.0,
            ("output", "dict-2", "dot", "dot"): 1.0,
        }
        machines.append(detector.with_trainable(from_leaves(links)))
    return machines


LSTM = dict.fromkeys(("in", "forget", "out", "new"), (0.5, -0.75, 0.25))
GRU = dict.fromkeys(("update", "reset", "new"), (0.5, -0.75, 0.25))
ZOO = {
    name: getattr(zoo, name)
    for name in (
        "asynchronous_accumulation",
        "delta_rule",
        "event_log",
        "fast_weights",
        "fuzzy_if",
        "hebb_rule",
        "novelty_rule",
        "pure_oscillator",
        "pure_soliton",
        "reward_rule",
        "self_copying",
        "sparse_counter",
        "wave",
    )
}
ZOO |= {"lstm": lambda: zoo.lstm(LSTM), "gru": lambda: zoo.gru(GRU)}

MACHINES = {
    "published": published_machine,
    "handcrafted": duplicate_detector,
    "empty": lambda: Machine({}),
    "no links": lambda: Machine({"accum": "accum", "output": "output"}),
    "dense": dense_machine,
    "recurrent": recurrent_machine,
    "small recurrent": small_recurrent_machine,
    "hostile": hostile_machine,
}
