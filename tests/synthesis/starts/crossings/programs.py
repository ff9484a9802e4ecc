"""Programs with bounds, on streams drawn between -1 and 1."""

import numpy as np

STRINGS, SAMPLES = 60, 30


def measured(seed, strings=STRINGS, samples=SAMPLES):
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (strings, samples))


def remembered(step, x):
    """Answers of a rule with a memory, string by string."""
    out = np.zeros_like(x)
    for row, told in zip(x, out, strict=True):
        state = 0.0
        for t, value in enumerate(row):
            state, told[t] = step(state, value)
    return out


def debounced(bound, times):
    """1 where the last so many samples were all above a bound."""

    def step(count, value):
        count = count + 1.0 if value > bound else 0.0
        return count, float(count >= times)

    return step


def switched(low, high):
    """On above the upper bound, off below the lower one."""

    def step(state, value):
        state = 1.0 if value > high else 0.0 if value < low else state
        return state, state

    return step


def refractory(bound, times):
    """1 where a bound is exceeded, and was not answered with 1 in so many samples before."""

    def step(left, value):
        if left == 0.0 and value > bound:
            return float(times), 1.0
        return max(left - 1.0, 0.0), 0.0

    return step


def latched(low, high, times):
    """On from the third sample in a row outside of two bounds on, for so many samples."""

    def step(state, value):
        count, left = divmod(state, 100.0)
        count = min(count + 1.0, 3.0) if value < low or value > high else 0.0
        left = times if count == 3.0 else max(left - 1.0, 0.0)
        return 100.0 * count + left, float(left > 0.0)

    return step
