"""Areas: groups of neurons that come and go as one, with a multiplier per area.

The source proposes to consider "each layer as a higher-order 'node', subject to a global
multiplier", so that the method would be "extended to arbitrary networks composed of multiple
areas, with arbitrary connectivity between areas" (T. Miconi, arXiv:1606.06216, section 5); the form
is ours.

    h_a = tanh(W_a x_t + V_a h_a + sum over b of U_ab m_b h_b + b_a),   y = sum of m_a Y_a h_a + b

An area keeps its own recurrence V_a; all that leaves it, to other areas and to the predictions, is
scaled by its multiplier m_a. Leaves are arrays, absent ones are zeros, so that any connectivity is
a member:

    area-2/within          (width, width)     V
    area-2/from/area-1     (width, width)     U, from area-1
    area-2/input           (width, symbols)   W
    area-2/bias            (width,)
    area-2/multiplier
    area-2/output          (symbols, width)   Y
    readout/bias           (symbols,)

`process` trains it by the rules for neurons: an area is marked, deleted and added as a neuron is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import autograd.numpy as anp
import numpy as np

from vvalues import (
    Path,
    Support,
    VValue,
    assemble,
    format_path,
    from_buffer,
    natural_key,
    ravel,
)
from vvalues.core import support_of

from ...process.checks import check_whole
from ...process.codec import to_plain
from ..layered import block
from .arrays import READOUT, Rows, capacity_for
from .fused_cycle import run_packed, unrolled
from .recurrent import RecurrentNetwork, check_reading, check_symbols, first_hidden
from .settings import ElasticSettings

__all__ = ["AreaNetwork"]


class AreaNetwork(RecurrentNetwork):
    """A recurrent network of areas over an alphabet; every tree of areas is a member.

    Parameters
    ----------
    alphabet : str
    settings : ElasticSettings, optional
        Mode "corrected"; neurons are areas.
    width : int
        Neurons of an area.

    Raises
    ------
    ValueError
        For another mode, or a width below 1.

    Examples
    --------
    >>> model = AreaNetwork("()ab", width=3)
    >>> tree = model.initial(np.random.default_rng(0), 2)
    >>> model.neurons(tree), tree["area-1", "from", "area-2"].shape
    (('area-1', 'area-2'), (3, 3))
    >>> model(tree, np.array([0, 2, 3])).shape
    (3, 4)
    """

    prefix = "area-"
    kinds = ("from",)

    def __init__(
        self, alphabet: str = "()ab", settings: ElasticSettings | None = None, width: int = 4
    ) -> None:
        self.settings = ElasticSettings() if settings is None else settings
        if self.settings.mode != "corrected":
            raise ValueError(f"mode is {self.settings.mode!r}; areas know mode 'corrected' only")
        check_whole("width", width, 1)
        self.alphabet, self.width = alphabet, width

    @property
    def description(self) -> dict[str, Any]:
        """What `described` makes the same model of; JSON-compatible."""
        words = {"kind": "AreaNetwork", "alphabet": self.alphabet, "width": self.width}
        return {**words, "settings": to_plain(self.settings)}

    def initial(self, rng: np.random.Generator, size: int = 1) -> VValue:
        """So many areas with small normal weights, biases 0, multipliers 1."""
        if size < 1:
            raise ValueError(f"size is {size!r}; expected at least 1 area")
        tree = VValue({READOUT: {"bias": np.zeros(len(self.alphabet))}})
        for i in range(1, size + 1):
            tree = tree + self._first_leaves(tree, f"{self.prefix}{i}", rng, 1.0)
        return tree

    def neurons(self, parameters: VValue) -> tuple[str, ...]:
        return self.plan(support_of(parameters, "parameters")).names

    def plan(self, support: Support) -> _Plan:
        """Where every leaf lies in the buffer; remembered on the support.

        With it, matrices are taken from the buffer, and a gradient is written to one, in a few
        calls of numpy, however many leaves there are.
        """
        known: dict[Any, _Plan] = support.__dict__.setdefault("_area_plans", {})
        key = self.alphabet, self.width
        if key not in known:
            known[key] = self._planned(support)
        return known[key]

    def _planned(self, support: Support) -> _Plan:
        children = (child for child in support.children() if child != READOUT)
        names = tuple(sorted(children, key=natural_key))
        self._check(support, names)
        width, n_symbols, n = self.width, len(self.alphabet), len(names) * self.width
        within = {name: slice(i * width, (i + 1) * width) for i, name in enumerate(names)}
        plan = _Plan(
            names=names,
            recurrent=np.full((n, n), support.size),
            own=np.kron(np.eye(len(names)), np.ones((width, width))),
            input=np.full((n, n_symbols), support.size),
            bias=np.full(n, support.size),
            output=np.full((n_symbols, n), support.size),
            multipliers=np.full(len(names), support.size),
            readout=np.full(n_symbols, support.size),
        )
        elements = np.arange(support.size)
        for path in support.paths:
            at = block(support, elements, path)
            if path[0] == READOUT:
                plan.readout[:] = at
            elif path[1] == "multiplier":
                plan.multipliers[names.index(path[0])] = at
            elif path[1] in ("within", "from"):
                sender = path[0] if path[1] == "within" else path[2]
                plan.recurrent[within[path[0]], within[sender]] = at
            elif path[1] == "output":
                plan.output[:, within[path[0]]] = at
            else:
                getattr(plan, path[1])[within[path[0]]] = at
        return plan

    def _first_leaves(
        self,
        parameters: VValue,
        name: str,
        rng: np.random.Generator,
        multiplier: float | None = None,
    ) -> VValue:
        """A new area's leaves; its multiplier is the threshold if no other is given."""
        shapes = self._shapes(name)
        for other in self.neurons(parameters):
            shapes[name, "from", other] = shapes[other, "from", name] = (self.width, self.width)
        leaves: dict[Path, Any] = {
            path: self.settings.scale * rng.standard_normal(shape) if len(shape) == 2
            else np.zeros(shape)
            for path, shape in shapes.items()
        }  # fmt: skip
        if self.settings.has_multipliers:
            first = self.settings.threshold if multiplier is None else multiplier
            leaves[name, "multiplier"] = first
        return assemble(leaves)

    def _shapes(self, name: str) -> dict[Path, tuple[int, ...]]:
        """Shapes of the leaves of an area alone, its multiplier apart."""
        width, n_symbols = self.width, len(self.alphabet)
        return {
            (name, "within"): (width, width),
            (name, "input"): (width, n_symbols),
            (name, "bias"): (width,),
            (name, "output"): (n_symbols, width),
        }

    def _check(self, support: Support, names: tuple[str, ...]) -> None:
        shapes: dict[Path, tuple[int, ...]] = {(READOUT, "bias"): (len(self.alphabet),)}
        for name in names:
            shapes |= self._shapes(name)
            shapes |= {(name, "from", other): (self.width,) * 2 for other in names if other != name}
            shapes[name, "multiplier"] = ()
        for i, path in enumerate(support.paths):
            if shapes.get(path) != support.shape(i):
                raise ValueError(
                    f"parameters have a leaf of shape {support.shape(i)} at {format_path(path)}, "
                    f"which is none of a network of areas of {self.width} neurons over the "
                    f"alphabet {self.alphabet!r}: expected AREA/within, AREA/from/AREA, "
                    "AREA/input, AREA/bias, AREA/multiplier, AREA/output and readout/bias"
                )

    # -------------------- plain --------------------

    def rollout(self, parameters: VValue, inputs: Any, hidden: Any = None) -> tuple[Any, Any]:
        plan = self.plan(support_of(parameters, "parameters"))
        codes, state = check_reading(inputs, self.alphabet, hidden, len(plan.own))
        flat = _with_absent(ravel(parameters))
        sent = self._sent(flat, plan)
        recurrent = flat[plan.recurrent] * (plan.own + (1.0 - plan.own) * sent)
        read, output = flat[plan.input], flat[plan.output] * sent

        def heard(code: Any, state: Any) -> Any:
            return read[:, code] + anp.dot(recurrent, state)

        return unrolled(heard, flat[plan.bias], output, flat[plan.readout], state, codes)

    def _sent(self, flat: Any, plan: _Plan) -> Any:
        """What scales all that leaves a neuron: its area's multiplier; (n,)."""
        if not self.settings.has_multipliers:
            return np.ones(len(plan.own))
        return flat[np.repeat(plan.multipliers, self.width)]

    # -------------------- by hand --------------------

    def loss_and_gradient(
        self, parameters: VValue, symbols: Any, hidden: np.ndarray | None = None
    ) -> tuple[float, VValue, np.ndarray]:
        """Loss, gradient on the parameters' support, and the hidden state at the end; no tape.

        The cycle is that of the elastic network, to which multipliers of what passes between areas
        are part of the recurrent links.

        Raises
        ------
        ValueError
            If a symbol is no code of the alphabet, or the hidden state is of the wrong length.
        """
        codes, plan = check_symbols(symbols, self.alphabet), self.plan(parameters.support)
        n, n_symbols = len(plan.own), len(self.alphabet)
        flat = _with_absent(parameters.buffer)
        sent, recurrent = self._sent(flat, plan), flat[plan.recurrent]
        gain = plan.own + (1.0 - plan.own) * sent
        capacity = capacity_for(n, n_symbols)
        rows = Rows.of(capacity, n_symbols)
        packed = np.zeros((rows.n_rows, capacity))
        packed[:n, :n] = recurrent * gain
        packed[rows.input, :n], packed[rows.output, :n] = flat[plan.input].T, flat[plan.output]
        packed[rows.bias, :n], packed[rows.multiplier, :n] = flat[plan.bias], sent
        packed[rows.readout, :n_symbols] = flat[plan.readout]
        losses, cycle = run_packed(packed, first_hidden(hidden, n), codes, n_symbols)

        found, by_recurrent = cycle.gradient[0], cycle.gradient[0, :n, :n]
        gradient = np.zeros_like(flat)
        gradient[plan.recurrent] = by_recurrent * gain
        gradient[plan.input] = found[rows.input, :n].T
        gradient[plan.output] = found[rows.output, :n]
        gradient[plan.bias] = found[rows.bias, :n]
        gradient[plan.readout] = found[rows.readout, :n_symbols]
        if self.settings.has_multipliers:
            between = ((1.0 - plan.own) * by_recurrent * recurrent).sum(axis=0)
            by_sent = between + found[rows.multiplier, :n]
            gradient[plan.multipliers] = by_sent.reshape(-1, self.width).sum(axis=1)
        tree = from_buffer(parameters.support, gradient[:-1])
        return float(losses[0]), tree, cycle.hidden[0, :n].copy()


class _Plan(NamedTuple):
    """Elements of the buffer side by side; n is the number of neurons of all areas.

    An absent leaf's elements are the one after the last.
    """

    names: tuple[str, ...]
    recurrent: np.ndarray  # (n, n): within and between areas
    own: np.ndarray  # (n, n): 1 within areas, 0 between them
    input: np.ndarray  # (n, symbols)
    bias: np.ndarray  # (n,)
    output: np.ndarray  # (symbols, n)
    multipliers: np.ndarray  # (areas,)
    readout: np.ndarray  # (symbols,)


def _with_absent(flat: Any) -> Any:
    """A buffer and, after it, the zero that absent leaves are; differentiable."""
    return anp.concatenate([flat, np.zeros(1)])
