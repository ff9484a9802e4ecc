"""What pulls a network along: every force is a function with a value and a gradient.

A *pull* is called as ``pull(parameters, step, rng) -> (value, gradient)``. Another task, the pull
towards a pruned point, staying true to a frozen reference - and every baseline one compares with -
are pulls; a walk follows the sum of a few.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from vvalues import VValue, from_buffer

from .reference import Reference, check_same_support

__all__ = [
    "Diversity",
    "Invariance",
    "Pull",
    "PullToPruned",
    "PullTowards",
    "Pulled",
    "WeightAnchor",
    "largest_kept",
    "weighted",
]

Pulled = tuple[float, VValue]
"""The value of a pull, and its gradient."""

Pull = Callable[[VValue, int, np.random.Generator], Pulled]
"""``(parameters, step, rng) -> (value, gradient)``."""


def weighted(*terms: tuple[float | Callable[[int], float], Pull]) -> Pull:
    """The sum of pulls with weights; a weight is a number or a function of the step.

    Examples
    --------
    >>> there, back = PullTowards(VValue({"a": 1.0})), PullTowards(VValue({"a": 0.0}))
    >>> weighted((1.0, there), (0.5, back))(VValue({"a": 3.0}), 0, np.random.default_rng(0))
    (4.25, VValue({'a': 3.5}))
    """

    def pull(parameters: VValue, step: int, rng: np.random.Generator) -> Pulled:
        value, total = 0.0, np.zeros(parameters.size)
        for factor, term in terms:
            weight = factor(step) if callable(factor) else factor
            part, gradient = term(parameters, step, rng)
            value += weight * part
            total += weight * gradient.buffer
        return value, from_buffer(parameters.support, total)

    return pull


class Invariance:
    """Staying true to a frozen reference: Bhattacharyya distance, summed over stored inputs.

    Parameters
    ----------
    reference : Reference
        See `freeze`.
    per_step : int, optional
        So many stored inputs, drawn afresh at every step; all of them when omitted.
    blend : bool
        Use random blends of the stored inputs (see `Reference.blended`).
    others : callable from a Generator to inputs, optional
        Further partners for blends.

    Raises
    ------
    ValueError
        At the first call, if the student has another support, shares its object with the
        reference, or there are fewer stored inputs than ``per_step``.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.weight_space import freeze
    >>> model, inputs = Perceptron([2, 3, 2]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> pull = Invariance(freeze(model, weights, inputs))
    >>> [round(pull(weights * scale, 0, np.random.default_rng(0))[0], 4) for scale in (1.0, 2.0)]
    [0.0, 0.2573]
    """

    def __init__(
        self,
        reference: Reference,
        per_step: int | None = None,
        blend: bool = False,
        others: Callable[[np.random.Generator], np.ndarray] | None = None,
    ) -> None:
        self.reference = reference
        self.per_step = per_step
        self.blend = blend
        self.others = others

    def __call__(self, parameters: VValue, step: int, rng: np.random.Generator) -> Pulled:
        self.reference.check(parameters)
        stored = self.reference.sample(self.per_step, rng)
        if self.blend:
            stored = stored.blended(rng, None if self.others is None else self.others(rng))
        return stored.gradient(parameters)


class PullTowards:
    """Half the squared distance to a fixed point of weight space.

    Parameters
    ----------
    target : VValue

    Examples
    --------
    >>> PullTowards(VValue({"a": 1.0}))(VValue({"a": 3.0}), 0, np.random.default_rng(0))
    (2.0, VValue({'a': 2.0}))
    """

    def __init__(self, target: VValue) -> None:
        self.target = target

    def __call__(self, parameters: VValue, step: int, rng: np.random.Generator) -> Pulled:
        check_same_support(parameters, self.target, "student and target")
        away = parameters - self.target
        return 0.5 * float(away.buffer @ away.buffer), away


def largest_kept(parameters: VValue, sparsity: float, weights: np.ndarray | None = None) -> VValue:
    """The projection on sparse networks: the smallest share of all weights set to zero.

    Parameters
    ----------
    parameters : VValue
    sparsity : float
        Share of the weights (over all leaves, biases included) that become zero, in [0, 1].
    weights : array of bool (size,), optional
        Elements that are weights (`prunable_elements`); all when omitted.

    Returns
    -------
    VValue on the same support, with exactly ``round(sparsity * number of weights)`` zeros more
    than it had among its larger weights.

    Raises
    ------
    ValueError
        If the share is not in [0, 1].

    Examples
    --------
    >>> largest_kept(VValue({"a": 1, "b": -3, "c": 2, "d": 0.5}), 0.5)
    VValue({'a': 0.0, 'b': -3.0, 'c': 2.0, 'd': 0.0})
    """
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity is {sparsity}; expected a share from 0 to 1")
    buffer = np.array(parameters.buffer)
    if weights is None or weights.all():
        _zero_smallest(buffer, sparsity)
    else:
        chosen = buffer[weights]
        _zero_smallest(chosen, sparsity)
        buffer[weights] = chosen
    return from_buffer(parameters.support, buffer)


def _zero_smallest(values: np.ndarray, share: float) -> None:
    """Set the smallest share of some values to zero, in place."""
    count = round(share * len(values))
    if count:
        values[np.argpartition(np.abs(values), count - 1)[:count]] = 0.0


class PullToPruned:
    """Half the squared distance to the nearest sparse network, which moves as the student moves.

    Parameters
    ----------
    sparsity : float, or a function from the step to one
        Share of all weights to be zero.
    weights : array of bool (size,), optional
        See `largest_kept`.

    References
    ----------
    github Guruprasad93/FlexibleMachineLearning @9043036, ``moveSparseHyper_GPU.py`` (global mask,
    recomputed at every step).

    Examples
    --------
    >>> pull, v = PullToPruned(sparsity=0.5), VValue({"a": 0.5, "b": 3.0})
    >>> pull(v, 0, np.random.default_rng(0))
    (0.125, VValue({'a': 0.5, 'b': 0.0}))
    """

    def __init__(
        self, sparsity: float | Callable[[int], float], weights: np.ndarray | None = None
    ) -> None:
        self.sparsity, self.weights = sparsity, weights

    def at(self, step: int) -> float:
        """The sparsity asked at a step."""
        return self.sparsity(step) if callable(self.sparsity) else self.sparsity

    def __call__(self, parameters: VValue, step: int, rng: np.random.Generator) -> Pulled:
        away = parameters - largest_kept(parameters, self.at(step), self.weights)
        return 0.5 * float(away.buffer @ away.buffer), away


class WeightAnchor:
    """Elastic weight consolidation: half the weighted squared distance to a centre (a baseline).

    Parameters
    ----------
    centre : VValue
    importance : VValue
        Diagonal of the Fisher information, see `continual.fisher_diagonal`.
    strength : float

    References
    ----------
    J. Kirkpatrick et al., arXiv:1612.00796, equation 3.

    Examples
    --------
    >>> importance = VValue({"a": 10.0, "b": 0.0})
    >>> anchor = WeightAnchor(VValue({"a": 1.0, "b": 1.0}), importance, strength=1.0)
    >>> anchor(VValue({"a": 1.5, "b": 9.0}), 0, np.random.default_rng(0))
    (1.25, VValue({'a': 5.0, 'b': 0.0}))
    """

    def __init__(self, centre: VValue, importance: VValue, strength: float) -> None:
        self.centre, self.importance, self.strength = centre, importance, strength

    def __call__(self, parameters: VValue, step: int, rng: np.random.Generator) -> Pulled:
        check_same_support(parameters, self.centre, "student and centre")
        away = parameters.buffer - self.centre.buffer
        pull = self.strength * self.importance.buffer * away
        return 0.5 * float(pull @ away), from_buffer(parameters.support, pull)


class Diversity:
    """Moving away from other networks: minus the mean logarithm of the squared distances.

    Parameters
    ----------
    members : sequence of V-values
        At least one; a student that coincides with one is not pushed by it.

    Raises
    ------
    ValueError
        If there are no members.

    Examples
    --------
    >>> push = Diversity([VValue({"a": 0.0})])
    >>> push(VValue({"a": 2.0}), 0, np.random.default_rng(0))
    (-1.3862943611198906, VValue({'a': -1.0}))
    """

    def __init__(self, members: Sequence[VValue]) -> None:
        if not members:
            raise ValueError("diversity needs at least one network to move away from")
        self.members = tuple(members)

    def __call__(self, parameters: VValue, step: int, rng: np.random.Generator) -> Pulled:
        value, push = 0.0, np.zeros(parameters.size)
        for member in self.members:
            check_same_support(parameters, member, "student and ensemble member")
            away = parameters.buffer - member.buffer
            squared = float(away @ away)
            if squared:
                value -= math.log(squared) / len(self.members)
                push -= 2.0 * away / (squared * len(self.members))
        return value, from_buffer(parameters.support, push)
