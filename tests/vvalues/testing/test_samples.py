"""Streams of signed samples: exact for a seed, right on average."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from autograd import grad

import vvalues as vv
from vvalues import NUMBER, VValue
from vvalues.testing.samples import (
    SampleTree,
    SignedSample,
    pick_signed,
    stochastic_linear_combination,
)

STREAMS = SampleTree(
    {
        ("n1", "out"): SignedSample("red"),
        ("n2", "out"): SignedSample("blue", -1),
        ("n2", "out", "deep"): SignedSample("green"),
    }
)


def test_a_tree_of_samples():
    assert STREAMS["n1", "out"] == SignedSample("red", 1)
    assert STREAMS["n1"] is None and STREAMS["absent"] is None
    assert list(STREAMS) == [("n1", "out"), ("n2", "out"), ("n2", "out", "deep")]
    assert len(STREAMS) == 3 and len(SampleTree()) == 0
    assert repr(STREAMS) == "SampleTree(n1/out: +'red', n2/out: -'blue', n2/out/deep: +'green')"
    again = SampleTree(dict(STREAMS.items()))
    assert again == STREAMS and hash(again) == hash(STREAMS) and again != SampleTree()
    assert STREAMS != "red"
    with pytest.raises(TypeError, match=r"leaf at a is int 3; expected SignedSample"):
        SampleTree({"a": 3})
    with pytest.raises(ValueError, match="sign at a is 0; expected"):
        SampleTree({"a": SignedSample("x", 0)})
    with pytest.raises(ValueError, match="two samples are at a"):
        SampleTree({"a": SignedSample("x"), ("a", NUMBER): SignedSample("y")})


def test_a_seed_settles_everything():
    mask = VValue({"row": {"n1": {"out": 0.5}, "n2": {"out": -1.5}}})
    draws = [
        [
            stochastic_linear_combination(mask, STREAMS, rng, level=1)
            for rng in [np.random.default_rng(seed)]
            for _ in range(20)
        ]
        for seed in (7, 7, 8)
    ]
    assert draws[0] == draws[1] != draws[2]


def expectation(draws):
    """Signed relative frequency of every value."""
    total = Counter()
    for sample in draws:
        if sample is not None:
            total[sample.value] += sample.sign
    return {value: count / len(draws) for value, count in total.items()}


def test_expectation_is_the_linear_combination_of_the_measures():
    rng, n = np.random.default_rng(0), 20_000
    weights = [2.0, -1.0, 0.0, 1.0]
    samples = [SignedSample("x"), SignedSample("y", -1), SignedSample("z"), None]
    mean = expectation([pick_signed(weights, samples, rng) for _ in range(n)])
    # 5 standard deviations of a frequency
    assert mean == pytest.approx({"x": 2 / 4, "y": 1 / 4}, abs=5 * 0.5 / n**0.5)


def test_opposite_samples_cancel_on_average():
    rng, n = np.random.default_rng(1), 20_000
    draws = [pick_signed([1.0, -1.0], [SignedSample("x")] * 2, rng) for _ in range(n)]
    assert abs(expectation(draws)["x"]) < 5 / n**0.5


@pytest.mark.thorough
def test_a_missing_sample_takes_its_share():
    mask = VValue({"n1": {"out": 1.0}, "nobody": {"out": 3.0}})
    rng, n = np.random.default_rng(2), 20_000
    draws = [stochastic_linear_combination(mask, STREAMS, rng)[NUMBER] for _ in range(n)]
    assert expectation(draws)["red"] == pytest.approx(1 / 4, abs=5 * 0.5 / n**0.5)


def test_zero_measures_are_missing():
    rng = np.random.default_rng(0)
    assert pick_signed([0.0], [SignedSample("x")], rng) is None
    assert pick_signed([], [], rng) is None
    assert stochastic_linear_combination(VValue(), STREAMS, rng) == SampleTree()
    assert pick_signed([1e308, 1e308], [SignedSample("x")] * 2, rng) == SignedSample("x")


class LastDraw:
    """A generator whose uniform number is the largest there is."""

    def random(self):
        return np.nextafter(1.0, 0.0)


def test_rounding_never_picks_a_zero_coefficient():
    weights = [0.1] * 3 + [0.0]
    samples = [SignedSample("x")] * 3 + [SignedSample("never")]
    assert pick_signed(weights, samples, LastDraw()) == SignedSample("x")


def test_structure_follows_the_product_of_trees():
    mask = VValue({"x": {"n2": 1.0}, "y": {"n2": {"out": -2.0}}})
    drawn = stochastic_linear_combination(mask, STREAMS, np.random.default_rng(0), level=1)
    numbers = vv.apply_matrix(mask, VValue({"n2": {"out": {NUMBER: 1.0, "deep": 1.0}}}), 1)
    assert drawn.support is numbers.support
    assert drawn["x", "out"] == SignedSample("blue", -1)
    assert drawn["y"] == SignedSample("blue", 1)
    assert drawn["y", "deep"] == SignedSample("green", -1)


def test_refusals():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="2 coefficients for 1 samples"):
        pick_signed([1.0, 2.0], [None], rng)
    with pytest.raises(ValueError, match="expected finite numbers"):
        pick_signed([float("nan")], [None], rng)
    with pytest.raises(TypeError, match="random pick has no derivative"):
        grad(lambda m: len(stochastic_linear_combination(m, STREAMS, rng)) * 1.0)(VValue({"n1": 1}))
    with pytest.raises(TypeError, match="argument mask is dict"):
        stochastic_linear_combination({"n1": 1.0}, STREAMS, rng)
