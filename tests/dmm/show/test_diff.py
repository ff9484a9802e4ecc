"""Differences between two machines."""

from __future__ import annotations

import re

import pytest

from dmm import Machine
from dmm.show import diff
from dmm.zoo import duplicate_detector
from tests.dmm.show.rendered import MACHINES, dense_machine, published_machine
from vvalues import VValue

PATH = ("dot", "dict-2", "eos", "char")


def test_a_machine_does_not_differ_from_itself():
    found = diff(published_machine(), published_machine())
    assert not found
    assert found.n_equal == 22
    assert str(found) == "sparse20 -> sparse20: 0 links added, 0 removed, 0 changed, 22 equal"


def test_added_removed_and_changed_links():
    before = duplicate_detector()
    trainable = before.trainable.at(PATH).set(-0.25)
    trainable = trainable.at(("compare", "dict-2", "const_1", "const_1")).remove()
    trainable = trainable.at(("norm", "dict", "input", "char")).set(0.5)
    after = Machine({**before.neurons, "extra": "norm"}, before.fixed, trainable, "after")
    assert str(diff(before, after)) == (
        "duplicate-detector -> after: 1 link added, 1 removed, 1 changed, 9 equal\n"
        "+ neuron extra (norm)\n"
        "+ norm.dict <- input.char            +0.500\n"
        "- compare.dict-2 <- const_1.const_1  +1.000\n"
        "~ dot.dict-2 <- eos.char             +1.000 -> -0.250  (-1.250)"
    )
    back = diff(after, before)
    assert (len(back.added), len(back.removed), len(back.changed)) == (1, 1, 1)
    assert back.neurons_removed == (("extra", "norm"),)


def test_a_link_that_begins_to_learn_is_a_change():
    before = duplicate_detector()
    path = ("accum", "dict-1", "accum", "dict")
    after = Machine(
        before.neurons, before.fixed.at(path).remove(), before.trainable.at(path).set(1.0)
    )
    found = diff(before, after)
    assert (len(found.added), len(found.removed), len(found.changed)) == (0, 0, 1)
    assert str(found).split("\n")[1] == ("~ accum.dict-1 <- accum.dict  +1.000 -> +1.000  now soft")


def test_retyped_neurons():
    before = Machine({"a": "norm"})
    assert str(diff(before, Machine({"a": "accum"}))).split("\n")[1] == (
        "~ neuron a (norm -> accum)"
    )


def test_the_tolerance():
    before = duplicate_detector()
    after = before.with_trainable(before.trainable.at(PATH).set(1.0 + 1e-9))
    assert diff(before, after)
    assert not diff(before, after, tolerance=1e-8)


def test_long_differences_show_the_largest_changes():
    text = str(diff(duplicate_detector(), dense_machine())).split("\n")
    n_added, n_removed = map(
        int, re.findall(r"(\d+) (?:links added|removed)", text[0].replace(",", ""))
    )
    assert text[-1] == f"… {n_added + n_removed - 40:,} more"
    links = [line for line in text if line[0] in "+-~" and "neuron" not in line]
    assert len(links) == 40


@pytest.mark.parametrize("name", MACHINES)
def test_every_machine_can_be_compared_with_the_empty_one(name):
    machine = MACHINES[name]()
    found = diff(Machine({}), machine)
    assert len(found.added) == len(machine.fixed) + len(machine.trainable)
    assert all(line.isprintable() for line in str(found).split("\n"))


def test_stages_of_a_synthesis():
    """A pruning step: links that went, weights that moved on."""
    before = published_machine()
    path = ("output", "dict-1", "compare-4-2", "false")
    after = before.with_trainable((1.1 * before.trainable).at(path).remove())
    found = diff(before, after)
    assert [link.path for link in found.removed] == [path]
    assert len(found.changed) == 18
    assert found.n_equal == 3
    assert isinstance(after.trainable, VValue)
