"""Twenty-four more programs by somebody who had not read the search, committed before any was run.

From a bench, a ward, a classroom, a club and a workshop: twelve plain ones first, then twelve with
more to them. None repeats one of the groups that its author could see.
"""

from __future__ import annotations

import math

from ..drawing import Program, entering, flags, levels, reals, run, wholes

__all__ = ["SEALED_FOUR"]

SEALED_FOUR: dict[str, Program] = {}
sealed_four = entering(SEALED_FOUR)


# -------------------- cells, counters, switches, alarms --------------------


@sealed_four
def freezer_was_warm(rng, strings, samples):
    """One where it was above -60 degrees since the last check, the sample of the check included."""
    streams = {
        "degrees": reals(rng, strings, samples, -85.0, -55.0),
        "check": flags(rng, strings, samples, 0.15),
    }

    def step(was_warm, degrees, check):
        was_warm = 1.0 if degrees > -60.0 else 0.0 if check else was_warm
        return was_warm, was_warm

    return streams, run(step, streams)


@sealed_four
def letter_home(rng, strings, samples):
    """One at the third, sixth, ninth ... day of absence in a row."""
    streams = {"absent": flags(rng, strings, samples, 0.75)}

    def step(days, absent):
        days = days + 1.0 if absent else 0.0
        return days, float(days > 0.0 and days % 3.0 == 0.0)

    return streams, run(step, streams)


@sealed_four
def lives_left(rng, strings, samples):
    """A new or first game puts 3; else, until 0, a heart adds one up to 5, then a hit takes one."""
    streams = {
        "hit": flags(rng, strings, samples, 0.45),
        "heart": flags(rng, strings, samples, 0.35),
        "new_game": flags(rng, strings, samples, 0.12),
    }

    def step(lives, hit, heart, new_game):
        if new_game:
            lives = 3.0
        elif lives > 0.0:
            lives = min(lives + heart, 5.0) - hit
        return lives, lives

    return streams, run(step, streams, 3.0)


@sealed_four
def fever_readings(rng, strings, samples):
    """How many readings the fever has lasted, from one of 38.5 on until one below 37.5, else 0."""
    streams = {"degrees": reals(rng, strings, samples, 36.0, 40.0)}

    def step(lasted, degrees):
        if degrees < 37.5:
            lasted = 0.0
        elif degrees >= 38.5 or lasted > 0.0:
            lasted += 1.0
        return lasted, lasted

    return streams, run(step, streams)


@sealed_four
def squelch(rng, strings, samples):
    """Sound passes from a signal above -85 on until one below -95; otherwise 0."""
    streams = {
        "sound": reals(rng, strings, samples, -0.3, 0.3),
        "signal": reals(rng, strings, samples, -110.0, -70.0),
    }

    def step(is_open, sound, signal):
        is_open = 1.0 if signal > -85.0 else 0.0 if signal < -95.0 else is_open
        return is_open, sound * is_open

    return streams, run(step, streams)


@sealed_four
def capital_letters(rng, strings, samples):
    """Caps turns a lock over, from that sample on; one where either the lock or shift is on."""
    streams = {
        "caps": flags(rng, strings, samples, 0.2),
        "shift": levels(rng, strings, samples, 0.3),
    }

    def step(lock, caps, shift):
        lock = 1.0 - lock if caps else lock
        return lock, float(lock != shift)

    return streams, run(step, streams)


@sealed_four
def spikes_counted(rng, strings, samples):
    """How often the voltage has come from below -0.02, where it begins, to -0.02 or above."""
    streams = {"volts": reals(rng, strings, samples, -0.09, 0.03)}

    def step(state, volts):
        was_high, spikes = state
        is_high = volts >= -0.02
        spikes += is_high and not was_high
        return (is_high, spikes), spikes

    return streams, run(step, streams, (False, 0.0))


@sealed_four
def turns_of_speech(rng, strings, samples):
    """How often the speaker has changed, nobody at first, since a call to order, which puts 0."""
    streams = {
        "speaker": wholes(rng, strings, samples, 1, 4),
        "order": flags(rng, strings, samples, 0.1),
    }

    def step(state, speaker, order):
        last, turns = state
        turns = 0.0 if order else turns + float(speaker != last)
        return (speaker, turns), turns

    return streams, run(step, streams, (0.0, 0.0))


