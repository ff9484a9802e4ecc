"""Twenty everyday programs with hidden state, written last of all: nothing has been tuned on them.

They were written after the search could do what it does now, from what people build with counters,
switches and alarms, and before any of them was tried; they stand as they were written.
"""

from __future__ import annotations

from ..drawing import Program, entering, flags, levels, reals, run, wholes

__all__ = ["BLIND"]

BLIND: dict[str, Program] = {}
blind = entering(BLIND)


@blind
def debounced_switch(rng, strings, samples):
    """Follows its input once that has been the same for three samples."""
    streams = {"contact": levels(rng, strings, samples, 0.35)}

    def step(state, contact):
        last, length, switch = state
        length = length + 1.0 if contact == last else 1.0
        switch = contact if length >= 3.0 else switch
        return (contact, length, switch), switch

    return streams, run(step, streams, (0.0, 0.0, 0.0))


@blind
def two_threshold_switch(rng, strings, samples):
    """On from above 0.7, off from below 0.3."""
    streams = {"level": reals(rng, strings, samples, 0.0, 1.0)}

    def step(on, level):
        on = 1.0 if level > 0.7 else 0.0 if level < 0.3 else on
        return on, on

    return streams, run(step, streams)


@blind
def counter_that_stays_at_nine(rng, strings, samples):
    """Events since the last reset, nine at most."""
    streams = {
        "event": flags(rng, strings, samples, 0.7),
        "reset": flags(rng, strings, samples, 0.06),
    }

    def step(count, event, reset):
        count = 0.0 if reset else min(count + event, 9.0)
        return count, count

    return streams, run(step, streams)


@blind
def two_events_within_five(rng, strings, samples):
    """One where at least two of the last five samples had an event."""
    streams = {"event": flags(rng, strings, samples, 0.3)}

    def step(past, event):
        past = (event, *past)[:5]
        return past, float(sum(past) >= 2.0)

    return streams, run(step, streams, ())


@blind
def missed_heartbeat(rng, strings, samples):
    """One from the fourth sample without a beat on, until the next beat."""
    streams = {"beat": flags(rng, strings, samples, 0.4)}

    def step(quiet, beat):
        quiet = 0.0 if beat else quiet + 1.0
        return quiet, float(quiet >= 4.0)

    return streams, run(step, streams)


@blind
def rising_edges_since_reset(rng, strings, samples):
    """How often the signal went up since the last reset."""
    streams = {
        "signal": levels(rng, strings, samples, 0.5),
        "reset": flags(rng, strings, samples, 0.08),
    }

    def step(state, signal, reset):
        last, count = state
        count = 0.0 if reset else count + float(signal > last)
        return (signal, count), count

    return streams, run(step, streams, (0.0, 0.0))


@blind
def up_and_down_modulo_seven(rng, strings, samples):
    """A position on a ring of seven, one step up or down by two buttons."""
    streams = {"up": flags(rng, strings, samples, 0.4), "down": flags(rng, strings, samples, 0.3)}

    def step(place, up, down):
        place = (place + up - down) % 7.0
        return place, place

    return streams, run(step, streams)


@blind
def vending_machine(rng, strings, samples):
    """Coins of one and two; at four or more it sells and keeps the change. One where it sells."""
    streams = {"coin": wholes(rng, strings, samples, 0, 2)}

    def step(credit, coin):
        credit += coin
        return (credit - 4.0, 1.0) if credit >= 4.0 else (credit, 0.0)

    return streams, run(step, streams)


@blind
def pattern_1101(rng, strings, samples):
    """One where the last four bits are 1, 1, 0, 1."""
    streams = {"bit": flags(rng, strings, samples, 0.6)}

    def step(past, bit):
        past = (*past, bit)[-4:]
        return past, float(past == (1.0, 1.0, 0.0, 1.0))

    return streams, run(step, streams, ())


