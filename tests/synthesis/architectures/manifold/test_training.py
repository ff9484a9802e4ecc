"""Losses on structure, the guard, training, checkpoints, the cost model, pictures."""

import doctest
from dataclasses import replace
from pathlib import Path

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, value_and_grad
from autograd.tracer import getval
from hypothesis import given
from hypothesis import strategies as st

from synthesis.architectures.manifold import Manifold, Start
from synthesis.architectures.manifold.cost import (
    CostModel,
    Sample,
    fit_cost,
    random_schedule,
    soft_levels,
)
from synthesis.architectures.manifold.cost import _terms as cost_terms
from synthesis.architectures.manifold.objective import (
    ManifoldObjective,
    TermWeights,
    density,
    flow,
    inflow_hinge,
    soft_count,
)
from synthesis.architectures.manifold.process import ManifoldTraining, train
from synthesis.architectures.manifold.settings import ManifoldSettings
from synthesis.architectures.manifold.structure.layout import Layout
from synthesis.optimize.optimizers import Optimizer
from synthesis.process.models import Task
from synthesis.process.process import carried_out, events
from synthesis.tasks.drawn import COMBINATIONS, SumsAndDifferences
from tests.examples import examples

TASK = SumsAndDifferences(batch_size=20, n_test=2000)


def toy(seed=0, **options):
    model = Manifold(5, 8, 4, **options)
    return model, model.initial(np.random.default_rng(seed))


# -------------------- terms of the loss --------------------


@given(st.integers(0, 1000))
def test_flow_is_what_enters_minus_what_leaves(seed):
    model, parameters = toy(seed)
    size = np.abs(model.plain_strengths(parameters))
    into, out_of = size[:8, :5].sum(), size[8:, 5:].sum()
    links = model.links(parameters)
    assert flow(model.layout, links) == pytest.approx((into - out_of) ** 2, abs=1e-12)
    assert density(model.layout, links) == np.count_nonzero(size) / model.layout.n_cells


@given(st.integers(0, 1000), st.floats(1e-3, 1.0))
def test_soft_count_is_below_the_count_and_tends_to_it(seed, softness):
    model, parameters = toy(seed)
    links = model.links(parameters)
    assert 0 <= soft_count(links, softness) <= links.n_links
    living = np.abs(np.asarray(links.strengths)) > 1e-6
    assert soft_count(links, 1e-12) == pytest.approx(living.sum(), abs=1e-3 + (~living).sum())


def test_the_source_s_sparsity_has_no_gradient_and_the_soft_count_has():
    model, parameters = toy()
    inputs, targets = TASK.batch(np.random.default_rng(0))
    base = ManifoldObjective(model, TASK, TermWeights())
    source = ManifoldObjective(model, TASK, TermWeights(sparsity=100.0))
    soft = ManifoldObjective(model, TASK, TermWeights(soft_count=1.0))
    value, gradient, _ = base.gradient(parameters, inputs, targets)
    more, same, _ = source.gradient(parameters, inputs, targets)
    assert more > value and same.buffer.tobytes() == gradient.buffer.tobytes()
    _, other, _ = soft.gradient(parameters, inputs, targets)
    assert np.abs(other.buffer - gradient.buffer).max() > 1e-6


@examples(30)
@given(st.integers(0, 1000))
def test_gradient_of_the_whole_loss(seed):
    model, parameters = toy(seed, link_weights=bool(seed % 2))
    weights = TermWeights(
        objective=2.0,
        flow=0.3,
        soft_count=0.7,
        inflow=0.5,
        least_inflow=3.0,
        seconds=1.0,
        bytes=2.0,
    )
    cost = CostModel((1.0, 0.1, 0.01) + (0.0,) * 6, (0.0, 0.0, 0.02) + (0.0,) * 6)
    inputs, targets = TASK.batch(np.random.default_rng(seed))
    objective = ManifoldObjective(model, TASK, weights, cost)
    value, gradient, _ = objective.gradient(parameters, inputs, targets)

    def plain(p):
        strengths = model.plain_strengths(p)
        size = anp.abs(strengths)
        soft = size / (size + weights.softness)
        missing = anp.maximum(3.0 - anp.sum(size[8:], axis=1), 0.0)
        levels = _plain_levels(soft[:8, 5:])
        return (
            2.0 * TASK.loss(model.plain(p, inputs), targets)
            + 0.3 * (anp.sum(size[:8, :5]) - anp.sum(size[8:, 5:])) ** 2
            + 0.7 * anp.sum(soft) / model.layout.n_cells
            + 0.5 * anp.sum(missing**2)
            + (1.0 + 0.1 * levels + 0.01 * anp.sum(soft))
            + 2.0 * 0.02 * anp.sum(soft)
        )

    expected, slope = value_and_grad(plain)(parameters)
    assert value == pytest.approx(expected, rel=1e-10)
    scale = 1 + np.abs(slope.buffer).max()
    np.testing.assert_allclose(gradient.buffer, slope.buffer, atol=1e-9 * scale)


