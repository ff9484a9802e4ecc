"""Machines that hold their own matrix: cases, and how the two engines are compared on them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace

import autograd.numpy as anp
import numpy as np
from autograd import grad

import vvalues as vv
from dmm import Machine, ReferenceProgram
from dmm.compiled import Reason
from dmm.compiled.plastic import BoundPlasticProgram, PlasticProgram, supports_of
from dmm.compiled.plastic.following import LARGEST as LARGEST_STREAMS
from dmm.machine import links
from dmm.testing import Life, random_life
from tests.dmm.machines import Case

TOLERANCE = 1e-10
LARGEST = 1e6  # beyond, rounding is amplified by the machine itself

Draw = Callable[[np.random.Generator], Life]


def comparable(seed, draw: Draw = random_life, most: int = LARGEST_STREAMS) -> Case | None:
    """A random machine that both engines run, that does something and does not blow up.

    Its streams can hold ``most`` elements together: the reference engine is slow on large ones.
    """
    case = Case(*draw(np.random.default_rng(seed)))
    supports = supports_of(case.machine, case.streams)
    if isinstance(supports, Reason) or sum(map(len, supports.outputs.values())) > most:
        return None
    if not is_compiled(PlasticProgram(case.machine, case.observed), case.streams):
        return None
    with np.errstate(all="ignore"):
        values = ReferenceProgram(case.machine, case.observed)(case.machine.trainable, case.streams)
    return case if 0.0 < np.max(np.abs(values), initial=0.0) < LARGEST else None


def is_compiled(program, streams) -> bool:
    """Whether these streams are not left to the reference engine."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.filterwarnings("ignore", message=".*run on the reference engine")
        program(program.machine.trainable, streams)
    bound = program.bind(streams)
    return isinstance(getattr(bound, "bound", bound), BoundPlasticProgram)


def with_fixed(machine: Machine, text: str) -> Machine:
    """The machine with trainable links that are fixed, at 1."""
    taken = links(text)
    rest = np.array([path not in taken for path in machine.trainable.support.paths])
    free = vv.restrict(machine.trainable, machine.trainable.support.where(rest))
    return replace(machine, fixed=machine.fixed + taken, trainable=free)


def weighted_squares(program, streams, weights):
    return lambda trainable: anp.sum(weights * program(trainable, streams) ** 2)


def gradient(program, case, weights):
    with warnings.catch_warnings():  # where no link matters
        warnings.filterwarnings("ignore", message="Output seems independent")
        return grad(weighted_squares(program, case.streams, weights))(case.machine.trainable)


def assert_engines_agree(case: Case, stopped=()) -> None:
    machine, streams = case.machine, case.streams
    compiled = PlasticProgram(machine, case.observed, stopped)
    reference = ReferenceProgram(machine, case.observed, stopped)
    expected = reference(machine.trainable, streams)
    scale = 1.0 + np.max(np.abs(expected), initial=0.0)
    np.testing.assert_allclose(
        compiled(machine.trainable, streams), expected, rtol=0, atol=TOLERANCE * scale
    )
    weights = case.rng.standard_normal(expected.shape)
    exact = gradient(reference, case, weights)
    found = gradient(compiled, case, weights)
    assert vv.max_norm(found - exact) <= TOLERANCE * (1.0 + vv.max_norm(exact))


def assert_second_order_agrees(case: Case) -> None:
    machine, rng = case.machine, case.rng
    weights = rng.standard_normal((len(case.observed), case.streams.ticks, len(case.streams)))
    support = machine.trainable.support
    direction = vv.from_buffer(support, rng.standard_normal(support.size))
    found, exact = (
        grad(
            lambda tree, program=program: vv.inner(
                grad(weighted_squares(program, case.streams, weights))(tree), direction
            )
        )(machine.trainable)
        for program in (
            PlasticProgram(machine, case.observed),
            ReferenceProgram(machine, case.observed),
        )
    )
    assert vv.max_norm(found - exact) <= TOLERANCE * (1.0 + vv.max_norm(exact))


def agree(count: int, seed: int, draw: Draw = random_life, most: int = LARGEST_STREAMS) -> None:
    compared = 0
    for i in range(20 * count):
        case = comparable([seed, i], draw, most)
        if case is None:
            continue
        try:
            assert_engines_agree(case)
        except Exception as error:
            raise AssertionError(f"machine {i} of seed {seed}") from error
        compared += 1
        if compared == count:
            return
    raise AssertionError(f"only {compared} of {20 * count} machines could be compared")
