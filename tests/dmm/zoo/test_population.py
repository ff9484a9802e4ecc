"""A machine that searches for its own links among a population of fragments."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from dmm import Machine, compile_machine, run
from dmm.neurons import PARENT
from dmm.zoo import breeding_streams, population_machine
from dmm.zoo.population import GENERATION
from tests.marks import thorough
from vvalues import max_norm

NAMES = ("x", "y", "z")
CANDIDATES = [("output", "dict-1", name, "stream") for name in NAMES]


def goal_of(seed: int) -> tuple[float, ...]:
    """What the links are to become."""
    return tuple(np.random.default_rng(seed).choice([-1.0, 0.0, 1.0, 2.0], 3))


@cache
def life(seed: int, ticks: int = 240):
    goal = goal_of(seed)
    rng = np.random.default_rng(seed)
    prepared = Machine(dict.fromkeys(NAMES, "stream") | {"output": "output"})
    machine = population_machine(prepared, CANDIDATES)
    x = rng.standard_normal((3, ticks))
    answer = np.concatenate([[0.0], (np.array(goal) @ x)[:-1]])
    shown = dict(zip(NAMES, x, strict=True)) | {"answer": answer}
    return machine, run(machine, breeding_streams(rng, CANDIDATES, shown))


def learned(outputs) -> list[float]:
    return [outputs[("self", "single", *path)] for path in CANDIDATES]


@pytest.mark.parametrize("seed", [3, *thorough(0, 1, 2)])
def test_it_finds_the_links(seed):
    _, trace = life(seed)
    assert learned(trace.outputs[-1]) == list(goal_of(seed))
    errors = [inputs["output", "dict-1", ":number"] for inputs in trace.inputs]
    assert np.isfinite(errors).all()


def test_links_change_at_turns_only_and_to_those_of_the_best_member():
    _, trace = life(3)
    links = [learned(outputs) for outputs in trace.outputs]
    changed = [t for t in range(1, len(links)) if links[t] != links[t - 1]]
    assert changed and all(t % GENERATION == 1 for t in changed)  # two ticks after the turn
    for t in changed:
        best = trace.outputs[t - 2]["best", "best"]
        assert links[t] == [best[path] for path in CANDIDATES]
        parent = trace.outputs[t]["population", "single", PARENT]
        assert links[t] == [parent[path] for path in CANDIDATES]


def test_losses_start_at_nothing_in_every_generation():
    _, trace = life(3)
    for t in range(GENERATION + 2, len(trace.outputs), GENERATION):
        losses = trace.outputs[t].subtree(("losses", "single"))
        assert max_norm(losses) < 1e-9
        # twenty ticks have been judged before the turn
        before = trace.outputs[t - 3].subtree(("losses", "single"))
        assert max_norm(before) > 0.1


def test_the_same_seed_is_the_same_life():
    one, other = (life.__wrapped__(5, ticks=50)[1] for _ in range(2))
    assert one.outputs == other.outputs


def test_it_runs_on_the_reference_engine_and_says_why():
    machine, _ = life(0, ticks=40)
    with pytest.warns(UserWarning, match="mutation, selection, trials"):
        compile_machine(machine, [("output", "dict-1")])


def test_candidates_for_two_ports_are_refused():
    prepared = Machine({"x": "stream", "output": "output"})
    both = [("output", field, "x", "stream") for field in ("dict-1", "dict-2")]
    with pytest.raises(ValueError, match="candidates feed 2 ports"):
        population_machine(prepared, both)