def _plain_levels(presence):
    depth = []
    for row in range(presence.shape[0]):
        reached = [presence[row, j] * (1.0 + depth[j]) for j in range(row)]
        best = max(range(len(reached)), key=lambda j: getval(reached[j]), default=None)
        depth.append(0.0 if best is None else reached[best])
    return 1.0 + max(depth, key=getval)


def test_inflow_hinge_is_zero_when_enough_flows():
    model, parameters = toy()
    links = model.links(parameters)
    assert inflow_hinge(model.layout, links, 0.0) == 0.0
    assert inflow_hinge(model.layout, links, 100.0) > 0.0


@pytest.mark.parametrize("options, message", [
    ({"flow": -1.0}, "weight flow is -1.0"),
    ({"objective": float("nan")}, "weight objective is nan"),
    ({"softness": 0.0}, "weight softness is 0"),
])  # fmt: skip
def test_weights_that_make_no_sense(options, message):
    with pytest.raises(ValueError, match=message):
        TermWeights(**options)


def test_seconds_need_a_cost_model():
    weights = TermWeights(seconds=1.0)
    with pytest.raises(ValueError, match="cost=fit_cost"):
        ManifoldObjective(toy()[0], TASK, weights)
    objective = ManifoldObjective(toy()[0], TASK)
    with pytest.raises(ValueError, match="cost=fit_cost"):
        train(objective, 0, ManifoldSettings(weights=weights, ramp=(0.5, 1.0)))
    with pytest.raises(ValueError, match="cost=fit_cost"):
        objective.gradient(toy()[1], *TASK.batch(np.random.default_rng(0)), weights)


def test_weights_are_those_of_the_settings_and_no_others():
    model, settings_ = toy()[0], ManifoldSettings(steps=3, segment=3, weights=TermWeights(flow=2.0))
    said_once, said_twice = (
        train(ManifoldObjective(model, TASK, weights), 0, settings_)
        for weights in (None, TermWeights(flow=2.0))
    )
    assert said_once[1][0].loss == said_twice[1][0].loss
    assert said_once[1][0].details["flow"] > 0
    other = ManifoldObjective(model, TASK, TermWeights(flow=3.0))
    with pytest.raises(ValueError, match=r"weight flow is 3\.0 in the objective, 2\.0 in the sett"):
        train(other, 0, settings_)


@pytest.mark.parametrize("n_outputs", [1, 3, 5])
def test_outputs_that_do_not_fit_the_targets(n_outputs):
    objective = ManifoldObjective(Manifold(5, 4, n_outputs), TASK)
    wrong = rf"predictions have shape \(20, {n_outputs}\), targets \(20, 4\); .* with 4 outputs"
    with pytest.raises(ValueError, match=wrong):
        train(objective, 0, ManifoldSettings(steps=1))
    with pytest.raises(ValueError, match="with 4 outputs"):
        TASK.evaluate(objective.model, objective.model.initial(np.random.default_rng(0)))


# -------------------- training --------------------

SHORT = ManifoldSettings.default_toy(200)


def wide(seed=0):
    model = Manifold(5, 16, 4, link_weights=True, start=Start.wide_toy())
    return ManifoldObjective(model, TASK)


def test_training_lowers_the_error_and_the_number_of_links():
    objective = wide()
    state, records = train(objective, 0, SHORT)
    assert records[-1].details["objective"] < 0.3 * records[0].details["objective"]
    assert records[-1].links < records[0].links
    assert records[-1].links == objective.model.links(state.parameters).n_links
    assert state.step == 200 and state.phase == "done"


