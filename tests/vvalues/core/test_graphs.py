"""Random expression graphs over all differentiable operations, judged by plain vectors.

Values, gradients and second derivatives, each in both modes; 10,000 graphs with ``-m heavy``.
"""

from __future__ import annotations

import warnings

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, make_jvp

import vvalues as vv
from tests.vvalues.core.graphs import (
    OPERATIONS,
    PATHS,
    SIZE,
    Expression,
    as_tree,
    as_vector,
    random_expression,
)
from tests.vvalues.core.test_primitives import WITHOUT_DERIVATIVE

TOLERANCE = 1e-9


def assert_close(found, expected, scale, what):
    error = np.max(np.abs(found - expected), initial=0.0)
    assert error <= TOLERANCE * (1.0 + scale), f"{what}: off by {error:.3g} of {scale:.3g}"


def assert_agrees(expression: Expression, rng: np.random.Generator):
    """The value, and every derivative by every argument."""
    value = expression.on_vectors(*map(as_vector, expression.trees))
    assert_close(expression.on_trees(*expression.trees), value, abs(value), "value")
    for i in range(len(expression.trees)):
        assert_derivatives_agree(expression, i, rng)


def assert_derivatives_agree(expression: Expression, i: int, rng: np.random.Generator):
    """By one argument, on its own support: what is absent is not asked of products."""
    trees = list(expression.trees)
    vectors = list(map(as_vector, trees))
    tree, vector = trees[i], vectors[i]
    own = np.array([path in tree.support for path in PATHS], dtype=float)
    direction, other = (own * rng.normal(size=SIZE) for _ in range(2))
    along, across = (as_tree(d, tree.support.paths) for d in (direction, other))

    def of_tree(t):
        return expression.on_trees(*trees[:i], t, *trees[i + 1 :])

    def of_vector(x):
        return expression.on_vectors(*vectors[:i], x, *vectors[i + 1 :])

    slope = grad(of_vector)(vector)
    scale = np.max(np.abs(slope))
    assert_close(as_vector(grad(of_tree)(tree)) * own, slope * own, scale, "gradient")
    assert_close(make_jvp(of_tree)(tree)(along)[1], slope @ direction, scale, "tangent")

    curvature = grad(lambda x: anp.dot(grad(of_vector)(x), direction))(vector)
    scale += np.max(np.abs(curvature))
    twice = grad(lambda t: vv.inner(grad(of_tree)(t), along))(tree)
    assert_close(as_vector(twice) * own, curvature * own, scale, "reverse twice")
    mixed = make_jvp(grad(of_tree))(tree)(along)[1]
    assert_close(as_vector(mixed) * own, curvature * own, scale, "forward on reverse")
    both = make_jvp(lambda t: make_jvp(of_tree)(t)(along)[1])(tree)(across)[1]
    assert_close(both, curvature @ other, scale, "forward twice")


def agree(count, seed):
    used = set()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Output seems independent of input")
        for i in range(count):
            rng = np.random.default_rng([seed, i])
            expression = random_expression(rng, int(rng.integers(1, 9)))
            used.update(name for name, _, _ in expression.steps)
            try:
                assert_agrees(expression, rng)
            except Exception as error:
                raise AssertionError(f"graph {i} of seed {seed}: {expression.steps}") from error
    return used


@pytest.mark.parametrize(
    ("count", "seed"), [(40, 40), pytest.param(130, 0, marks=pytest.mark.thorough)]
)
def test_random_graphs_agree_with_plain_vectors(count, seed):
    assert agree(count, seed) == set(OPERATIONS)


@pytest.mark.heavy
def test_ten_thousand_random_graphs_agree_with_plain_vectors():
    assert agree(10_000, seed=1) == set(OPERATIONS)


def test_the_graphs_are_made_of_every_differentiable_operation():
    named = " ".join(OPERATIONS)
    left_out = {name for name in set(vv.__all__) - WITHOUT_DERIVATIVE if name not in named}
    assert left_out == set()
