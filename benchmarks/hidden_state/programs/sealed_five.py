"""Twenty-four more programs by somebody who had not read the search, committed before any was run.

From a household, a street, a shop, a sports hall and a workshop: twelve plain ones first, then
twelve with more to them. None repeats one of the groups that its author could see.
"""

from __future__ import annotations

import math

import numpy as np

from ..drawing import Program, entering, flags, levels, reals, run, wholes

__all__ = ["SEALED_FIVE"]

SEALED_FIVE: dict[str, Program] = {}
sealed_five = entering(SEALED_FIVE)


# -------------------- cells, counters, switches, alarms --------------------


@sealed_five
def blackboard(rng, strings, samples):
    """The number that was last written, 0 once it is wiped; who does both wipes first."""
    streams = {
        "number": wholes(rng, strings, samples, 1, 20),
        "write": flags(rng, strings, samples, 0.3),
        "wipe": flags(rng, strings, samples, 0.2),
    }

    def step(board, number, write, wipe):
        board = number if write else 0.0 if wipe else board
        return board, board

    return streams, run(step, streams)


@sealed_five
def eggs_today(rng, strings, samples):
    """The eggs that were laid since the morning, the sample of the morning included."""
    streams = {
        "eggs": wholes(rng, strings, samples, 0, 3),
        "morning": flags(rng, strings, samples, 0.12),
    }

    def step(laid, eggs, morning):
        laid = eggs if morning else laid + eggs
        return laid, laid

    return streams, run(step, streams)


@sealed_five
def hall_light(rng, strings, samples):
    """Turned over by each of two buttons, twice by both at once; a master switch puts it out."""
    streams = {
        "door": flags(rng, strings, samples, 0.25),
        "bed": flags(rng, strings, samples, 0.25),
        "master": flags(rng, strings, samples, 0.1),
    }

    def step(light, door, bed, master):
        light = 0.0 if master else (light + door + bed) % 2.0
        return light, light

    return streams, run(step, streams)


@sealed_five
def milk_is_off(rng, strings, samples):
    """One from the second sample above 9 degrees on, in a row or not, after fresh milk came."""
    streams = {
        "degrees": reals(rng, strings, samples, 2.0, 14.0),
        "fresh": flags(rng, strings, samples, 0.15),
    }

    def step(warm, degrees, fresh):
        warm = 0.0 if fresh else warm + float(degrees > 9.0)
        return warm, float(warm >= 2.0)

    return streams, run(step, streams)


@sealed_five
def days_up(rng, strings, samples):
    """How many days in a row, today's included, a price was above that of the day before."""
    streams = {"price": 100.0 + np.cumsum(reals(rng, strings, samples), axis=1)}

    def step(state, price):
        yesterday, days = state
        days = days + 1.0 if price > yesterday else 0.0
        return (price, days), days

    return streams, run(step, streams, (math.inf, 0.0))


@sealed_five
def worn_contact(rng, strings, samples):
    """A count from 0 to 3, one up where it touches, else one down; on from 3 on until it is 0."""
    streams = {"touches": levels(rng, strings, samples, 0.3)}

    def step(state, touches):
        count, on = state
        count = min(count + 1.0, 3.0) if touches else max(count - 1.0, 0.0)
        on = 1.0 if count == 3.0 else 0.0 if count == 0.0 else on
        return (count, on), on

    return streams, run(step, streams, (0.0, 0.0))


@sealed_five
def pool_chlorine(rng, strings, samples):
    """Wanted from below 0.3 on until above 0.6; doses where it is wanted, but not in a backwash."""
    streams = {
        "chlorine": reals(rng, strings, samples, 0.0, 1.0),
        "backwash": levels(rng, strings, samples, 0.25),
    }

    def step(wanted, chlorine, backwash):
        wanted = 1.0 if chlorine < 0.3 else 0.0 if chlorine > 0.6 else wanted
        return wanted, float(wanted and not backwash)

    return streams, run(step, streams)


@sealed_five
def fridge_left_open(rng, strings, samples):
    """One from the fourth sample in a row on where the door is open and nobody hushes it."""
    streams = {
        "open": levels(rng, strings, samples, 0.15),
        "hush": flags(rng, strings, samples, 0.1),
    }

    def step(row, is_open, hush):
        row = row + 1.0 if is_open and not hush else 0.0
        return row, float(row >= 4.0)

    return streams, run(step, streams)


