"""Stand-alone programs: they compute what the machine does, and need nothing of this package."""

from __future__ import annotations

import ast
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given

from dmm import Machine, get_neuron_type, neuron_type, run, text_streams
from dmm.machine import fixed_links
from dmm.machine.streams import Streams
from dmm.neurons import FUNCTION, DotProduct, Elementwise, families
from dmm.show import to_python
from dmm.zoo import duplicate_detector
from tests.dmm.machines import cases, library_types
from tests.dmm.show.rendered import MACHINES, ZOO, small_recurrent_machine
from tests.examples import examples
from tests.marks import thorough
from vvalues import VValue
from vvalues.core.tree import from_leaves

TOLERANCE = 1e-12


def namespace(machine: Machine, **options) -> dict:
    program: dict = {"__name__": "exported"}
    exec(to_python(machine, **options), program)
    return program


def as_streams(streams: Streams, string: int) -> dict:
    return {
        name: [dict(tree.items()) for tree in streams.trees(name, string)]
        for name in streams.arrays
    }


def assert_same(found: dict, expected: VValue, scale: float) -> None:
    for port, stream in found.items():
        wanted = dict(expected.subtree(port).items())
        for path in stream.keys() | wanted.keys():
            difference = abs(stream.get(path, 0.0) - wanted.get(path, 0.0))
            assert difference <= TOLERANCE * scale, (port, path)


def assert_computes_the_same(machine: Machine, streams: Streams, **options) -> None:
    program = namespace(machine, **options)
    for string in range(len(streams)):
        trace = run(machine, streams, string=string)
        trees = trace.outputs if program["OBSERVES_OUTPUTS"] else trace.inputs
        scale = 1.0
        steps = program["run"](as_streams(streams, string), streams.ticks)
        for t, found in enumerate(steps):
            leaves = [abs(x) for _, x in (*trace.inputs[t].items(), *trace.outputs[t].items())]
            scale = max([scale, *leaves])
            assert_same(found, trees[t], scale)


@given(cases(max_ticks=20))
@examples(30)
def test_random_acyclic_machines_on_random_strings(case):
    assert_computes_the_same(case.machine, case.streams)


@given(cases(is_cyclic=True))
@examples(30)
def test_random_cyclic_machines_on_random_strings(case):
    assert_computes_the_same(case.machine, case.streams)


