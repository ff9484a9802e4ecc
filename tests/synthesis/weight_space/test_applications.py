"""Continual learning, sparsification, joining, resilience and ensembles, on small digits."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from synthesis.architectures import Perceptron
from synthesis.optimize.losses import softmax
from synthesis.optimize.optimizers import adam, momentum
from synthesis.process.linearization import TracedLinearization
from synthesis.weight_space.chains import along, geodesic, pulled_over, straight_line
from synthesis.weight_space.continual import (
    continual_sequence,
    elastic_weights,
    fine_tuning,
    fisher_diagonal,
    learn,
    learned_along,
    null_space,
    remember,
    replay,
    staying_invariant,
)
from synthesis.weight_space.damage import (
    damaged,
    link_vulnerability,
    predicted_changes,
    recovery,
    true_changes,
    unit_deletions,
    unit_vulnerability,
)
from synthesis.weight_space.ensembles import (
    disagreement,
    diverse_members,
    ensemble_probabilities,
    spread_along,
)
from synthesis.weight_space.metric import metric_product
from synthesis.weight_space.path import last, walk
from synthesis.weight_space.pulls import Invariance, PullTowards, largest_kept
from synthesis.weight_space.reference import freeze
from synthesis.weight_space.sparsity.magnitude import gradual_magnitude, lottery_ticket
from synthesis.weight_space.sparsity.sparse import n_zeros, ramp, sparse_path, sparsified
from synthesis.weight_space.task_pulls import TaskLoss
from tests.marks import thorough
from vvalues import VValue, from_buffer

from .models import blobs, random_like


@pytest.fixture(scope="module")
def task():
    return blobs(classes=4, pixels=16, n=800, spread=45.0)


@pytest.fixture(scope="module")
def model():
    return Perceptron([16, 24, 4])


@pytest.fixture(scope="module")
def dense(model, task):
    rng = np.random.default_rng(0)
    return learn(model, task, model.initial(rng), momentum(0.02), 300, rng)


# -------------------- continual learning --------------------


@pytest.fixture(scope="module")
def memory(model, task):
    rng = np.random.default_rng(1)
    old = task.only([0, 1])
    trained = learn(model, old, model.initial(rng), momentum(0.02), 150, rng)
    return remember(model, trained, old, 20, rng)


METHODS = {
    "fine-tuning": fine_tuning,
    "invariant": staying_invariant(),
    "tempered and blended": staying_invariant(temperature=3.0, blend=True),
    "replay": replay,
    "null space": null_space(8),
    "elastic weights": elastic_weights(3.0, n_fisher=30),
}


SOON = ("invariant", "elastic weights")


@pytest.mark.parametrize(
    "name", [*SOON, *thorough(*(name for name in METHODS if name not in SOON))]
)
def test_every_method_learns_the_new_task(name, memory, task, model):
    new = task.only([2, 3])
    path = learned_along(
        memory, new, METHODS[name], np.random.default_rng(2), steps=150, optimizer=momentum(0.01)
    )
    assert new.accuracy(model, path[-1].parameters) > 80


def test_an_invariant_path_keeps_what_fine_tuning_forgets(memory, task, model):
    new, kept = task.only([2, 3]), {}
    for name in ("fine-tuning", "invariant", "replay"):
        path = learned_along(
            memory, new, METHODS[name], np.random.default_rng(2), steps=150,
            optimizer=momentum(0.01),
        )  # fmt: skip
        kept[name] = memory.task.accuracy(model, path[-1].parameters)
    assert kept["fine-tuning"] < 60
    assert kept["invariant"] > kept["fine-tuning"] + 30
    assert kept["replay"] > kept["fine-tuning"] + 30


def test_fisher_diagonal_is_the_mean_of_squared_gradients(model, task):
    rng = np.random.default_rng(0)
    uncertain = 0.3 * model.initial(rng)
    estimate = fisher_diagonal(model, uncertain, task, 1000, rng)
    inputs = task.as_inputs(task.images)
    rows = TracedLinearization(model, uncertain, inputs).rows().reshape(len(inputs), 4, -1)
    p = softmax(model(uncertain, inputs))
    # Fisher: sum_k p_k (J_k - sum_l p_l J_l)^2, mean over inputs
    centred = rows - np.einsum("nk,nkp->np", p, rows)[:, None]
    exact = np.einsum("nk,nkp->p", p, centred**2) / len(inputs)
    assert estimate.buffer.sum() == pytest.approx(exact.sum(), rel=0.1)
    assert np.corrcoef(estimate.buffer, exact)[0, 1] > 0.95


def test_a_sequence_of_tasks_gives_a_triangle(model, task):
    rng = np.random.default_rng(0)
    found = continual_sequence(
        model, task.split(2), model.initial(rng), METHODS["invariant"], rng,
        first=(momentum(0.02), 100), later=(momentum(0.01), 100), stored_each=10,
    )  # fmt: skip
    assert [len(row) for row in found] == [1, 2]
    assert min(found[-1]) > 60


def test_a_store_that_is_too_small_is_refused(memory, task):
    with pytest.raises(ValueError, match="null-space step needs at least 21 inputs; 20"):
        null_space(21)(memory, task, np.random.default_rng(0))
    with pytest.raises(ValueError, match="has 100"):
        remember(memory.model, memory.parameters, memory.task, 1000, np.random.default_rng(0))


# -------------------- sparsification --------------------


def test_the_sparse_network_has_its_zeros_and_beats_one_shot(model, dense, task):
    rng = np.random.default_rng(0)
    inputs, _ = task.store(200, rng)
    reference = freeze(model, dense, inputs)
    found = sparsified(reference, 0.8, rng=rng, steps=300, stages=5, settle=100, per_step=50)
    assert found.zeros == n_zeros(found.projected) == round(0.8 * dense.size)
    one_shot = largest_kept(dense, 0.8)
    assert reference.divergence(found.projected) < 0.5 * reference.divergence(one_shot)
    assert len(found.path) == 5
    assert found.distance < 0.3
    with pytest.raises(ValueError, match="stages is 4; expected 1 to 3"):
        sparsified(reference, 0.8, rng=rng, steps=3, stages=4)


def test_the_published_path_approaches_its_moving_target(model, dense, task):
    rng = np.random.default_rng(0)
    inputs, _ = task.store(200, rng)
    reference = freeze(model, dense, inputs)
    path = list(sparse_path(reference, 0.6, steps=300, rng=rng, per_step=50, every=100))
    distances = [waypoint.figures["to_sparse"] for waypoint in path]
    assert [waypoint.step for waypoint in path] == [0, 100, 200, 300]
    assert distances[-1] < 0.2 * distances[0]


def test_gradual_magnitude_pruning_counts_its_zeros(model, dense, task):
    pruned = gradual_magnitude(
        model, task, dense, 0.8, steps=100, rng=np.random.default_rng(0),
        optimizer=momentum(0.01),
    )  # fmt: skip
    assert n_zeros(pruned) == round(0.8 * dense.size)
    assert task.accuracy(model, pruned) > 80


def test_a_lottery_ticket_is_pruned_in_rounds_and_trained(model, task):
    rng = np.random.default_rng(0)
    start = model.initial(rng)
    ticket = lottery_ticket(model, task, start, 0.8, steps=120, rng=rng, rounds=3, rewind=10)
    assert n_zeros(ticket) == round(0.8 * start.size)
    assert task.accuracy(model, ticket) > 80
    wrong = {"steps": 10, "rng": rng}
    with pytest.raises(ValueError, match="rewind is 10; a training has 10 steps"):
        lottery_ticket(model, task, start, 0.8, rewind=10, **wrong)
    with pytest.raises(ValueError, match="rounds is 0"):
        lottery_ticket(model, task, start, 0.8, rounds=0, rewind=1, **wrong)


def test_what_a_ticket_keeps_goes_back_to_its_first_weights(model, task):
    rng = np.random.default_rng(0)
    start = random_like(model.initial(rng), rng)
    ticket = lottery_ticket(
        model, task, start, 0.8, steps=5, rng=rng, rounds=2, rewind=0, optimizer=momentum(0.0)
    )
    assert ticket == largest_kept(start, 0.8)


def test_the_ramp_rises_to_its_end():
    rising = ramp(0.9, 100)
    values = [rising(step) for step in (0, 50, 100, 500)]
    assert values == pytest.approx([0.0, 0.9 * 0.875, 0.9, 0.9])


# -------------------- joining --------------------


def trained(model, task, seed):
    rng = np.random.default_rng(seed)
    return learn(model, task, model.initial(rng), momentum(0.02), 300, rng)


@pytest.fixture(scope="module")
def other(model, task):
    return trained(model, task, 9)


@pytest.mark.thorough
def test_beads_work_where_the_straight_line_does_not(task):
    rng = np.random.default_rng(0)
    inputs, _ = task.store(200, rng)
    narrow = Perceptron([16, 8, 4])  # few units: the straight line between two starts breaks
    ends = [trained(narrow, task, seed) for seed in (0, 9)]
    line = straight_line(ends[0], ends[1], 8)
    chains = list(
        geodesic(
            narrow, line, inputs, adam(0.01), steps=80, rng=rng, anchor=TaskLoss(narrow, task),
            batch=50, every=40,
        )
    )  # fmt: skip
    assert [chain.step for chain in chains] == [0, 40, 80]
    assert chains[-1].beads[0] is ends[0]
    assert chains[-1].beads[-1] is ends[1]

    def worst(beads):
        return min(task.accuracy(narrow, w) for _, w in along(beads, 3))

    assert worst(line) < 85
    assert worst(chains[-1].beads) > 95
    assert chains[-1].energy < chains[1].energy


def test_points_along_beads():
    beads = straight_line(VValue({"a": 0.0}), VValue({"a": 1.0}), 3)
    points = [(t, w["a"]) for t, w in along(beads, 2)]
    assert points == [(t, pytest.approx(t)) for t in (0.0, 0.25, 0.5, 0.75, 1.0)]


def test_the_pull_arrives_and_stops(model, dense, other, task):
    rng = np.random.default_rng(0)
    inputs, _ = task.store(40, rng)
    distance = float(np.linalg.norm((dense - other).buffer))
    path = list(
        pulled_over(
            freeze(model, dense, inputs), other, steps=400, size=0.05, rng=rng, strength=1e6,
            close=0.06,
        )
    )  # fmt: skip
    assert path[-1].length == pytest.approx(distance, abs=0.3)
    assert np.linalg.norm((path[-1].parameters - other).buffer) < 0.06
    assert len(path) < 400


def test_bad_chains_are_refused(model, dense, other, task):
    inputs, _ = task.store(20, np.random.default_rng(0))
    options = {"steps": 1, "rng": np.random.default_rng(0)}
    with pytest.raises(ValueError, match="at least three"):
        geodesic(model, [dense, other], inputs, adam(0.1), **options)
    with pytest.raises(ValueError, match="a step of the chain needs at least 100 inputs; 20"):
        geodesic(model, straight_line(dense, other, 3), inputs, adam(0.1), **options)
    with pytest.raises(ValueError, match="two ends have different supports"):
        straight_line(dense, VValue({"x": 1.0}), 3)
    with pytest.raises(ValueError, match="n_beads is 1"):
        straight_line(dense, other, 1)


# -------------------- resilience --------------------


def test_small_changes_are_predicted(model, dense, task):
    rng = np.random.default_rng(0)
    inputs, _ = task.store(60, rng)
    steps = [0.02 * step for step in unit_deletions(model, dense, 1)]
    predicted = predicted_changes(model, dense, inputs, steps)
    measured = true_changes(model, dense, inputs, steps)
    assert spearmanr(predicted, measured).statistic > 0.95
    np.testing.assert_allclose(predicted, measured, rtol=1e-9)  # outputs are linear in these


def test_unit_vulnerability_is_the_published_score(model, dense, task):
    inputs, _ = task.store(60, np.random.default_rng(0))
    hidden = np.maximum(inputs @ dense["layer-1", "weights"] + dense["layer-1", "bias"], 0)
    outgoing = dense["layer-2", "weights"]
    expected = np.mean(hidden**2, axis=0) * np.sum(outgoing**2, axis=1)
    np.testing.assert_allclose(unit_vulnerability(model, dense, inputs, 1), expected)


def test_link_vulnerability_is_the_length_of_each_deletion(model, dense, task):
    inputs, _ = task.store(20, np.random.default_rng(0))
    scores = link_vulnerability(model, dense, inputs)
    element = int(np.argmax(scores.buffer))
    alone = np.zeros(dense.size)
    alone[element] = -dense.buffer[element]
    step = from_buffer(dense.support, alone)
    product = metric_product(model, dense, inputs, step)
    assert scores.buffer[element] == pytest.approx(product.buffer @ alone)


def test_recovery_moves_undamaged_weights_only(model, dense, task):
    rng = np.random.default_rng(0)
    inputs, _ = task.store(100, rng)
    reference = freeze(model, dense, inputs)
    scores = unit_vulnerability(model, dense, inputs, 1)
    damage = model.units(1, np.argsort(-scores)[:10])
    hurt = damaged(dense, damage)
    end = last(recovery(reference, hurt, damage, steps=200, rng=rng)).parameters
    assert not end.buffer[damage.buffer == 1].any()
    assert reference.divergence(end) < 0.3 * reference.divergence(hurt)
    assert task.accuracy(model, end) > task.accuracy(model, hurt) + 5


def test_damaged_links_stay_where_they_are_though_the_rest_would_move_them(model, dense, task):
    """Single links of units that live: without the mask every one of them would come back."""
    rng = np.random.default_rng(0)
    inputs, _ = task.store(100, rng)
    reference = freeze(model, dense, inputs)
    damage = from_buffer(dense.support, (rng.random(dense.size) < 0.2).astype(float))
    hurt, is_hurt = damaged(dense, damage), damage.buffer == 1
    _, gradient = Invariance(reference)(hurt, 0, rng)
    assert np.count_nonzero(gradient.buffer[is_hurt]) > 0.5 * np.count_nonzero(is_hurt)
    end = last(recovery(reference, hurt, damage, steps=20, rng=rng)).parameters
    assert not end.buffer[is_hurt].any()
    assert np.count_nonzero(end.buffer != hurt.buffer) > 0.5 * np.count_nonzero(~is_hurt)


def test_recovery_refuses_bad_input(model, dense, task):
    rng = np.random.default_rng(0)
    inputs, _ = task.store(8, rng)
    reference = freeze(model, dense, inputs)
    damage = model.unit(1, 0)
    with pytest.raises(ValueError, match="a step of the recovery needs at least 9 inputs; 8"):
        recovery(reference, damaged(dense, damage), damage, rng=rng, per_step=9)
    with pytest.raises(ValueError, match="different supports"):
        recovery(reference, VValue({"x": 1.0}), damage, rng=rng)


# -------------------- ensembles --------------------


def test_members_do_the_same_from_different_places(model, dense, task):
    rng = np.random.default_rng(0)
    inputs, _ = task.store(100, rng)
    reference = freeze(model, dense, inputs)
    members = diverse_members(reference, 3, steps=60, rng=rng, size=0.1, strength=3.0)
    assert len(members) == 3
    for i, member in enumerate(members):
        assert reference.divergence(member) < 0.05
        assert all(np.linalg.norm((member - earlier).buffer) > 0.5 for earlier in members[:i])
    probabilities = ensemble_probabilities(model, members, inputs)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    assert 0 <= disagreement(model, members, inputs) < 0.3


def test_members_spread_along_a_path():
    tree = VValue({"a": 0.0})
    path = list(
        walk(tree, PullTowards(tree.at("a").set(1.0)), momentum(0.5, 0.0), steps=6,
             rng=np.random.default_rng(0))
    )  # fmt: skip
    first, middle, end = spread_along(path, 3)
    assert first == tree
    assert end == path[-1].parameters
    assert middle["a"] == pytest.approx(0.5)
    with pytest.raises(ValueError, match="this path has 7 waypoints"):
        spread_along(path, 8)
    with pytest.raises(ValueError, match="1 member"):
        disagreement(None, [tree], None)


def test_a_reference_survives_random_students(model, dense, task):
    rng = np.random.default_rng(0)
    inputs, _ = task.store(10, rng)
    reference = freeze(model, dense, inputs)
    assert reference.divergence(dense + random_like(dense, rng)) > 0
