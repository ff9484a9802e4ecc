"""Twenty plain programs by somebody who had not read the search, committed before any was run.

Memory cells, counters, toggles, thresholds and run lengths from a harbour, a mill, a museum, a
road and a river. None repeats one of the groups that its author could see.
"""

from __future__ import annotations

import numpy as np

from ..drawing import Program, entering, flags, levels, reals, run, wholes

__all__ = ["SEALED_SEVEN"]

SEALED_SEVEN: dict[str, Program] = {}
sealed_seven = entering(SEALED_SEVEN)


def measured(
    rng: np.random.Generator,
    strings: int,
    samples: int,
    low: float,
    high: float,
    unit: float = 1.0,
) -> np.ndarray:
    """Numbers from low to high as an instrument shows them, with one decimal, times a unit."""
    return np.round(unit * np.round(reals(rng, strings, samples, low, high), 1), 4)


def drifting(
    rng: np.random.Generator,
    strings: int,
    samples: int,
    low: float,
    high: float,
    pace: float,
    unit: float = 1.0,
) -> np.ndarray:
    """The same, but a number is no more than a pace away from the one before it."""
    rows = reals(rng, strings, samples, -pace, pace)
    rows[:, 0] = rng.uniform(low, high, strings)
    for t in range(1, samples):
        rows[:, t] = np.clip(rows[:, t - 1] + rows[:, t], low, high)
    return np.round(unit * np.round(rows, 1), 4) + 0.0


# -------------------- memory cells --------------------


@sealed_seven
def parcel_before_last(rng, strings, samples):
    """The grams of the last but one parcel that was scanned, 0 before there are two."""
    streams = {
        "grams": measured(rng, strings, samples, 1.0, 20.0, unit=100.0),
        "scanned": flags(rng, strings, samples, 0.4),
    }

    def step(state, grams, scanned):
        last, before = state
        if scanned:
            last, before = grams, last
        return (last, before), before

    return streams, run(step, streams, (0.0, 0.0))


@sealed_seven
def depth_at_anchor(rng, strings, samples):
    """While the anchor is down, the metres below the ship when it went down; 0 while it is up."""
    streams = {
        "metres": measured(rng, strings, samples, 2.0, 40.0),
        "down": levels(rng, strings, samples, 0.25),
    }

    def step(state, metres, down):
        was_down, kept = state
        if down:
            kept = kept if was_down else metres
        else:
            kept = 0.0
        return (down, kept), kept

    return streams, run(step, streams, (0.0, 0.0))


@sealed_seven
def flow_before_cough(rng, strings, samples):
    """The flow of breath at the sample before the last cough, 0 before there was one."""
    streams = {
        "flow": measured(rng, strings, samples, 0.0, 9.0),
        "cough": flags(rng, strings, samples, 0.25),
    }

    def step(state, flow, cough):
        last, kept = state
        kept = last if cough else kept
        return (flow, kept), kept

    return streams, run(step, streams, (0.0, 0.0))


@sealed_seven
def car_radio(rng, strings, samples):
    """The frequency that was stored last, 100 at first, where it is recalled; else the dial's."""
    streams = {
        "dial": measured(rng, strings, samples, 87.5, 108.0),
        "store": flags(rng, strings, samples, 0.2),
        "recall": flags(rng, strings, samples, 0.5),
    }

    def step(stored, dial, store, recall):
        stored = dial if store else stored
        return stored, stored if recall else dial

    return streams, run(step, streams, 100.0)


@sealed_seven
def speed_limit(rng, strings, samples):
    """The limit on the last sign; 100 at first and from an end sign on, unless both stand there."""
    streams = {
        "limit": 10.0 * wholes(rng, strings, samples, 3, 12),
        "sign": flags(rng, strings, samples, 0.3),
        "end": flags(rng, strings, samples, 0.2),
    }

    def step(valid, limit, sign, end):
        valid = limit if sign else 100.0 if end else valid
        return valid, valid

    return streams, run(step, streams, 100.0)


