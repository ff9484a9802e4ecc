"""Muon, Apollo and mixed precision: what papers have, in plain numpy; states that follow edits."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from synthesis import optimize as opt
from synthesis.process.checkpoint import load_checkpoint, save_checkpoint
from vvalues import VValue, restrict

RNG = np.random.default_rng(0)
START = VValue(
    {
        "tall": RNG.standard_normal((5, 3)),
        "wide": {"weights": RNG.standard_normal((2, 6)), "bias": RNG.standard_normal(2)},
        "rate": 0.5,
    }
)
MATRICES = [("tall",), ("wide", "weights")]
GRADIENTS = [START * factor + START * START for factor in (1.0, -0.3, 2.0, 0.1, 5.0)]

OPTIMIZERS = {
    "muon": lambda: opt.muon(opt.schedule(0.1, 0.01, 3)),
    "muon, plain": lambda: opt.muon(0.1, opt.sgd(0.1), nesterov=False, outputs=1),
    "apollo": lambda: opt.apollo(0.1, rank=2, period=2),
    "half precision": lambda: opt.mixed_precision(opt.adam(0.01), np.float16),
    "precision of muon": lambda: opt.mixed_precision(opt.muon(0.1)),
}


def steps_of(optimizer, gradients=GRADIENTS, parameters=START):
    state, steps = optimizer.init(parameters), []
    for gradient in gradients:
        step, state = optimizer.update(gradient, state, parameters)
        steps.append(step)
        parameters = parameters + step
    return steps, state, parameters


# -------------------- the papers, matrix by matrix --------------------


def newton_schulz(g):
    x = g / (np.sqrt(np.sum(g * g)) + 1e-7)
    for _ in range(5):
        # An odd polynomial of the matrix is one of its singular values.
        u, s, vt = np.linalg.svd(x, full_matrices=False)
        x = u @ np.diag(3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5) @ vt
    return x


def muon_by_hand(path, outputs):
    m = 0.0
    for gradient in GRADIENTS:
        g = gradient[path]
        m = 0.95 * m + 0.05 * g
        stretch = max(1.0, g.shape[outputs] / g.shape[1 - outputs]) ** 0.5
        yield -0.1 * stretch * newton_schulz(0.05 * g + 0.95 * m)


@pytest.mark.parametrize("path", MATRICES)
@pytest.mark.parametrize("outputs", [0, 1])
def test_muon_is_the_published_algorithm(path, outputs):
    steps, _, _ = steps_of(opt.muon(0.1, outputs=outputs))
    for step, expected in zip(steps, muon_by_hand(path, outputs), strict=True):
        np.testing.assert_allclose(step[path], expected, rtol=1e-9, atol=1e-12)


def apollo_by_hand(path, rank, period):
    m = v = before = 0.0
    for t, gradient in enumerate(GRADIENTS, 1):
        g = gradient[path]
        is_tall = g.shape[0] > g.shape[1]
        g = g.T if is_tall else g
        rng = np.random.default_rng([7, (t - 1) // period, crc32("/".join(path).encode())])
        low = rng.standard_normal((rank, len(g))) @ g / np.sqrt(rank)
        m, v = 0.9 * m + 0.1 * low, 0.999 * v + 0.001 * low**2
        adam = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        columns = [
            0.5 * g[:, j] * np.linalg.norm(adam[:, j]) / (np.linalg.norm(low[:, j]) + 1e-8)
            for j in range(g.shape[1])
        ]
        scaled = np.stack(columns, axis=1)
        if t > 1 and np.linalg.norm(scaled) > 1.01 * before:
            scaled *= 1.01 * before / np.linalg.norm(scaled)
        before = np.linalg.norm(scaled)
        yield -0.1 * (scaled.T if is_tall else scaled)


@pytest.mark.parametrize("path", MATRICES)
def test_apollo_is_the_published_algorithm(path):
    steps, _, _ = steps_of(opt.apollo(0.1, rank=2, period=2, seed=7, scale=0.5))
    for step, expected in zip(steps, apollo_by_hand(path, 2, 2), strict=True):
        np.testing.assert_allclose(step[path], expected, rtol=1e-9, atol=1e-14)


def test_apollo_of_full_rank_needs_no_more_than_the_matrix_has():
    steps, _, _ = steps_of(opt.apollo(0.1, rank=100))
    assert np.all(np.isfinite(steps[-1].buffer))


@pytest.mark.parametrize("rule", [opt.muon, opt.apollo])
def test_what_is_no_matrix_goes_to_the_other_rule(rule):
    by_adam, _, _ = steps_of(opt.adam(0.1))
    by_sgd, _, _ = steps_of(opt.sgd(0.3))
    for one, other, expected in (
        (rule(0.1), by_adam, ("rate",)),
        (rule(0.1), by_adam, ("wide", "bias")),
        (rule(0.1, opt.sgd(0.3)), by_sgd, ("wide", "bias")),
    ):
        for step, wanted in zip(steps_of(one)[0], other, strict=True):
            np.testing.assert_array_equal(step[expected], wanted[expected])


@given(arrays(float, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.floats(-9, 9)))
def test_an_orthogonalised_matrix_keeps_its_directions(matrix):
    found = opt.orthogonalized(matrix)
    assert found.shape == matrix.shape
    np.testing.assert_allclose(found, newton_schulz(matrix), rtol=1e-6, atol=1e-9)


def test_a_matrix_is_orthogonal_but_for_the_published_slack():
    values = np.linalg.svd(opt.orthogonalized(np.random.default_rng(2).standard_normal((20, 30))))[
        1
    ]
    assert values.min() > 0.6 and values.max() < 1.3


@pytest.mark.parametrize("rule", [opt.muon, opt.apollo])
def test_they_learn_a_linear_map(rule):
    rng = np.random.default_rng(1)
    target, parameters = rng.standard_normal((4, 3)), VValue({"w": np.zeros((4, 3)), "b": 2.0})
    optimizer = rule(opt.schedule(0.2, 0.001, 300))
    gradients = lambda v: VValue({"w": v["w"] - target, "b": v["b"]})  # noqa: E731
    state = optimizer.init(parameters)
    for _ in range(300):
        step, state = optimizer.update(gradients(parameters), state, parameters)
        parameters = parameters + step
    assert np.max(np.abs(parameters["w"] - target)) < 0.02
    assert abs(parameters["b"]) < 0.02


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="rank is 0; expected at least 1"):
        opt.apollo(0.1, rank=0)
    with pytest.raises(ValueError, match="period is 0; expected at least 1"):
        opt.apollo(0.1, period=0)
    with pytest.raises(ValueError, match="outputs is 2; expected 0 or 1"):
        opt.muon(0.1, outputs=2)
    with pytest.raises(ValueError, match="dtype is <class 'int'>; expected a floating type"):
        opt.mixed_precision(opt.sgd(0.1), int)


# -------------------- precision --------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_mixed_precision_is_the_exact_descent_rounded(dtype):
    gradient = VValue({"a": 1.0, "b": np.array([0.3, -2.0])})
    parameters, exact = gradient * 3.0, gradient * 3.0
    optimizer, inside = opt.mixed_precision(opt.momentum(1e-4), dtype), opt.momentum(1e-4)
    state, inner = optimizer.init(parameters), inside.init(exact)
    for _ in range(50):
        step, state = optimizer.update(gradient, state, parameters)
        parameters = parameters + step
        step, inner = inside.update(gradient, inner, exact)
        exact = exact + step
        expected = exact.buffer.astype(dtype)
        np.testing.assert_array_equal(parameters.buffer, expected.astype(float))
        assert state.master == exact


def test_the_exact_copy_starts_anew_where_an_edit_has_been():
    optimizer = opt.mixed_precision(opt.sgd(1e-5), np.float16)
    parameters = VValue({"kept": 1.0, "cut": 1.0})
    _, state, _ = steps_of(optimizer, [parameters] * 3, parameters)
    edited = VValue({"kept": 1.0, "cut": 0.0, "new": 0.25})
    _, state = optimizer.update(0.0 * edited, opt.restrict_state(state, edited.support), edited)
    assert state.master["kept"] == pytest.approx(1.0 - 3e-5, rel=1e-12)
    assert (state.master["cut"], state.master["new"]) == (0.0, 0.25)


# -------------------- states --------------------


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_state_follows_a_change_of_the_support(name):
    """A leaf that goes takes nothing along: the others move as if it had never been."""
    without = START.at(("wide", "weights")).remove().at("rate").remove()
    _, state, _ = steps_of(OPTIMIZERS[name]())
    _, alone, parameters = steps_of(
        OPTIMIZERS[name](), [restrict(g, without.support) for g in GRADIENTS], without
    )
    gradient = restrict(GRADIENTS[0], without.support)
    moved = opt.restrict_state(state, without.support)
    one, state = OPTIMIZERS[name]().update(gradient, moved, parameters)
    other, alone = OPTIMIZERS[name]().update(gradient, alone, parameters)
    assert one == other
    assert opt.state_leaves(state) == opt.state_leaves(alone)
    # ... and a leaf that comes starts from nothing, as a fresh one does but for the count.
    back, _ = OPTIMIZERS[name]().update(GRADIENTS[0], state, START)
    assert back.support is START.support and np.all(np.isfinite(back.buffer))


@dataclass(frozen=True)
class Kept:
    """What a run would put into its checkpoint."""

    moments: tuple
    parameters: VValue


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_descent_goes_on_to_the_bit_after_a_file(name, tmp_path):
    _, state, parameters = steps_of(OPTIMIZERS[name]())
    kept = Kept(tuple(opt.state_leaves(state)), parameters)
    save_checkpoint(tmp_path / "run.json", kept, {})
    read, _ = load_checkpoint(tmp_path / "run.json", [Kept])
    # A program that begins anew has but the settings of its optimizer.
    optimizer = OPTIMIZERS[name]()
    found = opt.with_state_leaves(optimizer.init(START), list(read.moments))
    for gradient in GRADIENTS:
        one, state = OPTIMIZERS[name]().update(gradient, state, parameters)
        other, found = optimizer.update(gradient, found, read.parameters)
        assert one.buffer.tobytes() == other.buffer.tobytes()
