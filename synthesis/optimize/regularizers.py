"""A regularizer that knows what a superfluid neuron is: accumulators hold on to their state.

A neuron that is to a share ``c`` an accumulator should feed its state back with weight ``s = 1``:
any other weight makes it forget or explode. So ``c^2 (1 - s)^2`` is charged for every superfluid
neuron; where either factor is 0 nothing is. (The author of the superfluid experiments announces
"regularization, standard and novel" between the two, github anhinga/2024-jax-drafts,
``superfluid/run_both_networks.py``, and leaves it open; the product is ours.)
"""

from __future__ import annotations

import numpy as np

from dmm.neurons.superfluid import FUNCTION
from vvalues import Support

__all__ = ["SelfLinkRegularizer"]

ACCUMULATOR, STATE, EMITTED = "accum", "dict-1", "dict"


class SelfLinkRegularizer:
    """The charge ``strength * sum of c^2 (1 - s)^2`` over superfluid neurons, and its gradient.

    Parameters
    ----------
    support : Support
        Links of a machine: c is ``neuron / :function / functions / accum``, s is
        ``neuron / dict-1 / neuron / dict`` (0 where the link is absent).
    strength : float

    Examples
    --------
    >>> from vvalues import VValue
    >>> links = VValue({"cell": {":function": {"functions": {"accum": 2.0}},
    ...                          "dict-1": {"cell": {"dict": 0.5}}}})
    >>> charge = SelfLinkRegularizer(links.support, strength=1.0)
    >>> float(charge.value(links.buffer)), charge.gradient(links.buffer)
    (1.0, array([ 1., -4.]))
    """

    def __init__(self, support: Support, strength: float) -> None:
        place = support.index
        shares = [path for path in support.paths if path[1::2] == (FUNCTION, ACCUMULATOR)]
        own = [place.get((path[0], STATE, path[0], EMITTED), -1) for path in shares]
        self.strength = strength
        self._share = np.array([place[path] for path in shares], dtype=np.intp)
        self._self_link = np.array(own, dtype=np.intp)

    def _factors(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shares c and what self-links lack, 1 - s; both (..., superfluid neurons)."""
        held = np.where(self._self_link >= 0, weights[..., self._self_link], 0.0)
        return weights[..., self._share], 1.0 - held

    def value(self, weights: np.ndarray) -> np.ndarray:
        """Charges of weight vectors, (..., size) -> (...)."""
        share, lack = self._factors(weights)
        return self.strength * np.sum((share * lack) ** 2, axis=-1)

    def gradient(self, weights: np.ndarray) -> np.ndarray:
        """Gradient of every charge, (..., size)."""
        share, lack = self._factors(weights)
        out = np.zeros_like(weights)
        out[..., self._share] = 2.0 * self.strength * share * lack**2
        is_there = self._self_link >= 0
        links = self._self_link[is_there]
        out[..., links] = (-2.0 * self.strength * share**2 * lack)[..., is_there]
        return out
