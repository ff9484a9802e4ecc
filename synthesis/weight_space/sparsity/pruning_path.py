"""An invariant path that prunes a dataflow matrix machine: same outputs, fewer and fewer links.

No targets are used: the frozen dense machine's outputs are. While there are many links, the
finite form of the path walks towards the pruned point a bite at a time; when few are left, single
links are walked to zero in the metric form, the others compensating.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vvalues import VValue, from_buffer, restrict

from ...optimize.optimizers import adam, chain, clip_by_norm
from ...process.bounds import Bounded, at_least, positive, share, whole
from ...process.linearization import linearize
from ...process.models import MachineModel
from ..path import walked
from ..pulls import Invariance, PullToPruned, weighted
from ..reference import Reference, copied
from .singly import damped_step, restored, saliencies

__all__ = [
    "Pruned",
    "PruningSettings",
    "deviation",
    "pruned_along_path",
    "settle",
    "walked_to_zero",
]


@dataclass(frozen=True)
class PruningSettings(Bounded):
    """Constants of `pruned_along_path`.

    Attributes
    ----------
    few : int
        Number of links from which single links are walked to zero.
    bite : float
        Share of the links of one bite.
    bite_steps : int
        Steps of the finite form towards the pruned point, per bite.
    rate : float
        Of Adam, in the finite form.
    strength : float
        Of the pull, against the summed squared movement of the outputs.
    budget : float
        Largest deviation from the frozen machine (see `deviation`) of a machine with few links.
    slack : float
        It may also deviate so many times as much as the first machine with few links does: a
        dense machine has errors of its own that few links cannot have.
    candidates : int
        Links tried before giving up.
    segments : int
        Steps in which one link is walked to zero.

    Raises
    ------
    ValueError
        If one is not of this kind or size; the message names it.

    Examples
    --------
    >>> PruningSettings(bite=1.5)
    Traceback (most recent call last):
        ...
    ValueError: bite is 1.5; a probability is between 0 and 1
    """

    few: int = whole(120, least=0)
    bite: float = share(0.1)
    bite_steps: int = whole(60, least=0)
    rate: float = positive(0.003)
    strength: float = at_least(1.0, 0.0)
    budget: float = at_least(0.4, 0.0)
    slack: float = at_least(1.5, 0.0)
    candidates: int = whole(12, least=0)
    segments: int = whole(3, least=1)


@dataclass(frozen=True, eq=False)
class Pruned:
    """A machine on the path.

    Attributes
    ----------
    parameters : VValue
        Its trainable links, on their own support.
    deviation : float
        From the frozen machine: squared difference of the outputs, summed over outputs and ticks,
        mean over strings.
    phase : {"start", "bite", "single"}

    Examples
    --------
    >>> from dmm.zoo import duplicate_detector
    >>> Pruned(duplicate_detector().trainable, deviation=0.0, phase="start").links
    8
    """

    parameters: VValue
    deviation: float
    phase: str

    @property
    def links(self) -> int:
        """Number of trainable links."""
        return len(self.parameters)


def deviation(reference: Reference, parameters: VValue) -> float:
    """Squared difference from the frozen outputs, summed, mean over strings.

    Examples
    --------
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector
    >>> from synthesis.process import MachineModel
    >>> from synthesis.weight_space import circuit_reference
    >>> detector = duplicate_detector()
    >>> model, streams = MachineModel(detector), text_streams(["abba.", "abc."], 60)
    >>> reference = circuit_reference(model, detector.trainable, streams)
    >>> round(deviation(reference, 1.1 * detector.trainable), 2)
    34.26
    """
    values = np.asarray(reference.model(parameters, reference.inputs))
    return float(np.sum((values - reference.values) ** 2)) / len(reference)


def pruned_along_path(
    reference: Reference, rng: np.random.Generator, settings: PruningSettings | None = None
) -> Iterator[Pruned]:
    """Prune a frozen machine along an invariant path; a generator of ever smaller machines.

    Parameters
    ----------
    reference : Reference
        Of a `MachineModel`, with `Numbers` as outputs.
    rng : numpy.random.Generator
    settings : PruningSettings, optional

    Yields
    ------
    Pruned

    Raises
    ------
    TypeError
        If the reference is not one of a `MachineModel`.

    Examples
    --------
    >>> from dmm import text_streams
    >>> from dmm.zoo import duplicate_detector
    >>> from synthesis.process import MachineModel
    >>> from synthesis.weight_space import circuit_reference
    >>> detector = duplicate_detector()
    >>> model, streams = MachineModel(detector), text_streams(["abba.", "abc."], 60)
    >>> reference = circuit_reference(model, detector.trainable, streams)
    >>> loose = PruningSettings(budget=40.0, candidates=2)
    >>> path = pruned_along_path(reference, np.random.default_rng(0), loose)
    >>> [(pruned.phase, pruned.links) for pruned in path]
    [('start', 8), ('single', 8), ('single', 7), ('single', 4)]
    """
    if not isinstance(reference.model, MachineModel):
        raise TypeError(
            f"the reference is of a {type(reference.model).__name__}; links are removed from a "
            "MachineModel (for other models see sparse.sparsified)"
        )
    settings = settings or PruningSettings()
    parameters = copied(reference.parameters)
    yield Pruned(parameters, deviation(reference, parameters), "start")
    parameters = _living(reference, parameters)
    while len(parameters) > settings.few:
        parameters = _bite(reference, parameters, settings, rng)
        yield Pruned(parameters, deviation(reference, parameters), "bite")
    parameters = settle(reference, parameters, steps=40)
    budget = max(settings.budget, settings.slack * deviation(reference, parameters))
    smaller: VValue | None = parameters
    while smaller is not None and len(smaller):
        parameters = smaller
        yield Pruned(parameters, deviation(reference, parameters), "single")
        smaller = _without_one(reference, parameters, budget, settings)


def _living(reference: Reference, parameters: VValue) -> VValue:
    """Without the links that cannot influence an output."""
    assert isinstance(reference.model, MachineModel)
    return restrict(parameters, reference.model.living(parameters.support))


def _bite(
    reference: Reference, parameters: VValue, settings: PruningSettings, rng: np.random.Generator
) -> VValue:
    """Walk towards the point without the smallest links, then step onto it."""
    count = min(max(1, int(settings.bite * len(parameters))), len(parameters) - settings.few)
    here = reference.on(parameters.support)
    pull = PullToPruned(count / len(parameters))
    both = weighted((settings.strength, pull), (8.0, Invariance(here)))
    optimizer = chain(clip_by_norm(1.0), adam(settings.rate))
    end = walked(parameters, both, optimizer, steps=settings.bite_steps, rng=rng)
    order = np.argsort(np.abs(end.buffer), kind="stable")
    keep = np.ones(len(end), dtype=bool)
    keep[order[:count]] = False
    return _living(reference, restrict(end, end.support.where(keep)))


# -------------------- the metric form, for few links --------------------


def settle(
    reference: Reference,
    parameters: VValue,
    *,
    steps: int = 15,
    largest: float = 0.5,
    good: float = 0.0,
) -> VValue:
    """Damped metric steps back to the frozen outputs; never to a worse place.

    As `restored`, of all weights, measured by the `deviation`.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.weight_space import freeze
    >>> model, inputs = Perceptron([2, 3, 1]), np.linspace(-1.0, 1.0, 40).reshape(20, 2)
    >>> weights = model.initial(np.random.default_rng(0))
    >>> reference = freeze(model, weights, inputs)
    >>> moved = weights + from_buffer(weights.support, np.full(weights.size, 0.1))
    >>> settled = settle(reference, moved)
    >>> round(deviation(reference, moved), 3), round(deviation(reference, settled), 3)
    (0.062, 0.0)
    """
    everything = np.arange(parameters.size)
    return restored(
        reference, parameters, everything, deviation, steps=steps, largest=largest, good=good
    )


def walked_to_zero(reference: Reference, parameters: VValue, q: int, segments: int) -> VValue:
    """Walk link ``q`` to zero in equal segments, the other links compensating in the metric.

    Returns
    -------
    VValue without that link

    Notes
    -----
    Each segment solves ``min |r + J d|^2 + ridge`` subject to ``d_q = -w_q / segments left``,
    linearised anew. One segment without ``r`` is the optimal brain surgeon (B. Hassibi,
    D. Stork, NIPS 1992).
    """
    w = np.array(parameters.buffer)
    others = np.arange(w.size) != q
    for left in range(segments, 0, -1):
        point = from_buffer(parameters.support, w.copy())
        here = linearize(reference.model, point, reference.inputs)
        rows = here.rows()
        forced = -w[q] / left
        r = (here.values - reference.values).ravel() + forced * rows[:, q]
        w[others] += damped_step(rows[:, others], r, 1e-2)
        w[q] += forced
    return from_buffer(parameters.support.where(others), w[others])


def _without_one(
    reference: Reference, parameters: VValue, budget: float, settings: PruningSettings
) -> VValue | None:
    """The machine without the link that can go at least movement of the outputs, if one can."""
    rows = linearize(reference.model, parameters, reference.inputs).rows()
    cheapest = np.argsort(saliencies(rows, parameters.buffer), kind="stable")
    for q in cheapest[: settings.candidates]:
        shorter = walked_to_zero(reference, parameters, int(q), settings.segments)
        shorter = _living(reference, shorter)
        if not len(shorter) or not np.isfinite(deviation(reference, shorter)):
            continue
        shorter = settle(reference, shorter, good=0.5 * budget)
        if deviation(reference, shorter) <= budget:
            return shorter
    return None
