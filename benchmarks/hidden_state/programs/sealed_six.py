"""Twenty-four more programs by somebody who had not read the search, committed before any was run.

From a hospital, a railway, a farm, an orchestra, a library and a phone: twelve plain ones first,
then twelve with more to them. None repeats one of the groups that its author could see.
"""

from __future__ import annotations

import math

import numpy as np

from ..drawing import Program, entering, flags, levels, reals, run, wholes

__all__ = ["SEALED_SIX"]

SEALED_SIX: dict[str, Program] = {}
sealed_six = entering(SEALED_SIX)


# -------------------- cells, counters, switches, alarms --------------------


@sealed_six
def hospital_bed(rng, strings, samples):
    """The patient in a bed, 0 for none; a discharge frees it before one is admitted, if it is."""
    streams = {
        "patient": wholes(rng, strings, samples, 1, 30),
        "admit": flags(rng, strings, samples, 0.4),
        "discharge": flags(rng, strings, samples, 0.25),
    }

    def step(bed, patient, admit, discharge):
        bed = 0.0 if discharge else bed
        bed = patient if admit and bed == 0.0 else bed
        return bed, bed

    return streams, run(step, streams)


@sealed_six
def golf_strokes(rng, strings, samples):
    """Strokes on this hole; those of the sample when it is holed still count, then it is 0."""
    streams = {
        "strokes": wholes(rng, strings, samples, 0, 2),
        "holed": flags(rng, strings, samples, 0.2),
    }

    def step(played, strokes, holed):
        played += strokes
        return 0.0 if holed else played, played

    return streams, run(step, streams)


@sealed_six
def code_read_twice(rng, strings, samples):
    """The code that was last read twice in a row by a scanner, 0 before there is one."""
    streams = {"code": wholes(rng, strings, samples, 1, 4)}

    def step(state, code):
        last, shown = state
        shown = code if code == last else shown
        return (code, shown), shown

    return streams, run(step, streams, (0.0, 0.0))


@sealed_six
def ludo_turn(rng, strings, samples):
    """Which of three players, 1 first, rolls this die; who rolls a 6 rolls again, else the next."""
    streams = {"roll": wholes(rng, strings, samples, 1, 6)}

    def step(player, roll):
        return player if roll == 6.0 else player % 3.0 + 1.0, player

    return streams, run(step, streams, 1.0)


@sealed_six
def loose_coupling(rng, strings, samples):
    """Where a wagon is, 0 at first, that an engine pulls or pushes once it is 0.8 metres away."""
    streams = {"engine": np.cumsum(reals(rng, strings, samples), axis=1)}

    def step(wagon, engine):
        wagon = min(max(wagon, engine - 0.8), engine + 0.8)
        return wagon, wagon

    return streams, run(step, streams)


@sealed_six
def season_best(rng, strings, samples):
    """One where a run was faster than all before it in its season, whose first run always is."""
    streams = {
        "seconds": reals(rng, strings, samples, 10.0, 12.0),
        "season": flags(rng, strings, samples, 0.15),
    }

    def step(best, seconds, season):
        best = math.inf if season else best
        return min(best, seconds), float(seconds < best)

    return streams, run(step, streams, math.inf)


@sealed_six
def marching_steps(rng, strings, samples):
    """How many steps of left and right in turn; a step with the same foot again is a first one."""
    streams = {"right": levels(rng, strings, samples, 0.65)}

    def step(state, right):
        last, row = state
        row = row + 1.0 if right != last else 1.0
        return (right, row), row

    return streams, run(step, streams, (-1.0, 0.0))


@sealed_six
def both_signed(rng, strings, samples):
    """One where buyer and seller have both signed; a new draft voids both, those just made too."""
    streams = {
        "buyer": flags(rng, strings, samples, 0.3),
        "seller": flags(rng, strings, samples, 0.3),
        "draft": flags(rng, strings, samples, 0.12),
    }

    def step(signed, buyer, seller, draft):
        signed = (0.0, 0.0) if draft else (max(signed[0], buyer), max(signed[1], seller))
        return signed, signed[0] * signed[1]

    return streams, run(step, streams, (0.0, 0.0))


@sealed_six
def oboe_pitch(rng, strings, samples):
    """The hertz of the last tone that was louder than 0.6; 440 before the first one."""
    streams = {
        "hertz": reals(rng, strings, samples, 230.0, 900.0),
        "loudness": reals(rng, strings, samples, 0.0, 1.0),
    }

    def step(tuned, hertz, loudness):
        tuned = hertz if loudness > 0.6 else tuned
        return tuned, tuned

    return streams, run(step, streams, 440.0)


