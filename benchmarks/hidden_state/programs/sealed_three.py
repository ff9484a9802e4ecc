"""Twenty-four programs by somebody who had not read the search, committed before any was run.

What people at a bench, in a classroom, on a court or beside a radio keep track of: twelve plain
ones first, then twelve with more to them. None repeats one of the groups that its author could see.
"""

from __future__ import annotations

import math

from ..drawing import Program, entering, flags, levels, previous, reals, run, wholes

__all__ = ["SEALED_THREE"]

SEALED_THREE: dict[str, Program] = {}
sealed_three = entering(SEALED_THREE)


# -------------------- cells, counters, switches, alarms --------------------


@sealed_three
def last_immersed_reading(rng, strings, samples):
    """The acidity that was last read while the probe was immersed; 7 before the first time."""
    streams = {
        "acidity": reals(rng, strings, samples, 2.0, 12.0),
        "immersed": levels(rng, strings, samples, 0.3),
    }

    def step(held, acidity, immersed):
        held = acidity if immersed else held
        return held, held

    return streams, run(step, streams, 7.0)


@sealed_three
def plate_count(rng, strings, samples):
    """Clicks count colonies, ten each while shift is held; a new plate puts 0, clicked or not."""
    streams = {
        "click": flags(rng, strings, samples, 0.55),
        "shift": levels(rng, strings, samples, 0.15),
        "plate": flags(rng, strings, samples, 0.07),
    }

    def step(count, click, shift, plate):
        count = 0.0 if plate else count + click * (10.0 if shift else 1.0)
        return count, count

    return streams, run(step, streams)


@sealed_three
def clap_lamp(rng, strings, samples):
    """A lamp that two claps in a row switch over; a third one begins a new pair."""
    streams = {"clap": flags(rng, strings, samples, 0.55)}

    def step(state, clap):
        half, lamp = state
        if half and clap:
            half, lamp = 0.0, 1.0 - lamp
        else:
            half = clap
        return (half, lamp), lamp

    return streams, run(step, streams, (0.0, 0.0))


@sealed_three
def dose_badge(rng, strings, samples):
    """One where the doses since the last new badge, that sample included, are over 0.1 together."""
    streams = {
        "millisievert": reals(rng, strings, samples, 0.0, 0.02),
        "badge": flags(rng, strings, samples, 0.06),
    }

    def step(total, millisievert, badge):
        total = millisievert if badge else total + millisievert
        return total, float(total > 0.1)

    return streams, run(step, streams)


@sealed_three
def longest_winning_run(rng, strings, samples):
    """The most games that have been won in a row so far."""
    streams = {"won": flags(rng, strings, samples, 0.6)}

    def step(state, won):
        row, longest = state
        row = row + 1.0 if won else 0.0
        longest = max(longest, row)
        return (row, longest), longest

    return streams, run(step, streams, (0.0, 0.0))


@sealed_three
def door_contact(rng, strings, samples):
    """Open from two open samples in a row on, closed from four closed ones on and at first."""
    streams = {"contact": levels(rng, strings, samples, 0.3)}

    def step(state, contact):
        last, length, shown = state
        length = length + 1.0 if contact == last else 1.0
        if length >= (2.0 if contact else 4.0):
            shown = contact
        return (contact, length, shown), shown

    return streams, run(step, streams, (0.0, 0.0, 0.0))


@sealed_three
def solar_pump(rng, strings, samples):
    """Runs once the roof is over 12 degrees warmer than the tank, until it is under 4 warmer."""
    streams = {
        "roof": reals(rng, strings, samples, 20.0, 70.0),
        "tank": reals(rng, strings, samples, 25.0, 55.0),
    }

    def step(runs, roof, tank):
        runs = 1.0 if roof - tank > 12.0 else 0.0 if roof - tank < 4.0 else runs
        return runs, runs

    return streams, run(step, streams)


@sealed_three
def snoozed_alarm(rng, strings, samples):
    """Rings where glucose is below 3.9, but never at a snooze or the three samples after it."""
    streams = {
        "glucose": reals(rng, strings, samples, 2.0, 6.0),
        "snooze": flags(rng, strings, samples, 0.12),
    }

    def step(quiet, glucose, snooze):
        quiet = 4.0 if snooze else max(quiet - 1.0, 0.0)
        return quiet, float(glucose < 3.9 and quiet == 0.0)

    return streams, run(step, streams)


