"""A machine renders itself: the methods say what the modules say."""

from __future__ import annotations

from dmm.show.algebra.equations import equations
from dmm.show.diff import diff
from dmm.show.export.program import to_python
from dmm.show.graph import to_dot, to_mermaid
from dmm.show.text import table, tree
from dmm.zoo import duplicate_detector


def test_methods_are_the_functions_of_the_modules():
    machine = duplicate_detector()
    assert str(machine) == table(machine)
    assert machine.tree() == tree(machine)
    assert machine.equations() == equations(machine)
    assert machine.to_mermaid() == to_mermaid(machine)
    assert machine.to_dot() == to_dot(machine)
    assert machine.to_python() == to_python(machine)


def test_a_machine_differs_from_its_pruned_self_by_the_link_that_went():
    machine = duplicate_detector()
    path = ("output", "dict-2", "dot", "dot")
    pruned = machine.with_trainable(machine.trainable.at(path).remove())
    assert str(machine.diff(pruned)) == str(diff(machine, pruned))
    assert [link.path for link in machine.diff(pruned).removed] == [path]
