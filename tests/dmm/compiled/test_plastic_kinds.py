"""Neurons and streams of every kind in machines that edit themselves: the engines agree."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from dmm import Machine, compile_machine, machine_neuron, streams_from_trees, zoo
from dmm.compiled.plastic import PlasticProgram
from dmm.machine import links
from dmm.testing import Life, random_life
from tests.dmm.lives import (
    agree,
    assert_engines_agree,
    assert_second_order_agrees,
    comparable,
    gradient,
    with_fixed,
)
from tests.dmm.machines import Case, random_machine, random_tree
from tests.dmm.nested_machines import NESTED, PORTS
from tests.marks import thorough
from vvalues import VValue
from vvalues.core.tree import from_leaves
from vvalues.testing import check_fused

SMALL = 200
"""Elements of all streams together, in runs that every run of the tests makes."""

PORT = (("output", "dict-1"),)
OBSERVED = ("output", "dict-1", "cell", "dict")


def array_life(rng: np.random.Generator) -> Life:
    """Random neurons on streams of arrays, with fragments of the matrix from outside."""
    types = ("accum", "norm", "dot", "compare", "tanh", "gate", "delay(2)", "event_list", "cons")
    base = random_machine(
        rng,
        int(rng.integers(2, 6)),
        0.4,
        is_cyclic=True,
        scale=0.4,
        types=types,
        sources=("stream-1", "stream-2", "const_1"),
    )
    machine = zoo.editable(dict(base.neurons), base.matrix)
    ticks, strings = int(rng.integers(2, 6)), int(rng.integers(1, 3))
    trees = {
        name: [[random_tree(rng) for _ in range(ticks)] for _ in range(strings)]
        for name in ("stream-1", "stream-2")
    }
    paths = list(base.trainable.support.paths) or [("output", "dict-1", "stream-1", "stream")]

    def fragment() -> VValue:
        chosen = [paths[i] for i in rng.choice(len(paths), size=2)]
        return from_leaves({path: 0.3 * rng.standard_normal() for path in chosen})

    direct = [[fragment() for _ in range(ticks)] for _ in range(strings)]
    return Life(machine, streams_from_trees({**trees, "direct": direct}))


def with_cells(*cells: str):
    return partial(random_life, cells=cells, max_ticks=5)


KINDS = {
    "lists": with_cells("cons", "first", "rest"),
    "lists of events": with_cells("event_list"),
    "long delays": with_cells("delay(3)", "delay(7)"),
    "superfluid": with_cells("superfluid(accum,norm,tanh)"),
    "superfluid, in terms": with_cells("superfluid(gate,mask_multiply,event_list,compare)"),
    "arrays": array_life,
    **{f"hierarchical: {name}": with_cells(name) for name in NESTED},
}


SLOW = (
    "superfluid, in terms",
    *(f"hierarchical: test {name}" for name in ("keyed", "nested", "adding")),
)
QUICK = [kind for kind in KINDS if kind not in SLOW]


def first_of(kind: str, seed: int) -> Case:
    """A random machine with a short life."""
    found = (comparable([seed, i], KINDS[kind], SMALL) for i in range(200))
    return next(case for case in found if case is not None and case.streams.ticks in (3, 4))


@pytest.mark.parametrize("kind", [*QUICK, *thorough(*SLOW)])
def test_random_machines_with_such_neurons(kind):
    agree(2, 2, KINDS[kind], SMALL)


@pytest.mark.heavy
@pytest.mark.parametrize("kind", KINDS)
def test_many_random_machines_with_such_neurons(kind):
    agree(100, 3, KINDS[kind])


@pytest.mark.parametrize(
    "kind", [*(kind for kind in QUICK if "hierarchical" not in kind), *thorough(SLOW[0])]
)
def test_second_order_with_such_neurons(kind):
    case = first_of(kind, 4)
    assert_second_order_agrees(case)


@pytest.mark.parametrize("kind", [*QUICK, *thorough(*SLOW)])
def test_forward_mode_is_reverse_mode_with_such_neurons(kind):
    case = first_of(kind, 5)
    program = compile_machine(case.machine, case.observed, recompute=True)
    weights = np.array(case.machine.trainable.buffer)
    values, jacobian = program.jacobian(weights, case.streams)
    g = case.rng.standard_normal(values.shape)
    pulled = program.bind(case.streams).pullback(weights, g)
    scale = 1.0 + np.abs(pulled).max()
    found = np.tensordot(jacobian, g, g.ndim)
    np.testing.assert_allclose(found, pulled, rtol=0, atol=1e-10 * scale)


# -------------------- superfluid neurons --------------------


def morphing() -> tuple[Machine, list[VValue]]:
    """A neuron that becomes another one while it runs, and what is sent to it."""
    machine = zoo.editable(
        {
            "x": "stream",
            "functions": "functions(tanh,square,first)",
            "cell": "superfluid(tanh,square,first)",
            "other": "superfluid(tanh,square,first)",
            "output": "output",
        },
        links(
            """
            cell.:function <- cell.:function
            cell.:function <- functions.tanh 0.5
            cell.dict <- x.stream
            cell.list <- x.stream
            other.:function <- cell.:function
            other.dict <- x.stream 2
            output.dict-1 <- cell.dict
            output.dict-1 <- cell.this
            output.dict-2 <- other.dict
            """
        ),
    )
    edits = [VValue(), links("output.dict-2 <- cell.this"), *[VValue()] * 6]
    edits[3] = links("cell.:function <- cell.:function -0.5")
    edits[4] = links("other.:function <- other.:function")
    return machine, edits


def test_a_superfluid_neuron_is_morphed_by_an_edit():
    machine, edits = morphing()
    initial = VValue({"cell": {":function": {"square": 0.25, "first": 2.0}}})
    machine = replace(machine, initial=machine.initial + initial)
    rng = np.random.default_rng(0)
    trees = [VValue({":number": x, "this": {":number": y}}) for x, y in rng.standard_normal((8, 2))]
    streams = streams_from_trees({"x": [trees], "direct": [edits]})
    observed = (("output", "dict-1"), ("output", "dict-2"))
    case = Case(machine, streams, observed)
    assert np.all(PlasticProgram(machine, observed)(machine.trainable, streams)[:, 5:])
    assert isinstance(compile_machine(machine, observed), PlasticProgram)
    assert_engines_agree(case)
    assert_engines_agree(case, stopped=[(machine.neurons["cell"], ":function")])
    assert_second_order_agrees(case)
    kept = with_fixed(machine, "self.accum <- self.single")
    assert_engines_agree(replace(case, machine=kept))
    bound = PlasticProgram(kept, observed).bind(streams)
    check_fused(bound, np.array(kept.trainable.buffer), np.random.default_rng(1))


def test_what_is_no_coefficient_is_left_to_the_reference_engine():
    machine, edits = morphing()
    edits[1] = links("cell.:function <- x.stream")
    streams = streams_from_trees({"x": [[VValue({":number": 1.0})] * 8], "direct": [edits]})
    program = PlasticProgram(machine, PORT)
    reason = "neuron 'cell'.*:function can come to hold :number, which it does not mix"
    with pytest.warns(UserWarning, match=reason):
        program.bind(streams)
    with pytest.raises(ValueError, match="holds a coefficient for :number"):  # nor can that one
        program(machine.trainable, streams)


def test_a_mixture_with_what_has_neither_kernel_nor_terms_is_named():
    machine = zoo.editable({"cell": "superfluid(tanh,trials)", "output": "output"})
    with pytest.warns(UserWarning, match=r"without a vectorised kernel: superfluid\(tanh,trials\)"):
        compile_machine(machine)


# -------------------- lists of events --------------------


def test_a_list_of_events_grows_with_every_string_on_its_own():
    machine = zoo.editable(
        {"x": "stream", "log": "event_list", "last": "first", "output": "output"},
        links(
            """
            log.self <- log.self
            last.list <- log.self
            output.dict-1 <- last.this
            """
        ),
    )
    late = [links("log.signal <- x.stream 2"), *[VValue()] * 9]
    numbers = [[0, 0, 0, 3, 0, 0, 5, 0, 0, 0], [0, 0, 1, 1, 1, 0, 0, 0, 0, 0]]
    streams = streams_from_trees(
        {
            "x": [[VValue({":number": float(x)}) for x in row] for row in numbers],
            "direct": [late, late],
        }
    )
    case = Case(machine, streams, PORT)
    assert_engines_agree(case)
    values = PlasticProgram(machine, PORT)(machine.trainable, streams)[0]
    assert values[-1].tolist() == [10.0, 2.0]


# -------------------- hierarchical neurons --------------------


@pytest.mark.parametrize("name", NESTED)
def test_every_link_of_the_outer_machine_matters(name):
    machine, numbers = around(name), np.random.default_rng(0).uniform(0.5, 1.0, 9)
    trees = [VValue({":number": x, "a": -x}) for x in numbers]
    edits = [VValue(), links("cell.dict <- x.stream"), *[VValue()] * 7]
    case = Case(machine, streams_from_trees({"x": [trees], "direct": [edits]}), PORT)
    assert_engines_agree(case)
    slope = gradient(PlasticProgram(machine, PORT), case, np.ones((1, 9, 1)))
    assert all(slope[path] for path in (*links("cell.dict <- x.stream"), OBSERVED))
    assert_second_order_agrees(replace(case, streams=case.streams.begin(4)))


def around(inner: str) -> Machine:
    """A machine that feeds a neuron of this type, whose state is kept as it is."""
    machine = zoo.editable(
        {"x": "stream", "cell": inner, "output": "output"},
        links("cell.dict <- x.stream\noutput.dict-1 <- cell.dict"),
    )
    return replace(machine, fixed=links("cell.:state <- cell.:state"))


def test_a_machine_that_copies_itself_inside_a_neuron():
    inner = zoo.self_copying()
    machine_neuron(
        "test copying", inner, reads={"dict": "x"}, writes={"dict": ("output", "dict-1")}
    )
    machine = around("test copying")
    numbers = 2.0 * np.random.default_rng(0).standard_normal((2, 20))
    streams = streams_from_trees({"x": [[VValue({"x": x}) for x in row] for row in numbers]})
    case = Case(machine, streams, PORT)
    assert_engines_agree(case)
    program = PlasticProgram(machine, PORT)
    program(machine.trainable, streams)
    assert program.bind(streams).reserve == 2


def test_two_fields_that_read_or_emit_the_same():
    inner = Machine(
        {"in": "stream", "bound": "tanh", "output": "output"},
        trainable=links("bound.dict <- in.stream\noutput.dict-1 <- bound.dict"),
    )
    port = ("output", "dict-1")
    machine_neuron("test twice", inner, reads={"a": "in", "b": "in"}, writes={"c": port, "d": port})
    text = "cell.a <- x.stream 3\ncell.b <- x.stream\noutput.dict-1 <- cell.c\n"
    machine = zoo.editable(
        {"x": "stream", "cell": "test twice", "output": "output"},
        links(text + "output.dict-1 <- cell.d 2\ncell.:state <- cell.:state"),
    )
    numbers = np.random.default_rng(0).standard_normal(6)
    streams = streams_from_trees({"x": [[VValue({":number": x}) for x in numbers]]})
    assert_engines_agree(Case(machine, streams, PORT))


def test_a_neuron_inside_that_would_lose_its_row_is_left_to_the_reference_engine():
    inner = zoo.editable(
        {"in": "stream", "on": "sigmoid", "output": "output"},
        links("on.number <- in.stream\noutput.dict-1 <- on.number"),
    )
    machine_neuron("test losing", inner, **PORTS)
    streams = streams_from_trees({"x": [[VValue({":number": 1.0})] * 4]})
    reason = "'cell' .test losing.*'on' inside it .sigmoid. emits something even without input"
    with pytest.warns(UserWarning, match=reason):
        PlasticProgram(around("test losing"), PORT).bind(streams)


def test_a_machine_inside_with_what_has_neither_kernel_nor_terms_is_named():
    inner = Machine({"in": "stream", "best": "selection", "output": "output"})
    machine_neuron("test selecting", inner, **PORTS)
    with pytest.warns(UserWarning, match="without a vectorised kernel: test selecting"):
        compile_machine(around("test selecting"))


# -------------------- pure machines --------------------


def watched(machine: Machine) -> Machine:
    """With an output that reads how large its streams are."""
    ports = ["self.out", "plus.out", "max-1.out", "times-1.out"]
    text = "\n".join(f"norm-{i}.dict <- {port}" for i, port in enumerate(ports))
    text += "\n" + "\n".join(f"output.dict-1 <- norm-{i}.norm" for i in range(len(ports)))
    neurons = {f"norm-{i}": "norm" for i in range(len(ports))}
    neurons = {**machine.neurons, **neurons, "output": "output"}
    return replace(machine, neurons=neurons, trainable=machine.trainable + links(text))


def random_pure_machine(rng: np.random.Generator) -> Life:
    """Every neuron of a pure machine reads something, and a register moves links about."""
    senders = ("self.out", "plus.out", "times-1.out", "max-1.out", "held-1.single", "held-2.single")
    receivers = ("plus", "times-1", "max-1")
    text = "\n".join(
        f"{name}.{field} <- {rng.choice(senders)} {0.5 * rng.standard_normal()}"
        for name in receivers
        for field in "ab"
    )
    row = VValue({"held-1": {"single": 1.0}, "max-1": {"out": 0.1}})
    constants = {1: 0.2 * links(text), 2: links("plus.a <- held-1.single -0.5")}
    machine = watched(zoo.pure_machine(row, constants))
    machine = replace(machine, trainable=machine.trainable + links(text))
    empty = streams_from_trees({"x": [[VValue()] * 5]})
    return Life(machine, empty, PORT)


@pytest.mark.parametrize("machine", [zoo.pure_oscillator(), zoo.pure_soliton()])
def test_pure_machines_of_the_zoo(machine):
    empty = streams_from_trees({"x": [[VValue()] * 9]})
    case = Case(watched(machine), empty, PORT)
    assert isinstance(compile_machine(case.machine, PORT), PlasticProgram)
    assert_engines_agree(case)


def test_random_pure_machines():
    agree(3, 6, random_pure_machine)
