"""Equations: golden texts, and that nothing is printed which the machine does not do."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given

from dmm import (
    Machine,
    compile_machine,
    get_neuron_type,
    neuron_type,
    run,
    superfluid_space,
    text_streams,
)
from dmm.machine import fixed_links
from dmm.neurons import Compare
from dmm.neurons.norms import MaxNormOf
from dmm.reference.engine import Trace
from dmm.show.algebra.equations import derive, equations
from dmm.show.algebra.observations import TOLERANCE, observe
from dmm.show.diagnostics import diagnose
from dmm.zoo import duplicate_detector
from tests.dmm.machines import Case, cases, library_types
from tests.dmm.show.rendered import (
    MACHINES,
    dense_machine,
    exact_machines,
    published_machine,
    recurrent_machine,
    small_recurrent_machine,
    wide_machine,
)
from tests.examples import examples
from vvalues import VValue
from vvalues.core.tree import from_leaves

PUBLISHED = """\
a = sum over time of 0.761 char                                       delay 1
m = max_norm(0.680 a - 0.504 char)                                    delay 1
d = clip4(<0.685 a + 0.518 char, 1.290 eos>)                          delay 1
output.dict-1 = -1.257 relu(0.790 - 0.508 m) + 1.070 relu(1.203 m)    delay 2, from tick 4
output.dict-2 = 1.086 relu(1.369 d)                                   delay 2

char : input.char, input stream
eos  : eos.char = {".": 1}
a    : accum-1-2.dict
m    : norm-2-1.norm
d    : dot-2-2.dot
delay k: the right side holds the values of k ticks earlier
checked on random streams: largest relative difference """

HANDCRAFTED = """\
a = sum over time of char      delay 1
m = max_norm(a)                delay 1
d = clip4(<a, eos>)            delay 1
output.dict-1 = relu(m - 1)    delay 2, from tick 3
output.dict-2 = d              delay 1"""

RECURRENT = """\
a1 = a1[t-1] - 0.500 a2[t-1] + stream[t-1]
a2 = 0.250 a1[t-1]
m = max_norm(2 a2)                            delay 1
a3 = 0.900 a3[t-1] + 0.100 const_1[t-1]
output.dict-1 = m                             delay 1
output.dict-2 = -3 a3                         delay 1

