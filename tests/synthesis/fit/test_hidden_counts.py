"""Programs with a hidden count that has a bound, from streams and answers alone."""

from __future__ import annotations

import numpy as np
import pytest

from synthesis.fit import Synthesizer
from synthesis.starts import Composition, Delayed, Stores


def boxes(rng, strings, samples):
    """Three parts fill a box; full boxes since the shift began."""
    part = (rng.random((strings, samples)) < 0.7).astype(float)
    shift = (rng.random((strings, samples)) < 0.06).astype(float)
    parts, full, answers = np.zeros(strings), np.zeros(strings), []
    for t in range(samples):
        begins = shift[:, t] > 0
        parts = np.where(begins, 0.0, parts) + part[:, t]
        full = np.where(begins, 0.0, full) + (parts == 3.0)
        parts = np.where(parts == 3.0, 0.0, parts)
        answers.append(full)
    return {"part": part, "shift": shift}, np.stack(answers, axis=1)


def best_offer(rng, strings, samples):
    """Who made the highest bid since the lot was called: the first of equal ones."""
    bid = rng.integers(1, 31, (strings, samples)).astype(float)
    bidder = rng.integers(1, 4, (strings, samples)).astype(float)
    lot = (rng.random((strings, samples)) < 0.15).astype(float)
    most, who, answers = np.zeros(strings), np.zeros(strings), []
    for t in range(samples):
        most = np.where(lot[:, t] > 0, 0.0, most)
        who = np.where(bid[:, t] > most, bidder[:, t], who)
        most = np.maximum(most, bid[:, t])
        answers.append(who)
    return {"bid": bid, "bidder": bidder, "lot": lot}, np.stack(answers, axis=1)


def right_on_longer_strings(model, program):
    streams, wanted = program(np.random.default_rng([0, 1]), 10, 300)
    return np.array_equal(np.round(model.predict(streams)), wanted)


@pytest.mark.thorough
def test_a_count_that_carries_is_found_by_stores_alone():
    streams, answers = boxes(np.random.default_rng(0), 60, 24)
    small = Stores(composition=Composition(bank=200, largest=2, is_exact_only=True))
    model = Synthesizer(spaces=(small,), effort="brief", verbose=0).fit(streams, answers)
    assert model.verdict_.is_exact
    assert right_on_longer_strings(model, boxes)


@pytest.mark.thorough
@pytest.mark.parametrize("program", [boxes, best_offer])
def test_hidden_counts_and_extremes_are_found_by_default(program):
    model = Synthesizer(verbose=0).fit(*program(np.random.default_rng(0), 60, 30))
    assert right_on_longer_strings(model, program)


@pytest.mark.parametrize("is_understood", [True, False])
def test_late_answers_are_looked_for_where_nothing_else_is_right(is_understood, monkeypatch):
    looked, propose = [], Delayed.propose

    def noted(self, *given):
        looked.append(self.samples)
        return propose(self, *given)

    monkeypatch.setattr(Delayed, "propose", noted)
    x = np.random.default_rng(0).uniform(0.0, 1.0, (30, 12))
    answers = np.maximum.accumulate(x, axis=1)
    if not is_understood:
        answers = np.pad(answers, ((0, 0), (3, 0)))[:, :12]
    small = Composition(bank=60, largest=1, is_exact_only=True)
    model = Synthesizer(spaces=(small, Delayed(small, 3)), effort="brief", verbose=0)
    assert model.fit(x, answers).verdict_.is_exact
    assert looked == ([] if is_understood else [3])