def test_figures_on_test_data_stand_in_the_records_that_were_asked_for():
    settings_ = replace(SHORT, steps=35, segment=5)
    training = ManifoldTraining.of(wide(), settings_, tested_every=3)
    _, records = carried_out(training, training.rng)
    tested = [record.step for record in records if "test_loss" in record.details]
    assert tested == [15, 30, 35]
    _, untested = carried_out(ManifoldTraining.of(wide(), settings_), training.rng)
    assert [record.loss for record in records] == [record.loss for record in untested]


def test_the_guard_keeps_every_output_connected():
    """Without it this pressure cuts outputs off; with it they stay connected at every record."""
    pressed = replace(
        SHORT, steps=60, segment=10, rate=0.1, last_rate=0.1,
        weights=TermWeights(soft_count=1000.0), ramp=(0.0, 0.0),
    )  # fmt: skip
    connected = {}
    for guard in (False, True):
        objective = wide()
        training = ManifoldTraining.of(objective, replace(pressed, guard=guard))
        connected[guard] = True
        for event in events(training, training.start(np.random.default_rng(0))):
            links = objective.model.links(event.state.parameters)
            connected[guard] &= bool(links.schedule.connected.all())
    assert connected == {False: False, True: True}
    assert event.state.taken_back > 0


def test_the_guard_refuses_a_start_without_connection():
    model = Manifold(5, 4, 2, start=Start(cutoff=5.0))
    objective = ManifoldObjective(model, TASK)
    training = ManifoldTraining.of(objective, ManifoldSettings(guard=True))
    with pytest.raises(ValueError, match="output-0 is cut off"):
        training.start(np.random.default_rng(0))


@pytest.mark.thorough
def test_the_budget_is_kept():
    settings_ = replace(ManifoldSettings.default_toy(1000), budget=0.15, segment=10)
    _, records = train(wide(), 0, settings_)
    assert 0.05 < records[-1].details["density"] < 0.2


@pytest.mark.parametrize("options, message", [
    ({"steps": 0}, "setting steps is 0"),
    ({"steps": 1.5}, "setting steps is 1.5; expected a whole number"),
    ({"segment": True}, "setting segment is True"),
    ({"rate": 0.0}, "setting rate is 0.0"),
    ({"rate": float("inf")}, "setting rate is inf"),
    ({"last_rate": float("nan")}, "setting last_rate is nan"),
    ({"ramp": (0.5, 0.1)}, "setting ramp"),
    ({"ramp": (0.5,)}, "setting ramp"),
    ({"ramp": 0.5}, "setting ramp is 0.5"),
    ({"budget": 0.1}, "weight soft_count, which it steers, is 0"),
    ({"budget": 1.5}, "setting budget is 1.5"),
    ({"decay_from": 1.0}, "setting decay_from is 1.0"),
])  # fmt: skip
def test_settings_that_make_no_sense(options, message):
    with pytest.raises(ValueError, match=message):
        ManifoldSettings(**options)


def test_divergence_is_told():
    training = ManifoldTraining.of(wide(), replace(SHORT, rate=1e300, last_rate=1e300))
    with (
        pytest.raises(ValueError, match="training diverged at step"),
        np.errstate(all="ignore"),
    ):
        list(events(training, training.start(np.random.default_rng(0))))


@pytest.mark.parametrize("n_steps", [3, 8])
@pytest.mark.parametrize("path", [("hidden-2", "mu"), ("output-0", "bias")])
def test_parameters_that_are_no_numbers_any_more_are_divergence(path, n_steps):
    """Rows of NaN have no links, so the loss stays finite; and a last step has no loss after it."""
    settings_ = replace(SHORT, steps=n_steps, segment=n_steps, guard=False)
    plain = settings_.optimizer()

    def update(gradient, state, parameters):
        step, state = plain.update(gradient, state, parameters)
        steps.append(step)
        return (step.at(path).set(np.nan) if len(steps) == 3 else step), state

    steps = []
    training = ManifoldTraining(wide(), settings_, Optimizer(plain.init, update))
    with pytest.raises(ValueError, match=r"training diverged at step [23]: .*lower rate"):
        list(events(training, training.start(np.random.default_rng(0))))


# -------------------- the toy task --------------------


def test_toy_task_is_the_source_s():
    assert isinstance(TASK, Task)
    _, b, c, d, e = np.eye(5)
    targets = np.stack([b + e, e - d, b + e + d, e - d - c])
    np.testing.assert_array_equal(targets, COMBINATIONS)
    inputs, found = TASK.batch(np.random.default_rng(0))
    np.testing.assert_array_equal(found, inputs @ targets.T)


