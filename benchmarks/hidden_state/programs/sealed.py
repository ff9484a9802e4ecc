"""Ten programs that were written down before the search was changed, and run once after it.

They were written with the other groups in view, so that none repeats one of theirs, and before any
line of the search was touched; whatever they came to at that first run stands in the results.
"""

from __future__ import annotations

from ..drawing import Program, entering, flags, levels, reals, run, wholes

__all__ = ["SEALED"]

SEALED: dict[str, Program] = {}
sealed = entering(SEALED)


@sealed
def turnstile(rng, strings, samples):
    """A coin unlocks it, a push goes through and locks it again. One where one goes through."""
    streams = {"coin": flags(rng, strings, samples, 0.3), "push": flags(rng, strings, samples)}

    def step(is_open, coin, push):
        is_open = max(is_open, coin)
        return (0.0, 1.0) if push and is_open else (is_open, 0.0)

    return streams, run(step, streams)


@sealed
def car_park(rng, strings, samples):
    """Six places; who comes while it is full drives on. How many cars are in."""
    streams = {
        "comes": flags(rng, strings, samples, 0.6),
        "leaves": flags(rng, strings, samples, 0.35),
    }

    def step(cars, comes, leaves):
        cars = max(cars - leaves, 0.0)
        cars = min(cars + comes, 6.0)
        return cars, cars

    return streams, run(step, streams)


@sealed
def staircase_light(rng, strings, samples):
    """A push lights it for five samples, another push from that sample on again."""
    streams = {"push": flags(rng, strings, samples, 0.15)}

    def step(left, push):
        left = 5.0 if push else max(left - 1.0, 0.0)
        return left, float(left > 0.0)

    return streams, run(step, streams)


@sealed
def two_pumps(rng, strings, samples):
    """Whenever water is wanted anew the other pump serves, the first one first; 0 for none."""
    streams = {"wanted": levels(rng, strings, samples, 0.3)}

    def step(state, wanted):
        last, pump = state
        pump = 3.0 - pump if wanted > last else pump
        return (wanted, pump), wanted * pump

    return streams, run(step, streams, (0.0, 2.0))


@sealed
def check_digit(rng, strings, samples):
    """Digits so far, every second one counted three times, modulo ten."""
    streams = {"digit": wholes(rng, strings, samples, 0, 9)}

    def step(state, digit):
        weight, total = state
        total = (total + weight * digit) % 10.0
        return (4.0 - weight, total), total

    return streams, run(step, streams, (1.0, 0.0))


@sealed
def auction(rng, strings, samples):
    """Two bid at every sample: who was the first to make the highest bid so far; ties to 1."""
    streams = {
        "one": wholes(rng, strings, samples, 0, 60),
        "two": wholes(rng, strings, samples, 0, 60),
    }

    def step(state, one, two):
        most, who = state
        if one > most:
            most, who = one, 1.0
        if two > most:
            most, who = two, 2.0
        return (most, who), who

    return streams, run(step, streams, (-1.0, 0.0))


@sealed
def overdraft(rng, strings, samples):
    """An account: what would take it below -5 is not paid. What is on it."""
    streams = {
        "paid_in": wholes(rng, strings, samples, 0, 3),
        "taken": wholes(rng, strings, samples, 0, 4),
    }

    def step(account, paid_in, taken):
        account += paid_in
        account = account - taken if account - taken >= -5.0 else account
        return account, account

    return streams, run(step, streams)


@sealed
def committee(rng, strings, samples):
    """Six vote, the chair among them; a motion needs four, or three with the chair's."""
    names = ("chair", "second", "third", "fourth", "fifth", "sixth")
    streams = {name: flags(rng, strings, samples) for name in names}

    def step(state, *votes):
        return state, float(sum(votes) >= 4.0 or (sum(votes) == 3.0 and votes[0] == 1.0))

    return streams, run(step, streams)


@sealed
def smooth_with_restart(rng, strings, samples):
    """A mean that forgets a quarter per sample; a restart sets it to the number that comes."""
    streams = {"x": reals(rng, strings, samples), "restart": flags(rng, strings, samples, 0.1)}

    def step(mean, x, restart):
        mean = x if restart else 0.75 * mean + 0.25 * x
        return mean, mean

    return streams, run(step, streams)


@sealed
def dimmer(rng, strings, samples):
    """A knob as it is turned: above 0.6 one step brighter, below -0.3 one darker, from 0 to 3."""
    streams = {"knob": reals(rng, strings, samples)}

    def step(light, knob):
        light = min(light + 1.0, 3.0) if knob > 0.6 else light
        light = max(light - 1.0, 0.0) if knob < -0.3 else light
        return light, light

    return streams, run(step, streams)
