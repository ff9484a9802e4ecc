"""Step by step, a machine does what it does in one run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmm import Machine, Streams, compile_machine
from dmm.compiled import Stepper
from dmm.zoo import duplicate_detector
from tests.dmm.machines import OBSERVED, PUBLISHED, random_machine
from tests.examples import examples
from vvalues.core import from_leaves

TICKS, STEPS = 3, 4


def streams_of(numbers: np.ndarray) -> Streams:
    """Streams of one source from numbers (ticks, strings)."""
    return Streams((((),),) * numbers.shape[1], {"stream": numbers[..., None]}, len(numbers))


@given(st.integers(0, 10_000), st.integers(1, 6), st.booleans(), st.integers(0, TICKS - 1))
@examples(40)
def test_steps_follow_a_whole_run_from_every_state(seed, n_neurons, is_cyclic, tick):
    rng = np.random.default_rng(seed)
    types = (*PUBLISHED, "gate", "less_or_equal", "running_max")
    sources = ("stream", "eos", "const_1")
    machine = random_machine(
        rng, n_neurons, 0.5, is_cyclic=is_cyclic, types=types, sources=sources, scale=0.4
    )
    # Two alternatives; the run takes one of them at every step.
    alternatives = np.round(rng.normal(size=(TICKS, 2)), 2)
    chosen = rng.integers(0, 2, STEPS)
    whole = streams_of(np.concatenate([alternatives[:, [c]] for c in chosen]))
    seen = np.asarray(compile_machine(machine, OBSERVED, engine="numpy")(machine.trainable, whole))
    stepper = Stepper(machine, OBSERVED, streams_of(alternatives), tick)
    state, parts = stepper.start, []
    for choice in chosen:
        states, observed = stepper.step(np.stack([state * 0.5, state]))
        assert states.shape == (2, 2, len(state)) and observed.shape == (2, 2, 2)
        state = states[1, choice]
        parts.append(observed[1, choice])
    np.testing.assert_allclose(np.transpose(parts), seen[:, tick::TICKS, 0], 1e-10, 1e-10)


def test_what_runs_beside_the_ticks_that_are_looked_at_is_no_state():
    """A loop of three neurons, asked every third tick, holds three sums that never meet."""
    ring = {f"identity-{i}": "identity" for i in range(3)}
    links = {(f"identity-{i}", "dict", f"identity-{(i - 1) % 3}", "dict"): 2.0 for i in range(3)}
    links["identity-0", "dict", "stream", "stream"] = 1.0
    links["output", "dict-1", "identity-0", "dict"] = 1.0
    neurons = {"stream": "stream", "output": "output", **ring}
    machine = Machine(neurons, trainable=from_leaves(links))
    for tick in range(TICKS):
        stepper = Stepper(machine, OBSERVED[:1], streams_of(np.ones((TICKS, 1))), tick)
        states, _ = stepper.step(stepper.start[None])
        # One neuron of the ring; where it hears the stream at once, what that emitted, too.
        assert np.count_nonzero(states) <= 2
        assert np.isfinite(states).all()


def test_a_machine_that_reads_by_a_clock_is_refused():
    with pytest.raises(ValueError, match="depends on a clock"):
        Stepper(duplicate_detector(), OBSERVED, Streams((((),),), {}, 1), 0)