# -------------------- counters --------------------


@sealed_seven
def museum_visitors(rng, strings, samples):
    """Visitors since the museum last opened; none comes in while it is shut, the count stays."""
    streams = {
        "people": wholes(rng, strings, samples, 0, 4),
        "is_open": levels(rng, strings, samples, 0.25),
    }

    def step(state, people, is_open):
        was_open, count = state
        if is_open:
            count = count + people if was_open else people
        return (is_open, count), count

    return streams, run(step, streams, (0.0, 0.0))


@sealed_seven
def stamp_card(rng, strings, samples):
    """Stamps on a card for five, one more per purchase; handed in, a full card is first emptied."""
    streams = {
        "purchase": flags(rng, strings, samples, 0.6),
        "hand_in": flags(rng, strings, samples, 0.3),
    }

    def step(stamps, purchase, hand_in):
        if hand_in and stamps == 5.0:
            stamps = 0.0
        stamps = min(stamps + purchase, 5.0)
        return stamps, stamps

    return streams, run(step, streams)


@sealed_seven
def flour_sack(rng, strings, samples):
    """Scoops left in a sack of 25: those taken go, as far as there are any, from a new one too."""
    streams = {
        "scoops": wholes(rng, strings, samples, 0, 6),
        "new_sack": flags(rng, strings, samples, 0.12),
    }

    def step(left, scoops, new_sack):
        left = 25.0 if new_sack else left
        left = max(left - scoops, 0.0)
        return left, left

    return streams, run(step, streams, 25.0)


@sealed_seven
def tug_of_war(rng, strings, samples):
    """Where the knot is: left takes one, right adds one; after -3 or 3 it begins again at 0."""
    streams = {
        "left": flags(rng, strings, samples, 0.5),
        "right": flags(rng, strings, samples, 0.5),
    }

    def step(knot, left, right):
        knot += right - left
        return 0.0 if abs(knot) == 3.0 else knot, knot

    return streams, run(step, streams)


@sealed_seven
def long_shifts(rng, strings, samples):
    """How many shifts of over 8 hours there were this month, the first shift of it included."""
    streams = {
        "hours": measured(rng, strings, samples, 5.0, 11.0),
        "new_month": flags(rng, strings, samples, 0.12),
    }

    def step(count, hours, new_month):
        count = 0.0 if new_month else count
        count = count + 1.0 if hours > 8.0 else count
        return count, count

    return streams, run(step, streams)


# -------------------- toggles and latches --------------------


@sealed_seven
def bicycle_lamp(rng, strings, samples):
    """Mode 0 to 3: a press goes to the next one, 0 after 3; a press right after a press puts 0."""
    streams = {"press": flags(rng, strings, samples, 0.35)}

    def step(state, press):
        pressed, mode = state
        if press:
            mode = 0.0 if pressed else (mode + 1.0) % 4.0
        return (press, mode), mode

    return streams, run(step, streams, (0.0, 0.0))


@sealed_seven
def sawmill(rng, strings, samples):
    """Runs from a start on until a stop or until the guard is up; neither lets it be started."""
    streams = {
        "start": flags(rng, strings, samples, 0.4),
        "stop": flags(rng, strings, samples, 0.15),
        "guard_up": levels(rng, strings, samples, 0.2),
    }

    def step(runs, start, stop, guard_up):
        runs = 0.0 if stop or guard_up else 1.0 if start else runs
        return runs, runs

    return streams, run(step, streams)


@sealed_seven
def stage_curtain(rng, strings, samples):
    """A cue opens or closes it; smoke closes it, and cues are void from then on until all clear."""
    streams = {
        "cue": flags(rng, strings, samples, 0.4),
        "smoke": flags(rng, strings, samples, 0.12),
        "all_clear": flags(rng, strings, samples, 0.3),
    }

    def step(state, cue, smoke, all_clear):
        is_open, barred = state
        if smoke:
            return (0.0, 1.0), 0.0
        barred = 0.0 if all_clear else barred
        is_open = 1.0 - is_open if cue and not barred else is_open
        return (is_open, barred), is_open

    return streams, run(step, streams, (0.0, 0.0))