@pytest.mark.parametrize("name", [*(n for n in MACHINES if n != "dense"), *thorough("dense")])
def test_every_machine_as_an_isolated_program(name, tmp_path):
    machine = MACHINES[name]()
    file = tmp_path / "machine.py"
    file.write_text(to_python(machine), encoding="utf-8")
    rng = np.random.default_rng(len(name))
    text = "".join(rng.choice(list("abc. é'\"<"), size=6))
    source = namespace(machine)["TEXT_SOURCE"]
    ticks = 12
    done = subprocess.run(
        [sys.executable, "-I", str(file), text, f"--ticks={ticks}", "--period=2", "--json"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    trace = run(machine, text_streams(text, ticks, period=2, source=source))
    ports = namespace(machine)["OBSERVED"]
    lines = done.stdout.splitlines()
    assert len(lines) == ticks
    observes_outputs = namespace(machine)["OBSERVES_OUTPUTS"]
    for t, line in enumerate(lines):
        seen = (trace.outputs if observes_outputs else trace.inputs)[t]
        found = [{tuple(path): x for path, x in stream} for stream in json.loads(line)]
        assert_same(dict(zip(ports, found, strict=True)), seen, 1e3)


def test_the_program_prints_a_table_of_numbers(tmp_path):
    file = tmp_path / "machine.py"
    file.write_text(to_python(duplicate_detector()), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(file), "aab.", "--ticks", "36"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "tick,output/dict-1,output/dict-2"
    assert lines[14:16] == ["14,0.0,0.0", "15,1.0,0.0"]
    assert lines[-1] == "36,1.0,1.0"


def test_wrong_arguments_are_refused(tmp_path):
    file = tmp_path / "machine.py"
    file.write_text(to_python(duplicate_detector()), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(file), ""], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "the text must not be empty" in done.stderr


@pytest.mark.parametrize("name", MACHINES)
def test_programs_import_the_standard_library_only_and_are_old_enough(name):
    tree = ast.parse(to_python(MACHINES[name]()), feature_version=(3, 8))
    modules = {
        a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names
    }
    assert modules == {"argparse", "csv", "json", "sys"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


def test_programs_are_ascii_and_complete():
    machine = MACHINES["dense"]()
    program = to_python(machine)
    assert program.isascii()
    assert to_python(MACHINES["hostile"]()).isascii()
    assert len(namespace(machine)["LINKS"]) == 1486 + 12


def test_weights_survive_exactly():
    machine = MACHINES["published"]()
    links = {tuple(path): weight for *path, weight in namespace(machine)["LINKS"]}
    assert links == {link.path: link.weight for link in machine.links()}


def test_initial_outputs_are_there_before_the_first_tick():
    machine = small_recurrent_machine()
    initial = VValue({"accum-2": {"dict": {"a": 1.5}}})
    machine = Machine(machine.neurons, machine.fixed, machine.trainable, initial=initial)
    streams = Streams((((), ("a",)),), {"stream": np.ones((9, 1, 2))}, 9)
    assert_computes_the_same(machine, streams)
    first = next(namespace(machine)["run"]({}, 1))
    assert first["output", "dict-1"] == {}
    assert list(namespace(machine)["run"]({}, 3))[1]["output", "dict-1"] == {(): 3.0}


def test_a_machine_that_edits_its_own_links():
    """An accumulator is the matrix; the weight of output <- const_1 grows by 0.5 a tick."""
    links = {
        ("accum-self", "dict-1", "accum-self", "dict"): 1.0,
        ("accum-self", "dict-2", "stream", "stream"): 1.0,
        ("output", "dict-1", "const_1", "const_1"): 1.0,
    }
    neurons = {
        "accum-self": "accum",
        "stream": "stream",
        "const_1": "const_1",
        "output": "output",
    }
    machine = Machine(neurons, trainable=from_leaves(links), matrix_port=("accum-self", "dict"))
    edit = ("output", "dict-1", "const_1", "const_1")
    streams = Streams((((), edit),), {"stream": np.full((8, 1, 2), [0.0, 0.5])}, 8)
    assert_computes_the_same(machine, streams)
    steps = namespace(machine)["run"](as_streams(streams, 0), 8)
    assert [found["output", "dict-1"].get((), 0.0) for found in steps][:5] == [0, 1, 1.5, 2, 2.5]


# -------------------- further neuron types --------------------


@neuron_type(
    "test-tanh",
    reads=["x"],
    writes=["y"],
    kernel=Elementwise(np.tanh, lambda x: 1 - np.tanh(x) ** 2),
)
def tanh(inputs):
    return {"y": from_leaves({k: np.tanh(x) for k, x in inputs.subtree("x").items()})}


@neuron_type(
    "test-soft-dot",
    reads=["x", "y"],
    writes=["dot/:number"],
    kernel=DotProduct(2.0, is_soft=True),
    is_alive="all",
)
def soft_dot(inputs):
    x, y = (dict(inputs.subtree(name).items()) for name in "xy")
    return {"dot": 2.0 * np.tanh(sum(x[k] * y.get(k, 0.0) for k in x) / 2.0)}


@neuron_type("test-odd", reads=["x"], writes=["y"])
def odd(inputs):
    return {"y": 3.0 * inputs.subtree("x")}


def machine_of(kind: str, *fields: str) -> Machine:
    links = {("n", field, "stream", "stream"): 0.7 for field in fields}
    written = "dot" if kind == "test-soft-dot" else "y"
    links["output", "dict-1", "n", written] = 1.0
    return Machine(
        {"stream": "stream", "n": kind, "output": "output"}, trainable=from_leaves(links)
    )


def random_stream() -> Streams:
    values = np.random.default_rng(3).standard_normal((10, 2, 3))
    return Streams((((), ("a",), ("b",)),) * 2, {"stream": values}, 10)


def test_elementwise_and_soft_types():
    assert_computes_the_same(machine_of("test-tanh", "x"), random_stream())
    assert_computes_the_same(machine_of("test-soft-dot", "x", "y"), random_stream())


def test_a_type_without_plain_python_must_be_given():
    machine = machine_of("test-odd", "x")
    with pytest.raises(ValueError, match=r"'test-odd' has no plain Python form; give one"):
        to_python(machine)
    source = "lambda read, stream, tick: {'y': {k: 3.0 * x for k, x in read('x').items()}}"
    assert_computes_the_same(machine, random_stream(), functions={"test-odd": source})


FAMILIES = {
    "cells": ("1", "3"),
    "delay": ("1", "3"),
    "functions": ("accum,norm",),
    "label": ("x", "cell/dict,cell/other,x", "a/b,a/b"),
    "superfluid": ("accum,norm,dot",),
}
MEMBERS = [f"{name}({argument})" for name in FAMILIES for argument in FAMILIES[name]]


def test_every_family_of_the_library_has_members_here():
    assert set(families()) <= set(FAMILIES)


@pytest.mark.parametrize("name", [*library_types(), *MEMBERS])
def test_library_types(name):
    """Every field is read from a stream, every output is seen, type's own links included."""
    neuron_type = get_neuron_type(name)
    links = {
        ("n", field.name, "stream", "stream"): 0.7 - 0.3 * i
        for i, field in enumerate(neuron_type.reads)
        if field.name != FUNCTION
    }
    if name.startswith("superfluid"):
        links |= {("n", FUNCTION, "f", part): 0.5 for part in ("accum", "norm")}
    for i, field in enumerate(neuron_type.writes):
        links["output", f"dict-{1 + i % 2}", "n", field.name] = 1.0 + i
    neurons = {"stream": "stream", "n": name, "f": "functions(accum,norm)", "output": "output"}
    machine = Machine(neurons, from_leaves(fixed_links(neurons)), from_leaves(links))
    keys = ((), ("a",), ("b", "c"), ("this",), ("this", "a"), ("rest", "this"), ("end-list",))
    values = np.random.default_rng(5).integers(-2, 3, (9, 2, len(keys))).astype(float)
    arrays = {"stream": values}
    if neuron_type.is_source:
        arrays["n"] = values[::-1]
    assert_computes_the_same(machine, Streams((keys,) * 2, arrays, 9))


@pytest.mark.parametrize("name", ["event_log", "gru", "lstm", "sparse_counter", "wave"])
def test_machines_of_the_zoo(name):
    machine = ZOO[name]()
    sources = [n for n, kind in machine.neurons.items() if kind in ("stream", "input")]
    values = np.random.default_rng(6).standard_normal((12, 1, 3))
    keys = ((), ("a",), ("b",))
    streams = Streams((keys,), dict.fromkeys(sources, values), 12)
    assert_computes_the_same(machine, streams)
