"""Programs in Python, C and JavaScript compute what the engine does, and refuse in words."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from dmm import (
    Machine,
    get_neuron_type,
    neuron_type,
    run,
    streams_from_trees,
    superfluid_space,
    text_streams,
)
from dmm.machine import Circuit, Wire, fixed_links
from dmm.machine.streams import Streams
from dmm.neurons import Kernel, StreamReader
from dmm.show import to_c, to_javascript
from dmm.show.export.interface import interface_of
from dmm.show.export.statements import statements
from dmm.zoo import duplicate_detector
from tests.dmm.machines import library_types, random_machine, types_with_kernel
from tests.dmm.show.programs import LANGUAGES, assert_answers, csv_of, missing, program, table
from tests.dmm.show.rendered import MACHINES
from tests.marks import thorough
from vvalues import VValue
from vvalues.core.tree import from_leaves

KEYS = ((), ("__proto__",), ("b", "c"), ("d/e\\",), (",\"'\n",), ("é",))
SOURCES = ("input", "stream-1", "stream-2", "eos", "const_1")
QUICK = (0, 1, 4)  # without cycles, with cycles, superfluid


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request):
    why = missing(request.param)
    if why:
        pytest.skip(why)
    return request.param


def random_streams(rng: np.random.Generator, machine: Machine, ticks: int) -> Streams:
    """Numbers with and without keys, and many zeros."""
    names = [name for name in machine.neurons if machine.type_of(name).is_source]
    shape = ticks, 1, len(KEYS)
    arrays = {
        name: rng.standard_normal(shape) * (rng.random(shape) < 0.5) for name in sorted(names)
    }
    return Streams((KEYS,), arrays, ticks)


def random_case(seed: int) -> tuple[Machine, Streams]:
    """Machines of all types that compile, with cycles and without, every fifth superfluid."""
    rng = np.random.default_rng(seed)
    if seed % 5 == 4:
        types = rng.permutation(["accum", "norm", "compare", "dot", "tanh"])[:3].tolist()
        ports = [("input", "char"), ("eos", "char"), ("const_1", "const_1")]
        machine = superfluid_space(rng, int(rng.integers(1, 4)), 0.2, types=types, sources=ports)
    else:
        machine = random_machine(
            rng,
            int(rng.integers(1, 9)),
            float(rng.choice([0.2, 0.5])),
            is_cyclic=bool(seed % 2),
            scale=0.3,
            types=types_with_kernel(),
            sources=SOURCES,
        )
        kinds = [n for n, kind in machine.neurons.items() if kind in ("accum", "identity")]
        initial = {n: {"dict": {"a": rng.standard_normal(), "new": 0.5}} for n in kinds}
        machine = replace(machine, initial=VValue(initial))
    return machine, random_streams(rng, machine, int(rng.integers(1, 16)))


@pytest.mark.parametrize("seed", [QUICK[1], *thorough(QUICK[0], QUICK[2])])
def test_random_machines_on_random_streams(seed, language, tmp_path):
    machine, streams = random_case(seed)
    done = program(language, machine, tmp_path)(given=csv_of(streams, 0))
    assert_answers(machine, table(done), streams)


@pytest.mark.heavy
@pytest.mark.parametrize("seed", sorted({*range(205)} - {*QUICK}))
def test_two_hundred_random_machines(seed, language, tmp_path):
    machine, streams = random_case(seed)
    done = program(language, machine, tmp_path)(given=csv_of(streams, 0))
    assert_answers(machine, table(done), streams)


def every_type() -> Machine:
    """A neuron of every type that compiles, and no sink, so that every output is observed."""
    compiled = [
        name
        for name in library_types()
        if isinstance(get_neuron_type(name).kernel, (Kernel, StreamReader))
        or not get_neuron_type(name).reads
    ]
    neurons = {name: name for name in compiled} | {"stream-1": "stream", "stream-2": "stream"}
    links = {
        (name, field.name, f"stream-{1 + i % 2}", "stream"): 0.7 - 0.3 * i
        for name in compiled
        if not get_neuron_type(name).is_source and name != "timer"
        for i, field in enumerate(get_neuron_type(name).reads)
    }
    return Machine(neurons, from_leaves(fixed_links(neurons)), from_leaves(links))


def test_every_type_that_compiles(language, tmp_path):
    machine = every_type()
    assert set(machine.neurons.values()) >= set(types_with_kernel()) - {"output"}
    streams = random_streams(np.random.default_rng(1), machine, 12)
    assert_answers(
        machine, table(program(language, machine, tmp_path)(given=csv_of(streams, 0))), streams
    )


def test_every_type_of_the_library_compiles_or_is_refused_by_name():
    for name in library_types():
        card = get_neuron_type(name)
        machine = Machine({"n": name, "timer": "timer"})
        if card.kernel is not None or not (card.reads and card.writes):
            assert to_c(machine) and to_javascript(machine)
        else:
            for export in (to_c, to_javascript):
                with pytest.raises(ValueError, match=rf"'{name}' .*take the Python program"):
                    export(machine)


@pytest.mark.parametrize("name", [
    "hostile",
    *thorough("handcrafted", "published", "small recurrent"),
])  # fmt: skip
def test_machines_on_text(name, language, tmp_path):
    machine = MACHINES[name]()
    source = statements(machine).interface.text_source
    text = "aé/\\\"',?"
    streams = text_streams(text, 30, period=3, source=source)
    call = program(language, machine, tmp_path)
    assert_answers(machine, table(call(text, "--ticks", "30", "--period", "3")), streams)


def test_weights_survive_exactly():
    machine = MACHINES["published"]()
    weights = sorted(link.weight for link in machine.links())
    rows = statements(machine).links
    assert sorted(row.link.weight for row in rows) == weights
    for export in (to_c, to_javascript):
        program_text = export(machine)
        assert all(repr(weight) in program_text for weight in weights)


# -------------------- tables --------------------

COUNTER = Circuit(
    {"stream-x": "stream", "accum": "accum", "norm": "norm", "output": "output"},
    [
        Wire("accum", "dict-2", "stream-x", "stream"),
        Wire("accum", "dict-1", "accum", "dict", lag=1),
        Wire("norm", "dict", "accum", "dict"),
        Wire("output", "dict-1", "norm", "norm"),
        Wire("output", "dict-2", "accum", "dict"),
    ],
)


def test_rows_are_samples_where_the_machine_says_how_they_meet_ticks(language, tmp_path):
    machine, pace = COUNTER.lowered(ticks=3)
    assert pace.ticks == 3
    given = np.array([0.5, -2.0, 0.25, 1.0])
    call = program(language, machine, tmp_path)
    found = table(call(given="x\n" + "\n".join(map(str, given))))
    held = np.concatenate([np.repeat(given, 3), np.zeros(pace.delay)])
    streams = Streams((((),),), {"stream-x": held[:, None, None]}, len(held))
    assert found["row"].tolist() == [1, 2, 3, 4]
    assert_answers(machine, found, streams, at=[pace.of(i) for i in range(4)])
    np.testing.assert_allclose(found["output/dict-1"], np.abs(np.cumsum(given)), atol=1e-12)


@pytest.fixture(scope="module")
def counter(language, tmp_path_factory):
    """The program of the counter at its own pace, compiled once."""
    return program(language, COUNTER.lowered()[0], tmp_path_factory.mktemp("counter"))


@pytest.mark.thorough
def test_a_text_is_rows_for_such_a_machine(counter):
    machine, pace = COUNTER.lowered()
    found = table(counter("aba"))
    trees = [VValue({letter: 1.0}) for letter in "aba"] + [VValue()] * pace.delay
    streams = streams_from_trees({"stream-x": [trees]})
    assert_answers(machine, found, streams, at=[pace.of(i) for i in range(3)])
    assert found["output/dict-1"].tolist() == [1, 1, 2]


def test_tables_of_spreadsheets(counter):
    """A mark of the byte order, quotes, columns that mean nothing, empty cells and lines."""
    text = '\ufeff"stream-x",day,"x/a ""b"""\r\n1,"mon, early",\r\n\r\n  ,"tue",2.5e0\r\n,wed,\r\n'
    found = table(counter(given=text))
    assert found["output/dict-2"].tolist() == [1, 1, 1]
    assert found['output/dict-2/a "b"'].tolist() == [0, 2.5, 2.5]
    assert found["output/dict-1"].tolist() == [1, 2.5, 2.5]


