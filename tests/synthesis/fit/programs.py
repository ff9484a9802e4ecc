"""Programs as users bring them, and machines that were fitted to them once."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from synthesis.fit import Synthesizer
from synthesis.starts import Composition

__all__ = ["EVENTS", "NUMBERS", "alarm", "fitted", "quick", "running_sum", "with_reset"]

EVENTS = np.random.default_rng(0).integers(0, 2, (30, 12))
NUMBERS = np.random.default_rng(1).integers(-4, 5, (30, 12)) / 2.0


def running_sum(rng: Any = None, strings: int = 30, samples: int = 12) -> Any:
    """How many events so far."""
    rng = np.random.default_rng(0) if rng is None else rng
    event = rng.integers(0, 2, (strings, samples))
    return {"event": event}, np.cumsum(event, axis=1)


def alarm(rng: Any = None, strings: int = 30, samples: int = 24) -> Any:
    """By how much closing brackets (-1) outnumber opening ones (+1)."""
    rng = np.random.default_rng(1) if rng is None else rng
    bracket = rng.choice([1.0, -1.0], (strings, samples))
    return {"bracket": bracket}, np.maximum(0.0, -np.cumsum(bracket, axis=1))


def with_reset(rng: Any = None, strings: int = 30, samples: int = 16) -> Any:
    """Events since the last reset, that sample's own event included."""
    rng = np.random.default_rng(2) if rng is None else rng
    event = rng.integers(0, 2, (strings, samples))
    reset = (rng.random((strings, samples)) < 0.2).astype(int)
    count, out = np.zeros(strings, dtype=int), []
    for t in range(samples):
        count = np.where(reset[:, t] > 0, 0, count) + event[:, t]
        out.append(count)
    return {"event": event, "reset": reset}, np.stack(out, axis=1)


def quick(**parameters: Any) -> Synthesizer:
    """A synthesizer with a small bank and the effort of `conftest`, enough for these programs."""
    small = (Composition(bank=250, largest=3),)
    return Synthesizer(**{"effort": "brief", "spaces": small, "verbose": 0, **parameters})


@cache
def fitted(program: Any) -> Any:
    """A model, and what it was fitted on; nobody changes it."""
    X, y = program()
    return quick().fit(X, y), X, y
