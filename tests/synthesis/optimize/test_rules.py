"""Rules on arrays: the formulas, to the bit, and lanes that do not see each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.optimize import rules

RATE, EPSILON, BETA1, BETA2 = 0.03, 1e-8, 0.9, 0.99


def sgd(g, w, count):
    return -RATE * g


def momentum(g, w, count, velocity):
    velocity = 0.9 * velocity + g
    return -RATE * velocity, velocity


def adagrad(g, w, count, memory):
    memory = memory + g * g
    return -RATE * g / np.sqrt(memory + EPSILON), memory


def rmsprop(g, w, count, memory):
    memory = memory * (1.0 - 0.01) + g * g * 0.01
    return -RATE * g / np.sqrt(memory + EPSILON), memory


def adam(g, w, count, first, second):
    first = BETA1 * first + (1 - BETA1) * g
    second = BETA2 * second + (1 - BETA2) * g * g
    scale = RATE / (1 - BETA1**count)
    return -scale * first / (np.sqrt(second / (1 - BETA2**count)) + EPSILON), first, second


def rates_of(g):
    """A rate per lane."""
    return RATE * np.linspace(0.5, 1.0, g[..., 0].size).reshape((*g.shape[:-1], 1))


def adam_in_lanes(g, w, count, first, second):
    """As a population is trained: a rate per lane, moments corrected."""
    first = BETA1 * first + (1 - BETA1) * g
    second = BETA2 * second + (1 - BETA2) * g * g
    corrected = first / (1 - BETA1**count), second / (1 - BETA2**count)
    step = rates_of(g) * corrected[0] / (np.sqrt(corrected[1]) + EPSILON)
    return -step, first, second


def rprop(g, w, count, sizes, previous):
    agreement = np.sign(g * previous)
    sizes = np.where(sizes > 0, sizes, 0.02)
    sizes = sizes * np.where(agreement > 0, 1.2, np.where(agreement < 0, 0.5, 1.0))
    sizes = np.clip(sizes, 1e-9, 1.0)
    g = np.where(agreement < 0, 0.0, g)
    return -sizes * np.sign(g), sizes, g


def clip_by_norm(g, w, count):
    out = g.copy()
    for vector in out.reshape(-1, g.shape[-1]):
        norm = np.linalg.norm(vector)
        vector *= 1.0 / norm if norm > 1.0 else 1.0
    return out


def soft_threshold(values):
    return np.sign(values) * np.maximum(np.abs(values) - 0.3, 0.0)


CASES = {
    "sgd": (sgd, lambda g, w, count: rules.sgd(g, RATE), 0),
    "momentum": (momentum, lambda g, w, count, v: rules.momentum(g, v, RATE, 0.9), 1),
    "adagrad": (adagrad, lambda g, w, count, m: rules.adagrad(g, m, RATE, EPSILON), 1),
    "rmsprop": (rmsprop, lambda g, w, count, m: rules.rmsprop(g, m, RATE, 0.01, EPSILON), 1),
    "adam": (
        adam,
        lambda g, w, count, *m: rules.adam(g, *m, count, RATE, BETA1, BETA2, EPSILON),
        2,
    ),
    "adam in lanes": (
        adam_in_lanes,
        lambda g, w, count, *m: rules.adam(g, *m, count, rates_of(g), BETA1, BETA2, EPSILON),
        2,
    ),
    "rprop": (rprop, lambda g, w, count, *m: rules.rprop(g, *m, 0.02, 1.2, 0.5, 1e-9, 1.0), 2),
    "clip": (lambda g, w, count: np.clip(g, -0.7, 0.7), lambda g, w, c: rules.clip(g, 0.7), 0),
    "clip by norm": (clip_by_norm, lambda g, w, count: rules.clip_by_norm(g, 1.0), 0),
    "l1": (lambda g, w, count: g + 0.2 * np.sign(w), lambda g, w, c: rules.l1(g, w, 0.2), 0),
    "decoupled l1": (
        lambda g, w, count: soft_threshold(w + g) - w,
        lambda g, w, count: rules.decoupled_l1(g, w, 0.3),
        0,
    ),
    "soft threshold": (
        lambda g, w, count: soft_threshold(g),
        lambda g, w, count: rules.soft_threshold(g, 0.3),
        0,
    ),
}

shapes = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)


@pytest.mark.parametrize("name", CASES)
@given(shape=shapes, seed=st.integers(0, 10**6))
def test_rules_are_their_formulas_to_the_bit(name, shape, seed):
    formula, rule, n_memories = CASES[name]
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=shape)
    expected = memories = [np.zeros(shape) for _ in range(n_memories)]
    memories = [memory.copy() for memory in memories]
    for count in (1, 2, 3):
        g = rng.normal(size=shape)
        step = g.copy()
        out = formula(g, weights, count, *expected)
        wanted, *expected = out if n_memories else (out,)
        rule(step, weights, count, *memories)
        np.testing.assert_array_equal(step, wanted)
        np.testing.assert_array_equal(memories, expected)


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam"])
def test_a_scratch_array_changes_nothing(name):
    rng = np.random.default_rng(0)
    g, scratch = rng.normal(size=(2, 5)), np.full((2, 5), np.nan)
    rule = getattr(rules, name)
    memories = [np.ones((2, 5)) for _ in range(CASES[name][2])]
    more = {
        "adagrad": (RATE, EPSILON),
        "rmsprop": (RATE, 0.01, EPSILON),
        "adam": (3, RATE, BETA1, BETA2, EPSILON),
    }[name]
    results = []
    for work in (None, scratch):
        arrays = [g.copy(), *(memory.copy() for memory in memories)]
        rule(*arrays, *more, work)
        results.append(arrays)
    np.testing.assert_array_equal(*results)
