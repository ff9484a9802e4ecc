"""The elastic recurrent network as a model: parameters are a tree with a subtree per neuron.

    neuron-3/recurrent/neuron-1    the link from neuron-1 to neuron-3
    neuron-3/input/(               its link from a symbol read
    neuron-3/bias
    neuron-3/multiplier            of its output, on the way to the predictions only
    neuron-3/output/(              its link to the prediction of a symbol
    readout/bias/(                 the bias of that prediction

A neuron that comes or goes is a change of support. The loss of a cycle is one fused primitive of
autograd, equal to `plain_loss` to rounding; `plain_loss` is the few lines that define the model.
"""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
import numpy as np

from vvalues import VValue, dense, ravel, restrict
from vvalues.core import evaluate, is_traced, support_of

from ...process.codec import to_plain
from .birth import NewNeuron, draw_neuron
from .fused_cycle import FusedCycle, plain_rollout
from .recurrent import NeuronNetwork, check_reading, check_symbols, first_hidden
from .settings import ElasticSettings

__all__ = ["ElasticNetwork"]


class ElasticNetwork(NeuronNetwork):
    """A recurrent network of tanh neurons over an alphabet; every tree of neurons is a member.

    Parameters
    ----------
    alphabet : str
        The symbols read and predicted, in the order of their codes.
    settings : ElasticSettings, optional
        Tell how `initial` begins.

    Examples
    --------
    >>> model = ElasticNetwork("()ab")
    >>> tree = model.initial(np.random.default_rng(0))
    >>> model.neurons(tree), tree["neuron-1", "multiplier"]
    (('neuron-1',), 1.0)
    >>> model(tree, np.array([0, 2, 3])).shape
    (3, 4)
    """

    def __init__(self, alphabet: str = "()ab", settings: ElasticSettings | None = None) -> None:
        if not alphabet or len(set(alphabet)) < len(alphabet):
            raise ValueError(f"alphabet is {alphabet!r}; expected different characters")
        self.alphabet = alphabet
        self.settings = ElasticSettings() if settings is None else settings

    @property
    def description(self) -> dict[str, Any]:
        """What `described` makes the same model of; JSON-compatible."""
        settings = to_plain(self.settings)
        return {"kind": "ElasticNetwork", "alphabet": self.alphabet, "settings": settings}

    def drawn(self, n: int, rng: np.random.Generator) -> NewNeuron:
        """Random weights of a neuron that joins n others."""
        return draw_neuron(n, len(self.alphabet), self.settings, rng)

    def outgoing_norms(self, parameters: VValue) -> np.ndarray:
        """What mode "outgoing-norm" compares with the threshold: a number per neuron.

        Half the sum of a neuron's output links and of its recurrent ones in absolute value, the
        latter times the number of symbols over that of neurons, so that both weigh alike.
        """
        names = self.neurons(parameters)
        n, n_symbols = len(names), len(self.alphabet)
        recurrent = dense(parameters, tuple((name, "recurrent") for name in names), names)
        output = dense(parameters, tuple((name, "output") for name in names), tuple(self.alphabet))
        lateral = np.abs(recurrent).sum(axis=0)
        return 0.5 * (np.abs(output).sum(axis=1) + n_symbols * lateral / n)

    # -------------------- predictions, as plain as can be --------------------

    def rollout(self, parameters: VValue, inputs: Any, hidden: Any = None) -> tuple[Any, Any]:
        layout = self.layout(support_of(parameters, "parameters"))
        codes, start = check_reading(inputs, self.alphabet, hidden, layout.size)
        return plain_rollout(ravel(restrict(parameters, layout.support)), start, codes, layout)

    def plain_loss(self, parameters: VValue, symbols: Any, hidden: Any = None) -> Any:
        """The same as `loss`, step by step on autograd's tape."""
        return super().loss(parameters, symbols, hidden)

    # -------------------- the fused cycle --------------------

    def loss(self, parameters: VValue, symbols: Any, hidden: Any = None) -> Any:
        """Cross-entropy of a cycle: each symbol but the first is predicted from those before.

        Parameters
        ----------
        parameters : VValue
        symbols : array of int (length + 1,)
        hidden : array (neurons,), optional
            Hidden state to begin with; zeros when omitted.

        Returns
        -------
        float
            Nats, summed over the length. Differentiable in parameters and hidden state, in both
            modes and to any order (beyond the second by way of `plain_loss`).
        """
        layout = self.layout(support_of(parameters, "parameters"))
        codes = check_symbols(symbols, self.alphabet)
        start = first_hidden(hidden, layout.size)
        leaves = ravel(restrict(parameters, layout.support))
        if not is_traced(start):
            return evaluate(leaves, FusedCycle(layout, codes, start))
        return evaluate(anp.concatenate([leaves, start]), FusedCycle(layout, codes))
