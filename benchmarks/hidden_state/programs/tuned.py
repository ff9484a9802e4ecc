"""Twelve programs that the starts of the library were tuned on."""

from __future__ import annotations

import numpy as np

from ..drawing import Program, entering, flags, levels, previous, reals, run, wholes

__all__ = ["TUNED"]

TUNED: dict[str, Program] = {}
tuned = entering(TUNED)


@tuned
def max_with_reset(rng, strings, samples):
    """The largest number since the last reset."""
    streams = {"x": wholes(rng, strings, samples, 0, 9), "r": flags(rng, strings, samples, 0.15)}

    def step(largest, x, r):
        largest = 0.0 if r else max(largest, x)
        return largest, largest

    return streams, run(step, streams)


@tuned
def counter_reset(rng, strings, samples):
    """Events since the last reset."""
    streams = {"e": flags(rng, strings, samples), "r": flags(rng, strings, samples, 0.15)}

    def step(count, e, r):
        count = 0.0 if r else count + e
        return count, count

    return streams, run(step, streams)


@tuned
def debounce3(rng, strings, samples):
    """One from the third sample of a pressed button on."""
    streams = {"x": levels(rng, strings, samples, 0.3)}

    def step(pressed, x):
        pressed = pressed + 1 if x else 0
        return pressed, float(pressed >= 3)

    return streams, run(step, streams, 0)


@tuned
def hysteresis(rng, strings, samples):
    """Switches on above 0.5 and off below -0.4."""
    streams = {"x": reals(rng, strings, samples)}

    def step(state, x):
        state = 1.0 if x > 0.5 else 0.0 if x < -0.4 else state
        return state, state

    return streams, run(step, streams)


@tuned
def leaky_threshold(rng, strings, samples):
    """One where a leaky mean is above a half."""
    streams = {"x": reals(rng, strings, samples, 0.0, 1.0)}

    def step(mean, x):
        mean = 0.8 * mean + 0.2 * x
        return mean, float(mean > 0.5)

    return streams, run(step, streams)


@tuned
def running_difference(rng, strings, samples):
    """One where the sum of a is ahead of the sum of b."""
    streams = {"a": wholes(rng, strings, samples, 0, 3), "b": wholes(rng, strings, samples, 0, 3)}
    return streams, (np.cumsum(streams["a"] - streams["b"], axis=1) > 0.0).astype(float)


@tuned
def gated_memory(rng, strings, samples):
    """Takes a number where the gate is open and keeps it."""
    streams = {"x": reals(rng, strings, samples), "g": flags(rng, strings, samples, 0.3)}

    def step(held, x, g):
        held = x if g else held
        return held, held

    return streams, run(step, streams)


@tuned
def integrate_fire(rng, strings, samples):
    """Adds up, and fires at seven, which it then takes away."""
    streams = {"x": wholes(rng, strings, samples, 0, 3)}

    def step(total, x):
        total += x
        return (total - 7.0, 1.0) if total >= 7.0 else (total, 0.0)

    return streams, run(step, streams)


@tuned
def saturating(rng, strings, samples):
    """An up/down counter between 0 and 4."""
    streams = {"u": flags(rng, strings, samples), "d": flags(rng, strings, samples)}

    def step(count, u, d):
        count = min(4.0, max(0.0, count + u - d))
        return count, count

    return streams, run(step, streams)


@tuned
def record_run(rng, strings, samples):
    """The longest run of ones so far."""
    streams = {"x": flags(rng, strings, samples, 0.65)}

    def step(state, x):
        length, longest = state
        length = length + 1.0 if x else 0.0
        longest = max(longest, length)
        return (length, longest), longest

    return streams, run(step, streams, (0.0, 0.0))


@tuned
def lagged_products(rng, strings, samples):
    """The sum of products of neighbouring numbers."""
    x = wholes(rng, strings, samples, -2, 2)
    return {"x": x}, np.cumsum(x * previous(x), axis=1)


@tuned
def sample_hold_edge(rng, strings, samples):
    """Takes a number when the gate opens and keeps it."""
    streams = {"x": wholes(rng, strings, samples, 0, 9), "g": levels(rng, strings, samples, 0.3)}

    def step(state, x, g):
        last, held = state
        held = x if g > last else held
        return (g, held), held

    return streams, run(step, streams, (0.0, 0.0))