@sealed_four
def egg_timer(rng, strings, samples):
    """One at the fourth sample after a press if there was no other press since."""
    streams = {"press": flags(rng, strings, samples, 0.2)}

    def step(left, press):
        rings = float(left == 1.0 and not press)
        return 4.0 if press else max(left - 1.0, 0.0), rings

    return streams, run(step, streams)


@sealed_four
def two_hand_press(rng, strings, samples):
    """One where both hands press, if both were off at some sample since it was last one."""
    streams = {
        "left": levels(rng, strings, samples, 0.45),
        "right": levels(rng, strings, samples, 0.45),
    }

    def step(is_armed, left, right):
        closes = float(is_armed and left and right)
        is_armed = 0.0 if closes else max(is_armed, (1.0 - left) * (1.0 - right))
        return is_armed, closes

    return streams, run(step, streams)


@sealed_four
def jumps_since_record(rng, strings, samples):
    """How many jumps ago the longest jump so far was made, 0 at that jump."""
    streams = {"metres": reals(rng, strings, samples, 3.0, 7.5)}

    def step(state, metres):
        longest, ago = state
        longest, ago = (metres, 0.0) if metres > longest else (longest, ago + 1.0)
        return (longest, ago), ago

    return streams, run(step, streams, (0.0, 0.0))


@sealed_four
def cubic_metres(rng, strings, samples):
    """How many full thousands the litres that have flowed so far come to."""
    streams = {"litres": reals(rng, strings, samples, 0.0, 400.0)}

    def step(flowed, litres):
        flowed += litres
        return flowed, flowed // 1000.0

    return streams, run(step, streams)


# -------------------- several memories, and numbers with units --------------------


@sealed_four
def pain_pump(rng, strings, samples):
    """Milligrams in the blood: a fifth goes, then a press adds 50 unless that makes over 160."""
    streams = {"press": flags(rng, strings, samples, 0.65)}

    def step(blood, press):
        blood *= 0.8
        blood = blood + 50.0 if press and blood + 50.0 <= 160.0 else blood
        return blood, blood

    return streams, run(step, streams)


@sealed_four
def market(rng, strings, samples):
    """A price, 2 at first, rises by 0.001 for each item that demand is above supply; then supply,
    1000 at first, goes three tenths of the way to 500 times the new price.
    """
    streams = {"demand": reals(rng, strings, samples, 800.0, 1200.0)}

    def step(state, demand):
        price, supply = state
        price += 0.001 * (demand - supply)
        supply += 0.3 * (500.0 * price - supply)
        return (price, supply), price

    return streams, run(step, streams, (2.0, 1000.0))


@sealed_four
def term_points(rng, strings, samples):
    """In a term, its first sample included: homework, five times tests, less 3 each second late."""
    streams = {
        "homework": wholes(rng, strings, samples, 0, 3),
        "test": wholes(rng, strings, samples, 0, 2),
        "late": flags(rng, strings, samples, 0.3),
        "term": flags(rng, strings, samples, 0.07),
    }

    def step(state, homework, test, late, term):
        points, odd = (0.0, 0.0) if term else state
        points += homework + 5.0 * test - 3.0 * late * odd
        return (points, abs(odd - late)), points

    return streams, run(step, streams, (0.0, 0.0))


@sealed_four
def pulse_alarm(rng, strings, samples):
    """A mean, 80 at first, goes a fifth of the way to the pulse; alarm over 108 until under 96."""
    streams = {"pulse": reals(rng, strings, samples, 50.0, 150.0)}

    def step(state, pulse):
        mean, alarm = state
        mean += 0.2 * (pulse - mean)
        alarm = 1.0 if mean > 108.0 else 0.0 if mean < 96.0 else alarm
        return (mean, alarm), alarm

    return streams, run(step, streams, (80.0, 0.0))


@sealed_four
def closest_approach(rng, strings, samples):
    """The least distance of two boats since the last report, that sample included."""
    streams = {
        "first": reals(rng, strings, samples, 0.0, 5000.0),
        "second": reals(rng, strings, samples, 0.0, 5000.0),
        "report": flags(rng, strings, samples, 0.12),
    }

    def step(least, first, second, report):
        distance = abs(first - second)
        least = distance if report else min(least, distance)
        return least, least

    return streams, run(step, streams, math.inf)


