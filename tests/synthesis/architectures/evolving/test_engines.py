"""The fast kernels against numpy, whatever the number of samples; which engine runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from synthesis.architectures.evolving import EvolvingModel
from synthesis.architectures.evolving.operations import OPERATIONS, register_operation
from tests.examples import examples
from vvalues import VValue

from ..networks import networks

pytest.importorskip("numba", reason="the fast engine is numba's (extra fast)")

SINE = VValue({"layer-1": {"sin-1": {"value": {"x0": 1}}, "output": {"y0": {"sin-1": 2}}}})


def with_engine(model, engine):
    """The same model by another engine."""
    return EvolvingModel.described({**model.description, "engine": engine})


def derivatives(run, g, tangent):
    """Values, and all that is derived from them."""
    gradient, adjoint = run.pullback(g)
    return run.values, run.gradient(g), gradient, adjoint, run.jacobian(), run.pushforward(tangent)


@examples(40)
@given(networks(), st.sampled_from((1, 2, 127, 128, 129, 300)))
def test_the_fast_kernels_equal_numpy(network, n_samples):
    model, parameters, inputs = network
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1.5, 1.5, (n_samples, inputs.shape[1]))
    g = rng.standard_normal((n_samples, len(model.outputs[-1])))
    found = []
    for engine in ("numpy", "fast"):
        with np.errstate(all="ignore"):
            run = with_engine(model, engine).run(parameters, inputs)
            found.append(derivatives(run, g, np.ones(parameters.size)))
    assume(all(np.abs(part).max(initial=0.0) < 1e6 for part in found[0]))
    for slow, fast in zip(*found, strict=True):
        np.testing.assert_allclose(
            fast, slow, rtol=0, atol=1e-12 * max(1.0, np.abs(slow).max(initial=0.0))
        )


@pytest.mark.parametrize("kind", OPERATIONS)
def test_every_kind_is_fast_at_kinks_and_ties_too(kind):
    names = OPERATIONS[kind].arguments
    leaves = {field: {f"x{i}": 1.0} for i, field in enumerate(names)}
    tree = VValue({"layer-1": {f"{kind}-1": leaves, "output": {"y0": {f"{kind}-1": 1.0}}}})
    points = np.array([-60.0, -1.0, 0.0, 1e-10, 0.5, 50.0, 60.0])
    inputs = np.stack(np.meshgrid(points, points), axis=-1).reshape(-1, 2)
    slow, fast = (
        EvolvingModel(2, operations=[kind], trains_links=True, engine=engine).run(tree, inputs)
        for engine in ("numpy", "fast")
    )
    assert (slow.plan.engine, fast.plan.engine) == ("numpy", "fast")
    for one, other in ((slow.outputs, fast.outputs), (slow.jacobian(), fast.jacobian())):
        np.testing.assert_allclose(other, one, rtol=1e-13, atol=1e-13)


def test_what_overflows_spoils_only_what_reads_it():
    product = {"multiply-1": {"first": {"x0": 1e200}, "second": {"x0": 1e200}}}
    tree = VValue({"layer-1": {**product, "output": {"y0": {"x0": 3.0}}}})
    run = EvolvingModel(1, engine="fast").run(tree, np.array([[1.0], [2.0]]))
    np.testing.assert_array_equal(run.outputs, [[3.0], [6.0]])
    np.testing.assert_array_equal(run.gradient(np.ones((2, 1))), [0.0, 0.0, 3.0])


def test_the_engine_is_said_and_can_be_chosen():
    assert EvolvingModel(1).plan(SINE.support).engine == "fast"
    assert EvolvingModel(1, engine="numpy").plan(SINE.support).engine == "numpy"
    with pytest.raises(ValueError, match="engine is 'C'; expected None, 'numpy' or 'fast'"):
        EvolvingModel(1, engine="C").plan(SINE.support)


def test_a_kind_that_the_kernels_do_not_know_is_left_to_numpy():
    known = OPERATIONS["sin"]
    register_operation(replace(known, apply=np.sinh, partials=lambda v, a: (np.cosh(a),)))
    try:
        model = EvolvingModel(1)
        assert model.plan(SINE.support).engine == "numpy"
        assert model(SINE, np.array([[1.0]]))[0, 0] == pytest.approx(2.0 * np.sinh(1.0))
        with pytest.raises(ValueError, match="do not know the operation 'sin'; take 'numpy'"):
            EvolvingModel(1, engine="fast").plan(SINE.support)
    finally:
        register_operation(known)


def test_complex_rows_are_left_to_numpy():
    plan = EvolvingModel(1, engine="fast").plan(SINE.support)
    run = plan.run(SINE.buffer + 1e-30j, np.array([[1.0]]))
    assert not run.is_fast and np.iscomplexobj(run.outputs)
