"""Repair: a machine that has lost links, or whose weights are disturbed, is mended.

What is left of the machine is fitted by least squares. If that is not enough, links are opened
near zero between all its neurons, along a random order of them that agrees with the links that are
left; a sparse fit then decides which links stay, and single removals take away what is not needed.
The original machine is never looked at: the task's random strings say what is right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dmm import Machine
from dmm.machine import fixed_links
from vvalues import Path, Support, VValue, from_buffer, restrict
from vvalues.core.tree import from_leaves

from ..optimize.least_squares import Fit, compensated_removals, levenberg_marquardt
from ..optimize.objective import Objective
from ..process.models import MachineModel
from ..tasks import StreamTask
from .phases.regrow import regrown
from .phases.remove import without_link
from .phases.shrink import drop_smallest
from .route import Settings

__all__ = ["Attempt", "Repair", "along_an_order", "damaged", "repair", "space_around"]

SCALE = 0.05  # of fresh links; larger ones drown what is left of the machine
FEEDBACK_EVERY = 4  # one attempt in so many may open links against the order of the neurons
ROUNDS = 4  # of fitting and dropping small links, per attempt
CLOCKWORK = ("timer", "input")  # their links are not parameters


@dataclass(frozen=True)
class Attempt:
    """One thing that was tried.

    Attributes
    ----------
    event : str
        "fit", "regrow", "regrow with feedback" or "trim".
    loss : float
    links : int

    Examples
    --------
    >>> [attempt.event for attempt in (Attempt("fit", 0.5, 7), Attempt("regrow", 1e-9, 9))]
    ['fit', 'regrow']
    """

    event: str
    loss: float
    links: int


@dataclass(frozen=True)
class Repair:
    """Outcome of a repair.

    Attributes
    ----------
    machine : Machine
        The best one found.
    loss_before, loss : float
        On the training strings, of the damaged machine and of the best one.
    figures : dict
        The task's figures on held-out strings.
    is_mended : bool
        Whether ``loss`` is not above the tolerance.
    attempts : tuple of Attempt
        In order.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> tried = Attempt("fit", 0.5, 7), Attempt("regrow", 1e-9, 9)
    >>> repair = Repair(duplicate_detector(), 4.0, 1e-9, {}, is_mended=True, attempts=tried)
    >>> repair.regrowths
    1
    """

    machine: Machine
    loss_before: float
    loss: float
    figures: dict[str, float]
    is_mended: bool
    attempts: tuple[Attempt, ...]

    @property
    def regrowths(self) -> int:
        """How many regrowths it took; 0 if a fit of the weights was enough."""
        return sum(attempt.event.startswith("regrow") for attempt in self.attempts)


def repair(
    machine: Machine,
    task: StreamTask,
    rng: np.random.Generator,
    settings: Settings | None = None,
    *,
    tolerance: float = 1e-6,
    regrowths: int = 24,
    spares: int = 0,
) -> Repair:
    """Mend a damaged machine.

    Parameters
    ----------
    machine : Machine
        What is left of it; see `damaged`.
    task : StreamTask
        What it should do.
    rng : numpy.random.Generator
        Draws training strings and regrowths.
    settings : Settings, optional
        Those of ``common``, ``shrink``, ``remove`` and ``polish`` are used.
    tolerance : float
        A loss (squared error, summed over ticks, mean over strings) not above this is mended.
    regrowths : int
        At most so many are tried.
    spares : int
        Fresh neurons of every hidden type of the machine that regrowths use; needed if the damage
        took neurons away as well.

    Returns
    -------
    Repair

    Raises
    ------
    ValueError
        If the machine lacks a port that the task observes.
    """
    settings = settings or Settings()
    model = MachineModel(space_around(machine, spares), observed=task.observed)
    objective = task.objective(model, rng)
    left, whole = machine.trainable, model.space.trainable.support
    before = Fit(left, objective.loss(left), 0)
    tried: list[Attempt] = []

    def better(event: str, found: Fit, best: Fit) -> Fit:
        tried.append(Attempt(event, found.loss, len(found.parameters)))
        return found if found.loss < best.loss else best

    best = better("fit", _polished(objective, left), before)
    for attempt in range(1, regrowths + 1):
        if best.loss <= tolerance:
            break
        has_feedback = attempt % FEEDBACK_EVERY == 0
        room = whole if has_feedback else along_an_order(whole, left.support, rng)
        # All neurons take part: one that lost all its links may be just the one that is missed.
        grown = regrown(left, room, rng, len(model.space.neurons), SCALE)
        event = "regrow with feedback" if has_feedback else "regrow"
        best = better(event, _sparse_fit(objective, grown, settings), best)
    if best.loss <= tolerance:
        best = _trimmed(objective, best, settings)
        tried.append(Attempt("trim", best.loss, len(best.parameters)))
    return Repair(
        machine=model.machine(best.parameters, name=machine.name),
        loss_before=before.loss,
        loss=best.loss,
        figures=task.evaluate(model, best.parameters),
        is_mended=best.loss <= tolerance,
        attempts=tuple(tried),
    )


# -------------------- damage --------------------


def damaged(
    machine: Machine, rng: np.random.Generator, *, links: int = 0, noise: float = 0.0
) -> tuple[Machine, tuple[Path, ...]]:
    """A copy with random trainable links removed and noise on the weights that are left.

    Parameters
    ----------
    machine : Machine
    rng : numpy.random.Generator
    links : int
        How many to remove.
    noise : float
        Standard deviation of what is added to every weight that is left (dimensionless).

    Returns
    -------
    machine : Machine
        With the same neurons.
    removed : tuple of paths

    Raises
    ------
    ValueError
        If there are fewer trainable links than are to be removed.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> machine, removed = damaged(duplicate_detector(), np.random.default_rng(0), links=2)
    >>> len(machine.trainable), ["/".join(path) for path in removed]
    (6, ['norm/dict/accum/dict', 'output/dict-2/dot/dot'])
    """
    support = machine.trainable.support
    if not 0 <= links <= support.size:
        raise ValueError(f"links is {links}; the machine has {support.size} trainable ones")
    gone = rng.choice(support.size, size=links, replace=False)
    removed = tuple(support.paths[i] for i in sorted(gone))
    kept = restrict(machine.trainable, support.where(~np.isin(np.arange(support.size), gone)))
    kept = kept + from_buffer(kept.support, noise * rng.standard_normal(kept.size))
    return machine.with_trainable(kept), removed


# -------------------- where links may grow --------------------


def space_around(machine: Machine, spares: int = 0) -> Machine:
    """The machine in a search space that contains it: every output may feed every input.

    Inputs that a fixed link feeds already, and the clockwork of the input, stay as they are.

    Parameters
    ----------
    machine : Machine
    spares : int
        Fresh neurons (named TYPE-spare-NUMBER) per hidden type of the machine.

    Returns
    -------
    Machine
        Links that the machine does not have are there with weight zero.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> detector = duplicate_detector()
    >>> space = space_around(detector, spares=1)
    >>> len(detector.trainable), len(space.trainable)
    (8, 182)
    >>> sorted(set(space.neurons) - set(detector.neurons))
    ['accum-spare-1', 'compare-spare-1', 'dot-spare-1', 'norm-spare-1']
    """
    kinds = {kind: None for name, kind in machine.neurons.items() if _is_hidden(machine, name)}
    fresh = {f"{kind}-spare-{i}": kind for kind in kinds for i in range(1, spares + 1)}
    fresh = {name: kind for name, kind in fresh.items() if name not in machine.neurons}
    space = replace(
        machine,
        neurons={**machine.neurons, **fresh},
        fixed=machine.fixed + from_leaves(fixed_links(fresh)),
    )
    fed = {path[:2] for path in space.fixed.support.paths}
    names = [name for name, kind in space.neurons.items() if kind not in CLOCKWORK]
    inputs = [(name, f.name) for name in names for f in space.type_of(name).reads]
    senders = [name for name, kind in space.neurons.items() if kind != "timer"]
    outputs = [(name, f.name) for name in senders for f in space.type_of(name).writes]
    paths = {(*port, *sender) for port in inputs if port not in fed for sender in outputs}
    support = Support.of(sorted(paths | set(machine.trainable.support.paths)))
    return space.with_trainable(restrict(machine.trainable, support))


def _is_hidden(machine: Machine, neuron: str) -> bool:
    kind = machine.type_of(neuron)
    return bool(kind.reads and kind.writes) and kind.name not in CLOCKWORK


def along_an_order(whole: Support, left: Support, rng: np.random.Generator) -> Support:
    """The links of a space that go forwards in a random order of the neurons.

    The order agrees with the links that are left (where these form no cycle): neurons without
    inputs come first, neurons without outputs last. Without cycles a machine stays bounded while
    its weights are searched, and is fast to run.

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> detector = duplicate_detector()
    >>> whole = space_around(detector).trainable.support
    >>> forward = along_an_order(whole, detector.trainable.support, np.random.default_rng(0))
    >>> len(detector.trainable), len(forward), len(whole)
    (8, 45, 64)
    """
    receivers = {path[0] for path in whole.paths}
    senders = {path[2] for path in whole.paths}
    before = {
        name: {path[2] for path in left.paths if path[0] == name} - {name} for name in receivers
    }
    order = sorted(senders - receivers)
    waiting = sorted(receivers & senders)
    while waiting:
        ready = [name for name in waiting if before[name] <= set(order)] or waiting
        chosen = ready[rng.integers(len(ready))]
        order.append(chosen)
        waiting.remove(chosen)
    rank = {name: i for i, name in enumerate([*order, *sorted(receivers - senders)])}
    keep = [rank[path[2]] < rank[path[0]] or path in left for path in whole.paths]
    return whole.where(np.array(keep, dtype=bool))


# -------------------- fits --------------------


def _polished(objective: Objective, parameters: VValue) -> Fit:
    return levenberg_marquardt(
        objective, parameters, iterations=300, patience=30, tolerance=1e-9, target=1e-28
    )


def _sparse_fit(objective: Objective, parameters: VValue, settings: Settings) -> Fit:
    """Fit with a penalty and drop what the fit made small, a few times; then without penalty."""
    shrink = settings.shrink
    for _ in range(ROUNDS):
        before = len(parameters)
        fit = levenberg_marquardt(
            objective, parameters, iterations=shrink.iterations, l1=settings.common.fit_l1
        )
        bound = max(shrink.factor * fit.loss, shrink.floor)
        parameters = drop_smallest(objective, fit.parameters, bound)
        if len(parameters) > (1 - shrink.settled) * before:
            break
    return _polished(objective, parameters)


def _trimmed(objective: Objective, fit: Fit, settings: Settings) -> Fit:
    """Remove one link after the other, as long as the rest makes up for it."""
    bound = max(settings.common.exact, fit.loss)
    while len(fit.parameters):
        losses, candidates = compensated_removals(objective, fit.parameters)
        for q in np.argsort(losses, kind="stable")[: settings.remove.candidates]:
            kept = without_link(objective, fit.parameters, candidates[q], q)
            shorter = _polished(objective, kept)
            if shorter.loss <= bound:
                fit = shorter
                break
        else:
            break
    return fit