# -------------------- thresholds and alarms --------------------


@sealed_seven
def river_warning(rng, strings, samples):
    """Grade 1 above 4 metres, 2 above 6; it does not go down until below 2.5, where it is 0."""
    streams = {"metres": drifting(rng, strings, samples, 0.0, 8.0, pace=3.0)}

    def step(grade, metres):
        if metres > 6.0:
            grade = 2.0
        elif metres > 4.0:
            grade = max(grade, 1.0)
        elif metres < 2.5:
            grade = 0.0
        return grade, grade

    return streams, run(step, streams)


@sealed_seven
def conveyor_jam(rng, strings, samples):
    """Alarm from three samples in a row above 3.2 amperes on, until a reset that is not above."""
    streams = {
        "amperes": measured(rng, strings, samples, 0.5, 6.0),
        "reset": flags(rng, strings, samples, 0.3),
    }

    def step(state, amperes, reset):
        row, alarm = state
        if amperes > 3.2:
            row += 1.0
            alarm = 1.0 if row >= 3.0 else alarm
        else:
            row = 0.0
            alarm = 0.0 if reset else alarm
        return (row, alarm), alarm

    return streams, run(step, streams, (0.0, 0.0))


@sealed_seven
def lighthouse(rng, strings, samples):
    """Lit from two samples in a row below a light of 0.04 on, out from two that are not below."""
    streams = {"light": measured(rng, strings, samples, 0.0, 9.0, unit=0.01)}

    def step(state, light):
        was_dark, lit = state
        dark = light < 0.04
        lit = float(dark) if dark == was_dark else lit
        return (dark, lit), lit

    return streams, run(step, streams, (False, 0.0))


@sealed_seven
def house_battery(rng, strings, samples):
    """Charges, 1, from over 3500 spare watts on until below 1200; gives, -1, from below -3500 on
    until above -1200; else it rests, 0.
    """
    streams = {"watts": drifting(rng, strings, samples, -6.0, 6.0, pace=4.0, unit=1000.0)}

    def step(mode, watts):
        if watts > 3500.0:
            mode = 1.0
        elif watts < -3500.0:
            mode = -1.0
        elif mode * watts < 1200.0:
            mode = 0.0
        return mode, mode

    return streams, run(step, streams)


# -------------------- run lengths and streaks --------------------


@sealed_seven
def practice_streak(rng, strings, samples):
    """Days in a row with 10 minutes or more; a joker keeps the streak on a day with less."""
    streams = {
        "minutes": wholes(rng, strings, samples, 0, 30),
        "joker": flags(rng, strings, samples, 0.35),
    }

    def step(streak, minutes, joker):
        streak = streak + 1.0 if minutes >= 10.0 else streak if joker else 0.0
        return streak, streak

    return streams, run(step, streams)


@sealed_seven
def calm_spell(rng, strings, samples):
    """How many samples in a row waves were below 1.5 metres, once these are three or more; or 0."""
    streams = {"waves": drifting(rng, strings, samples, 0.2, 2.6, pace=1.2)}

    def step(row, waves):
        row = row + 1.0 if waves < 1.5 else 0.0
        return row, row if row >= 3.0 else 0.0

    return streams, run(step, streams)


@sealed_seven
def longest_dry_spell(rng, strings, samples):
    """The most days in a row below 1 millimetre in this season, whose first day begins anew."""
    rain = measured(rng, strings, samples, 0.0, 4.0)
    streams = {
        "rain": rain * flags(rng, strings, samples, 0.5),
        "season": flags(rng, strings, samples, 0.1),
    }

    def step(state, rain, season):
        row, longest = (0.0, 0.0) if season else state
        row = row + 1.0 if rain < 1.0 else 0.0
        longest = max(longest, row)
        return (row, longest), longest

    return streams, run(step, streams, (0.0, 0.0))