@sealed_six
def form_of_a_club(rng, strings, samples):
    """Games won in a row, or, below 0, games lost in a row, the last one included."""
    streams = {"wins": flags(rng, strings, samples, 0.55)}

    def step(form, wins):
        form = max(form, 0.0) + 1.0 if wins else min(form, 0.0) - 1.0
        return form, form

    return streams, run(step, streams)


@sealed_six
def oven_timer(rng, strings, samples):
    """Minutes left: those set where it is started, else one less, not below 0, if it is shut."""
    streams = {
        "minutes": wholes(rng, strings, samples, 3, 9),
        "start": flags(rng, strings, samples, 0.15),
        "shut": levels(rng, strings, samples, 0.25),
    }

    def step(left, minutes, start, shut):
        left = minutes if start else max(left - shut, 0.0)
        return left, left

    return streams, run(step, streams)


@sealed_six
def tea_cooling(rng, strings, samples):
    """Degrees of a cup: 90 where it is poured, else it comes 0.15 of the way to 20, as at first."""
    streams = {"pour": flags(rng, strings, samples, 0.15)}

    def step(degrees, pour):
        degrees = 90.0 if pour else degrees + 0.15 * (20.0 - degrees)
        return degrees, degrees

    return streams, run(step, streams, 20.0)


# -------------------- several memories, schedules, leaks, games --------------------


@sealed_six
def single_track(rng, strings, samples):
    """Who has the line, east 1 or west 2, 0 for nobody: who asks when it is free, east first, has
    it for three samples; who asks in between turns back.
    """
    streams = {"east": flags(rng, strings, samples, 0.2), "west": flags(rng, strings, samples, 0.4)}

    def step(state, east, west):
        who, left = state
        if left == 0.0:
            who = 1.0 if east else 2.0 if west else 0.0
            left = 3.0 if who else 0.0
        return (who, max(left - 1.0, 0.0)), who

    return streams, run(step, streams, (0.0, 0.0))


@sealed_six
def irrigation(rng, strings, samples):
    """At every fifth sample, what the rain of these five lacks to 12 millimetres; else 0."""
    streams = {"rain": reals(rng, strings, samples, 0.0, 4.0)}

    def step(state, rain):
        day, fallen = state[0] + 1.0, state[1] + rain
        if day == 5.0:
            return (0.0, 0.0), max(12.0 - fallen, 0.0)
        return (day, fallen), 0.0

    return streams, run(step, streams, (0.0, 0.0))


@sealed_six
def pond_below_barrel(rng, strings, samples):
    """Watering takes 12 litres of a barrel, or all, then rain fills it; what is over 30 runs into a
    pond, from which a tenth seeps away before. The pond.
    """
    streams = {
        "rain": reals(rng, strings, samples, 0.0, 12.0),
        "watering": flags(rng, strings, samples, 0.45),
    }

    def step(state, rain, watering):
        barrel, pond = state
        barrel = max(barrel - 12.0 * watering, 0.0) + rain
        pond = 0.9 * pond + max(barrel - 30.0, 0.0)
        return (min(barrel, 30.0), pond), pond

    return streams, run(step, streams, (15.0, 0.0))


@sealed_six
def pulse_cleaned(rng, strings, samples):
    """The pulse last believed, 70 at first: one within 10 of it is, and any after a doubted one."""
    drift = np.cumsum(reals(rng, strings, samples, -3.0, 3.0), axis=1)
    streams = {"pulse": 70.0 + drift + 30.0 * flags(rng, strings, samples, 0.25)}

    def step(state, pulse):
        believed, doubted = state
        doubted = abs(pulse - believed) > 10.0 and not doubted
        believed = believed if doubted else pulse
        return (believed, doubted), believed

    return streams, run(step, streams, (70.0, False))


@sealed_six
def ladder_and_snake(rng, strings, samples):
    """A place, 0 at first: a ladder leads from 4 to 9, a snake from 12 to 6; from 16 on it is 0."""
    streams = {"roll": wholes(rng, strings, samples, 1, 3)}

    def step(place, roll):
        place += roll
        place = 0.0 if place >= 16.0 else {4.0: 9.0, 12.0: 6.0}.get(place, place)
        return place, place

    return streams, run(step, streams)


