"""Neurons that try, select and change the members of a population."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmm import get_neuron_type
from dmm.neurons import PARENT
from tests.examples import examples
from vvalues import VValue, assemble, inner, max_norm, put
from vvalues.core.tree import from_leaves
from vvalues.testing import check_tree_gradients

PORTS = [("out", "dict"), ("out", "gate")]
SENDERS = [("x", "stream"), ("y", "stream"), ("z", "norm")]
LINKS = [(*port, *sender) for port in PORTS for sender in SENDERS]


def fire(name: str, **streams: VValue) -> VValue:
    return assemble(dict(get_neuron_type(name).activation(assemble(streams))))


def random_tree(rng: np.random.Generator, paths: list, density: float = 0.7) -> VValue:
    kept = [path for path in paths if rng.random() < density] or paths[:1]
    return from_leaves(dict(zip(kept, rng.standard_normal(len(kept)).tolist(), strict=True)))


def random_population(rng: np.random.Generator, members: int = 4) -> VValue:
    each = {f"child-{i}": random_tree(rng, LINKS) for i in range(members)}
    return assemble({PARENT: random_tree(rng, LINKS), **each})


@given(st.integers(0, 2**32))
@examples(40)
def test_a_trial_is_the_down_movement_of_every_member(seed):
    rng = np.random.default_rng(seed)
    population, outputs = random_population(rng), random_tree(rng, SENDERS)
    answers = random_tree(rng, PORTS)
    losses = fire("trials", population=population, outputs=outputs, answers=answers)
    for member in {path[0] for path in population.support.paths}:
        own = population.subtree((member,))
        exact = sum(
            (inner(own.subtree(port), outputs) - answers[(*port, ":number")]) ** 2 for port in PORTS
        )
        fed = {path[:2] for path in population.support.paths} | set(answers.support.paths)
        exact -= sum(answers[(*port, ":number")] ** 2 for port in set(PORTS) - fed)
        assert losses["losses", member, ":number"] == pytest.approx(exact)


@given(st.integers(0, 2**32))
@examples(40)
def test_the_best_member_is_selected_and_kept(seed):
    rng = np.random.default_rng(seed)
    population = random_population(rng)
    members = sorted({path[0] for path in population.support.paths})
    losses = from_leaves({(member,): float(rng.integers(4)) for member in members})
    found = fire("selection", population=population, losses=losses)
    least = min(losses[member, ":number"] for member in members)
    equals = [member for member in members if losses[member, ":number"] == least]
    chosen = PARENT if PARENT in equals else equals[0]
    assert found.subtree("best") == population.subtree((chosen,))
    assert found["loss", ":number"] == least
    changes = random_population(rng)
    offspring = fire("mutation", parent=found.subtree("best"), changes=changes)
    assert offspring["population", PARENT] == found.subtree("best")
    for member in {path[0] for path in changes.support.paths} - {PARENT}:
        change = offspring["population", member] - found.subtree("best")
        assert max_norm(change - changes[member]) < 1e-12


def test_derivatives_of_losses_and_of_what_is_selected():
    rng = np.random.default_rng(1)
    streams = {
        "population": random_population(rng, 2),
        "outputs": random_tree(rng, SENDERS),
        "answers": random_tree(rng, PORTS),
    }
    weights = random_tree(rng, [("losses", m) for m in (PARENT, "child-0", "child-1")], 1.0)
    for name in streams:
        check_tree_gradients(
            lambda tree, name=name: inner(fire("trials", **{**streams, name: tree}), weights),
            streams[name],
        )
    losses = from_leaves({(f"child-{i}",): 1.0 + i for i in range(2)} | {(PARENT,): 9.0})
    probe = put(VValue(), "best", random_tree(rng, LINKS, 1.0)) + from_leaves({("loss",): 2.0})
    check_tree_gradients(
        lambda tree: inner(fire("selection", population=tree, losses=losses), probe),
        streams["population"],
    )
    check_tree_gradients(
        lambda tree: inner(fire("selection", population=streams["population"], losses=tree), probe),
        losses,
    )


def test_nobody_is_selected_where_nobody_is():
    found = fire("selection", population=VValue(), losses=VValue())
    assert found.subtree("best") == VValue() and found["loss", ":number"] == 0.0


def test_what_is_no_link_of_a_member_takes_no_part():
    link = {("child-0", *LINKS[0]): 2.0}
    streams = {"outputs": from_leaves({SENDERS[0]: 3.0}), "answers": VValue()}
    more = from_leaves(link | {("child-0", "out"): 1.0, ("child-1",): 1.0, (): 5.0})
    assert fire("trials", population=more, **streams) == fire(
        "trials", population=from_leaves(link), **streams
    )
