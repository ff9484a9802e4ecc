"""``confirm``: what few strings cannot tell is decided on many more.

Removing links by the loss on the strings they were fitted to keeps what is good for these strings
only. Once few links are left, more strings cost little: the machine is fitted to many, and a link
goes if the machine without it is hardly worse on as many others, to which nothing was fitted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ...optimize.least_squares import Fit, compensated_removals, levenberg_marquardt
from ...optimize.objective import MachineObjective
from ...process.bounds import at_least, whole
from ...process.models import MachineModel
from ...tasks import StreamTask
from ...tasks.streams.base import concatenated
from ..search import Further, Phase, Search, SearchState, Step, Words, fitted
from .remove import link_text, without_link

__all__ = ["Confirm", "ConfirmMemory", "further_strings"]


@dataclass(frozen=True)
class ConfirmMemory:
    """What confirming remembers.

    Attributes
    ----------
    least : float
        The least loss so far on the strings to judge by.
    """

    least: float


@dataclass(frozen=True)
class Confirm(Phase):
    """Fit to many more strings, and drop links that gain nothing on others.

    Attributes
    ----------
    batches : int
        Batches of the task to fit to, and as many to judge by; 0: the task has no further strings.
    factor : float
        A removal is accepted if, refitted, the loss on the strings to judge by is at most ``factor
        * the least so far``, or at most the common budget.
    iterations : int
        Least-squares steps of a fit.

    Examples
    --------
    >>> from synthesis import Settings
    >>> Settings.of(confirm={"batches": 4}).confirm.factor
    1.02
    """

    batches: int = whole(0)
    factor: float = at_least(1.02, 1.0)
    iterations: int = whole(8)

    words: ClassVar[Words] = {
        "more": "fitted, or a link is gone",
        "done": "no link can go",
    }
    memory = ConfirmMemory

    def __call__(self, search: Search, state: SearchState) -> Step:
        """A first fit, then one link at a time."""
        further = search.further
        assert further is not None
        if state.memory is None:
            fit = levenberg_marquardt(further.fitted, state.parameters, iterations=self.iterations)
            return _moved(search, state, fit, further.judged.loss(fit.parameters), "fit")
        return self._one_less(search, state, further)

    def _one_less(self, search: Search, state: SearchState, further: Further) -> Step:
        if not len(state.parameters):
            return Step("done", state, [])
        memory: ConfirmMemory = state.memory
        budget = max(search.common.budget, self.factor * memory.least)
        losses, candidates = compensated_removals(further.fitted, state.parameters)
        for q in np.argsort(losses, kind="stable"):
            kept = without_link(further.fitted, state.parameters, candidates[q], q)
            fit = levenberg_marquardt(further.fitted, kept, iterations=self.iterations)
            loss = further.judged.loss(fit.parameters)
            if loss <= budget:
                link = link_text(state.parameters, q)
                return _moved(search, state, fit, loss, "remove", link=link)
        return Step("done", state, [])


def _moved(
    search: Search,
    state: SearchState,
    fit: Fit,
    judged: float,
    event: str,
    **details: str,
) -> Step:
    least = min(judged, state.memory.least) if state.memory else judged
    loss, memory = search.objective.loss(fit.parameters), ConfirmMemory(least)
    state = replace(fitted(state, fit), loss=loss, memory=memory).with_front()
    return Step("more", state, [state.record(event, judged_loss=judged, **details)])


def further_strings(
    task: StreamTask, model: MachineModel, batches: int, rng: np.random.Generator
) -> Further | None:
    """So many batches of a task to fit small machines to, and as many to judge them by.

    A task of a user's own data has the same strings in every batch, and nothing to confirm on.

    Examples
    --------
    >>> from synthesis import get_task
    >>> task, rng = get_task("modulo-3@layered-2x1"), np.random.default_rng(0)
    >>> further = further_strings(task, task.model(rng), 3, rng)
    >>> [len(objective.inputs) for objective in further]
    [24, 24]
    """
    if not batches:
        return None

    def objective() -> MachineObjective:
        strings = concatenated(task.batch(rng) for _ in range(batches))
        return MachineObjective(model, strings.inputs, strings.targets)

    return Further(fitted=objective(), judged=objective())