@sealed_six
def chess_clock(rng, strings, samples):
    """The seconds white, who begins, and black have thought; a press ends a turn with its own."""
    streams = {
        "seconds": reals(rng, strings, samples, 1.0, 30.0),
        "press": flags(rng, strings, samples, 0.35),
    }

    def step(state, seconds, press):
        is_black, white, black = state
        white, black = (white, black + seconds) if is_black else (white + seconds, black)
        return (is_black != press, white, black), (white, black)

    answers = run(step, streams, (False, 0.0, 0.0))
    return streams, {"white": answers[..., 0], "black": answers[..., 1]}


@sealed_six
def undo_key(rng, strings, samples):
    """What was typed last; else undo puts what it was before the last change, undone ones too."""
    streams = {
        "number": wholes(rng, strings, samples, 1, 50),
        "typed": flags(rng, strings, samples, 0.3),
        "undo": flags(rng, strings, samples, 0.4),
    }

    def step(state, number, typed, undo):
        now, before = state
        now, before = (number, now) if typed else (before, now) if undo else state
        return (now, before), now

    return streams, run(step, streams, (0.0, 0.0))


@sealed_six
def accelerando(rng, strings, samples):
    """One while the last gap of beats is below the one before; the first is from the start on."""
    streams = {"beat": flags(rng, strings, samples, 0.4)}

    def step(state, beat):
        since, last, before = state
        since += 1.0
        if beat:
            since, last, before = 0.0, since, last
        return (since, last, before), float(last < before)

    return streams, run(step, streams, (0.0, 0.0, 0.0))


@sealed_six
def library_fine(rng, strings, samples):
    """A book that is in is borrowed, one that is out brought back. What is owed: 0.5 more for each
    sample from the fourth on that it is out, after paying, which puts it to 0.
    """
    streams = {
        "borrow": flags(rng, strings, samples, 0.5),
        "bring": flags(rng, strings, samples, 0.15),
        "pay": flags(rng, strings, samples, 0.12),
    }

    def step(state, borrow, bring, pay):
        out, owed = state
        out = borrow if out == 0.0 else 0.0 if bring else out + 1.0
        owed = 0.0 if pay else owed
        owed = owed + 0.5 if out >= 4.0 else owed
        return (out, owed), owed

    return streams, run(step, streams, (0.0, 0.0))


@sealed_six
def phone_saver(rng, strings, samples):
    """The charge, 60 at first: 8 more on the plug, up to 100, else less by what is used, down to 0,
    or by half of it with the saver on, which it is from a charge below 30 on until one above 50.
    """
    streams = {
        "used": reals(rng, strings, samples, 0.0, 14.0),
        "plug": levels(rng, strings, samples, 0.2),
    }

    def step(state, used, plug):
        charge, saver = state
        used = 0.5 * used if saver else used
        charge = min(charge + 8.0, 100.0) if plug else max(charge - used, 0.0)
        saver = 1.0 if charge < 30.0 else 0.0 if charge > 50.0 else saver
        return (charge, saver), charge

    return streams, run(step, streams, (60.0, 0.0))


@sealed_six
def cruise_control(rng, strings, samples):
    """Throttle from 0 to 100: 2 per unit that the speed lacks, and half of each such unit so far,
    this one included, a memory of 20 at first that stays between 0 and 60.
    """
    streams = {
        "wanted": reals(rng, strings, samples, 80.0, 130.0),
        "speed": reals(rng, strings, samples, 80.0, 130.0),
    }

    def step(memory, wanted, speed):
        lacks = wanted - speed
        memory = min(max(memory + 0.5 * lacks, 0.0), 60.0)
        return memory, min(max(2.0 * lacks + memory, 0.0), 100.0)

    return streams, run(step, streams, 20.0)


@sealed_six
def lead_changes(rng, strings, samples):
    """How often the lead has gone from home to guest or back, whatever ties were in between."""
    streams = {
        "home": wholes(rng, strings, samples, 0, 3),
        "guest": wholes(rng, strings, samples, 0, 3),
    }

    def step(state, home, guest):
        ahead, leader, changes = state
        ahead += home - guest
        leads = float(np.sign(ahead)) or leader
        changes += leads * leader < 0.0
        return (ahead, leads, changes), changes

    return streams, run(step, streams, (0.0, 0.0, 0.0))
