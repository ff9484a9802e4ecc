"""Columns that have nothing to do with the answers hide nothing."""

import numpy as np
import pytest

from synthesis import Synthesizer
from synthesis.starts import Composition


def integrate_and_fire(rng, strings, samples):
    """Adds up, and fires at seven, which it then takes away."""
    x = rng.integers(0, 4, (strings, samples)).astype(float)
    total, answers = np.zeros(strings), []
    for t in range(samples):
        total = total + x[:, t]
        answers.append((total >= 7.0).astype(float))
        total = np.where(total >= 7.0, total - 7.0, total)
    return {"x": x}, np.stack(answers, axis=1)


def with_others(streams, rng):
    """Four more columns, as they stand in a file."""
    shape = streams["x"].shape
    others = {
        "door": (rng.random(shape) < 0.3).astype(float),
        "floor": rng.integers(0, 10, shape).astype(float),
        "noise": rng.normal(size=shape),
        "lamp": (rng.random(shape) < 0.5).astype(float),
    }
    return {**streams, **others}


@pytest.mark.thorough
def test_a_hidden_total_is_found_among_columns_that_do_nothing():
    streams, answers = integrate_and_fire(np.random.default_rng(0), 60, 30)
    model = Synthesizer(verbose=0).fit(with_others(streams, np.random.default_rng(1)), answers)
    assert model.verdict_.is_exact
    assert "door" not in model.equations_
    fresh, wanted = integrate_and_fire(np.random.default_rng(2), 20, 300)
    found = model.predict(with_others(fresh, np.random.default_rng(3)))
    assert np.array_equal(np.round(found), wanted)


@pytest.mark.thorough
def test_where_the_guess_is_wrong_the_other_streams_are_heard_after_all(monkeypatch):
    """The test which streams tell is a guess: what it puts aside is not lost."""
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 3, (2, 20, 10)).astype(float)
    monkeypatch.setattr("synthesis.fit.trials.telling_streams", lambda *_: ("stream-b",))
    spaces = (Composition(bank=50, largest=2),)
    model = Synthesizer(verbose=0, spaces=spaces).fit({"a": a, "b": b}, a.cumsum(axis=1) + b)
    assert model.verdict_.is_exact
