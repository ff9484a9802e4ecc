"""Pairs of links, one additive and one multiplicative, with a trained ratio between them.

    z_t = (1 + (r * V) h_{t-1}) * (W_x x_t + ((1 - r) * W) h_{t-1}) + b,   h_t = tanh(z_t)

Between any two neurons there are an additive link (W), a multiplicative one (V, which modulates all
that the receiving neuron adds up) and their ratio r, the logistic function of a trained number. At
r = 0 it is the elastic network. The source only proposes such pairs (T. Miconi, arXiv:1606.06216,
section 5); the form is ours.

    neuron-3/recurrent/neuron-1     W
    neuron-3/modulation/neuron-1    V
    neuron-3/ratio/neuron-1         r before the logistic function

All else is as in `model`: `process` trains one such network, `networks` many side by side, with the
same cycle and the same rules of growth.
"""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
import numpy as np

from dmm.neurons import logistic
from vvalues import Support, VValue, dense, ravel
from vvalues.core import support_of

from ...process.codec import to_plain
from .arrays import PAIRED, living_part
from .birth import NewNeuron, draw_paired_neuron
from .fused_cycle import matrices, unrolled
from .model import ElasticNetwork
from .paired_cycle import PairedCycle
from .recurrent import NeuronNetwork, check_reading
from .settings import ElasticSettings

__all__ = ["ModulatedNetwork", "linked_network"]


class ModulatedNetwork(NeuronNetwork):
    """A recurrent network of paired links; every tree of neurons is a member.

    Parameters
    ----------
    alphabet : str
    settings : ElasticSettings, optional
        Mode "corrected".
    ratio : float
        Share of the multiplicative link to begin with, between 0 and 1.

    Raises
    ------
    ValueError
        If the ratio is not between 0 and 1 (both excluded), or the mode is another one.

    Examples
    --------
    >>> model = ModulatedNetwork("()ab")
    >>> tree = model.initial(np.random.default_rng(0), 2)
    >>> float(model.ratios(tree)[0, 1].round(6))
    0.1
    """

    kinds = PAIRED
    cycle = PairedCycle

    def __init__(
        self,
        alphabet: str = "()ab",
        settings: ElasticSettings | None = None,
        ratio: float = 0.1,
    ) -> None:
        if not 0.0 < ratio < 1.0:
            raise ValueError(f"ratio is {ratio!r}; expected a number between 0 and 1")
        self.settings = ElasticSettings() if settings is None else settings
        if self.settings.mode != "corrected":
            raise ValueError(
                f"mode is {self.settings.mode!r}; links come in pairs in mode 'corrected' only"
            )
        self.alphabet, self.ratio = alphabet, ratio
        self.first_ratio = float(np.log(ratio / (1.0 - ratio)))

    @property
    def description(self) -> dict[str, Any]:
        """What `described` makes the same model of; JSON-compatible."""
        settings = to_plain(self.settings)
        words = {"kind": "ModulatedNetwork", "alphabet": self.alphabet, "settings": settings}
        return {**words, "ratio": self.ratio}

    def drawn(self, n: int, rng: np.random.Generator) -> NewNeuron:
        """Random weights of a neuron that joins n others."""
        n_symbols = len(self.alphabet)
        return draw_paired_neuron(n, n_symbols, self.settings, rng, self.first_ratio)

    def ratios(self, parameters: VValue) -> np.ndarray:
        """Share of the multiplicative link, (receiving, sending)."""
        names = self.neurons(parameters)
        return logistic(dense(parameters, tuple((name, "ratio") for name in names), names))

    def living(self, support: Support) -> Support:
        """The leaves that can influence a prediction.

        A pair of neurons is linked by its additive and its multiplicative link; a ratio without
        either is nothing.
        """
        pairs = {(path[0], path[2]) for path in support.paths if path[1] in PAIRED[:2]}
        keep = [path[1] != "ratio" or (path[0], path[2]) in pairs for path in support.paths]
        linked = support.where(np.array(keep, dtype=bool))
        return living_part(linked, PAIRED[:2], self.settings.has_multipliers)

    def prunable(self, support: Support) -> np.ndarray:
        """All but the ratios, whose zero is one half; array of bool (size,)."""
        return np.array([path[1] != "ratio" for path in support.paths], dtype=bool)

    def rollout(self, parameters: VValue, inputs: Any, hidden: Any = None) -> tuple[Any, Any]:
        support = support_of(parameters, "parameters")
        layout = self.layout(support)
        codes, start = check_reading(inputs, self.alphabet, hidden, layout.size)
        if support is layout.support:
            leaves = ravel(parameters)
        else:  # an absent leaf is zero in such a column, and has no gradient either
            leaves = dense(parameters, layout.support.paths, [()])[:, 0]
        links, read, bias, output, readout = matrices(leaves, layout)
        ratio = logistic(links[2])
        additive, gating = (1.0 - ratio) * links[0], ratio * links[1]

        def heard(code: Any, state: Any) -> Any:
            return (1.0 + anp.dot(gating, state)) * (read[code].T + anp.dot(additive, state))

        return unrolled(heard, bias, output, readout, start, codes)


def linked_network(
    alphabet: str, settings: ElasticSettings, ratio: float | None
) -> ElasticNetwork | ModulatedNetwork:
    """The model of networks of single links or, with a ratio to begin with, of pairs."""
    if ratio is None:
        return ElasticNetwork(alphabet, settings)
    return ModulatedNetwork(alphabet, settings, ratio)