@blind
def last_other_value(rng, strings, samples):
    """The value that the input had before its present one, zero at first."""
    streams = {"x": wholes(rng, strings, samples, 0, 3)}

    def step(state, x):
        now, other = state
        now, other = (now, other) if x == now else (x, now)
        return (now, other), other

    return streams, run(step, streams, (0.0, 0.0))


@blind
def largest_since_reset(rng, strings, samples):
    """The largest number since the last reset, that sample included."""
    streams = {
        "x": reals(rng, strings, samples, 0.0, 1.0),
        "reset": flags(rng, strings, samples, 0.12),
    }

    def step(most, x, reset):
        most = x if reset else max(most, x)
        return most, most

    return streams, run(step, streams)


@blind
def samples_since_change(rng, strings, samples):
    """How many samples ago the input last changed."""
    streams = {"x": levels(rng, strings, samples, 0.3)}

    def step(state, x):
        last, since = state
        since = since + 1.0 if x == last else 0.0
        return (x, since), since

    return streams, run(step, streams, (0.0, 0.0))


@blind
def majority_of_five(rng, strings, samples):
    """What most of the last five bits are."""
    streams = {"bit": flags(rng, strings, samples)}

    def step(past, bit):
        past = (bit, *past)[:5]
        return past, float(sum(past) >= 3.0)

    return streams, run(step, streams, ())


@blind
def blinking(rng, strings, samples):
    """On and off in turn while it is switched on, dark otherwise; a button switches."""
    streams = {"button": flags(rng, strings, samples, 0.2)}

    def step(state, button):
        on, light = state
        on = 1.0 - on if button else on
        light = (1.0 - light) * on
        return (on, light), light

    return streams, run(step, streams, (0.0, 0.0))


@blind
def queue(rng, strings, samples):
    """How many wait: up to two come per sample, one is served where any wait."""
    streams = {"come": wholes(rng, strings, samples, 0, 2)}

    def step(waiting, come):
        waiting = max(waiting - 1.0, 0.0) + come
        return waiting, waiting

    return streams, run(step, streams)


@blind
def thermostat(rng, strings, samples):
    """Heats from below 18 degrees on until above 21."""
    streams = {"degrees": reals(rng, strings, samples, 15.0, 24.0)}

    def step(heats, degrees):
        heats = 1.0 if degrees < 18.0 else 0.0 if degrees > 21.0 else heats
        return heats, heats

    return streams, run(step, streams)


@blind
def smoothed_alarm(rng, strings, samples):
    """One where the mean that forgets a fifth per sample is above 0.25."""
    streams = {"x": reals(rng, strings, samples)}

    def step(mean, x):
        mean += 0.2 * (x - mean)
        return mean, float(mean > 0.25)

    return streams, run(step, streams)


@blind
def three_wrong_in_a_row(rng, strings, samples):
    """Locked after three wrong keys in a row, until a master key opens it."""
    streams = {
        "wrong": flags(rng, strings, samples, 0.6),
        "master": flags(rng, strings, samples, 0.1),
    }

    def step(state, wrong, master):
        count, locked = state
        count = count + 1.0 if wrong else 0.0
        locked = 0.0 if master else 1.0 if count >= 3.0 else locked
        return (0.0 if master else count, locked), locked

    return streams, run(step, streams, (0.0, 0.0))


@blind
def the_other_one(rng, strings, samples):
    """Passes on two inputs in turn; a signal says when to take the other."""
    streams = {
        "left": wholes(rng, strings, samples, 0, 5),
        "right": wholes(rng, strings, samples, 0, 5),
        "turn": flags(rng, strings, samples, 0.3),
    }

    def step(side, left, right, turn):
        side = 1.0 - side if turn else side
        return side, right if side else left

    return streams, run(step, streams)


@blind
def battery(rng, strings, samples):
    """Charge: two more per sample on the plug, up to ten, else one less, down to nothing."""
    streams = {"plug": levels(rng, strings, samples, 0.25)}

    def step(charge, plug):
        charge = min(charge + 2.0, 10.0) if plug else max(charge - 1.0, 0.0)
        return charge, charge

    return streams, run(step, streams)
