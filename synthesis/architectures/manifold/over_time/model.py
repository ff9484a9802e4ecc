"""Manifolds over time: neurons with memory, and recurrence of the whole network.

Both are named in the seed's outlook. A *memory manifold* has long short-term memory cells in place
of leaky units; links stay without cycles, so a level is evaluated for all time steps at once and
only the cells themselves go step by step. A *recurrent manifold* feeds extra outputs to extra
inputs of the next step; no loss is put on them, gradients reach them through time.

References
----------
M. Woods, Dynamic Neural Manifold (2018), "Future directions"; S. Hochreiter, J. Schmidhuber, Neural
Computation 9 (1997), 1735-1780.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import autograd.numpy as anp
import numpy as np

from vvalues import Support, VValue, from_buffer, ravel, unravel
from vvalues.core.fused import evaluate
from vvalues.core.tracing import support_of

from ..model import Links, Manifold
from ..places import ManifoldNeurons
from ..structure.layout import Layout, cells_between, checked_inputs, take
from .cells import GATES, CellScan, link_product

__all__ = ["MemoryManifold", "RecurrentManifold"]

FORGET_BIAS = 1.0


SEQUENCES = ("samples", "steps")
"""The axes of inputs before the last."""


class _OverTime:
    """What models over time hand on of the manifold that they are made of."""

    def __init__(self, manifold: Manifold) -> None:
        self.manifold = manifold

    @property
    def description(self) -> dict[str, Any]:
        """The model in words; JSON-compatible."""
        return {"kind": type(self).__name__, "manifold": self.manifold.description}

    @property
    def layout(self) -> Layout:
        """Sizes and places of the manifold."""
        return self.manifold.layout

    def prunable(self, support: Support) -> np.ndarray:
        """Weights and biases, neither closeness nor cells; array of bool (size,)."""
        return self.manifold.prunable(support)

    def places(self) -> ManifoldNeurons:
        """How its hidden neurons lie in the parameters, with link weights."""
        return ManifoldNeurons(self)

    def __call__(self, parameters: VValue, inputs: np.ndarray) -> Any:
        """Predictions (samples, steps, outputs) for inputs (samples, steps, inputs)."""
        return self.predict(parameters, inputs)[0]

    def predict(self, parameters: VValue, inputs: np.ndarray) -> tuple[Any, Links]:
        """Predictions and the links they went through."""
        raise NotImplementedError


class MemoryManifold(_OverTime):
    """A manifold whose hidden neurons are long short-term memory cells of one unit each.

    Parameters
    ----------
    manifold : Manifold
        With link weights and without squares.

    Notes
    -----
    Parameters are those of the manifold and a leaf ``cell`` (4, 3) of every hidden neuron: for the
    gates `cells.GATES` the weight of what is received, the weight of the cell's own last output,
    and the bias. The manifold's bias of a hidden neuron is added to what is received.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> model = MemoryManifold(Manifold(1, 3, 1, link_weights=True))
    >>> model(model.initial(np.random.default_rng(0)), np.zeros((2, 5, 1))).shape
    (2, 5, 1)
    """

    def __init__(self, manifold: Manifold) -> None:
        if not manifold.layout.has_link_weights or manifold.squared:
            raise ValueError("neurons with memory need link_weights=True and squared=False")
        super().__init__(manifold)

    @cached_property
    def support(self) -> Support:
        """The support of the parameters."""
        paths = [(name, "cell") for name in self.layout.hidden]
        cells = Support.of(paths, [(len(GATES), 3)] * len(paths))
        return self.layout.support.union(cells).support

    @cached_property
    def _places(self) -> tuple[np.ndarray, np.ndarray]:
        """Elements of the parameters: those of the manifold, those of the cells."""
        whole = self.support
        mine, _ = whole.elements(self.layout.support)
        first = [whole.offsets[whole.index[name, "cell"]] for name in self.layout.hidden]
        cells = np.add.outer(np.array(first, dtype=np.intp), np.arange(len(GATES) * 3))
        return mine, cells

    def alive(self, parameters: VValue) -> np.ndarray:
        """As of the manifold; the cell of a neuron that no output reads is dead, too."""
        self._check(parameters)
        mine, cells = self._places
        of_manifold = from_buffer(self.layout.support, parameters.buffer[mine])
        *_, is_read = self.manifold.read_links(of_manifold)
        alive = np.zeros(self.support.size, dtype=bool)
        alive[mine] = self.manifold.alive(of_manifold)
        alive[cells] = is_read[: self.layout.n_hidden, None]
        return alive

    @property
    def closeness_at(self) -> np.ndarray:
        """Elements of the parameters that closeness depends on."""
        return self._places[0][self.layout.closeness_at]

    def links(self, parameters: VValue) -> Links:
        """The living links and their strengths; differentiable."""
        self._check(parameters)
        return self.manifold.links_at(parameters, self._places[0])

    def _check(self, parameters: VValue) -> None:
        if support_of(parameters, "parameters") is not self.support:
            raise ValueError("parameters are of another model: take them from this one's `initial`")

    def initial(self, rng: np.random.Generator) -> VValue:
        """The manifold's start; cells pass on what they receive and forget slowly."""
        buffer = np.empty(self.support.size)
        mine, cells = self._places
        buffer[mine] = self.manifold.initial(rng).buffer
        start = np.zeros((len(cells), len(GATES), 3))
        start[:, :, :2] = 0.5 * rng.standard_normal((len(cells), len(GATES), 2))
        start[:, GATES.index("candidate"), 0] += 1.0
        start[:, GATES.index("forget"), 2] = FORGET_BIAS
        buffer[cells] = start.reshape(len(cells), len(GATES) * 3)
        return from_buffer(self.support, buffer)

    def predict(self, parameters: VValue, inputs: np.ndarray) -> tuple[Any, Links]:
        """Predictions and the links they went through."""
        layout, (_, cells) = self.layout, self._places
        inputs = checked_inputs(inputs, layout.n_inputs, SEQUENCES)
        links = self.links(parameters)
        schedule, values, biases = links.schedule, links.values, links.biases
        of_cells = take(parameters, cells[schedule.order].ravel())
        width = cells.shape[1]
        samples, steps, _ = inputs.shape
        signal = inputs.transpose(2, 1, 0).reshape(layout.n_inputs, steps * samples)
        for step in schedule.steps:
            members = schedule.order[step.first : step.last]
            rows, chosen = _links_into(schedule.rows, members)
            pattern = rows, schedule.sender_places[chosen], len(members), len(signal)
            received = link_product(values[chosen], signal, pattern)
            received = received + biases[members][:, None]
            scan = CellScan(len(members), steps, samples)
            own = of_cells[width * step.first : width * step.last]
            sent = evaluate(anp.concatenate([anp.ravel(received), own]), scan)
            signal = anp.concatenate([signal, sent])
        rows, chosen = _links_into(schedule.rows, np.arange(layout.n_hidden, layout.n_rows))
        pattern = rows, schedule.sender_places[chosen], layout.n_outputs, len(signal)
        outputs = link_product(values[chosen], signal, pattern)
        outputs = outputs + biases[layout.n_hidden :][:, None]
        shaped = anp.reshape(outputs, (layout.n_outputs, steps, samples))
        return anp.transpose(shaped, (2, 1, 0)), links

    def plain(self, parameters: VValue, inputs: np.ndarray) -> Any:
        """Predictions step by step and neuron by neuron in plain autograd: the judge."""
        layout = self.layout
        whole = ravel(parameters)
        mine, cells = self._places
        buffer = whole[mine]
        strengths = self.manifold.plain_strengths(unravel(buffer, layout.support))
        cell = anp.reshape(whole[cells], (layout.n_hidden, len(GATES), 3))
        state: list[Any] = [0.0] * layout.n_hidden
        last: list[Any] = [0.0] * layout.n_hidden
        rows = []
        for t in range(inputs.shape[1]):
            sent: list[Any] = [inputs[:, t, j] for j in range(layout.n_inputs)]
            outputs = []
            for row, limit in enumerate(layout.limits):
                total = buffer[layout.bias_at[row]]
                for j in range(limit):
                    weight = buffer[layout.weights_at[row] + j]
                    total = total + strengths[row, j] * weight * sent[j]
                if row < layout.n_hidden:
                    z = [g[0] * total + g[1] * last[row] + g[2] for g in cell[row]]
                    squashed = [0.5 * (1 + anp.tanh(0.5 * value)) for value in z[:3]]
                    new = squashed[0] * anp.tanh(z[3]) + squashed[1] * state[row]
                    state[row] = new
                    last[row] = squashed[2] * anp.tanh(new)
                    sent.append(last[row])
                else:
                    outputs.append(total + 0.0 * inputs[:, t, 0])
            rows.append(anp.stack(outputs, axis=1))
        return anp.stack(rows, axis=1)


