"""Linear machines are compared exactly, over numbers of any size."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmm.machine import Circuit, Pace, Wire
from dmm.proof import Transducer, prove_linear
from tests.dmm.proof.machines import counting, said_on
from tests.examples import examples
from vvalues import VValue

WEIGHTS = st.sampled_from([-2.0, -1.0, -0.5, 0.5, 1.0, 3.0])


def recursive(past: list[float], recent: list[float], offset: float = 0.0) -> Circuit:
    """``y = sum of past[k] y[t-1-k] + sum of recent[k] x[t-k] + offset``."""
    neurons = {"x": "stream", "const_1": "const_1", "y": "identity", "output": "output"}
    wires = [Wire("y", "dict", "y", "dict", weight, 1 + k) for k, weight in enumerate(past)]
    wires += [Wire("y", "dict", "x", "stream", weight, k) for k, weight in enumerate(recent)]
    wires.append(Wire("output", "dict-1", "y", "dict"))
    if offset:
        wires.append(Wire("y", "dict", "const_1", "const_1", offset))
    return Circuit(neurons, tuple(wires))


def filtered(past: list[float], recent: list[float], offset: float = 0.0) -> Transducer:
    """The same as a function of fractions."""

    def step(state, x):
        before, numbers = state
        numbers = (x, *numbers)[: len(recent)]
        y = Fraction(offset)
        y += sum(Fraction(w) * b for w, b in zip(past, before, strict=True))
        y += sum(Fraction(w) * n for w, n in zip(recent, numbers, strict=True))
        return ((y, *before)[: len(past)], numbers), y

    zero = Fraction(0)
    return Transducer(step, ((zero,) * len(past), (zero,) * len(recent)))


@given(
    st.lists(WEIGHTS, min_size=1, max_size=3),
    st.lists(WEIGHTS, min_size=1, max_size=3),
    st.sampled_from([0.0, -1.0]),
    st.integers(1, 3),
)
@examples(30)
def test_a_recursive_filter_is_proved_and_no_other_one_is(past, recent, offset, ticks):
    machine, _ = recursive(past, recent, offset).lowered(ticks)
    order = len(past) + len(recent)
    same = filtered(past, recent, offset)
    assert prove_linear(machine, same, ["x"], order=order).is_proved
    other = filtered([*past[:-1], past[-1] + 2.0**-40], recent, offset)
    found = prove_linear(machine, other, ["x"], order=order)
    assert found.verdict == "refuted"


def test_a_counterexample_is_what_running_it_shows():
    circuit = recursive([1.0], [1.0], -1.0)
    wrong = filtered([1.0], [1.0, 0.5], -1.0)
    found = prove_linear(circuit, wrong, ["x"], order=3).counterexample
    machine, pace = circuit.lowered()
    string = np.array(found.streams["x"])[None, :, None]
    assert found.given == (said_on(machine, pace, string)[0, found.sample, 0],)
    assert found.asked == (found.given[0] + 0.5,)


def test_another_constant_is_another_filter():
    found = prove_linear(recursive([1.0], [1.0], 1.0), filtered([1.0], [1.0]), ["x"], order=2)
    assert found.counterexample.streams == {"x": (0.0,)}
    assert (found.counterexample.given, found.counterexample.asked) == ((1.0,), (0.0,))


def test_two_machines_are_compared_whatever_their_pace():
    one = recursive([1.0, -1.0], [1.0])
    slow, _ = one.lowered(3)
    assert prove_linear(one, slow, ["x"]).is_proved
    assert prove_linear(one, recursive([1.0, -1.0], [1.0, 1.0]), ["x"]).verdict == "refuted"


def test_an_answer_that_hears_later_samples_is_no_filter():
    machine, pace = recursive([1.0], [1.0]).lowered()
    late = Pace(pace.ticks, pace.delay + 1)
    same = filtered([1.0], [1.0])
    assert prove_linear(machine, same, ["x"], order=2).is_proved
    assert prove_linear(machine, same, ["x"], order=2, pace=late).verdict == "refuted"


def test_what_is_not_linear_is_refused_in_words():
    with pytest.raises(ValueError, match="does more than add up numbers"):
        prove_linear(counting(3, 1.0), filtered([1.0], [1.0]), ["x"], order=2)
    with pytest.raises(ValueError, match="no source 'y'"):
        prove_linear(recursive([1.0], [1.0]), filtered([1.0], [1.0]), ["y"], order=2)
    with pytest.raises(ValueError, match="order is missing"):
        prove_linear(recursive([1.0], [1.0]), filtered([1.0], [1.0]), ["x"])
    with pytest.raises(ValueError, match="this automaton does not"):
        silent = Transducer(lambda state, x: (state, None))
        prove_linear(recursive([1.0], [1.0]), silent, ["x"], order=0)
    with pytest.raises(ValueError, match="has 1 outputs"):
        twice = Transducer(lambda state, x: (state, (x, x)))
        prove_linear(recursive([1.0], [1.0]), twice, ["x"], order=0)


def test_a_start_that_is_not_zero_is_another_filter():
    machine, _ = recursive([0.5], [1.0]).lowered()
    begun = replace(machine, initial=VValue({"y": {"dict": 3.0}}))
    # What the neuron emitted before the first tick is what it held after the sample before.
    held = filtered([0.5], [1.0])._replace(start=((Fraction(3),), (Fraction(0),)))
    same = filtered([0.5], [1.0])
    assert prove_linear(machine, same, ["x"], order=2).is_proved
    assert prove_linear(begun, same, ["x"], order=2).verdict == "refuted"
    assert prove_linear(machine, held, ["x"], order=2).verdict == "refuted"
    string = np.array([[1.0, -2.0, 4.0]])[..., None]
    found = prove_linear(begun, same, ["x"], order=2).counterexample
    pace = Pace.of_machine(begun)
    shown = said_on(begun, pace, np.zeros_like(string))[0, found.sample, 0]
    assert found.given == (shown,) != found.asked


@pytest.mark.parametrize("n_between", [0, 1, 6])
@pytest.mark.parametrize("lag", [1, 4])
def test_a_machine_that_answers_late_is_followed_as_far(n_between, lag):
    names = ["x", *(f"identity-{i}" for i in range(n_between)), "output"]
    kinds = ["stream", *["identity"] * n_between, "output"]
    fields = ["stream", *["dict"] * n_between]
    wires = [
        Wire(name, "dict-1" if name == "output" else "dict", before, field)
        for name, before, field in zip(names[1:], names, fields, strict=False)
    ]
    chain = Circuit(dict(zip(names, kinds, strict=True)), wires)
    echo = filtered([], [1.0, *[0.0] * (lag - 1), 2.0**-30])
    assert prove_linear(chain, filtered([], [1.0]), ["x"], order=0).is_proved
    found = prove_linear(chain, echo, ["x"], order=lag)
    assert found.counterexample.sample == found.counterexample.streams["x"].index(1.0) + lag


@pytest.mark.parametrize("lag", [1, 4, 9])
def test_what_shows_late_is_seen_on_either_side(lag):
    recent = [1.0, *[0.0] * (lag - 1), 2.0**-30]
    for found in (
        prove_linear(recursive([0.5], recent), filtered([0.5], [1.0]), ["x"], order=2),
        prove_linear(recursive([0.5], [1.0]), filtered([0.5], recent), ["x"], order=lag + 2),
    ):
        assert found.verdict == "refuted"
        impulse = found.counterexample.streams["x"].index(1.0)
        assert found.counterexample.sample == impulse + lag
