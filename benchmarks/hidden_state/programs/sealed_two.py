"""Ten more programs that were written down before the search was changed, and run once after it.

Counters, switches, alarms, runs and queues of the kind that strangers bring, none of which repeats
one of the other groups; whatever they came to at that first run stands in the results.
"""

from __future__ import annotations

from ..drawing import Program, entering, flags, reals, run, wholes

__all__ = ["SEALED_TWO"]

SEALED_TWO: dict[str, Program] = {}
sealed_two = entering(SEALED_TWO)


@sealed_two
def boxes_packed(rng, strings, samples):
    """Four parts fill a box; how many boxes are full since the shift began."""
    streams = {
        "part": flags(rng, strings, samples, 0.7),
        "shift": flags(rng, strings, samples, 0.05),
    }

    def step(state, part, shift):
        parts, boxes = (0.0, 0.0) if shift else state
        parts += part
        if parts == 4.0:
            parts, boxes = 0.0, boxes + 1.0
        return (parts, boxes), boxes

    return streams, run(step, streams, (0.0, 0.0))


@sealed_two
def presses_counted(rng, strings, samples):
    """Counts presses of a bouncing key: one for every time that it is down for two samples."""
    streams = {"key": flags(rng, strings, samples, 0.6)}

    def step(state, key):
        down, presses = state
        down = down + 1.0 if key else 0.0
        presses += down == 2.0
        return (down, presses), presses

    return streams, run(step, streams, (0.0, 0.0))


@sealed_two
def fan(rng, strings, samples):
    """Runs from a humidity of 75 on until it is 55 or less, or the window is opened."""
    streams = {
        "humidity": wholes(rng, strings, samples, 40, 90),
        "window": flags(rng, strings, samples, 0.15),
    }

    def step(runs, humidity, window):
        runs = 1.0 if humidity >= 75.0 else 0.0 if humidity <= 55.0 else runs
        runs = 0.0 if window else runs
        return runs, runs

    return streams, run(step, streams)


@sealed_two
def acknowledged_alarm(rng, strings, samples):
    """Rings from a pressure above 8 on until it is acknowledged; not while it is still above."""
    streams = {
        "pressure": wholes(rng, strings, samples, 0, 10),
        "acknowledge": flags(rng, strings, samples, 0.3),
    }

    def step(rings, pressure, acknowledge):
        if pressure > 8.0:
            rings = 1.0
        elif acknowledge:
            rings = 0.0
        return rings, rings

    return streams, run(step, streams)


@sealed_two
def same_colour(rng, strings, samples):
    """How many cars of one colour, of three, have come in a row."""
    streams = {"colour": wholes(rng, strings, samples, 1, 3)}

    def step(state, colour):
        last, row = state
        row = row + 1.0 if colour == last else 1.0
        return (colour, row), row

    return streams, run(step, streams, (0.0, 0.0))


@sealed_two
def turned_away(rng, strings, samples):
    """A waiting room with four seats, one patient seen where the door opens: who found no seat."""
    streams = {
        "come": wholes(rng, strings, samples, 0, 2),
        "door": flags(rng, strings, samples, 0.6),
    }

    def step(state, come, door):
        waiting, lost = state
        waiting = max(waiting - door, 0.0)
        lost += max(waiting + come - 4.0, 0.0)
        waiting = min(waiting + come, 4.0)
        return (waiting, lost), lost

    return streams, run(step, streams, (0.0, 0.0))


@sealed_two
def overheats(rng, strings, samples):
    """One where the last three measured temperatures were all above 0.2."""
    streams = {"temperature": reals(rng, strings, samples)}

    def step(hot, temperature):
        hot = hot + 1.0 if temperature > 0.2 else 0.0
        return hot, float(hot >= 3.0)

    return streams, run(step, streams)


@sealed_two
def dose_limit(rng, strings, samples):
    """A pump gives a dose on request, three at most until the nurse resets it."""
    streams = {
        "request": flags(rng, strings, samples, 0.6),
        "nurse": flags(rng, strings, samples, 0.15),
    }

    def step(doses, request, nurse):
        doses = 0.0 if nurse else doses
        given = request if doses < 3.0 else 0.0
        return doses + given, given

    return streams, run(step, streams)


@sealed_two
def low_battery(rng, strings, samples):
    """A lamp that is lit once the voltage was low for three samples in a row, until it charges."""
    streams = {
        "low": flags(rng, strings, samples, 0.6),
        "charge": flags(rng, strings, samples, 0.15),
    }

    def step(state, low, charge):
        row, lamp = state
        row = row + 1.0 if low else 0.0
        lamp = 0.0 if charge else 1.0 if row >= 3.0 else lamp
        return (row, lamp), lamp

    return streams, run(step, streams, (0.0, 0.0))


@sealed_two
def shelf(rng, strings, samples):
    """What stands on a shelf of twelve: filled up whenever there are three or fewer at the end."""
    streams = {"sold": wholes(rng, strings, samples, 0, 3)}

    def step(left, sold):
        left -= sold
        left = 12.0 if left <= 3.0 else left
        return left, left

    return streams, run(step, streams, 12.0)
