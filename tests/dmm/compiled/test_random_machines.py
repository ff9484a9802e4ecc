"""Random machines, without end if need be: the compiled engine against the reference engine.

`test_program` lets Hypothesis look for the smallest one that goes wrong; here are many, by seed:
all types with a kernel, published ones alone, with and without cycles, on up to three strings.
"""

from __future__ import annotations

import numpy as np
import pytest

from dmm import text_streams
from tests.dmm.compiled.test_program import assert_engines_agree
from tests.dmm.machines import PUBLISHED, TEXTS, Case, random_machine, types_with_kernel


def machine_case(seed):
    rng = np.random.default_rng(seed)
    machine = random_machine(
        rng,
        int(rng.integers(1, 13)),
        float(rng.choice([0.1, 0.25, 0.5])),
        is_cyclic=bool(rng.integers(2)),
        scale=0.4,
        types=types_with_kernel() if rng.integers(2) else PUBLISHED,
    )
    texts = [str(text) for text in rng.choice(TEXTS, size=rng.integers(1, 4))]
    ticks, period = int(rng.integers(1, 13)), int(rng.integers(1, 5))
    return Case(machine, text_streams(texts, ticks, period=period))


def agree(count, seed):
    for i in range(count):
        try:
            assert_engines_agree(machine_case([seed, i]))
        except Exception as error:
            raise AssertionError(f"machine {i} of seed {seed}") from error


def test_random_machines_agree_with_the_reference_engine():
    agree(15, seed=0)


@pytest.mark.heavy
def test_two_thousand_random_machines_agree_with_the_reference_engine():
    agree(2000, seed=1)