stream  : stream.stream, input stream
const_1 : const_1.const_1 = 1
a1      : accum-1.dict
a2      : accum-2.dict
a3      : -accum-3.dict
m       : norm.norm"""


def body(text: str) -> str:
    return text.split("\n\n")[0]


def chain(kind: str, **fields: float) -> Machine:
    """``stream`` into the given fields of one neuron of a type, and that into ``output``."""
    written = get_neuron_type(kind).writes
    links = {("x", field, "stream", "stream"): weight for field, weight in fields.items()}
    links["output", "dict-1", "x", written[0].name] = 1.0
    neurons = {"stream": "stream", "x": kind, "output": "output"}
    return Machine(neurons, trainable=from_leaves(links))


# -------------------- golden texts --------------------


def test_the_published_machine():
    text = equations(published_machine())
    assert text.startswith(PUBLISHED)
    assert float(text.rsplit(" ", 1)[1]) < 1e-12


def test_the_handcrafted_machine():
    assert body(equations(duplicate_detector())) == HANDCRAFTED


@pytest.mark.parametrize("machine", exact_machines())
def test_exact_machines_have_the_equations_of_the_handcrafted_one(machine):
    streams = text_streams("test. string.", 90, period=5)
    expected = compile_machine(duplicate_detector())(duplicate_detector().trainable, streams)
    np.testing.assert_array_equal(compile_machine(machine)(machine.trainable, streams), expected)
    assert body(equations(machine)) == HANDCRAFTED


def test_states_are_written_with_their_delays():
    assert equations(small_recurrent_machine()).startswith(RECURRENT)


def test_without_links_there_is_nothing_to_say():
    assert equations(Machine({})) == "no equations: the machine has no links"


def test_a_machine_without_a_sink_is_described_by_its_outputs():
    neurons = {"stream": "stream", "norm": "norm"}
    links = {("norm", "dict", "stream", "stream"): -2.0}
    machine = Machine(neurons, trainable=from_leaves(links))
    assert body(equations(machine)) == "m = max_norm(2 stream)    delay 1"


def test_symbols_with_several_delays_carry_them():
    machine = duplicate_detector()
    path = "output", "dict-1", "norm", "norm"
    machine = machine.with_trainable(machine.trainable.at(path).set(0.5))
    assert "output.dict-1 = relu(m[t-2] - 1) + 0.500 m[t-1]    from tick 3" in equations(machine)


def test_a_scalar_field_reads_the_number_only():
    machine = chain("compare", **{"dict-1": 2.0, "dict-2": 0.5})
    assert body(equations(machine)).split("\n")[0] == (
        "output.dict-1 = relu(1.500 number(stream))    delay 2"
    )


def test_constants_are_not_folded_into_sums_over_time():
    links = {
        ("accum", "dict-2", "const_1", "const_1"): 0.25,
        ("output", "dict-1", "accum", "dict"): 1.0,
    }
    neurons = {"const_1": "const_1", "accum": "accum", "output": "output"}
    fixed = from_leaves({("accum", "dict-1", "accum", "dict"): 1.0})
    text = equations(Machine(neurons, fixed, from_leaves(links)))
    assert body(text).startswith("a = sum over time of 0.250 const_1")
    assert "const_1 : const_1.const_1 = 1" in text


def test_what_is_used_in_several_places_gets_a_name():
    machine = duplicate_detector()
    path = "output", "dict-2", "compare", "true"
    machine = machine.with_trainable(machine.trainable.at(path).set(3.0))
    text = body(equations(machine)).split("\n")
    assert text[2].startswith("r = relu(m - 1) ")
    assert text[-2].startswith("output.dict-1 = r ")
    assert text[-1].startswith("output.dict-2 = 3 r + d ")


def test_initial_outputs_are_stated():
    machine = small_recurrent_machine()
    initial = VValue({"accum-3": {"dict": {":number": 5.0}}})
    machine = Machine(machine.neurons, machine.fixed, machine.trainable, initial=initial)
    text = equations(machine)
    assert "a3      : -accum-3.dict, 5 before the first tick" in text
    assert "not simplified" not in text


# -------------------- large machines --------------------


def test_large_machines_are_shortened():
    text = equations(dense_machine())
    assert text.endswith("… 1,458 more links; nothing folded, nothing checked")
    assert len(re.findall(r"[a-z0-9_]+-?[\d-]*\.(?:dict|norm|dot|true|false|char|const_1)\b", text))
    assert len(text.split("\n")) < 60


def test_long_equations_break_between_terms():
    lines = equations(wide_machine(55), limit=None).split("\n")
    assert all(len(line) <= 100 for line in lines)
    assert body(equations(wide_machine(70))).split("\n")[0].startswith("output = output(dict-1: ")
    assert "+ … 30 more" in equations(wide_machine(70))


def test_the_limit_can_be_lifted():
    text = equations(recurrent_machine(), limit=None)
    assert "checked on random streams" in text
    assert "more links" not in text


# -------------------- nothing unchecked is printed --------------------


def test_the_printed_equations_of_the_published_machine_compute_its_outputs():
    """Read off the golden text by hand: symbols, signs, delays and where they hold."""
    streams = text_streams("test string.", 140)
    trace: Trace = run(published_machine(), streams)
    letters = sorted(set("test string."))
    char = np.array(
        [[o.get(("input", "char", letter)) for letter in letters] for o in trace.outputs]
    )

    def late(x: np.ndarray, ticks: int) -> np.ndarray:
        return np.concatenate([np.zeros_like(x[:ticks]), x[: len(x) - ticks]])

    eos = np.array([float(letter == ".") for letter in letters])
    a = np.cumsum(0.761 * late(char, 1), axis=0)
    m = np.abs(0.680 * late(a, 1) - 0.504 * late(char, 1)).max(axis=1)
    d = np.clip((0.685 * late(a, 1) + 0.518 * late(char, 1)) @ (1.290 * eos), -4, 4)
    one = -1.257 * np.maximum(0.790 - 0.508 * late(m, 2), 0) + 1.070 * 1.203 * late(m, 2)
    two = 1.086 * np.maximum(1.369 * late(d, 2), 0)
    outputs = compile_machine(published_machine())(published_machine().trainable, streams)[..., 0]
    np.testing.assert_allclose(one[3:], outputs[0, 3:], atol=0.01)  # "from tick 4"
    assert abs(one[2] - outputs[0, 2]) > 0.5
    np.testing.assert_allclose(two, outputs[1], atol=0.01)


@neuron_type(
    "test-biased-compare",
    reads=["one/:number", "other/:number"],
    writes=["true/:number", "false/:number"],
    kernel=Compare(),
)
def biased_compare(inputs):
    """Its kernel promises a comparison; what it does is another one."""
    one, other = (dict(inputs.items()).get((name,), 0.0) for name in ("one", "other"))
    return {"true": max(0.0, one - other - 0.5), "false": 0.0}


def test_a_simplification_that_fails_the_check_is_not_printed():
    text = equations(chain("test-biased-compare", one=2.0, other=-1.0))
    assert "relu" not in text
    first = body(text).split("\n")[0]
    assert first.startswith("r1 = test-biased-compare(one: 2 stream, other: -stream).true")
    assert first.endswith("delay 1, not simplified: the check failed")
    assert text.endswith("; 1 not simplified")


def test_a_wrong_rule_is_found_out_by_the_check(monkeypatch):
    """The check does not share the rules: a broken one leads to the bare links."""

    def too_large(self, arguments, keys):
        out = np.zeros_like(arguments[0])
        out[:, 0] = 1.001 * np.abs(arguments[0]).max(axis=1)
        return out

    monkeypatch.setattr(MaxNormOf, "values", too_large)
    system = derive(published_machine())
    assert system.rejected == [("norm-2-1", "norm")]
    text = equations(published_machine())
    assert "m1 = norm(0.680 a - 0.504 char)" in text
    assert "not simplified" in text
    assert "a = sum over time of 0.761 char" in text


def test_wrongly_folded_constants_are_found_out(monkeypatch):
    import dmm.show.algebra.equations

    def wrong(machine):
        found = diagnose(machine)
        constants = dict(found.constants)
        constants["compare-1-2", "false"] = VValue({":number": 0.8})
        return type(found)(**{**vars(found), "constants": constants})

    monkeypatch.setattr(dmm.show.algebra.equations, "diagnose", wrong)
    text = equations(published_machine())
    assert "relu(0.790 - 0.508 m)" in text or "relu(0.891 " in text
    assert "0.713" not in text  # what folding 0.8 would have given
    assert derive(published_machine()).difference < TOLERANCE


@neuron_type("test-raises", reads=["x"], writes=["y"])
def raises(inputs):
    raise RuntimeError("only for special streams")


def test_a_machine_that_cannot_run_is_printed_unchecked():
    text = equations(chain("test-raises", x=2.0))
    assert body(text).split("\n")[0] == "test_raises1 = test-raises(2 stream)    delay 1"
    assert text.endswith("not simplified and not checked: RuntimeError: only for special streams")


@neuron_type("test-square", reads=["x"], writes=["square", "cube"])
def square(inputs):
    x = dict(inputs.items()).get(("x",), 0.0)
    return {"square": x**2, "cube": x**3}


def test_any_registered_type_is_written_as_a_function():
    text = equations(chain("test-square", x=-2.0))
    assert body(text).split("\n")[0] == ("test_square1 = test-square(-2 stream).square    delay 1")
    assert "checked on random streams" in text


@pytest.mark.parametrize("name", library_types())
def test_the_equations_of_every_type_of_the_library_hold(name):
    """As its card spells it; what the check has to reject is spelled wrongly."""
    neuron_type = get_neuron_type(name)
    links = {
        ("n", field.name, "stream", "stream"): 0.7 - 1.2 * i
        for i, field in enumerate(neuron_type.reads)
    }
    for i, field in enumerate(neuron_type.writes):
        links["output", f"dict-{1 + i % 2}", "n", field.name] = 1.0 + i
    neurons = {"stream": "stream", "n": name, "output": "output"}
    system = derive(Machine(neurons, from_leaves(fixed_links(neurons)), from_leaves(links)))
    assert not system.unchecked
    assert system.rejected == []
    assert system.difference < TOLERANCE


def assert_equations_hold(case: Case) -> None:
    system = derive(case.machine)
    assert not system.unchecked
    assert system.rejected == []
    assert system.difference < TOLERANCE
    fresh = observe(case.machine, seed=7)  # other streams than those it was checked on
    for equation in system.equations:
        error = fresh.error(
            equation.port,
            equation.right * system.signs.get(equation.port, 1),
            system.signs,
            is_input=equation.is_input,
            is_sum=equation.is_sum,
            is_number=equation.is_number,
            valid_from=equation.valid_from,
        )
        assert error < TOLERANCE
    equations(case.machine, limit=None)


@given(cases())
@examples(40)
def test_every_simplification_of_acyclic_machines_holds(case):
    assert_equations_hold(case)


@given(cases(is_cyclic=True))
@examples(40)
def test_every_simplification_of_cyclic_machines_holds(case):
    assert_equations_hold(case)


@pytest.mark.parametrize("name", MACHINES)
def test_every_machine_has_printable_equations(name):
    text = equations(MACHINES[name]())
    assert all(line.isprintable() for line in text.split("\n"))
    assert "\N{NO-BREAK SPACE}" not in text


def test_neurons_that_read_nothing_are_checked_too():
    """The source of the coefficients of superfluid neurons emits before the first tick only."""
    machine = superfluid_space(np.random.default_rng(0), 1)
    text = equations(machine, limit=None)
    assert "checked on random streams: largest relative difference 0" in text
