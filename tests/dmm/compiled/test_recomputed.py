"""A life that is run again part after part is the life that is kept."""

import numpy as np
import pytest

from dmm import compile_machine, zoo
from dmm.compiled.plastic.recomputed import RecomputedSweeps
from dmm.machine import Streams
from dmm.testing import random_copying_life, random_life
from tests.dmm.lives import comparable
from tests.marks import thorough
from vvalues import ravel
from vvalues.testing import check_fused

from .test_plastic_kinds import KINDS

QUICK = ("random", "copies", "superfluid", "long delays")
DRAWS = {"random": random_life, "copies": random_copying_life, **KINDS}


def first_cases(kind, seed, count=2):
    """The first machines of a kind that this engine runs."""
    found = (comparable([seed, i], DRAWS[kind], 200) for i in range(300))
    cases = (case for case in found if case is not None and case.streams.ticks > 2)
    return [case for case, _ in zip(cases, range(count), strict=False)]


def assert_close(found, expected):
    scale = 1.0 + np.abs(expected).max(initial=0.0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("length", [2, *thorough(1)])
@pytest.mark.parametrize(
    "kind", [*QUICK, *thorough(*(kind for kind in DRAWS if kind not in QUICK))]
)
def test_values_and_derivatives_are_those_of_the_whole(kind, length):
    for case in first_cases(kind, 6):
        weights = ravel(case.machine.trainable)
        whole = compile_machine(case.machine, case.observed)
        parts = compile_machine(case.machine, case.observed, recompute=length)
        values, jacobian = whole.jacobian(weights, case.streams)
        found, own = parts.jacobian(weights, case.streams)
        assert_close(found, values)
        assert_close(own, jacobian)
        g = case.rng.standard_normal(values.shape)
        pulled = [p.bind(case.streams).pullback(weights, g) for p in (parts, whole)]
        assert_close(*pulled)


def rule():
    """A machine that learns while it runs, and its streams of some ticks."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 18, 2, 1))
    clock = (np.arange(18) % 3 == 0).astype(float)[:, None, None] * np.ones((1, 2, 1))
    streams = Streams((((),),) * 2, {"x-1": x, "y-1": y, "clock-3": clock}, ticks=18)
    return zoo.delta_rule(inputs=1, rate=0.1), streams


@pytest.mark.parametrize("length", [True, 4, 5, 100])
def test_all_derivatives_agree_with_differences(length):
    machine, streams = rule()
    program = compile_machine(machine, [("output", "dict-1")], recompute=length)
    check_fused(program.bind(streams), np.array(machine.trainable.buffer))


def test_what_is_kept_are_the_cuts():
    machine, streams = rule()
    bound = compile_machine(machine, [("output", "dict-1")], recompute=5).bind(streams)
    assert isinstance(bound.sweeps, RecomputedSweeps)
    assert [(part.first, part.ticks) for part in bound.sweeps.parts] == [
        (0, 5),
        (5, 5),
        (10, 5),
        (15, 3),
    ]
    bound.forward(ravel(machine.trainable))
    _, life = bound._last
    assert len(life.sent) == 4


def test_matrices_are_those_of_the_whole():
    machine, streams = rule()
    found = [
        compile_machine(machine, (), recompute=length).matrices(machine.trainable, streams)
        for length in (False, 4)
    ]
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])


def test_a_part_has_ticks():
    machine, streams = rule()
    program = compile_machine(machine, (), recompute=-2)
    with pytest.raises(ValueError, match="recompute is -2; expected True, False or a number"):
        program.bind(streams)
