"""Families of binary networks: members, evolution without gradients, walks between families."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.architectures.binary import (
    BinaryFamily,
    FamilyObjective,
    FamilySettings,
    NeuronStrategy,
    evolve,
    evolved,
    family_figures,
    overlap,
    overlaps,
    walk_between,
)
from synthesis.architectures.binary.model import largest_signs
from synthesis.architectures.binary.objective import cross_entropy, squared_error
from synthesis.optimize.gradients import EvolutionStrategy
from synthesis.optimize.optimizers import adam
from synthesis.tasks.digits import Digits
from synthesis.tasks.worlds import CartPole, CartPoleImitation, controller
from synthesis.weight_space import Categorical, freeze
from synthesis.weight_space.continual import learn
from synthesis.weight_space.sparsity.sparse import sparsified
from vvalues import from_buffer

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(1, 9), st.integers(1, 5), st.data())
def test_every_member_has_the_same_zeros(seed, n, units, data):
    kept = (data.draw(st.integers(1, n)), data.draw(st.integers(1, units)))
    family = BinaryFamily([n, units, 2], kept)
    rng = np.random.default_rng(seed)
    scores = family.initial(rng, concentration=data.draw(st.floats(0.0, 3.0)))
    for member in family.members(scores, 3, rng):
        assert set(np.abs(member.buffer)) == {1.0}
        assert member.size == units * kept[0] + 2 * kept[1]
        first, second = family.network.matrices(member)
        assert (np.count_nonzero(first, axis=0) == kept[0]).all()
        assert (np.count_nonzero(second, axis=0) == kept[1]).all()
        assert first.size + second.size - member.size == family.zeros


@given(seeds)
def test_signs_and_tree_compute_the_same(seed):
    rng = np.random.default_rng(seed)
    family = BinaryFamily([5, 7, 4, 3], [2, 3, 4])
    scores, inputs = family.initial(rng, 1.0), rng.standard_normal((6, 5))
    signs = family.draw(scores, rng)
    member = family.member(signs)
    np.testing.assert_allclose(
        family.network(member, inputs), family.outputs(signs, inputs), rtol=1e-10, atol=1e-12
    )
    mode = family.network(family.mode(scores), inputs)
    # Sums of signs that cancel end at 0 in one order of terms and at rounding level in another.
    np.testing.assert_allclose(family(scores, inputs), mode, rtol=1e-10, atol=1e-12)


def test_the_largest_are_kept_with_their_signs():
    assert largest_signs(np.array([[3.0, -5.0, 1.0, 4.0]]), 2).tolist() == [[0, -1, 0, 1]]


@given(seeds, st.integers(1, 8), st.data())
def test_exactly_so_many_are_kept_even_of_ties(seed, n, data):
    kept = data.draw(st.integers(1, n))
    rng = np.random.default_rng(seed)
    values = rng.integers(-2, 3, (3, 4, n)).astype(data.draw(st.sampled_from([float, np.float32])))
    signs = largest_signs(values, kept)
    assert signs.dtype == values.dtype
    assert (np.count_nonzero(signs, axis=-1) == kept).all()
    sizes = np.abs(values)
    left = np.where(signs == 0, sizes, 0.0).max(axis=-1)
    assert (np.where(signs == 0, np.inf, sizes).min(axis=-1) >= left).all()
    untied = values + 0.1 * rng.random(values.shape).astype(values.dtype)
    np.testing.assert_array_equal(
        largest_signs(untied, kept), largest_signs(untied, kept, ties=True)
    )


def test_the_mode_of_fresh_scores_is_a_member():
    family = small_family()
    mode = family.mode(family.initial(np.random.default_rng(0)))
    assert mode.size == 48 * 4 + 3 * 24


def test_overlap_counts_connections_of_equal_sign():
    family = BinaryFamily([4, 2, 1], [2, 2], outputs=["y"])
    one = family.member([np.array([[1, -1, 0, 0], [0, 0, 1, 1]]), np.array([[1, 1]])])
    other = family.member([np.array([[1, 1, 0, 0], [0, 1, 0, 1]]), np.array([[1, -1]])])
    assert overlap(one, one) == 1.0
    assert overlap(one, other) == 3 / 6
    assert overlaps([one, other, one]).tolist() == [0.5, 1.0, 0.5]


# -------------------- evolution --------------------


def blobs(n=400, seed=0):
    """Three classes in ten dimensions, as bytes."""
    rng = np.random.default_rng(seed)
    centres = rng.integers(0, 256, (3, 10))
    labels = np.arange(n) % 3
    images = np.clip(centres[labels] + 40 * rng.standard_normal((n, 10)), 0, 255).astype(np.uint8)
    half = n // 2
    return Digits("blobs", images[:half], labels[:half], images[half:], labels[half:], 3, 64)


def small_family():
    return BinaryFamily([10, 48, 3], [4, 24])


@pytest.mark.parametrize("source, least", [
    (NeuronStrategy(8), 75.0),
    pytest.param(
        EvolutionStrategy(16, scale=1.0, use_ranks=True), 40.0, marks=pytest.mark.thorough
    ),
])  # fmt: skip
def test_evolution_finds_a_family_without_gradients(source, least):
    task, family = blobs(), small_family()
    settings = FamilySettings(60, rate=0.2, last_rate=0.1, concentrations=(4.0, 3.0))
    run = evolve(family, task.batch, np.random.default_rng(1), settings, source=source)
    scores = evolved(run)
    rng = np.random.default_rng(2)

    def score(member):
        return task.accuracy(family.network, member)

    found = family_figures(family, family.members(scores, 6, rng), score)
    chance = family_figures(family, family.members(family.initial(rng), 6, rng), score)
    assert found.mean > least
    assert found.mean > chance.mean + 8.0
    assert found.zeros == (family.zeros,)
    assert found.mean_overlap < 0.95
    for k, block in enumerate(family.blocks(scores.buffer)):
        sizes = np.sqrt(np.mean(block**2, axis=1))
        assert sizes.max() <= settings.concentrations[k] + 1e-9


def test_a_neuron_is_judged_by_the_whole_network():
    """Losses behind the estimate are those of the member with one neuron exchanged."""
    rng = np.random.default_rng(0)
    family = BinaryFamily([5, 4, 3], [2, 3])
    scores = family.initial(rng, 1.0)
    inputs, labels = rng.standard_normal((20, 5)), rng.integers(3, size=20)
    seen = []

    def watched(outputs, targets):
        seen.append(np.array(outputs, dtype=float))
        return cross_entropy(outputs, targets)

    objective = FamilyObjective(family, inputs, labels, watched, gain=1.0, precision=np.float64)
    NeuronStrategy(pairs=3, block=2)(objective, scores, np.random.default_rng(7))
    twin = np.random.default_rng(7)
    first, second = family.blocks(scores.buffer)
    own = [
        largest_signs(block + twin.standard_normal(block.shape), k)
        for block, k in zip((first, second), family.kept, strict=True)
    ]
    for start, outputs in zip((0, 2), seen, strict=False):
        noise = twin.standard_normal((2, 3, 5))
        noise = np.concatenate([noise, -noise], axis=1)
        for unit in range(2):
            for draw in range(6):
                varied = own[0].copy()
                varied[start + unit] = largest_signs(first[start + unit] + noise[unit, draw], 2)
                expected = family.outputs([varied, own[1]], inputs)
                np.testing.assert_allclose(outputs[unit, draw], expected)
    noise = twin.standard_normal((3, 3, 4))
    noise = np.concatenate([noise, -noise], axis=1)
    for unit, outputs in enumerate(seen[2:5]):
        for draw in range(6):
            varied = own[1].copy()
            varied[unit] = largest_signs(second[unit] + noise[unit, draw], 3)
            np.testing.assert_allclose(outputs[draw], family.outputs([own[0], varied], inputs))


def test_runs_repeat_to_the_bit():
    task, family = blobs(), small_family()
    settings = FamilySettings(generations=3)
    one, other = (
        evolved(evolve(family, task.batch, np.random.default_rng(4), settings)) for _ in range(2)
    )
    np.testing.assert_array_equal(one.buffer, other.buffer)


def test_a_member_is_trained_by_gradient_and_walked_along_a_path():
    task, family = blobs(), small_family()
    rng = np.random.default_rng(0)
    (member,) = family.members(family.initial(rng), 1, rng)
    trained = learn(family.network, task, member, adam(0.02), 60, rng)
    assert trained.support is member.support
    assert task.accuracy(family.network, trained) > task.accuracy(family.network, member) + 20.0
    inputs, _ = task.store(60, rng)
    reference = freeze(family.network, trained, inputs, Categorical())
    sparse = sparsified(reference, 0.3, rng=rng, steps=40, per_step=None).projected
    assert np.count_nonzero(sparse.buffer == 0.0) >= round(0.3 * member.size)
    assert task.accuracy(family.network, sparse) > 70.0


def test_a_walk_leads_from_one_family_to_the_other():
    family = small_family()
    first, second = (family.initial(np.random.default_rng(i), 3.0) for i in range(2))
    walk = list(walk_between(family, first, second, np.random.default_rng(0), points=5))
    assert [point.share for point in walk] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert walk[0].to_first > walk[0].to_second
    assert walk[-1].to_first < walk[-1].to_second
    np.testing.assert_array_equal(walk[-1].scores.buffer, second.buffer)
    calls = []

    def settle(scores):
        calls.append(scores)
        return from_buffer(scores.support, 2.0 * scores.buffer)

    list(walk_between(family, first, second, np.random.default_rng(0), points=4, settle=settle))
    assert len(calls) == 2


def test_losses_of_many_members_at_once():
    rng = np.random.default_rng(0)
    outputs, labels = rng.standard_normal((4, 2, 7, 3)), rng.integers(3, size=7)
    found = cross_entropy(outputs, labels)
    probability = np.exp(outputs) / np.exp(outputs).sum(axis=-1, keepdims=True)
    expected = -np.log(probability[..., np.arange(7), labels]).mean(axis=-1)
    np.testing.assert_allclose(found, expected)
    targets = rng.standard_normal((7, 3))
    np.testing.assert_allclose(
        squared_error(outputs, targets), ((outputs - targets) ** 2).mean(axis=(2, 3))
    )


def test_bad_families_are_refused():
    rng = np.random.default_rng(0)
    for arguments, message in (
        (([4], []), "expected inputs"),
        (([4, 0, 2], [2, 1]), "sizes: one is 0"),
        (([4.5, 3, 2], [2, 1]), "sizes: one is 4.5"),
        (([4, 3, 2], [2.5, 1]), "of 4 inputs a unit keeps 1 to 4"),
        (([4, 3, 2], [2]), "2 layers of weights need as many"),
        (([4, 3, 2], [5, 1]), "of 4 inputs a unit keeps 1 to 4"),
        (([4, 3, 2], [2, 0]), "of 3 inputs a unit keeps 1 to 3"),
        (([4, 3, 2], [2, 1], ["b", "a"]), "alphabetical"),
    ):
        with pytest.raises(ValueError, match=message):
            BinaryFamily(*arguments)
    family = small_family()
    with pytest.raises(ValueError, match="concentration is -1"):
        family.initial(rng, -1.0)
    with pytest.raises(ValueError, match="made by initial"):
        family.members(BinaryFamily([2, 2, 2], [1, 1]).initial(rng), 1, rng)
    with pytest.raises(ValueError, match="pairs is 0"):
        NeuronStrategy(0)
    with pytest.raises(ValueError, match="generations is 0"):
        FamilySettings(generations=0)
    for name in ("rate", "last_rate", "gain"):
        for value in (np.nan, np.inf, 0.0, -1.0):
            with pytest.raises(ValueError, match=f"{name} is {value}; expected a finite"):
                FamilySettings(**{name: value})
    for concentrations in ((), (1.0, np.nan), (0.0,)):
        with pytest.raises(ValueError, match="concentrations"):
            FamilySettings(concentrations=concentrations)
    with pytest.raises(ValueError, match="block is 0"):
        NeuronStrategy(block=0)
    broken = from_buffer(family.support, np.full(family.support.size, np.nan))
    for call in (family.mode, lambda s: family.members(s, 1, rng), lambda s: family.draw(s, rng)):
        with pytest.raises(ValueError, match="scores are not finite"):
            call(broken)
    with pytest.raises(ValueError, match="scale is nan"):
        family.draw(family.initial(rng), rng, np.nan)
    with pytest.raises(ValueError, match=r"inputs have shape \(2, 9\).*\(n, 10\)"):
        family(family.initial(rng), np.zeros((2, 9)))
    objective = FamilyObjective(family, np.zeros((2, 10)), np.zeros(2, dtype=int))
    with pytest.raises(ValueError, match="rng is missing"):
        NeuronStrategy()(objective, family.initial(rng))
    with pytest.raises(NotImplementedError, match="no exact gradient"):
        objective.gradient(family.initial(rng))
    with pytest.raises(ValueError, match="at least two"):
        family_figures(family, family.members(family.initial(rng), 1, rng), lambda member: 0.0)


def test_bad_runs_are_refused():
    rng, family = np.random.default_rng(0), small_family()
    inputs, labels = np.zeros((6, 10)), np.array([0, 1, 2, 0, 1, 2])
    other = BinaryFamily([8, 2, 8], [2, 2])
    with pytest.raises(ValueError, match="made by initial"):
        evolve(family, lambda rng: (inputs, labels), rng, scores=other.initial(rng))
    for batch, message in (
        ((inputs[:, :9], labels), r"inputs have shape \(6, 9\)"),
        ((inputs, labels[:5]), "6 inputs and 5 targets"),
        ((inputs, labels - 1), "labels are from -1 to 1; 3 outputs stand for the classes 0 to 2"),
        ((inputs, labels + 1), "labels are from 1 to 3"),
        ((inputs, labels / 2), "labels are float64"),
    ):
        with pytest.raises(ValueError, match=message):
            next(evolve(family, lambda rng, batch=batch: batch, rng))
    with pytest.raises(ValueError, match="gain is nan"):
        FamilyObjective(family, inputs, labels, gain=np.nan)


def test_pictures():
    pytest.importorskip("matplotlib").use("Agg")
    import matplotlib.pyplot as plt

    from synthesis.architectures.binary import plots

    family, rng = small_family(), np.random.default_rng(0)
    members = family.members(family.initial(rng), 3, rng)
    image = plots.overlap_matrix(members).images[0].get_array()
    assert image[0, 1] == pytest.approx(overlap(members[0], members[1]))
    plots.unit_fields(family.network.matrices(members[0])[0], (2, 5), units=5)
    scores = family.initial(rng, 1.0)
    walk = list(walk_between(family, scores, scores, rng, points=3, members=1))
    plots.walk_curve(walk, [1.0, 2.0, 3.0])
    plt.close("all")


# -------------------- cart-pole --------------------


def test_the_pole_falls_by_itself_and_stands_under_the_controller():
    world = CartPole()
    rng = np.random.default_rng(0)
    assert world.episodes(controller, 20, rng).min() == world.limit
    assert world.episodes(lambda states: np.ones(len(states)), 20, rng).max() < 15


def test_a_step_is_the_textbook_one():
    """Against the accelerations of Barto, Sutton and Anderson (1983), without friction."""
    state = np.array([[0.1, -0.4, 0.05, 0.7]])
    _, speed, angle, spin = state[0]
    force, total, length = 10.0, 1.1, 0.5
    turn = (
        9.8 * np.sin(angle)
        + np.cos(angle) * (-force - 0.1 * length * spin**2 * np.sin(angle)) / total
    ) / (length * (4 / 3 - 0.1 * np.cos(angle) ** 2 / total))
    push = (force + 0.1 * length * (spin**2 * np.sin(angle) - turn * np.cos(angle))) / total
    moved = CartPole().step(state, np.array([1]))[0]
    expected = state[0] + 0.02 * np.array([speed, push, spin, turn])
    np.testing.assert_allclose(moved, expected, rtol=1e-12)


def test_imitation_is_a_task():
    task = CartPoleImitation(np.random.default_rng(0), n=2000, batch_size=16)
    inputs, actions = task.batch(np.random.default_rng(1))
    assert inputs.shape == (16, 4)
    np.testing.assert_array_equal(actions, controller(inputs * task.scale))
    logits = np.stack([np.zeros(16), np.linspace(-2, 2, 16)], axis=1)
    assert task.loss(logits, actions) == pytest.approx(float(cross_entropy(logits, actions)))

    twin = CartPoleImitation(np.random.default_rng(0), n=2000)
    np.testing.assert_array_equal(task.held_out_inputs, twin.held_out_inputs)
    seen = {row.tobytes() for row in task.inputs}
    assert not any(row.tobytes() in seen for row in task.held_out_inputs)

    def by_heart(parameters, x):  # right on what was learned from, wrong elsewhere
        right = controller(x * task.scale)
        known = np.array([row.tobytes() in seen for row in x])
        return np.eye(2)[np.where(known, right, 1 - right)]

    assert task.evaluate(by_heart, None)["agreement"] == 0.0

    def teacher(parameters, x):
        return np.eye(2)[controller(x * task.scale)]

    assert task.evaluate(teacher, None) == {"agreement": 1.0, "mean_steps": 500.0}
    with pytest.raises(ValueError, match="disturbed is 2"):
        CartPoleImitation(np.random.default_rng(0), disturbed=2)
    with pytest.raises(ValueError, match="n is 0"):
        CartPoleImitation(np.random.default_rng(0), n=0)
