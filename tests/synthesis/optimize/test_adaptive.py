"""Adaptive steps are those of the papers, written out number by number."""

from __future__ import annotations

from math import sqrt

import pytest

from synthesis import optimize as opt
from vvalues import VValue

GRADIENTS = [2.0, -0.5, 3.0, 0.25, -1.0, 0.5, 1.5]
RATE, B1, B2, EPSILON = 0.1, 0.9, 0.999, 1e-8


def steps_of(optimizer):
    parameters = VValue({"a": 0.0})
    state, steps = optimizer.init(parameters), []
    for g in GRADIENTS:
        step, state = optimizer.update(VValue({"a": g}), state, parameters)
        steps.append(step["a"])
    return steps


def moments(b1=B1, b2=B2):
    m = v = 0.0
    for t, g in enumerate(GRADIENTS, 1):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        yield t, g, m, v


def nesterov():
    velocity = 0.0
    for g in GRADIENTS:
        velocity = 0.9 * velocity + g
        yield -RATE * (0.9 * velocity + g)


def nadam():
    for t, g, m, v in moments():
        ahead = B1 * m / (1 - B1 ** (t + 1)) + (1 - B1) * g / (1 - B1**t)
        yield -RATE * ahead / (sqrt(v / (1 - B2**t)) + EPSILON)


def radam():
    rho = 2 / (1 - B2) - 1
    for t, _, m, v in moments():
        now = rho - 2 * t * B2**t / (1 - B2**t)
        mean = m / (1 - B1**t)
        if now > 4:
            r = sqrt((now - 4) * (now - 2) * rho / ((rho - 4) * (rho - 2) * now))
            mean *= r / (sqrt(v / (1 - B2**t)) + EPSILON)
        yield -RATE * mean


def adamax():
    u = 0.0
    for t, g, m, _ in moments():
        u = max(B2 * u, abs(g))
        yield -RATE / (1 - B1**t) * m / (u + EPSILON)


def amsgrad():
    largest = 0.0
    for _, _, m, v in moments():
        largest = max(largest, v)
        yield -RATE * m / (sqrt(largest) + EPSILON)


def adabelief():
    s = 0.0
    for t, g, m, _ in moments():
        s = B2 * s + (1 - B2) * (g - m) ** 2 + 1e-16
        yield -RATE * m / (1 - B1**t) / (sqrt(s / (1 - B2**t)) + 1e-16)


def adadelta():
    gradients = steps = 0.0
    for g in GRADIENTS:
        gradients = 0.9 * gradients + 0.1 * g * g
        step = -sqrt(steps + 1e-6) / sqrt(gradients + 1e-6) * g
        steps = 0.9 * steps + 0.1 * step * step
        yield step


def optimistic_adam():
    before = 0.0
    for t, _, m, v in moments(0.5, 0.9):
        now = RATE * m / (1 - 0.5**t) / (sqrt(v / (1 - 0.9**t)) + EPSILON)
        yield -2 * now + before
        before = now


@pytest.mark.parametrize(
    "paper",
    [nesterov, nadam, radam, adamax, amsgrad, adabelief, adadelta, optimistic_adam],
    ids=lambda paper: paper.__name__,
)
def test_steps_are_those_of_the_paper(paper):
    rate = () if paper is adadelta else (RATE,)
    optimizer = getattr(opt, paper.__name__)(*rate)
    assert steps_of(optimizer) == pytest.approx(list(paper()), rel=1e-12)
