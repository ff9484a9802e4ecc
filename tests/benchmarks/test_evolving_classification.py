"""The benchmark of evolving layers on classes: its parts, its methods, its transfer."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import evolving_classification as benchmark
from benchmarks.evolving_classification import PARTS, table_of


@pytest.fixture(autouse=True)
def tables():
    pytest.importorskip("sklearn", reason="the tables come with scikit-learn")


@pytest.mark.parametrize("name", PARTS)
def test_parts_are_of_the_sizes_that_are_said_and_standardised(name):
    data = table_of(name, 7)
    assert tuple(len(labels) for labels in data.labels[:2]) == PARTS[name]
    assert [len(rows) for rows in data.rows] == [len(labels) for labels in data.labels]
    np.testing.assert_allclose(data.rows[0].mean(axis=0), 0.0, atol=1e-9)
    assert np.all(data.rows[0].std(axis=0) < 1.0)
    together = np.concatenate(data.rows)
    assert len(np.unique(together, axis=0)) == len(together)


def test_some_classes_count_from_0():
    data = table_of("digits", 7).only(range(5, 10), 30)
    assert len(data.rows[0]) == len(data.labels[0]) == 30
    assert data.n_classes == 5 and min(labels.min() for labels in data.labels) == 0
    assert data.as_regression().targets.sum(axis=1).tolist() == [1.0] * 30


@pytest.mark.thorough
def test_every_method_learns_and_says_what_it_costs():
    data = table_of("breast cancer", 7)
    for make, _, _ in benchmark.METHODS.values():
        found = make(data, 8, 7)
        assert found.right(data, 1) > 85
        assert found.kilobytes > 0 and found.numbers > 0 and found.seconds > 0


@pytest.mark.filterwarnings("ignore:input columns without variance")
def test_a_transferred_network_begins_with_linear_outputs():
    data = table_of("digits", 7).only(range(5))
    training = benchmark._evolving_training(data, 2, 7)
    source = benchmark._evolved_from(training).needed[1]
    initial = training.start(training.rng).parameters
    start = benchmark._with_new_outputs(source, initial)
    assert training.model.count_operations(start) == training.model.count_operations(source) > 0
    rows = data.rows[2]
    np.testing.assert_allclose(training.model(start, rows), training.model(initial, rows))
