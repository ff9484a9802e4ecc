"""The gated recurrent cells as machines of linear, bilinear and sigmoid neurons.

Every neuron takes a tick, so a cell takes several; identity neurons delay what arrives early, so
that every cycle of the machine has the same length ``period``. What is fed at ticks 0, period,
2 period, ... then meets only itself: the machine is ``period`` independent cells, interleaved.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vvalues import VValue
from vvalues.core.tree import from_leaves

from ..machine import Machine, links

__all__ = ["GRU_PERIOD", "LSTM_PERIOD", "gru", "lstm"]

LSTM_PERIOD = 5
GRU_PERIOD = 4

Weights = Mapping[str, tuple[float, float, float]]
PATTERNS = "arXiv:1606.09470; arXiv:1712.07447, section 6"


def _gates(weights: Weights, fields: Mapping[str, str]) -> VValue:
    """Links of all gates: from the input, from the hidden state, and the bias."""
    leaves: dict[tuple[str, ...], float | np.ndarray] = {}
    for gate, (of_input, of_hidden, bias) in weights.items():
        field = fields[gate]
        leaves[gate, field, "x", "stream"] = of_input
        leaves[gate, field, "hidden", "dict"] = of_hidden
        leaves[gate, field, "const_1", "const_1"] = bias
    return from_leaves(leaves)


def lstm(weights: Weights) -> Machine:
    """A long short-term memory cell of one unit.

    Parameters
    ----------
    weights : mapping of gate to (weight of the input, of the hidden state, bias)
        Gates ``in``, ``forget``, ``out`` and ``new`` (the candidate).

    Notes
    -----
    Feed the stream ``x`` at ticks 0, 5, 10, ...; the hidden state after it is the input
    ``output.dict-1`` at tick 6, 11, 16, ...

    References
    ----------
    S. Hochreiter, J. Schmidhuber, Neural Computation 9, 1997; as a machine: arXiv:1606.09470.

    Examples
    --------
    >>> from dmm import run, streams_from_trees
    >>> weights = {"in": (0, 0, 9), "forget": (0, 0, 9), "out": (0, 0, 9), "new": (1, 0, 0)}
    >>> once = [VValue(0.5), *[VValue()] * 14]
    >>> trace = run(lstm(weights), streams_from_trees({"x": [once]}))
    >>> [round(trace.inputs[tick]["output", "dict-1"], 3) for tick in (6, 11)]  # kept
    [0.432, 0.432]
    """
    fields = {"in": "number", "forget": "number", "out": "number", "new": "dict"}
    neurons = {
        "x": "stream",
        "const_1": "const_1",
        "output": "output",
        "in": "sigmoid",
        "forget": "sigmoid",
        "out": "sigmoid",
        "new": "tanh",
        "store": "gate",
        "keep": "gate",
        "cell": "accum",
        "squash": "tanh",
        "hidden": "gate",
        **{f"cell-late-{k}": "identity" for k in (1, 2, 3)},
        **{f"out-late-{k}": "identity" for k in (1, 2, 3)},
    }
    fixed = links(
        """
        store.gate <- in.number
        store.dict <- new.dict
        keep.gate <- forget.number
        cell-late-1.dict <- cell.dict
        cell-late-2.dict <- cell-late-1.dict
        cell-late-3.dict <- cell-late-2.dict
        keep.dict <- cell-late-3.dict
        cell.dict-1 <- store.dict
        cell.dict-2 <- keep.dict
        squash.dict <- cell.dict
        out-late-1.dict <- out.number
        out-late-2.dict <- out-late-1.dict
        out-late-3.dict <- out-late-2.dict
        hidden.gate <- out-late-3.dict
        hidden.dict <- squash.dict
        output.dict-1 <- hidden.dict
        """
    )
    return Machine(neurons, fixed, _gates(weights, fields), name="lstm")


def gru(weights: Weights) -> Machine:
    """A gated recurrent unit.

    Parameters
    ----------
    weights : mapping of gate to (weight of the input, of the hidden state, bias)
        Gates ``update``, ``reset`` and ``new`` (the candidate, which sees ``reset * hidden``).

    Notes
    -----
    Feed the stream ``x`` at ticks 0, 4, 8, ...; the hidden state after it is the input
    ``output.dict-1`` at tick 5, 9, 13, ...

    References
    ----------
    K. Cho et al., arXiv:1406.1078; as a machine: arXiv:1606.09470.

    Examples
    --------
    >>> from dmm import run, streams_from_trees
    >>> weights = {"update": (0, 0, 0), "reset": (0, 0, 9), "new": (1, 0, 0)}
    >>> numbers = [VValue(0.5), *[VValue()] * 3] * 4
    >>> trace = run(gru(weights), streams_from_trees({"x": [numbers]}))
    >>> [round(trace.inputs[tick]["output", "dict-1"], 3) for tick in (5, 9, 13)]
    [0.231, 0.347, 0.404]
    """
    of_input, of_hidden, bias = weights["new"]
    gates = {gate: weights[gate] for gate in ("update", "reset")}
    fields = {"update": "number", "reset": "number"}
    candidate = from_leaves(
        {
            ("new", "dict", "x-late-2", "dict"): of_input,
            ("new", "dict", "recall", "dict"): of_hidden,
            ("new", "dict", "const_1", "const_1"): bias,
        }
    )
    neurons = {
        "x": "stream",
        "const_1": "const_1",
        "output": "output",
        "update": "sigmoid",
        "reset": "sigmoid",
        "new": "tanh",
        "recall": "gate",
        "hidden": "multiplexer",
        **{f"x-late-{k}": "identity" for k in (1, 2)},
        **{f"update-late-{k}": "identity" for k in (1, 2)},
        **{f"hidden-late-{k}": "identity" for k in (1, 2, 3)},
    }
    fixed = links(
        """
        x-late-1.dict <- x.stream
        x-late-2.dict <- x-late-1.dict
        hidden-late-1.dict <- hidden.dict
        hidden-late-2.dict <- hidden-late-1.dict
        hidden-late-3.dict <- hidden-late-2.dict
        recall.gate <- reset.number
        recall.dict <- hidden-late-1.dict
        update-late-1.dict <- update.number
        update-late-2.dict <- update-late-1.dict
        hidden.gate <- update-late-2.dict
        hidden.dict-1 <- hidden-late-3.dict
        hidden.dict-2 <- new.dict
        output.dict-1 <- hidden.dict
        """
    )
    return Machine(neurons, fixed, _gates(gates, fields) + candidate, name="gru")
