"""Whole runs of the fast trainer, with a record now and then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ....tasks.characters import Phase
from ..settings import ElasticSettings
from .lockstep import LaneRecord, LaneTrainer

__all__ = ["train_lanes"]


def train_lanes(
    settings: ElasticSettings,
    phases: Sequence[Sequence[Phase]],
    rngs: Sequence[np.random.Generator],
    size: int = 1,
    every: int = 1000,
) -> Iterator[tuple[LaneTrainer, LaneRecord]]:
    """Train lanes to the end of their phases.

    Yields the trainer, whose networks may be read, and a record: before the first cycle, after
    every ``every`` cycles and after the last one. Parameters are those of `LaneTrainer`.

    Raises
    ------
    ValueError
        As `LaneTrainer`; if ``every`` is less than 1 or lanes have different numbers of cycles.
    """
    if every < 1:
        raise ValueError(f"every is {every!r}; expected at least 1 cycle between records")
    trainer = LaneTrainer(settings, phases, rngs, size)
    totals = {sum(phase.cycles for phase in plan) for plan in phases}
    if len(totals) > 1:
        raise ValueError(f"phases: lanes have {sorted(totals)} cycles; expected equally many")
    (total,) = totals
    yield trainer, trainer.record()
    while trainer.cycles < total:
        trainer.step()
        if trainer.cycles % every == 0 or trainer.cycles == total:
            trainer.compact()
            yield trainer, trainer.record()