@sealed_three
def fuse(rng, strings, samples):
    """Passes the current, but 0 from a fuse's second sample in a row above 16 amperes on."""
    streams = {
        "amperes": reals(rng, strings, samples, 0.0, 20.0),
        "new_fuse": flags(rng, strings, samples, 0.08),
    }

    def step(state, amperes, new_fuse):
        row, blown = (0.0, 0.0) if new_fuse else state
        row = row + 1.0 if amperes > 16.0 else 0.0
        blown = 1.0 if row >= 2.0 else blown
        return (row, blown), 0.0 if blown else amperes

    return streams, run(step, streams, (0.0, 0.0))


@sealed_three
def quiz_buzzer(rng, strings, samples):
    """The team, 1 or 2, first to buzz after a question, 0 for none yet; a tie does not count."""
    streams = {
        "one": flags(rng, strings, samples, 0.25),
        "two": flags(rng, strings, samples, 0.25),
        "question": flags(rng, strings, samples, 0.18),
    }

    def step(first, one, two, question):
        if question:
            first = 0.0
        elif first == 0.0 and one != two:
            first = 1.0 if one else 2.0
        return first, first

    return streams, run(step, streams)


@sealed_three
def last_lap(rng, strings, samples):
    """How many samples the last full lap took, from line to line; 0 before there is one."""
    streams = {"line": flags(rng, strings, samples, 0.22)}

    def step(state, line):
        started, time, shown = state
        time += started
        if line:
            started, time, shown = 1.0, 0.0, time
        return (started, time, shown), shown

    return streams, run(step, streams, (0.0, 0.0, 0.0))


@sealed_three
def frost_free_days(rng, strings, samples):
    """How many days in a row, today's included, did not go below 0 degrees."""
    streams = {"lowest": reals(rng, strings, samples, -3.0, 14.0)}

    def step(days, lowest):
        days = 0.0 if lowest < 0.0 else days + 1.0
        return days, days

    return streams, run(step, streams)


# -------------------- several memories, and numbers with units --------------------


@sealed_three
def tared_balance(rng, strings, samples):
    """The grams on a balance, less those when it was last tared, that sample included."""
    streams = {
        "grams": reals(rng, strings, samples, 0.0, 2000.0),
        "tare": flags(rng, strings, samples, 0.15),
    }

    def step(tared, grams, tare):
        tared = grams if tare else tared
        return tared, grams - tared

    return streams, run(step, streams)


@sealed_three
def two_flasks(rng, strings, samples):
    """Litres in two joined flasks: the first gets a dose, then a tenth of the difference flows."""
    streams = {"dose": reals(rng, strings, samples, 0.0, 0.005)}

    def step(state, dose):
        first, second = state
        first += dose
        flow = 0.1 * (first - second)
        first, second = first - flow, second + flow
        return (first, second), (first, second)

    answers = run(step, streams, (0.0, 0.0))
    return streams, {"first": answers[..., 0], "second": answers[..., 1]}


@sealed_three
def slope_of_five(rng, strings, samples):
    """Volts per second of the best line through the last five, 0.01 s apart; before them zeros."""
    volts = reals(rng, strings, samples, -0.05, 0.05)
    rise = 2.0 * volts + previous(volts) - previous(volts, 3) - 2.0 * previous(volts, 4)
    return {"volts": volts}, rise / 10.0 / 0.01


@sealed_three
def sound_meter(rng, strings, samples):
    """From 40, a needle goes half the way up to a louder sound, a twentieth down to a softer."""
    streams = {"decibels": reals(rng, strings, samples, 30.0, 110.0)}

    def step(needle, decibels):
        gap = decibels - needle
        needle += gap * (0.5 if gap > 0.0 else 0.05)
        return needle, needle

    return streams, run(step, streams, 40.0)


@sealed_three
def swing_of_the_day(rng, strings, samples):
    """The highest less the lowest temperature since midnight, the sample at midnight included."""
    streams = {
        "degrees": reals(rng, strings, samples, -8.0, 27.0),
        "midnight": flags(rng, strings, samples, 0.1),
    }

    def step(state, degrees, midnight):
        lowest, highest = (degrees, degrees) if midnight else state
        lowest, highest = min(lowest, degrees), max(highest, degrees)
        return (lowest, highest), highest - lowest

    return streams, run(step, streams, (math.inf, -math.inf))


