"""Twenty programs that were written after the other groups; looked at after their first run.

They were written with the other programs in view, not the search, before any of them was tried,
and stand as they were written: none was chosen for being easy, none was dropped for being hard.
"""

from __future__ import annotations

import numpy as np

from ..drawing import Program, entering, flags, levels, previous, reals, run, wholes

__all__ = ["FRESH"]

FRESH: dict[str, Program] = {}
fresh = entering(FRESH)


# -------------------- counters and timers --------------------


@fresh
def every_third_event(rng, strings, samples):
    """One at every third event, zero otherwise."""
    streams = {"event": flags(rng, strings, samples)}

    def step(count, event):
        count += event
        return (0.0, 1.0) if count == 3.0 else (count, 0.0)

    return streams, run(step, streams)


@fresh
def parity_since_reset(rng, strings, samples):
    """Whether the number of events since the last reset is odd."""
    streams = {"event": flags(rng, strings, samples), "reset": flags(rng, strings, samples, 0.15)}

    def step(odd, event, reset):
        odd = 0.0 if reset else (odd + event) % 2.0
        return odd, odd

    return streams, run(step, streams)


@fresh
def finished_run(rng, strings, samples):
    """How long the last run of ones was, once it is over; zero before the first one has ended."""
    streams = {"pressed": levels(rng, strings, samples, 0.35)}

    def step(state, pressed):
        length, shown = state
        if pressed:
            length += 1.0
        elif length:
            length, shown = 0.0, length
        return (length, shown), shown

    return streams, run(step, streams, (0.0, 0.0))


@fresh
def stopwatch(rng, strings, samples):
    """One button starts and stops it, another puts it back to zero, running or not."""
    streams = {
        "button": flags(rng, strings, samples, 0.25),
        "zero": flags(rng, strings, samples, 0.08),
    }

    def step(state, button, zero):
        running, time = state
        running = 1.0 - running if button else running
        time = 0.0 if zero else time + running
        return (running, time), time

    return streams, run(step, streams, (0.0, 0.0))


@fresh
def watchdog(rng, strings, samples):
    """Barks from the fifth sample without a sign of life on, until the next one."""
    streams = {"alive": flags(rng, strings, samples, 0.2)}

    def step(quiet, alive):
        quiet = 0.0 if alive else quiet + 1.0
        return quiet, float(quiet >= 5.0)

    return streams, run(step, streams)


@fresh
def pulses_per_period(rng, strings, samples):
    """Pulses in the last full period of six samples, held until the next period is full."""
    streams = {"pulse": flags(rng, strings, samples)}

    def step(state, pulse):
        tick, count, shown = state
        tick, count = tick + 1.0, count + pulse
        if tick == 6.0:
            tick, count, shown = 0.0, 0.0, count
        return (tick, count, shown), shown

    return streams, run(step, streams, (0.0, 0.0, 0.0))


@fresh
def peaks_so_far(rng, strings, samples):
    """How often a number that was above both of its neighbours has gone by."""
    x = wholes(rng, strings, samples, 1, 9)
    before = previous(x)
    peak = (before > previous(x, 2)) & (before > x)
    return {"x": x}, np.cumsum(peak.astype(float), axis=1)


# -------------------- memory and sequences --------------------


@fresh
def coin_return(rng, strings, samples):
    """Gives back all coins since the last time when the button is pressed, nothing otherwise."""
    streams = {
        "coin": wholes(rng, strings, samples, 0, 2),
        "button": flags(rng, strings, samples, 0.2),
    }

    def step(inside, coin, button):
        inside += coin
        return (0.0, inside) if button else (inside, 0.0)

    return streams, run(step, streams)


@fresh
def divisible_by_three(rng, strings, samples):
    """Whether the binary number whose digits have come in so far is divisible by three."""
    streams = {"digit": flags(rng, strings, samples)}

    def step(rest, digit):
        rest = (2.0 * rest + digit) % 3.0
        return rest, float(rest == 0.0)

    return streams, run(step, streams)


@fresh
def combination_lock(rng, strings, samples):
    """The digits 3, 1, 2 in a row open it; it stays open until it is locked."""
    streams = {
        "digit": wholes(rng, strings, samples, 1, 3),
        "lock": flags(rng, strings, samples, 0.15),
    }

    def step(state, digit, lock):
        older, old, is_open = state
        is_open = 1.0 if (older, old, digit) == (3.0, 1.0, 2.0) else is_open
        is_open = 0.0 if lock else is_open
        return (old, digit, is_open), is_open

    return streams, run(step, streams, (0.0, 0.0, 0.0))


