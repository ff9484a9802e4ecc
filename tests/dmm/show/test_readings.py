"""A machine renders itself: its methods say what the one table of renderings says."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dmm.show import RENDERINGS, diff, fragment
from dmm.zoo import duplicate_detector


@pytest.mark.parametrize("how", RENDERINGS)
def test_a_machine_is_shown_by_the_table(how):
    machine = duplicate_detector()
    assert machine.show(how) == RENDERINGS[how](machine)


def test_methods_are_words_of_the_table():
    machine = duplicate_detector()
    assert str(machine) == machine.show() == machine.show("table")
    assert machine.tree() == machine.show("tree")
    assert machine.equations() == machine.show("equations")
    assert machine.to_mermaid() == machine.show("mermaid")
    assert machine.to_dot() == machine.show("dot")
    assert machine.to_python() == machine.show("python")
    assert machine._repr_html_() == fragment(machine)


def test_an_unknown_word_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="how is 'poem'; a machine is shown as table, tree, "):
        duplicate_detector().show("poem")


def test_a_machine_differs_from_its_pruned_self_by_the_link_that_went():
    machine = duplicate_detector()
    path = ("output", "dict-2", "dot", "dot")
    pruned = machine.with_trainable(machine.trainable.at(path).remove())
    assert str(machine.diff(pruned)) == str(diff(machine, pruned))
    assert [link.path for link in machine.diff(pruned).removed] == [path]


def test_the_room_is_entered_when_a_machine_is_shown():
    code = (
        "import sys, dmm, dmm.zoo\n"
        "machine = dmm.zoo.duplicate_detector()\n"
        "print('dmm.show' in sys.modules)\n"
        "machine.tree()\n"
        "print('dmm.show' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
