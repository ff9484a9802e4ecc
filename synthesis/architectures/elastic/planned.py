"""What pairs of links and areas share: networks that know where every leaf lies in the buffer.

A plan is made once per support. With it, matrices are taken from the buffer, and a gradient is
written to one, in a few calls of numpy, however many leaves there are.
"""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
import numpy as np

from vvalues import Support, VValue, natural_key
from vvalues.core import support_of

from ...optimize.losses import cross_entropies
from .arrays import READOUT
from .model import check_symbols
from .settings import ElasticSettings

__all__ = ["PlannedNetwork", "with_absent"]


class PlannedNetwork:
    """A network over an alphabet whose members are the children of its tree.

    Attributes
    ----------
    alphabet : str
    settings : ElasticSettings
    width : int
        Numbers of a member in the hidden state.
    """

    alphabet: str
    settings: ElasticSettings
    width: int = 1

    def neurons(self, parameters: VValue) -> tuple[str, ...]:
        """Names of the members, oldest first.

        Raises
        ------
        ValueError
            If a leaf is not one of such a network; the message names it.
        """
        return self.plan(support_of(parameters, "parameters")).names

    def multipliers(self, parameters: VValue) -> np.ndarray:
        """The multipliers of all members, ones if they have none."""
        plan = self.plan(parameters.support)
        if not self.settings.has_multipliers:
            return np.ones(len(plan.names))
        return with_absent(parameters.buffer)[plan.multipliers]

    def plan(self, support: Support) -> Any:
        """Where everything lies; remembered on the support."""
        known: dict[Any, Any] = support.__dict__.setdefault("_plans", {})
        key = type(self), self.alphabet, self.width, self.settings.has_multipliers
        if key not in known:
            children = (child for child in support.children() if child != READOUT)
            known[key] = self._planned(support, tuple(sorted(children, key=natural_key)))
        return known[key]

    def _planned(self, support: Support, names: tuple[str, ...]) -> Any:
        """The plan of a support, which is checked."""
        raise NotImplementedError

    def rollout(self, parameters: VValue, inputs: Any, hidden: Any = None) -> tuple[Any, Any]:
        """Logits, and the last hidden state; plain autograd, to any order."""
        raise NotImplementedError

    def __call__(self, parameters: VValue, inputs: np.ndarray) -> Any:
        """Logits (length, symbols) for codes (length,), from a hidden state of zeros.

        Of pieces (pieces, length) they are (pieces, length, symbols).
        """
        return self.rollout(parameters, inputs)[0]

    def loss(self, parameters: VValue, symbols: Any, hidden: Any = None) -> Any:
        """Cross-entropy of a cycle in nats, summed over its length; plain autograd."""
        codes = check_symbols(symbols, self.alphabet)
        logits, _ = self.rollout(parameters, codes[:-1], hidden)
        return anp.sum(cross_entropies(logits, codes[1:]))


def with_absent(flat: Any) -> Any:
    """A buffer and, after it, the zero that absent leaves are; differentiable."""
    return anp.concatenate([flat, np.zeros(1)])
