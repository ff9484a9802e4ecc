"""The groups of programs with hidden state can be drawn, come again with their seeds, and say who
wrote them.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.hidden_state.__main__ import ABOUT
from benchmarks.hidden_state.groups import GROUPS

STRINGS, SAMPLES = 60, 30
WRITTEN = [group for group in GROUPS if group != "random"]


def drawn(group: str, name: str, seed: int):
    """Streams and answers, the answers by the names of the outputs."""
    streams, answers = GROUPS[group][name](np.random.default_rng(seed), STRINGS, SAMPLES)
    return streams, answers if isinstance(answers, dict) else {"answer": answers}


@pytest.mark.parametrize("group", WRITTEN)
def test_every_stream_and_answer_is_whole_and_changes(group):
    for name in GROUPS[group]:
        streams, answers = drawn(group, name, 0)
        for column in (*streams.values(), *answers.values()):
            assert column.shape == (STRINGS, SAMPLES), name
            assert np.isfinite(column).all(), name
            assert np.unique(column).size > 1, name
        for answer in answers.values():
            assert not any(np.array_equal(answer, column) for column in streams.values()), name


@pytest.mark.parametrize("group", WRITTEN)
def test_the_same_seed_is_the_same_strings_and_another_seed_others(group):
    for name in GROUPS[group]:
        first, again, other = (drawn(group, name, seed) for seed in (0, 0, 1))
        for part, part_again in zip(first, again, strict=True):
            np.testing.assert_equal(part, part_again, err_msg=name)
        assert any(not np.array_equal(first[0][key], other[0][key]) for key in first[0]), name


def test_a_report_can_say_of_every_group_who_wrote_it():
    assert ABOUT.keys() == GROUPS.keys()
