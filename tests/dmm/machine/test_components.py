"""Components and levels of random graphs, against SciPy and against the definition."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from dmm.machine.components import levels, strong_components


@st.composite
def graphs(draw):
    n = draw(st.integers(1, 12))
    node = st.integers(0, n - 1)
    return n, draw(st.lists(st.tuples(node, node), max_size=30, unique=True))


@given(graphs())
def test_components_are_those_of_scipy(graph):
    n, edges = graph
    found = strong_components(n, edges)
    rows, columns = np.array(edges, dtype=int).reshape(-1, 2).T
    matrix = coo_matrix((np.ones(len(edges)), (rows, columns)), shape=(n, n))
    expected = connected_components(matrix, directed=True, connection="strong")[1]
    pairs = set(zip(found, expected.tolist(), strict=True))
    assert len(pairs) == len(set(found)) == len(set(expected.tolist()))


@given(graphs())
def test_every_edge_between_components_leads_one_level_up_at_least(graph):
    n, edges = graph
    component = strong_components(n, edges)
    level = levels(component, edges)
    assert set(level) == set(component)
    assert min(level.values()) == 0
    for a, b in edges:
        if component[a] != component[b]:
            assert level[component[b]] > level[component[a]]


def test_a_long_chain_does_not_need_a_deep_stack():
    n = 20_000
    edges = [(i, i + 1) for i in range(n - 1)]
    assert len(set(strong_components(n, edges))) == n
    assert len(set(strong_components(n, [*edges, (n - 1, 0)]))) == 1
