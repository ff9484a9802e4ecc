"""What memories hold, told of all samples at once, is what it is sample by sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesis.starts.composition import running


def by_steps(step, *streams):
    """``step(kept, *now) -> kept`` from 0 on, for every string."""
    kept, found = np.zeros(len(streams[0])), []
    for now in zip(*(stream.T for stream in streams), strict=True):
        kept = step(kept, *now)
        found.append(kept)
    return np.stack(found, axis=1)


STEPS = {
    "since": (running.since, lambda kept, x, r: x + (1.0 - r) * kept),
    "held": (running.held, lambda kept, x, g: np.where(g > 0, x, kept)),
    "largest since": (
        lambda x, r: running.extreme_since(x, r, np.maximum),
        lambda kept, x, r: np.where(r > 0, x, np.maximum(kept, x)),
    ),
    "smallest since": (
        lambda x, r: running.extreme_since(x, r, np.minimum),
        lambda kept, x, r: np.where(r > 0, x, np.minimum(kept, x)),
    ),
    "floored": (
        lambda x, r: running.floored(x),
        lambda kept, x, r: np.maximum(kept + x, 0.0),
    ),
    "leaky": (
        lambda x, r: running.leaky(x, 0.5, r),
        lambda kept, x, r: x + 0.5 * (1.0 - r) * kept,
    ),
}


@pytest.mark.parametrize("name", STEPS)
@given(
    seed=st.integers(0, 2**31),
    shape=st.tuples(st.integers(1, 4), st.integers(1, 12)),
    is_whole=st.booleans(),
)
def test_all_samples_at_once_are_one_by_one(name, seed, shape, is_whole):
    at_once, step = STEPS[name]
    rng = np.random.default_rng(seed)
    x = rng.integers(-4, 5, shape).astype(float) if is_whole else rng.normal(size=shape)
    reset = (rng.random(shape) < 0.3).astype(float)
    assert np.array_equal(at_once(x, reset), by_steps(step, x, reset))


@pytest.mark.parametrize("large", [2.0**60, np.inf, np.nan])
def test_what_is_not_added_exactly_goes_sample_by_sample(large):
    x, reset = np.array([[1.0, large, 1.0, -large, 3.0]]), np.zeros((1, 5))
    with np.errstate(invalid="ignore"):
        for name in ("since", "floored"):
            at_once, step = STEPS[name]
            assert np.array_equal(at_once(x, reset), by_steps(step, x, reset), equal_nan=True)