@pytest.mark.parametrize(
    ("given", "arguments", "words"),
    [
        ("y\n1\n", (), "no column is called .?stream-x"),
        ("x\n1\n1 apple\n", (), "row 2, column .x.: .1 apple. is no number"),
        ("", (), "table is empty|no column is called"),
        ("x\n", (), "table is empty"),
        ("x\n1\n", ("",), "text must not be empty"),
        ("x\n1\n", ("a", "--ticks", "0"), "must be at least 1"),
        ("x\n1\n", ("--nonsense",), "nonsense"),
    ],
)
def test_what_is_wrong_is_said_and_the_status_is_2(given, arguments, words, counter):
    done = counter(*arguments, given=given)
    assert done.returncode == 2
    assert re.search(words, done.stderr), done.stderr


@pytest.mark.parametrize("samples", [{"ticks": 0, "delay": 1}, {"ticks": [], "delay": 1}, "no"])
def test_a_pace_that_makes_no_sense_is_none(samples):
    if isinstance(samples, dict):
        samples = {**samples, "ready": {}}
    machine = replace(duplicate_detector(), metadata={"samples": samples})
    assert not interface_of(machine).has_pace
    assert to_c(machine) == to_c(duplicate_detector())


# -------------------- what is refused --------------------


@pytest.mark.parametrize("export", [to_c, to_javascript])
def test_refusals_name_the_reason(export):
    held = {("accum-self", "dict-1", "accum-self", "dict"): 1.0}
    own = Machine({"accum-self": "accum"}, from_leaves(held), matrix_port=("accum-self", "dict"))
    with pytest.raises(ValueError, match=r"held by accum-self/dict; .* to_python"):
        export(own)
    arrays = Machine({"accum": "accum"}, initial=VValue({"accum": {"dict": np.ones(2)}}))
    with pytest.raises(ValueError, match="holds arrays"):
        export(arrays)


