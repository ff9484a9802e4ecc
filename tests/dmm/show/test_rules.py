"""What a machine does to itself, in a line."""

from __future__ import annotations

import numpy as np

from dmm import Machine, zoo
from dmm.machine import links, plastic_space
from dmm.show.rules import learning_rules
from vvalues.core.tree import from_leaves


def test_machines_with_an_external_matrix_have_no_rule():
    assert learning_rules(zoo.duplicate_detector()) == []
    assert learning_rules(Machine({})) == []


def test_the_delta_rule_of_one_weight_at_a_time():
    assert learning_rules(zoo.fast_weights(rate=0.25)) == [
        "W += 0.250 place-1 x-1-late-2 error",
        "W += 0.250 place-2 x-2-late-2 error",
    ]


def test_a_difference_may_stand_either_way_round():
    rule = zoo.delta_rule(rate=0.5)
    turned = {path: -w if path[1] in ("post", "delta") else w for path, w in rule.trainable.items()}
    machine = rule.with_trainable(from_leaves(turned))
    assert learning_rules(machine) == learning_rules(rule) == ["W += 0.500 (y - p) x clock-3"]


def test_it_is_a_difference_that_is_turned_round_and_not_a_gate():
    rule = zoo.delta_rule(rate=0.5)
    turned = {path: -w if path[1] == "post" else w for path, w in rule.trainable.items()}
    turned["rule-1", "gate", "clock-4", "stream"] = -0.25
    turned["self", "delta", "rule-1", "delta"] = -0.5
    machine = rule.with_trainable(from_leaves(turned))
    assert learning_rules(machine) == ["W += 0.500 (y - p) x (clock-3 - 0.250 clock-4)"]


def test_sums_in_all_factors_and_gates_of_gates():
    machine = zoo.delta_rule(rate=1.0)
    more = links(
        """
        rule-1.gate <- const_1.const_1 0.5
        rule-1.pre <- p.dict 0.25
        """
    )
    machine = machine.with_trainable(machine.trainable + more)
    assert learning_rules(machine) == ["W += 1 (y - p) (x + 0.250 p) (clock-3 + 0.500)"]


def test_a_rule_with_an_empty_factor_does_nothing():
    space = plastic_space(np.random.default_rng(0), rules=1, leaks=0)
    one = space.with_trainable(links("self.delta <- rule-1.delta 2"))
    assert learning_rules(one) == ["W += 0 0 0 0"]


def test_equations_begin_with_the_rule():
    assert zoo.hebb_rule().equations().startswith("W += 1 y x clock-3\n\n")