@fresh
def two_addresses(rng, strings, samples):
    """A memory of two cells: writes to the one that is addressed, and always reads it."""
    streams = {
        "x": wholes(rng, strings, samples, 0, 9),
        "write": flags(rng, strings, samples, 0.4),
        "address": flags(rng, strings, samples),
    }

    def step(cells, x, write, address):
        if write:
            cells = (cells[0], x) if address else (x, cells[1])
        return cells, cells[int(address)]

    return streams, run(step, streams, (0.0, 0.0))


@fresh
def taking_turns(rng, strings, samples):
    """Serves 1 or 2, whoever asks; if both do, the one that was not served last; 0 for nobody."""
    streams = {"first": flags(rng, strings, samples, 0.6), "second": flags(rng, strings, samples)}

    def step(last, first, second):
        if first and second:
            served = 2.0 if last == 1.0 else 1.0
        else:
            served = first + 2.0 * second
        return served or last, served

    return streams, run(step, streams)


# -------------------- machines --------------------


@fresh
def crossing_light(rng, strings, samples):
    """Three samples to walk for who asks, then four for the cars; who asks too early, waits."""
    streams = {"button": flags(rng, strings, samples, 0.2)}

    def step(state, button):
        asked, left = state
        asked, left = max(asked, button), max(left - 1.0, 0.0)
        if asked and left == 0.0:
            asked, left = 0.0, 7.0
        return (asked, left), float(left > 4.0)

    return streams, run(step, streams, (0.0, 0.0))


@fresh
def elevator(rng, strings, samples):
    """Goes by one floor per sample to where it was called last."""
    streams = {
        "floor": wholes(rng, strings, samples, 0, 5),
        "call": flags(rng, strings, samples, 0.25),
    }

    def step(state, floor, call):
        goal, here = state
        goal = floor if call else goal
        here += float(np.sign(goal - here))
        return (goal, here), here

    return streams, run(step, streams, (0.0, 0.0))


@fresh
def gear_box(rng, strings, samples):
    """One gear up where the engine is fast, one down where it is slow, between 1 and 5."""
    streams = {"speed": reals(rng, strings, samples, 0.0, 6.0)}

    def step(gear, speed):
        if speed > 4.0:
            gear = min(gear + 1.0, 5.0)
        elif speed < 1.5:
            gear = max(gear - 1.0, 1.0)
        return gear, gear

    return streams, run(step, streams, 1.0)


@fresh
def tank(rng, strings, samples):
    """The water in a tank: a pump adds 1 per sample, from below 2 on until it is above 5."""
    streams = {"drawn": reals(rng, strings, samples, 0.0, 0.8)}

    def step(state, drawn):
        water, pump = state
        water = max(water + pump - drawn, 0.0)
        pump = 1.0 if water < 2.0 else 0.0 if water > 5.0 else pump
        return (water, pump), water

    return streams, run(step, streams, (4.0, 0.0))


# -------------------- real numbers --------------------


@fresh
def moving_mean(rng, strings, samples):
    """The mean of the last four numbers, zeros before the first one."""
    x = reals(rng, strings, samples)
    return {"x": x}, (x + previous(x) + previous(x, 2) + previous(x, 3)) / 4.0


@fresh
def two_stage_filter(rng, strings, samples):
    """A leaky mean of a leaky mean."""
    streams = {"x": reals(rng, strings, samples)}

    def step(means, x):
        first = 0.7 * means[0] + 0.3 * x
        second = 0.8 * means[1] + 0.2 * first
        return (first, second), second

    return streams, run(step, streams, (0.0, 0.0))


@fresh
def drift_alarm(rng, strings, samples):
    """Adds up what is above 0.2, never below zero; one where the sum is above 1.5."""
    streams = {"x": reals(rng, strings, samples, -1.0, 1.3)}

    def step(total, x):
        total = max(total + x - 0.2, 0.0)
        return total, float(total > 1.5)

    return streams, run(step, streams)


# -------------------- two outputs --------------------


@fresh
def robot_on_a_grid(rng, strings, samples):
    """Where a robot is that turns right and then goes a step, each if told; it sets out north."""
    streams = {"turn": flags(rng, strings, samples, 0.3), "go": flags(rng, strings, samples, 0.6)}

    def step(state, turn, go):
        heading, east, north = state
        heading = (heading + turn) % 4.0
        east += go * ((heading == 1.0) - (heading == 3.0))
        north += go * ((heading == 0.0) - (heading == 2.0))
        return (heading, east, north), (east, north)

    answers = run(step, streams, (0.0, 0.0, 0.0))
    return streams, {"east": answers[..., 0], "north": answers[..., 1]}
