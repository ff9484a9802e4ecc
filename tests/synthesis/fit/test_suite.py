"""The tasks of the suite of stream programs, from streams and answers alone."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from synthesis.fit import ConvergenceWarning, Synthesizer
from synthesis.tasks.streams.suite import SUITE

THOROUGH = ("parity",)


def task_with_marks(task):
    marks = pytest.mark.thorough if task.name in THOROUGH else pytest.mark.heavy
    return pytest.param(task, id=task.name, marks=marks)


@pytest.mark.parametrize("task", [task_with_marks(task) for task in SUITE])
def test_the_suite_comes_out_exact(task):
    """And what is called exact is right on strings four times as long."""
    example = task.pool(np.random.default_rng(0))
    model = Synthesizer(verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(example.inputs, example.targets[0].T)
    assert model.verdict_.is_exact, str(model.verdict_)
    for held_out in task.held_out:
        answers = model.predict(held_out.inputs)
        np.testing.assert_allclose(answers, held_out.targets[0].T, atol=1e-6)