@neuron_type("test-triple", reads=["x"], writes=["y"])
def triple(inputs):
    return {"y": 3.0 * inputs.subtree("x")}


BODIES = {
    "python": "lambda read, stream, tick: {'y': {k: 3.0 * x for k, x in read('x').items()}}",
    "c": "for (int k = 0; k < width; k++) { double x = in0[k]; out0[k] = 3.0 * x; }",
}
BODIES["javascript"] = BODIES["c"]


@pytest.mark.thorough
def test_a_body_can_be_given(language, tmp_path):
    links = {("n", "x", "stream", "stream"): 0.5, ("output", "dict-1", "n", "y"): 1.0}
    neurons = {"stream": "stream", "n": "test-triple", "output": "output"}
    machine = Machine(neurons, trainable=from_leaves(links))
    given = {"test-triple": BODIES[language]}
    streams = random_streams(np.random.default_rng(2), machine, 6)
    found = table(program(language, machine, tmp_path, given)(given=csv_of(streams, 0)))
    assert_answers(machine, found, streams, given={"test-triple": BODIES["c"]})


def test_the_javascript_program_can_be_used_by_another(tmp_path):
    why = missing("javascript")
    if why:
        pytest.skip(why)
    machine = duplicate_detector()
    (tmp_path / "machine.js").write_text(to_javascript(machine), encoding="utf-8")
    (tmp_path / "use.js").write_text(
        "const machine = require('./machine.js');"
        "const text = machine.text_stream('aab.', 36, 10);"
        "console.log(JSON.stringify([...machine.run({input: text}, 36)]));",
        encoding="utf-8",
    )
    done = subprocess.run(
        ["node", str(tmp_path / "use.js")], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    trace = run(machine, text_streams("aab.", 36))
    wanted = [
        {
            f"output/{name}": {"": 1.0} if tree["output", name, ":number"] else {}
            for name in ("dict-1", "dict-2")
        }
        for tree in trace.inputs
    ]
    assert found == wanted