@sealed_three
def nurse_calls(rng, strings, samples):
    """A free nurse goes to the lowest room, 1 to 3, that called and still waits; 0 for none."""
    streams = {
        "room_1": flags(rng, strings, samples, 0.2),
        "room_2": flags(rng, strings, samples, 0.2),
        "room_3": flags(rng, strings, samples, 0.2),
        "free": flags(rng, strings, samples, 0.65),
    }

    def step(waiting, *calls_and_free):
        *calls, free = calls_and_free
        waiting = [max(before, call) for before, call in zip(waiting, calls, strict=True)]
        room = waiting.index(1.0) + 1 if free and any(waiting) else 0
        if room:
            waiting[room - 1] = 0.0
        return waiting, room

    return streams, run(step, streams, (0.0, 0.0, 0.0))


@sealed_three
def session_timeout(rng, strings, samples):
    """A card logs in; the fifth sample in a row with neither card nor key logs out."""
    streams = {
        "card": flags(rng, strings, samples, 0.1),
        "key": flags(rng, strings, samples, 0.3),
    }

    def step(left, card, key):
        left = 5.0 if card or (key and left) else max(left - 1.0, 0.0)
        return left, float(left > 0.0)

    return streams, run(step, streams)


@sealed_three
def print_queue(rng, strings, samples):
    """Pages left to print: jobs that make over 20 are refused, then four print unless it jams."""
    streams = {
        "job": wholes(rng, strings, samples, 0, 8),
        "jam": flags(rng, strings, samples, 0.25),
    }

    def step(pages, job, jam):
        pages = pages + job if pages + job <= 20.0 else pages
        pages = pages if jam else max(pages - 4.0, 0.0)
        return pages, pages

    return streams, run(step, streams)


@sealed_three
def driven_shaft(rng, strings, samples):
    """A shaft turns at the engine's speed over 3.6, 2.1, 1.4 or 1, in gears 1 to 4, and stands
    still while the clutch is pressed, when a lever goes one gear up or down; it begins in gear 1.
    """
    streams = {
        "engine": reals(rng, strings, samples, 800.0, 6000.0),
        "lever": wholes(rng, strings, samples, -1, 1),
        "clutch": flags(rng, strings, samples, 0.4),
    }
    ratios = (3.6, 2.1, 1.4, 1.0)

    def step(gear, engine, lever, clutch):
        if clutch:
            return min(max(gear + int(lever), 0), 3), 0.0
        return gear, engine / ratios[gear]

    return streams, run(step, streams, 0)


@sealed_three
def tennis_games(rng, strings, samples):
    """Games that home and guest have won: each takes four points or more and a lead of two."""
    streams = {"point_to_home": flags(rng, strings, samples, 0.52)}

    def step(state, point_to_home):
        home, guest, home_games, guest_games = state
        home, guest = home + point_to_home, guest + 1.0 - point_to_home
        if max(home, guest) >= 4.0 and abs(home - guest) >= 2.0:
            home_games, guest_games = home_games + (home > guest), guest_games + (home < guest)
            home, guest = 0.0, 0.0
        return (home, guest, home_games, guest_games), (home_games, guest_games)

    answers = run(step, streams, (0.0, 0.0, 0.0, 0.0))
    return streams, {"home_games": answers[..., 0], "guest_games": answers[..., 1]}


@sealed_three
def insect_stage(rng, strings, samples):
    """Stage 1, 2 or 3 from 30, 80 or 150 degree-days above 10 on; a day below 1 puts an egg, 0."""
    streams = {"degrees": reals(rng, strings, samples, 0.0, 32.0)}

    def step(warmth, degrees):
        warmth = 0.0 if degrees < 1.0 else warmth + max(degrees - 10.0, 0.0)
        return warmth, float((warmth >= 30.0) + (warmth >= 80.0) + (warmth >= 150.0))

    return streams, run(step, streams)


@sealed_three
def yes_share(rng, strings, samples):
    """The share of yes among the answers in this street, with its first sample; 0 before any."""
    streams = {
        "answers": flags(rng, strings, samples, 0.7),
        "yes": flags(rng, strings, samples, 0.4),
        "street": flags(rng, strings, samples, 0.06),
    }

    def step(state, answers, yes, street):
        asked, agreed = (0.0, 0.0) if street else state
        asked, agreed = asked + answers, agreed + answers * yes
        return (asked, agreed), agreed / asked if asked else 0.0

    return streams, run(step, streams, (0.0, 0.0))
