"""Closeness, evaluation and their derivatives against the neuron-by-neuron reference."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, make_jvp, value_and_grad
from hypothesis import given
from hypothesis import strategies as st

from synthesis.architectures.manifold import Manifold, Start
from synthesis.architectures.manifold.network import network_of
from synthesis.architectures.manifold.structure.closeness import Closeness
from synthesis.architectures.manifold.structure.evaluation import Evaluation
from synthesis.architectures.manifold.structure.layout import CLOSENESS, Layout
from synthesis.architectures.manifold.structure.schedule import Schedule, levels_of
from synthesis.process.models import Model
from tests.examples import examples
from vvalues import VValue, from_buffer, inner
from vvalues.testing import check_fused

VARIED = Start(
    beta=(0.0, 1.0), gamma=(0.0, 1.0), theta=(0.0, 1.0), phi=(0.0, 1.0), sigma=(2.0, 1.0),
    alpha=(3.0, 3.0), cutoff=-1.5,
)  # fmt: skip


@st.composite
def manifolds(draw, engines=("sparse", "dense"), start=VARIED):
    """A small manifold, parameters and inputs."""
    sizes = draw(st.tuples(st.integers(1, 5), st.integers(0, 6), st.integers(1, 3)))
    model = Manifold(
        *sizes,
        period=draw(st.sampled_from([2.0, 3.0, 5.0])),
        link_weights=draw(st.booleans()),
        squared=draw(st.booleans()),
        start=start,
        rescaled=draw(st.booleans()),
        engine=draw(st.sampled_from(engines)),
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return model, model.initial(rng), rng.standard_normal((3, sizes[0])), rng


def close(got, wanted, tolerance=1e-10):
    got, wanted = np.asarray(got), np.asarray(wanted)
    np.testing.assert_allclose(got, wanted, atol=tolerance * (1 + np.abs(wanted).max(initial=0)))


# -------------------- sizes and places, as the source has them --------------------


@pytest.mark.parametrize("sizes, cells", [((5, 16, 4), 284), ((784, 206, 10), 192_519)])
def test_number_of_cells_is_the_source_s(sizes, cells):
    layout = Layout(*sizes, 5.0, False)
    n = sum(sizes)
    assert layout.n_cells == cells == (n**2 - sizes[0] ** 2 - sizes[2] ** 2 - sizes[1]) // 2


def test_coordinates_of_first_and_last_row():
    layout = Layout(5, 16, 4, 5.0, False)
    assert layout.shifts[0] == 0.0  # the first hidden neuron: 0 at the first input
    assert layout.shifts[-1] + layout.n_columns - 1 == 0.0  # the last output: 0 at the last hidden


def test_one_subtree_per_neuron_and_the_source_s_number_of_parameters():
    model = Manifold(5, 16, 4)
    tree = model.initial(np.random.default_rng(0))
    assert isinstance(model, Model)
    assert tree.size == 7 * 20 + 2 * 21 + 1  # 183
    assert set(tree.to_dict()["hidden-3"]) == {*CLOSENESS, "weight", "bias"}
    assert set(tree.to_dict()["output-0"]) == set(CLOSENESS)
    linked = Manifold(5, 16, 4, link_weights=True).initial(np.random.default_rng(0))
    assert linked["hidden-3", "weights"].shape == (8,)


def test_initial_parameters_are_those_of_the_seed():
    model = Manifold(5, 16, 4)
    one, other = (model.initial(np.random.default_rng(7)) for _ in range(2))
    assert one.buffer.tobytes() == other.buffer.tobytes()


# -------------------- closeness --------------------


@given(manifolds())
def test_living_cells_and_strengths_are_those_of_the_plain_form(drawn):
    model, parameters, _, _ = drawn
    links = model.links(parameters)
    dense = np.zeros((model.layout.n_rows, model.layout.n_columns))
    dense[links.schedule.rows, links.schedule.columns] = links.strengths
    close(dense, model.plain_strengths(parameters), 1e-12)


@given(st.integers(0, 2**32 - 1), st.floats(-4.0, 1.0))
def test_windows_lose_no_living_cell(seed, cutoff):
    layout = Layout(20, 15, 4, 4.0, False)
    rng = np.random.default_rng(seed)
    vector = np.append(3 * rng.standard_normal(7 * layout.n_rows), cutoff)
    narrow, whole = Closeness(layout, vector), Closeness(layout, vector, everywhere=True)
    np.testing.assert_array_equal(narrow.rows, whole.rows)
    np.testing.assert_array_equal(narrow.columns, whole.columns)
    assert narrow.n_evaluated <= whole.n_evaluated == layout.n_cells


def test_a_link_is_born_with_strength_zero_or_that_of_the_cutoff():
    model = Manifold(5, 16, 4)
    jumping = Manifold(5, 16, 4, rescaled=False)
    tree = model.initial(np.random.default_rng(0))
    soft, hard = (np.abs(m.links(tree).strengths) for m in (model, jumping))
    cutoff = 1 / (1 + np.exp(-tree["cutoff"]))
    assert soft.min() < 0.05 < cutoff < hard.min()
    np.testing.assert_allclose(hard, cutoff + soft * (1 - cutoff), rtol=1e-12)
    assert Manifold.described(jumping.description).description == jumping.description


@examples(30)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_derivatives_of_strengths_belong_together(seed, rescaled):
    layout = Layout(6, 4, 2, 3.0, False)
    rng = np.random.default_rng(seed)
    vector = np.append(rng.standard_normal(7 * layout.n_rows), -2.0)
    check_fused(Closeness(layout, vector, rescaled=rescaled), vector, rng, step=1e-5)


# -------------------- predictions and gradients --------------------


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("is_dense", [True, False])
def test_derivatives_of_signals_belong_together(shared, is_dense):
    rng = np.random.default_rng(1)
    layout = Layout(3, 6, 2, 3.0, not shared)
    rows, columns = layout.all_cells()
    alive = np.flatnonzero(rng.uniform(size=len(rows)) < 0.5)
    schedule = Schedule(layout, rows[alive], columns[alive], is_dense)
    n_weights = len(alive) + (2 * layout.n_columns if shared else layout.n_hidden)
    weights, inputs = rng.standard_normal(n_weights), rng.standard_normal((3, 4))
    check_fused(Evaluation(schedule, inputs, shared), weights, rng)
    both = np.concatenate([weights, inputs.ravel()])
    check_fused(Evaluation(schedule, 4, shared), both, rng)


@examples(60)
@given(manifolds())
def test_values_and_gradients_are_those_of_plain_autograd(drawn):
    model, parameters, inputs, rng = drawn
    k = rng.standard_normal((len(inputs), model.layout.n_outputs))
    value, gradient = value_and_grad(lambda p: anp.sum(k * model(p, inputs)))(parameters)
    expected, slope = value_and_grad(lambda p: anp.sum(k * model.plain(p, inputs)))(parameters)
    close(value, expected)
    close(gradient.buffer, slope.buffer)
    close(
        grad(lambda x: anp.sum(k * model(parameters, x)))(inputs),
        grad(lambda x: anp.sum(k * model.plain(parameters, x)))(inputs),
    )


@examples(25)
@given(manifolds(start=VARIED._replace(sigma=(3.0, 0.3), beta=(0.0, 0.1), mu=(0.0, 1.0))))
def test_second_order_and_forward_mode(drawn):
    model, parameters, inputs, rng = drawn
    direction = from_buffer(parameters.support, rng.standard_normal(parameters.size))

    def loss(p):
        return anp.sum(anp.sin(model(p, inputs)))

    slope = grad(loss)
    close(make_jvp(loss)(parameters)(direction)[1], inner(slope(parameters), direction))
    plain = grad(lambda p: anp.sum(anp.sin(model.plain(p, inputs))))
    product = grad(lambda p: inner(slope(p), direction))(parameters)
    expected = grad(lambda p: inner(plain(p), direction))(parameters)
    close(product.buffer, expected.buffer, 1e-9)


@given(manifolds(engines=("auto",)))
def test_outputs_are_linear_or_squares(drawn):
    model, parameters, inputs, _ = drawn
    if model.squared:
        assert (model(parameters, inputs) >= 0).all()
    other = Manifold(
        model.layout.n_inputs, model.layout.n_hidden, model.layout.n_outputs,
        period=model.layout.period, link_weights=model.layout.has_link_weights,
        squared=not model.squared, rescaled=model.rescaled,
    )  # fmt: skip
    one, two = model(parameters, inputs), other(parameters, inputs)
    close(*((one, two**2) if model.squared else (one**2, two)))


# -------------------- levels --------------------


def test_levels_of_a_chain_and_of_a_fan():
    np.testing.assert_array_equal(levels_of(3, np.array([1, 2]), np.array([0, 1])), [0, 1, 2])
    np.testing.assert_array_equal(levels_of(3, np.array([2, 2]), np.array([0, 1])), [0, 0, 1])
    assert levels_of(0, *[np.zeros(0, int)] * 2).size == 0


@given(manifolds(engines=("sparse",)))
def test_every_step_reads_only_what_is_ready(drawn):
    model, parameters, _, _ = drawn
    schedule = model.links(parameters).schedule
    n = model.layout.n_inputs
    ready = {neuron: number for number, step in enumerate(schedule.steps)
             for neuron in schedule.order[step.first : step.last]}  # fmt: skip
    for row, column in zip(schedule.rows, schedule.columns, strict=True):
        if row < model.layout.n_hidden and column >= n:
            assert ready[column - n] < ready[row]


@pytest.mark.parametrize("n_chained, is_dense", [(10, False), (11, True), (20, True)])
def test_many_levels_for_their_neurons_are_evaluated_densely(n_chained, is_dense):
    layout = Layout(1, 20, 1, 1.0, True)  # of 20 hidden neurons some read each other in turn
    first = layout.n_inputs
    rows = np.arange(20)
    columns = np.where(rows < n_chained, np.maximum(first + rows - 1, 0), 0)
    schedule = Schedule(layout, rows, columns)
    assert schedule.n_levels == n_chained
    assert schedule.is_dense == is_dense


def test_connected_outputs():
    layout = Layout(1, 2, 3, 1.0, False)
    rows, columns = np.array([0, 2, 4]), np.array([0, 1, 2])  # hidden-0 <- input; outputs 0 and 2
    for is_dense in (False, True):
        schedule = Schedule(layout, rows, columns, is_dense)
        assert schedule.connected.tolist() == [True, False, False]  # hidden-1 reads nothing


# -------------------- bad input --------------------


@pytest.mark.parametrize("sizes, options, message", [
    ((0, 3, 1), {}, "n_inputs is 0"),
    ((2, -1, 1), {}, "n_hidden is -1"),
    ((2, 3, 0), {}, "n_outputs is 0"),
    ((2, 3.5, 1), {}, "n_hidden is 3.5"),
    ((2, 3, 1), {"period": 0.0}, "period is 0.0"),
    ((2, 3, 1), {"period": float("inf")}, "period is inf"),
    ((2, 3, 1), {"engine": "gpu"}, "engine is 'gpu'"),
])  # fmt: skip
def test_sizes_that_make_no_manifold(sizes, options, message):
    with pytest.raises(ValueError, match=message):
        Manifold(*sizes, **options)


@pytest.mark.parametrize("shape, message", [
    ((0, 5), "batch of zero"),
    ((3, 4), r"inputs have shape \(3, 4\); this model needs \(samples, 5\)"),
    ((5,), r"inputs have shape \(5,\)"),
])  # fmt: skip
@pytest.mark.parametrize("link_weights", [False, True])
def test_inputs_of_another_shape(shape, message, link_weights):
    model = Manifold(5, 4, 2, link_weights=link_weights)
    parameters = model.initial(np.random.default_rng(0))
    for called in ((model, parameters), network_of(model, parameters)):
        with pytest.raises(ValueError, match=message):
            called[0](called[1], np.zeros(shape))


def test_inputs_as_lists():
    model = Manifold(3, 4, 2)
    parameters = model.initial(np.random.default_rng(0))
    network, tree = network_of(model, parameters)
    rows = [[1.0, 2.0, 3.0], [0.0, -1.0, 2.0]]
    for called in ((model, parameters), (network, tree)):
        np.testing.assert_array_equal(
            called[0](called[1], rows), called[0](called[1], np.array(rows))
        )
        with pytest.raises(ValueError, match="inputs are no array"):
            called[0](called[1], [[1.0, 2.0, 3.0], [1.0]])
        with pytest.raises(ValueError, match="expected real numbers"):
            called[0](called[1], [["a", "b", "c"]])


@pytest.mark.parametrize("engine", ["sparse", "dense"])
@pytest.mark.parametrize("path, value", [
    (("hidden-1", "sigma"), np.nan), (("output-0", "alpha"), np.inf), (("cutoff",), np.nan),
])  # fmt: skip
def test_closeness_numbers_that_are_none_are_named(engine, path, value):
    """They would look like a network without links."""
    model = Manifold(3, 4, 2, engine=engine)
    tree = model.initial(np.random.default_rng(0)).at(path).set(value)
    with pytest.raises(ValueError, match=f"parameter at {'/'.join(path)} is {value}"):
        model(tree, np.zeros((1, 3)))
    with pytest.raises(ValueError, match=f"parameter at {'/'.join(path)} is {value}"):
        network_of(model, tree)


def test_parameters_of_another_manifold_are_refused_by_path():
    model = Manifold(5, 4, 2)
    other = Manifold(5, 3, 2).initial(np.random.default_rng(0))
    with pytest.raises(ValueError, match="nothing at hidden-3/alpha"):
        model(other, np.zeros((1, 5)))
    tree = model.initial(np.random.default_rng(0)) + VValue({"extra": 1.0})
    with pytest.raises(ValueError, match="extra that no neuron reads"):
        model(tree, np.zeros((1, 5)))