@sealed_five
def parking_meter(rng, strings, samples):
    """Time left: one less per sample, not below 0, then four more for a coin, ten at most."""
    streams = {"coin": flags(rng, strings, samples, 0.25)}

    def step(left, coin):
        left = min(max(left - 1.0, 0.0) + 4.0 * coin, 10.0)
        return left, left

    return streams, run(step, streams)


@sealed_five
def ferry_full(rng, strings, samples):
    """One where eight cars are on board; more cannot drive on, and none is left at a departure."""
    streams = {
        "cars": wholes(rng, strings, samples, 0, 2),
        "departs": flags(rng, strings, samples, 0.1),
    }

    def step(aboard, cars, departs):
        aboard = 0.0 if departs else min(aboard + cars, 8.0)
        return aboard, float(aboard == 8.0)

    return streams, run(step, streams)


@sealed_five
def days_since_rain(rng, strings, samples):
    """How many days ago it last rained over 10 millimetres, as it did on the eve of the first."""
    streams = {"millimetres": reals(rng, strings, samples, 0.0, 12.0)}

    def step(days, millimetres):
        days = 0.0 if millimetres > 10.0 else days + 1.0
        return days, days

    return streams, run(step, streams)


@sealed_five
def lengths_swum(rng, strings, samples):
    """How often a swimmer who sets out from 0 came, in turn, within 3 metres of 25 and of 0."""
    streams = {"metres": reals(rng, strings, samples, 0.0, 25.0)}

    def step(state, metres):
        far, lengths = state
        turns = metres < 3.0 if far else metres > 22.0
        return (far != turns, lengths + turns), lengths + turns

    return streams, run(step, streams, (False, 0.0))


# -------------------- several memories, windows, modes, scores --------------------


@sealed_five
def savings(rng, strings, samples):
    """What a purse, 20 at first, has over 40 is saved; what it lacks is taken from the savings, as
    far as they go, or is not bought. The savings.
    """
    streams = {
        "earned": wholes(rng, strings, samples, 0, 30),
        "spent": wholes(rng, strings, samples, 0, 30),
    }

    def step(state, earned, spent):
        purse, saved = state
        purse += earned - spent
        saved = saved + max(purse - 40.0, 0.0) - min(max(-purse, 0.0), saved)
        return (min(max(purse, 0.0), 40.0), saved), saved

    return streams, run(step, streams, (20.0, 0.0))


@sealed_five
def better_aerial(rng, strings, samples):
    """The signal of the aerial, left at first, that was the stronger at the last check."""
    streams = {
        "left": reals(rng, strings, samples, 20.0, 60.0),
        "right": reals(rng, strings, samples, 20.0, 60.0),
        "check": flags(rng, strings, samples, 0.2),
    }

    def step(is_right, left, right, check):
        is_right = right > left if check else is_right
        return is_right, right if is_right else left

    return streams, run(step, streams, False)


@sealed_five
def guitar_pedal(rng, strings, samples):
    """Sound times a gain, cut off at -1 and 1; a press, held or not, turns gain 1 to 3 or back."""
    streams = {
        "sound": reals(rng, strings, samples, -0.8, 0.8),
        "pedal": levels(rng, strings, samples, 0.3),
    }

    def step(state, sound, pedal):
        before, gain = state
        gain = 4.0 - gain if pedal > before else gain
        return (pedal, gain), min(max(gain * sound, -1.0), 1.0)

    return streams, run(step, streams, (0.0, 1.0))


@sealed_five
def spare_parts(rng, strings, samples):
    """Parts in stock, 10 at first. Sold as far as there are any; where four or fewer are left and
    none are on their way, eight are ordered, which come before the sale three samples later.
    """
    streams = {"asked": wholes(rng, strings, samples, 0, 3)}

    def step(state, asked):
        stock, wait = state
        stock = stock + 8.0 if wait == 1.0 else stock
        stock = max(stock - asked, 0.0)
        wait = max(wait - 1.0, 0.0)
        wait = 3.0 if stock <= 4.0 and wait == 0.0 else wait
        return (stock, wait), stock

    return streams, run(step, streams, (10.0, 0.0))


