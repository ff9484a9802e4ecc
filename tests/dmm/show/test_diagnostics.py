"""Dead neurons, unread outputs, constants, near-cancelling pairs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dmm import Machine
from dmm.show.diagnostics import diagnose
from dmm.zoo import duplicate_detector, fast_weights, pure_oscillator, self_copying, wave
from tests.dmm.show.rendered import MACHINES, published_machine, small_recurrent_machine
from vvalues.core.tree import from_leaves

PUBLISHED = """\
unread   compare-1-2.true
unread   compare-3-1.true
unread   compare-4-2.true
unread   compare-5-1.false
constant const_1.const_1 = 1
constant eos.char = {".": 1}
constant compare-1-2.true = 0
constant compare-1-2.false = 0.887
pair     compare-1-2 <- const_1.const_1: .dict-1 -0.448, .dict-2 +0.439, 2% apart, \
acts as one link of -0.887
pair     compare-3-1 <- compare-1-2.false: .dict-1 -0.441, .dict-2 +0.450, 2% apart, \
acts as one link of -0.891
pair     compare-3-1 <- norm-2-1.norm: .dict-1 +0.258, .dict-2 -0.251, 3% apart, \
acts as one link of 0.508
pair     compare-4-2 <- norm-2-1.norm: .dict-1 -0.598, .dict-2 +0.604, 1% apart, \
acts as one link of -1.203
pair     compare-5-1 <- dot-2-2.dot: .dict-1 +0.679, .dict-2 -0.689, 1% apart, \
acts as one link of 1.369"""


def machine(neurons: str, links: dict[str, float]) -> Machine:
    """``"accum norm-2"`` and ``{"norm-2.dict accum.dict": 0.5}``."""
    paths = {}
    for link, weight in links.items():
        receiver, sender = link.split()
        path = (*receiver.split("."), *sender.split("."))
        paths[path] = weight
    types = {name: name.split("-")[0] for name in neurons.split()}
    return Machine(types, trainable=from_leaves(paths))


def test_the_published_machine():
    assert str(diagnose(published_machine())) == PUBLISHED


def test_neurons_that_nothing_reaches_are_silent():
    found = diagnose(
        machine(
            "input eos accum-1 accum-2 dot output",
            {
                "accum-1.dict-2 accum-2.dict": 1.0,  # a cycle that nothing enters
                "accum-2.dict-2 accum-1.dict": 1.0,
                "dot.dict-1 eos.char": 1.0,  # a product needs both inputs
                "dot.dict-2 accum-1.dict": 1.0,
                "output.dict-1 dot.dot": 1.0,
            },
        )
    )
    assert found.silent == ("accum-1", "accum-2", "dot")
    assert found.unheard == ("input",)
    assert found.dead == ("accum-1", "accum-2", "dot", "input")


def test_neurons_without_a_way_to_a_sink_are_unheard():
    found = diagnose(
        machine(
            "input accum norm output",
            {
                "accum.dict-2 input.char": 1.0,
                "norm.dict accum.dict": 1.0,
                "output.dict-1 accum.dict": 1.0,
            },
        )
    )
    assert found.dead == ("norm",)
    assert found.summary() == "1 dead neuron, 0 unread outputs"


def test_without_a_sink_no_neuron_is_unheard():
    found = diagnose(machine("eos accum", {"accum.dict-2 eos.char": 1.0}))
    assert found.dead == ()
    assert found.unread == (("accum", "dict"),)


def test_what_a_neuron_emits_before_the_first_tick_is_a_signal():
    one = machine(
        "accum norm output", {"norm.dict accum.dict": 1.0, "output.dict-1 norm.norm": 1.0}
    )
    assert diagnose(one).dead == ("accum", "norm")
    begun = replace(one, initial=from_leaves({("accum", "dict", "a"): 1.0}))
    assert diagnose(begun).dead == ()


@pytest.mark.parametrize("made", [wave, pure_oscillator, self_copying, fast_weights])
def test_nothing_is_called_dead_where_links_may_change(made):
    found = diagnose(made())
    assert found.dead == ()
    assert "0 dead neurons" in found.summary()


def test_links_between_fields_that_do_not_exist_are_inert():
    found = diagnose(
        machine("eos norm output", {"norm.dict-1 eos.char": 1.0, "output.dict-1 norm.dict": 2.0})
    )
    assert [link.path[0] for link in found.inert] == ["norm", "output"]
    assert "2 inert links" in found.summary()


def test_constants_propagate_but_not_through_memory():
    found = diagnose(small_recurrent_machine())
    assert list(found.constants) == [("const_1", "const_1")]
    found = diagnose(
        machine("eos accum norm", {"accum.dict-2 eos.char": -0.5, "norm.dict accum.dict": 4.0})
    )
    assert found.constants["norm", "norm"].to_dict() == {":number": 2.0}


@pytest.mark.parametrize(
    ("first", "second", "effect", "mismatch"),
    [
        ("compare.dict-1", "compare.dict-2", "one link", 0.1),
        ("accum.dict-1", "accum.dict-2", "cancels", 0.1),
        ("dot.dict-1", "dot.dict-2", "", 0.1),
    ],
)
def test_what_a_pair_does_depends_on_the_neuron(first, second, effect, mismatch):
    neurons = f"timer {first.split('.')[0]} output"
    links = {f"{first} timer.timer": 1.0, f"{second} timer.timer": -0.9}
    (pair,) = diagnose(machine(neurons, links)).pairs
    assert (pair.effect, pair.mismatch) == (effect, pytest.approx(mismatch))


def test_weights_that_differ_by_more_than_a_tenth_are_no_pair():
    links = {"compare.dict-1 timer.timer": 1.0, "compare.dict-2 timer.timer": -0.89}
    assert diagnose(machine("timer compare output", links)).pairs == ()


def test_weights_of_equal_sign_are_no_pair():
    links = {"compare.dict-1 timer.timer": 1.0, "compare.dict-2 timer.timer": 1.0}
    assert diagnose(machine("timer compare output", links)).pairs == ()


def test_a_sound_machine_has_little_to_report():
    assert diagnose(duplicate_detector()).summary() == "0 dead neurons, 1 unread output"
    assert str(diagnose(Machine({}))) == "nothing to report"


@pytest.mark.parametrize("name", MACHINES)
def test_every_machine_can_be_diagnosed(name):
    assert all(line.isprintable() for line in str(diagnose(MACHINES[name]())).split("\n"))
