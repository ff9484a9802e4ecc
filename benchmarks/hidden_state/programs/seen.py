"""Fourteen programs that were kept apart at first and looked at later, while the library grew."""

from __future__ import annotations

import numpy as np

from ..drawing import Program, entering, flags, levels, previous, run, wholes

__all__ = ["SEEN"]

SEEN: dict[str, Program] = {}
seen = entering(SEEN)


@seen
def toggle_edge(rng, strings, samples):
    """Turned over whenever the level rises."""
    streams = {"x": levels(rng, strings, samples, 0.35)}

    def step(state, x):
        last, q = state
        q = 1.0 - q if x > last else q
        return (x, q), q

    return streams, run(step, streams, (0.0, 0.0))


@seen
def set_reset(rng, strings, samples):
    """A flip-flop that is set and reset; reset wins."""
    streams = {"s": flags(rng, strings, samples, 0.2), "r": flags(rng, strings, samples, 0.2)}

    def step(q, s, r):
        q = 0.0 if r else 1.0 if s else q
        return q, q

    return streams, run(step, streams)


@seen
def alarm_after_k(rng, strings, samples):
    """One from the fourth one in a row on."""
    streams = {"x": flags(rng, strings, samples, 0.6)}

    def step(length, x):
        length = length + 1 if x else 0
        return length, float(length >= 4)

    return streams, run(step, streams, 0)


@seen
def latch_alarm(rng, strings, samples):
    """An alarm after three ones in a row that stays until the reset."""
    streams = {"x": flags(rng, strings, samples, 0.6), "r": flags(rng, strings, samples, 0.1)}

    def step(state, x, r):
        length, alarm = state
        length = length + 1 if x else 0
        alarm = 0.0 if r else 1.0 if length >= 3 else alarm
        return (length, alarm), alarm

    return streams, run(step, streams, (0, 0.0))


@seen
def time_since(rng, strings, samples):
    """Samples since the last event."""
    streams = {"e": flags(rng, strings, samples, 0.2)}

    def step(since, e):
        since = 0.0 if e else since + 1.0
        return since, since

    return streams, run(step, streams)


@seen
def accumulate_fire_reset0(rng, strings, samples):
    """Adds up, fires at seven and begins again at 0."""
    streams = {"x": wholes(rng, strings, samples, 0, 3)}

    def step(total, x):
        total += x
        return (0.0, 1.0) if total >= 7.0 else (total, 0.0)

    return streams, run(step, streams)


@seen
def bracket_depth_alarm(rng, strings, samples):
    """One where at least three brackets are open."""
    opened = flags(rng, strings, samples)
    closed = 1.0 - opened
    depth = np.cumsum(opened - closed, axis=1)
    return {"o": opened, "c": closed}, (depth >= 3.0).astype(float)


@seen
def mod3(rng, strings, samples):
    """A ring of three states."""
    x = flags(rng, strings, samples)
    return {"x": x}, np.cumsum(x, axis=1) % 3


@seen
def up_down_sign(rng, strings, samples):
    """Whether a number is above, at or below the one before it."""
    x = wholes(rng, strings, samples, 0, 9)
    return {"x": x}, np.sign(x - previous(x))


@seen
def min_since_reset(rng, strings, samples):
    """The smallest number since the last reset, which puts 9."""
    streams = {"x": wholes(rng, strings, samples, 0, 9), "r": flags(rng, strings, samples, 0.15)}

    def step(smallest, x, r):
        smallest = 9.0 if r else min(smallest, x)
        return smallest, smallest

    return streams, run(step, streams, 9.0)


@seen
def gated_sum(rng, strings, samples):
    """The sum of the numbers whose gate is open."""
    streams = {"x": wholes(rng, strings, samples, 0, 5), "g": flags(rng, strings, samples)}
    return streams, np.cumsum(streams["x"] * streams["g"], axis=1)


@seen
def two_cells_compare(rng, strings, samples):
    """Whether a number is above the one that was kept last."""
    streams = {"x": wholes(rng, strings, samples, 0, 9), "g": flags(rng, strings, samples, 0.3)}

    def step(held, x, g):
        held = x if g else held
        return held, float(x > held)

    return streams, run(step, streams)


@seen
def counter_wrap(rng, strings, samples):
    """A ring of five states."""
    e = flags(rng, strings, samples, 0.6)
    return {"e": e}, np.cumsum(e, axis=1) % 5


@seen
def delay_line_xor(rng, strings, samples):
    """Whether a flag differs from the one two samples ago."""
    x = flags(rng, strings, samples)
    return {"x": x}, (x != previous(x, 2)).astype(float)
