"""The graph of a machine: components and levels of random graphs, and what signals reach."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from dmm import Machine, run, zoo
from dmm.machine.wiring import (
    heard,
    levels,
    links_into,
    living,
    reach,
    strong_components,
    upstream,
    wired,
)
from dmm.zoo import duplicate_detector
from tests.dmm.machines import Case, cases
from vvalues import max_norm


@st.composite
def graphs(draw):
    n = draw(st.integers(1, 12))
    node = st.integers(0, n - 1)
    edges = draw(st.lists(st.tuples(node, node), max_size=30, unique=True))
    return {a: [b for one, b in edges if one == a] for a in range(n)}


@given(graphs())
def test_components_are_those_of_scipy_each_before_those_it_leads_to(graph):
    found = strong_components(graph)
    place = {node: i for i, members in enumerate(found) for node in members}
    assert sorted(place) == sorted(graph) and sum(map(len, found)) == len(graph)
    edges = [(a, b) for a, after in graph.items() for b in after]
    rows, columns = np.array(edges, dtype=int).reshape(-1, 2).T
    matrix = coo_matrix((np.ones(len(edges)), (rows, columns)), shape=(len(graph),) * 2)
    expected = connected_components(matrix, directed=True, connection="strong")[1]
    assert len({(place[node], expected[node]) for node in graph}) == len(found)
    assert len(set(expected)) == len(found)
    assert all(place[a] <= place[b] for a, b in edges)


@given(graphs())
def test_a_level_is_the_longest_way_between_components(graph):
    components = strong_components(graph)
    level = levels(components, graph)
    assert set(level) == set(graph) and min(level.values()) == 0
    for members in components:
        before = [a for a in graph if a not in members and set(graph[a]) & set(members)]
        assert {level[node] for node in members} == {max((level[a] + 1 for a in before), default=0)}


def test_a_long_chain_does_not_need_a_deep_stack():
    n = 20_000
    chain = {i: [i + 1] for i in range(n - 1)}
    assert len(strong_components({**chain, n - 1: []})) == n
    assert len(strong_components({**chain, n - 1: [0]})) == 1


@given(graphs(), st.integers(0, 11))
def test_what_can_be_reached_is_closed_and_has_a_way_to_it(graph, start):
    start %= len(graph)
    found = reach([start], graph.get)
    assert len(found) == len(set(found)) and found[0] == start
    assert all(set(graph[node]) <= set(found) for node in found)
    for i, node in enumerate(found[1:], start=1):
        assert any(node in graph[earlier] for earlier in found[:i])


@given(st.one_of(cases(), cases(is_cyclic=True)))
def test_dead_neurons_emit_nothing(case: Case):
    machine = case.machine
    alive = living(machine, wired(machine, machine.links()))
    for outputs in run(machine, case.streams).outputs:
        for neuron in machine.neurons.keys() - alive:
            assert max_norm(outputs.subtree(neuron)) == 0.0


@given(st.one_of(cases(), cases(is_cyclic=True)))
def test_what_lies_upstream_is_the_same_by_neuron_and_by_list(case: Case):
    machine = case.machine
    links = wired(machine, machine.links())
    for neuron in machine.neurons:
        into = reach([neuron], lambda name: [path[2] for path in links_into(machine, name)])
        assert set(into) == set(upstream([neuron], links))
    assert heard(machine, links) == set(upstream(["output"], links))


def test_links_without_effect_are_not_wired():
    machine = zoo.machine_of(
        {"accum": "accum", "norm": "norm"},
        trainable="norm.dict <- accum.dict\nnorm.norm <- accum.dict\nnorm.dict <- accum.dict-1",
    )
    assert [link.path for link in wired(machine, machine.links())] == [
        ("norm", "dict", "accum", "dict")
    ]
    assert links_into(machine, "norm") == [("norm", "dict", "accum", "dict")]


def test_a_machine_without_sinks_or_with_its_own_matrix_hides_nothing():
    detector = duplicate_detector()
    links = wired(detector, detector.links())
    assert "norm" in heard(detector, links)
    without = Machine({"accum": "accum", "norm": "norm"})
    assert heard(without, []) == {"accum", "norm"} and living(without, []) == set()
    wave = zoo.wave()
    assert living(wave, []) == heard(wave, []) == set(wave.neurons)
