"""Machines of sums of features, against the numbers of the sums."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from synthesis.fit.data import read_streams
from synthesis.forecast.sums import Sum, Values
from synthesis.problems import Strings
from synthesis.verdicts import Candidate, answers_of

__all__ = ["assert_the_machine_says_it"]


def assert_the_machine_says_it(one: Sum, data: Mapping[str, np.ndarray]) -> None:
    """The machine of a sum answers one string of streams (1, samples) with it."""
    machine, pace = one.circuit(tuple(data)).lowered()
    samples = next(iter(data.values())).shape[1]
    unasked = np.full((1, samples, 1), np.nan)
    strings = Strings(read_streams(data).streams, unasked, np.array([samples]))
    told = answers_of(Candidate(machine, pace), strings, 1)[0, :, 0]
    values, weights = Values(data), one.weights[0]
    wanted = weights[0] + sum(
        w * values[f][0] for w, f in zip(weights[1:], one.features, strict=True)
    )
    np.testing.assert_allclose(told, wanted, rtol=1e-9, atol=1e-9)
