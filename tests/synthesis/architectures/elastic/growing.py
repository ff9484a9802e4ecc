"""What every elastic architecture has to do: grow, learn, and keep what follows it in step."""

from __future__ import annotations

import numpy as np

from synthesis import Model
from synthesis.architectures.elastic import ElasticSettings, train_tree
from synthesis.tasks.characters import hard_task
from synthesis.tasks.successions import Phase
from vvalues import VValue

BUSY = ElasticSettings(add_probability=0.5, delete_probability=0.5, spontaneous=0.02)


def grown_and_trained(model):
    """The state after 400 cycles of the hard task, which is checked."""
    assert isinstance(model, Model)
    task = hard_task(np.random.default_rng(1), 2000)
    events = list(train_tree(model, (Phase(task, 400),), np.random.default_rng(2)))
    state, _ = events[-1]
    assert np.mean([loss for _, loss in events[-50:]]) < 30 < events[0][1]
    assert len(state.born) > 1 and state.next_number > 5
    (memory,) = (leaf for leaf in state.moments if isinstance(leaf, VValue))
    assert state.parameters.support is memory.support
    return state
