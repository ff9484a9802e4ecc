"""Ensembles of networks that do the same with different weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vvalues import VValue, from_buffer

from ..optimize.losses import softmax
from ..optimize.optimizers import schedule
from ..process.models import Model
from .path import Waypoint, invariant_path, last, normalized
from .pulls import Diversity
from .reference import Reference, copied

__all__ = ["disagreement", "diverse_members", "ensemble_probabilities", "spread_along"]


def spread_along(path: Sequence[Waypoint], n: int) -> list[VValue]:
    """Networks equally spaced in length on a path, ends included.

    Parameters
    ----------
    path : sequence of Waypoint
    n : int
        At least 2, at most the number of waypoints.

    Raises
    ------
    ValueError
        If the path has fewer waypoints than ``n``.

    Examples
    --------
    >>> from synthesis.optimize import sgd
    >>> from synthesis.weight_space import PullTowards, walk
    >>> start, pull = VValue({"a": 0.0}), PullTowards(VValue({"a": 1.0}))
    >>> path = list(walk(start, pull, sgd(0.5), steps=6, rng=np.random.default_rng(0)))
    >>> [member["a"] for member in spread_along(path, 3)]
    [0.0, 0.5, 0.984375]
    """
    if not 2 <= n <= len(path):
        raise ValueError(f"n is {n}; this path has {len(path)} waypoints (and an ensemble 2 ends)")
    lengths = np.array([waypoint.length for waypoint in path])
    wanted = np.linspace(lengths[0], lengths[-1], n)
    nearest = [int(np.argmin(np.abs(lengths - length))) for length in wanted]
    return [path[i].parameters for i in nearest]


def diverse_members(
    reference: Reference,
    n: int,
    *,
    steps: int,
    rng: np.random.Generator,
    size: float = 0.05,
    strength: float = 1.0,
    per_step: int | None = None,
) -> list[VValue]:
    """Networks that do what the reference does, each walked away from all members before it.

    Parameters
    ----------
    reference : Reference
        Member number one, frozen on unlabelled inputs.
    n : int
        Members, at least 1.
    steps : int
        Steps per member.
    size : float
        Euclidean length of the first step; the last is a twentieth of it.
    strength : float
        Of the push (see `pulls.Diversity`), against the summed distance of the outputs.
    per_step : int, optional
        Inputs per step.

    Returns
    -------
    list of n V-values

    Notes
    -----
    Where a member stands on another the push has no direction, so each starts with a random step.

    References
    ----------
    G. Raghavan et al., Nature Machine Intelligence (2024), figure 5 (ensembles from invariant
    paths).

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.weight_space import freeze
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> reference, rng = freeze(model, weights, inputs), np.random.default_rng(0)
    >>> members = diverse_members(reference, 3, steps=20, rng=rng)
    >>> [round(float(np.linalg.norm((member - weights).buffer)), 2) for member in members]
    [0.0, 0.39, 0.38]
    >>> [round(reference.divergence(member), 3) for member in members]
    [0.0, 0.0, 0.0]
    """
    members = [copied(reference.parameters)]
    while len(members) < n:
        noise = rng.standard_normal(members[0].size)
        shift = from_buffer(members[0].support, noise * (size / np.linalg.norm(noise)))
        path = invariant_path(
            reference,
            members[0] + shift,
            Diversity(members),
            normalized(schedule(size, size / 20.0, steps)),
            steps=steps,
            rng=rng,
            strength=strength,
            per_step=per_step,
            every=steps,
        )
        members.append(last(path).parameters)
    return members


def ensemble_probabilities(model: Model, members: Sequence[VValue], inputs: Any) -> np.ndarray:
    """Mean of the members' class probabilities: (n, classes).

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> ensemble_probabilities(model, [weights, 2.0 * weights], inputs).sum(axis=1).round(6)[:2]
    array([1., 1.])
    """
    return np.mean([softmax(np.asarray(model(member, inputs))) for member in members], axis=0)


def disagreement(model: Model, members: Sequence[VValue], inputs: Any) -> float:
    """Share of inputs on which two members predict different classes, mean over pairs.

    Raises
    ------
    ValueError
        If there are fewer than two members.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> disagreement(model, [weights, weights], inputs)
    0.0
    """
    if len(members) < 2:
        raise ValueError(f"{len(members)} member; disagreement needs two")
    classes = [np.argmax(np.asarray(model(member, inputs)), axis=-1) for member in members]
    pairs = [np.mean(classes[i] != classes[j]) for i in range(len(classes)) for j in range(i)]
    return float(np.mean(pairs))