@sealed_four
def weight_change(rng, strings, samples):
    """Kilograms at the last visit less those at the visit before, 70 before the first; first 0."""
    streams = {
        "kilograms": reals(rng, strings, samples, 50.0, 90.0),
        "visit": flags(rng, strings, samples, 0.3),
    }

    def step(state, kilograms, visit):
        last, change = (kilograms, kilograms - state[0]) if visit else state
        return (last, change), change

    return streams, run(step, streams, (70.0, 0.0))


@sealed_four
def alarm_panel(rng, strings, samples):
    """The gravest alarm that is on, of fire 3, burglary 2 and fault 1, 0 for none; silence turns
    off the gravest that was on before, then what rings is turned on.
    """
    streams = {
        "fire": flags(rng, strings, samples, 0.1),
        "burglary": flags(rng, strings, samples, 0.15),
        "fault": flags(rng, strings, samples, 0.2),
        "silence": flags(rng, strings, samples, 0.4),
    }

    def step(state, *rings_and_silence):
        *rings, silence = rings_and_silence
        now = list(state)
        if silence and any(now):
            now[now.index(1.0)] = 0.0
        now = [max(before, ring) for before, ring in zip(now, rings, strict=True)]
        return now, 3 - now.index(1.0) if any(now) else 0

    return streams, run(step, streams, (0.0, 0.0, 0.0))


@sealed_four
def talk_timer(rng, strings, samples):
    """A sender is wanted from speech on for that sample and two more; it sends while it is wanted,
    but not from the seventh wanted sample in a row on.
    """
    streams = {"speech": flags(rng, strings, samples, 0.4)}

    def step(state, speech):
        left, row = state
        left = 3.0 if speech else max(left - 1.0, 0.0)
        row = row + 1.0 if left > 0.0 else 0.0
        return (left, row), float(0.0 < row < 7.0)

    return streams, run(step, streams, (0.0, 0.0))


@sealed_four
def two_tills(rng, strings, samples):
    """Who comes joins the shorter line, the first if equal, unless it has four; then each till that
    is free takes one from its own line. Both lengths.
    """
    streams = {
        "comes": flags(rng, strings, samples, 0.8),
        "first_free": flags(rng, strings, samples, 0.35),
        "second_free": flags(rng, strings, samples, 0.35),
    }

    def step(state, comes, first_free, second_free):
        first, second = state
        if comes and min(first, second) < 4.0:
            first, second = (first + 1.0, second) if first <= second else (first, second + 1.0)
        first, second = max(first - first_free, 0.0), max(second - second_free, 0.0)
        return (first, second), (first, second)

    answers = run(step, streams, (0.0, 0.0))
    return streams, {"first": answers[..., 0], "second": answers[..., 1]}


@sealed_four
def rotating_tray(rng, strings, samples):
    """A tray's place, 0 to 11: it goes steps forwards, or back after an odd number of switches."""
    streams = {
        "steps": wholes(rng, strings, samples, 0, 3),
        "switch": flags(rng, strings, samples, 0.2),
    }

    def step(state, steps, switch):
        direction, vial = state
        direction = -direction if switch else direction
        vial = (vial + direction * steps) % 12.0
        return (direction, vial), vial

    return streams, run(step, streams, (1.0, 0.0))


@sealed_four
def darts_leg(rng, strings, samples):
    """Points left of 41: a throw of more than is left does not count; 0 is put to 41 at once."""
    streams = {"throw": wholes(rng, strings, samples, 0, 12)}

    def step(left, throw):
        left = left - throw if throw <= left else left
        left = 41.0 if left == 0.0 else left
        return left, left

    return streams, run(step, streams, 41.0)


@sealed_four
def colour_shown(rng, strings, samples):
    """Passes red, green or blue light: red first, the next in turn at a click, red at home."""
    streams = {
        "red": reals(rng, strings, samples, 0.0, 0.004),
        "green": reals(rng, strings, samples, 0.0, 0.004),
        "blue": reals(rng, strings, samples, 0.0, 0.004),
        "click": flags(rng, strings, samples, 0.25),
        "home": flags(rng, strings, samples, 0.07),
    }

    def step(filter_in, red, green, blue, click, home):
        filter_in = 0 if home else (filter_in + int(click)) % 3
        return filter_in, (red, green, blue)[filter_in]

    return streams, run(step, streams, 0)