def test_floor_of_squares():
    """The best a prediction that is never negative can do: 0 where the target is negative."""

    class Best:
        def __call__(self, parameters, inputs):
            return np.maximum(inputs @ COMBINATIONS.T, 0.0)

    found = SumsAndDifferences(n_test=200_000).evaluate(Best(), None)["test_loss"]
    assert found == pytest.approx(1.25, abs=0.02)


def test_empty_batches_are_refused():
    for size in (0, 1.5):
        with pytest.raises(ValueError, match=f"batch_size is {size}"):
            SumsAndDifferences(batch_size=size)


# -------------------- cost --------------------


def test_a_cost_made_of_the_terms_is_found_again():
    rng = np.random.default_rng(0)
    weights = {"seconds": [1e-4, 5e-5, 3e-9, 2e-9, 1e-9, 1e-8, 1e-11, 1e-12, 1e-10],
               "bytes": [500.0, 100.0, 24.0, 1.0, 2.0, 24.0, 0.1, 0.1, 8.0]}  # fmt: skip
    samples = []
    for _ in range(60):
        layout = Layout(*(int(rng.integers(10, 500)) for _ in range(3)), 28.0, True)
        schedule = random_schedule(layout, float(rng.uniform(0.002, 0.1)), rng)
        counts = layout, len(schedule.rows), schedule.n_levels, int(rng.integers(1, 100))
        terms = cost_terms(*counts, counts[1])
        samples.append(Sample(*counts, *(float(np.dot(w, terms)) for w in weights.values())))
    model = fit_cost(samples[:40])
    for sample in samples[40:]:
        seconds, memory = model.predicted(*sample[:4])
        assert seconds == pytest.approx(sample.seconds, rel=0.02)
        assert memory == pytest.approx(sample.bytes, rel=0.02)
    with pytest.raises(ValueError, match="3 samples cannot settle"):
        fit_cost(samples[:3])


@given(st.integers(0, 1000))
def test_soft_levels_are_the_levels_where_every_link_counts(seed):
    rng = np.random.default_rng(seed)
    layout = Layout(4, int(rng.integers(0, 12)), 2, 4.0, True)
    schedule = random_schedule(layout, 0.3, rng)
    assert soft_levels(schedule, np.ones(len(schedule.rows))) == pytest.approx(schedule.n_levels)


def test_the_weight_of_seconds_moves_links():
    model = Manifold(5, 16, 4, link_weights=True, start=Start.wide_toy())
    cost = CostModel((0.0, 0.01, 0.001) + (0.0,) * 6, (0.0,) * 9)
    parameters = model.initial(np.random.default_rng(0))
    slope = grad(lambda p: cost.seconds(model.layout, model.links(p), 50))(parameters)
    assert np.abs(slope.buffer[model.closeness_at]).max() > 0
    down = parameters - slope * 0.01
    first, second = (cost.seconds(model.layout, model.links(p), 50) for p in (parameters, down))
    assert second < first


@pytest.mark.thorough
def test_the_examples_of_the_page():
    page = Path(__file__).parents[4] / "docs" / "dynamic-manifold.md"
    result = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert result.attempted > 15
    assert result.failed == 0


# -------------------- pictures --------------------


def test_pictures():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    from synthesis.architectures.manifold import plots

    objective = wide()
    model = objective.model
    before = model.initial(np.random.default_rng(0))
    state, records = train(objective, 0, replace(SHORT, steps=30, segment=10))
    matrix = plots.adjacency(model, before)
    assert matrix.shape == (25, 25)
    assert np.isnan(matrix[0, 0]) and np.isnan(matrix[24, 24]) and np.isnan(matrix[6, 6])
    assert np.count_nonzero(np.nan_to_num(matrix)) == model.links(before).n_links
    axes = plots.show(model, before, state.parameters, titles=["before", "after"])
    assert axes[0].get_title().startswith("before: ") and "of 284 links" in axes[1].get_title()
    plots.curves([record.to_dict() for record in records])
    plots.front({"toy": [(10, 90.0), (5, 80.0)]})
    assert plots.receptive_field(model, before, 5).shape == (1, 5)
    with pytest.raises(ValueError, match="width is 2"):
        plots.receptive_field(model, before, 2)
    pyplot.close("all")