@sealed_five
def bottles_in_crate(rng, strings, samples):
    """Bottles since a new crate came, its sample included: one at two dark samples in a row, if two
    clear ones in a row were between it and the last bottle; the first needs none.
    """
    streams = {
        "dark": levels(rng, strings, samples, 0.4),
        "crate": flags(rng, strings, samples, 0.08),
    }

    def step(state, dark, crate):
        before, is_bottle, count = state
        came = float(dark and before and not is_bottle)
        is_bottle = dark if dark == before else is_bottle
        count = came if crate else count + came
        return (dark, is_bottle, count), count

    return streams, run(step, streams, (0.0, 0.0, 0.0))


@sealed_five
def photo_prints(rng, strings, samples):
    """An order's price: 0.3 for each of a customer's first ten prints, 0.2 for each one more."""
    streams = {
        "prints": wholes(rng, strings, samples, 0, 4),
        "new_customer": flags(rng, strings, samples, 0.12),
    }

    def step(had, prints, new_customer):
        had = 0.0 if new_customer else had
        dear = min(prints, max(10.0 - had, 0.0))
        return had + prints, 0.3 * dear + 0.2 * (prints - dear)

    return streams, run(step, streams)


@sealed_five
def tide_gauge(rng, strings, samples):
    """The level is read at every fourth sample, the first one first; what it has risen from the
    last reading but one, or from 0, to the last.
    """
    streams = {"metres": reals(rng, strings, samples, -2.0, 2.0)}

    def step(state, metres):
        wait, read, rise = state
        if wait == 0.0:
            wait, read, rise = 4.0, metres, metres - read
        return (wait - 1.0, read, rise), rise

    return streams, run(step, streams, (0.0, 0.0, 0.0))


@sealed_five
def spike_remover(rng, strings, samples):
    """The middle one in size of the last three numbers, zeros before the first one."""
    streams = {"x": reals(rng, strings, samples)}

    def step(past, x):
        older, old = past
        return (old, x), sorted((older, old, x))[1]

    return streams, run(step, streams, (0.0, 0.0))


@sealed_five
def peak_bar(rng, strings, samples):
    """A peak stays two samples more, then falls by one each; as many bars or more are a new one."""
    loud = wholes(rng, strings, samples, 0, 9)
    streams = {"bars": np.minimum(loud, wholes(rng, strings, samples, 0, 9))}

    def step(state, bars):
        peak, left = state
        if bars >= peak:
            peak, left = bars, 2.0
        elif left > 0.0:
            left -= 1.0
        else:
            peak -= 1.0
        return (peak, left), peak

    return streams, run(step, streams, (0.0, 0.0))


@sealed_five
def sliding_door(rng, strings, samples):
    """Steps open, 0 to 3: one more with somebody there and for four samples after, or one less."""
    streams = {"somebody": flags(rng, strings, samples, 0.12)}

    def step(state, somebody):
        place, left = state
        left = 5.0 if somebody else max(left - 1.0, 0.0)
        place = min(place + 1.0, 3.0) if left > 0.0 else max(place - 1.0, 0.0)
        return (place, left), place

    return streams, run(step, streams, (0.0, 0.0))


@sealed_five
def goods_lift(rng, strings, samples):
    """The floor, 0 at first, one per sample to where it was called; calls on its way are lost."""
    streams = {
        "floor": wholes(rng, strings, samples, 0, 4),
        "call": flags(rng, strings, samples, 0.5),
    }

    def step(state, floor, call):
        goal, here = state
        goal = floor if call and goal == here else goal
        here = here + 1.0 if goal > here else here - 1.0 if goal < here else here
        return (goal, here), here

    return streams, run(step, streams, (0.0, 0.0))


@sealed_five
def side_out(rng, strings, samples):
    """Points of home and guest: one for who wins a rally and served it; who wins it serves next,
    home at first. A new set puts both to 0 before its first rally.
    """
    streams = {
        "home_wins": flags(rng, strings, samples),
        "new_set": flags(rng, strings, samples, 0.07),
    }

    def step(state, home_wins, new_set):
        server, home, guest = state
        home, guest = (0.0, 0.0) if new_set else (home, guest)
        if home_wins == server:
            home, guest = home + home_wins, guest + 1.0 - home_wins
        return (home_wins, home, guest), (home, guest)

    answers = run(step, streams, (1.0, 0.0, 0.0))
    return streams, {"home": answers[..., 0], "guest": answers[..., 1]}
