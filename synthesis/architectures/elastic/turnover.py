"""When a neuron (or a block of a layered network) is deleted or added: chance with a reserve.

A structure keeps a few members that hardly take part, its reserve. When there are too many of them,
some are deleted; when there are too few, one is added. The rules see only who is marked; they serve
everything whose members come and go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

__all__ = ["RuleSettings", "members_to_delete", "wants_another"]


class RuleSettings(Protocol):
    """The settings that the rules read (see `ElasticSettings`)."""

    @property
    def spare(self) -> int: ...
    @property
    def add_probability(self) -> float: ...
    @property
    def delete_probability(self) -> float: ...
    @property
    def spontaneous(self) -> float: ...
    @property
    def largest(self) -> int: ...
    @property
    def protection(self) -> float: ...


def members_to_delete(
    marked: Sequence[int] | np.ndarray,
    settings: RuleSettings,
    rng: np.random.Generator,
    ages: Sequence[int] | np.ndarray = (),
) -> list[int]:
    """Which of the marked members go: all but ``spare`` random ones, each by chance.

    Parameters
    ----------
    marked : sequence of int
        Places of the members at or below the threshold.
    settings : RuleSettings
    rng : Generator
        Asked only if there are more than ``spare``.
    ages : sequence of int, optional
        Age of every *marked* member in cycles, needed with ``protection``.

    Returns
    -------
    list of int
        Places, ascending.
    """
    n = len(marked)
    if n <= settings.spare:
        return []
    excess = rng.permutation(n)[settings.spare :]
    probability = np.full(n, settings.delete_probability)
    if settings.protection > 0.0:
        probability *= -np.expm1(-np.asarray(ages, dtype=np.float64) / settings.protection)
    goes = excess[rng.random(len(excess)) < probability[excess]]
    return sorted(int(marked[i]) for i in goes)


def wants_another(
    n_members: int, n_marked: int, settings: RuleSettings, rng: np.random.Generator
) -> bool:
    """Whether a member is added: by chance if the reserve is short, rarely for no reason."""
    if n_members >= settings.largest:
        return False
    if n_marked < settings.spare and rng.random() < settings.add_probability:
        return True
    return settings.spontaneous > 0.0 and rng.random() < settings.spontaneous