def _links_into(rows: np.ndarray, members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of the members each link into them enters, and the links."""
    return cells_between(np.searchsorted(rows, members), np.searchsorted(rows, members + 1))


class RecurrentManifold(_OverTime):
    """A manifold whose last outputs are its last inputs at the next time step.

    Parameters
    ----------
    manifold : Manifold
        With ``n_feedback`` inputs and outputs more than the task has.
    n_feedback : int

    Raises
    ------
    ValueError
        If nothing would be left of inputs or outputs.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> model = RecurrentManifold(Manifold(3, 4, 3), n_feedback=2)
    >>> model(model.initial(np.random.default_rng(0)), np.zeros((2, 5, 1))).shape
    (2, 5, 1)
    """

    def __init__(self, manifold: Manifold, n_feedback: int) -> None:
        layout = manifold.layout
        if not 1 <= n_feedback < min(layout.n_inputs, layout.n_outputs):
            raise ValueError(
                f"n_feedback is {n_feedback!r}; expected at least 1 and less than the "
                f"{layout.n_inputs} inputs and {layout.n_outputs} outputs of the manifold"
            )
        super().__init__(manifold)
        self.n_feedback = n_feedback

    @property
    def description(self) -> dict[str, Any]:
        """The model in words; JSON-compatible."""
        return {**super().description, "n_feedback": self.n_feedback}

    @property
    def support(self) -> Support:
        """The support of the parameters."""
        return self.layout.support

    def alive(self, parameters: VValue) -> np.ndarray:
        """As of the manifold: what is fed back counts as an output."""
        return self.manifold.alive(parameters)

    @property
    def closeness_at(self) -> np.ndarray:
        """Elements of the parameters that closeness depends on."""
        return self.layout.closeness_at

    def links(self, parameters: VValue) -> Links:
        """The living links and their strengths; differentiable."""
        return self.manifold.links(parameters)

    def initial(self, rng: np.random.Generator) -> VValue:
        """The manifold's start."""
        return self.manifold.initial(rng)

    def predict(self, parameters: VValue, inputs: np.ndarray) -> tuple[Any, Links]:
        """Predictions and the links they went through."""
        manifold, k = self.manifold, self.n_feedback
        inputs = checked_inputs(inputs, self.layout.n_inputs - k, SEQUENCES)
        links = self.links(parameters)
        fed: Any = np.zeros((inputs.shape[0], k))
        rows = []
        for t in range(inputs.shape[1]):
            outputs = manifold.through(links, anp.concatenate([inputs[:, t], fed], axis=1))
            rows.append(outputs[:, :-k])
            fed = outputs[:, -k:]
        return anp.stack(rows, axis=1), links
