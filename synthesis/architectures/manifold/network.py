"""The network that a manifold has found, on its own: links are leaves, structure is the support.

A manifold's structure is a function of its parameters; here it is fixed, so that it can be trained
on, pruned and edited like everything else in this library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import compress
from typing import Any, NamedTuple

import autograd.numpy as anp
import numpy as np

from vvalues import Path, Support, VValue, format_path, ravel, select
from vvalues.core import from_leaves, support_of

from ...process.codec import from_plain, to_plain
from ...process.places import KeyedNeurons
from .model import Links, Manifold, outputs_of
from .structure.layout import Layout, checked_inputs
from .structure.schedule import Schedule

__all__ = ["Network", "NetworkNeurons", "hidden_number", "network_of"]


class _Plan(NamedTuple):
    """Where everything is in the buffer of one support."""

    schedule: Schedule
    links: np.ndarray  # element of every link, in the schedule's order
    gains: np.ndarray  # element of the weight of every sender, or one past the end: 0; or empty
    biases: np.ndarray  # element of every bias, or one past the end: 0


class Network:
    """Networks on the neurons of a manifold; a tree ``receiver/links/sender`` of link weights.

    Beside its links a neuron has a ``bias``, and with shared weights a ``weight`` (see
    `Manifold`). What is absent is zero: no link, no bias; an absent shared weight is 0 too.

    Parameters
    ----------
    layout : Layout
    squared : bool

    Examples
    --------
    >>> network = Network(Layout(2, 1, 1, 1.0, has_link_weights=True))
    >>> tree = VValue({"output-0": {"links": {"input-0": 2.0}, "bias": 0.5}})
    >>> network(tree, np.array([[3.0, 9.0]]))
    array([[6.5]])
    """

    def __init__(self, layout: Layout, squared: bool = False) -> None:
        self.layout = layout
        self.squared = squared
        self._plans = lru_cache(maxsize=32)(self._plan)
        self._rows = {name: row for row, name in enumerate(layout.receivers)}
        self._columns = {name: column for column, name in enumerate(layout.senders)}

    @property
    def description(self) -> dict[str, Any]:
        """What `described` makes the same model of; JSON-compatible."""
        return {"kind": "Network", "layout": to_plain(self.layout), "squared": self.squared}

    @classmethod
    def described(cls, description: Mapping[str, Any]) -> Network:
        """The model of a description."""
        return cls(from_plain(description["layout"], [Layout]), description["squared"])

    def __call__(self, parameters: VValue, inputs: np.ndarray) -> Any:
        """Predictions (samples, outputs) for inputs (samples, inputs); differentiable in both.

        Raises
        ------
        ValueError
            For inputs of another shape or none, or a leaf that is no part of this network.
        """
        inputs = checked_inputs(inputs, self.layout.n_inputs)
        plan = self._plans(support_of(parameters, "parameters"))
        buffer = anp.concatenate([ravel(parameters), np.zeros(1)])
        values, gains, biases = buffer[plan.links], buffer[plan.gains], buffer[plan.biases]
        links = Links(plan.schedule, values, values, gains, biases)
        outputs = outputs_of(self.layout, links, inputs)
        return outputs**2 if self.squared else outputs

    def fitting(self, parameters: VValue) -> Network:
        """The network with as many hidden neurons as these parameters name; this one if it has.

        Examples
        --------
        >>> network = Network(Layout(1, 2, 1, 1.0, has_link_weights=True))
        >>> network.fitting(VValue({"hidden-4": {"bias": 1.0}})).layout.n_hidden
        5
        """
        keys = {key for path in parameters.support.paths for key in path}
        numbers = [hidden_number(key) for key in keys]
        needed = 1 + max((number for number in numbers if number is not None), default=-1)
        if needed <= self.layout.n_hidden:
            return self
        return Network(replace(self.layout, n_hidden=needed), self.squared)

    def places(self) -> NetworkNeurons:
        """How its hidden neurons lie in the tree."""
        return NetworkNeurons()

    def schedule(self, support: Support) -> Schedule:
        """The evaluation order of networks on this support."""
        return self._plans(support).schedule

    def living(self, support: Support) -> Support:
        """The leaves that can influence an output; what `remove_dead` keeps.

        A link lives if an output depends on its receiver, and something reaches its sender: an
        input, or a bias.
        """
        layout, schedule = self.layout, self._plans(support).schedule
        inputs, outputs = layout.senders[: layout.n_inputs], layout.receivers[layout.n_hidden :]
        read = {*outputs, *compress(layout.senders, schedule.read)}
        active = {*inputs, *(path[0] for path in support.paths if path[1:] == ("bias",))}
        for row, column in zip(schedule.rows.tolist(), schedule.columns.tolist(), strict=True):
            if layout.senders[column] in active:
                active.add(layout.receivers[row])
        lives = [path[0] in read and (len(path) < 3 or path[2] in active) for path in support.paths]
        return support.where(np.array(lives, dtype=bool))

    def _plan(self, support: Support) -> _Plan:
        layout, links = self.layout, []
        missing = support.size
        shared = not layout.has_link_weights
        gains = np.full(layout.n_columns if shared else 0, missing)
        biases = np.full(layout.n_columns if shared else layout.n_rows, missing)
        of_bias = self._columns if shared else self._rows
        for i, path in enumerate(support.paths):
            place = int(support.offsets[i])
            if len(path) == 3 and path[1] == "links" and self._is_cell(path[0], path[2]):
                links.append((self._rows[path[0]], self._columns[path[2]], place))
            elif len(path) == 2 and path[1] == "bias" and path[0] in of_bias:
                biases[of_bias[path[0]]] = place
            elif shared and len(path) == 2 and path[1] == "weight" and path[0] in self._columns:
                gains[self._columns[path[0]]] = place
            else:
                raise ValueError(f"{format_path(path)} is no link, weight or bias of this network")
        rows, columns, places = np.array(sorted(links), dtype=np.intp).reshape(-1, 3).T
        return _Plan(Schedule(layout, rows, columns, is_dense=False), places, gains, biases)

    def _is_cell(self, receiver: str, sender: str) -> bool:
        row, column = self._rows.get(receiver), self._columns.get(sender)
        return row is not None and column is not None and column < self.layout.limits[row]


def hidden_number(name: str) -> int | None:
    """Which hidden neuron this is the name of; None if it is of none.

    Examples
    --------
    >>> hidden_number("hidden-12"), hidden_number("input-12")
    (12, None)
    """
    kind, _, number = name.partition("-")
    if kind != "hidden" or not number.isdecimal() or number != str(int(number)):
        return None
    return int(number)


class NetworkNeurons(KeyedNeurons):
    """Hidden neurons of a `Network`: keys of its tree.

    A deleted neuron takes all its links with it; the same network accepts what is left. A new one
    comes after another (in the order of evaluation) and is wired like it, by normal weights;
    `Network.fitting` is the network it belongs to, if its number is beyond the old one's neurons.

    Parameters
    ----------
    scale : float
        Standard deviation of the new weights.
    like : str, optional
        That other neuron; the last one when omitted.

    Examples
    --------
    >>> from synthesis.edits.neurons import delete_neuron
    >>> tree = VValue({"hidden-0": {"links": {"input-0": 2.0}},
    ...                "output-0": {"bias": 1.0, "links": {"hidden-0": 3.0}}})
    >>> delete_neuron(tree, (), NetworkNeurons(), names=["hidden-0"])[0]
    VValue({'output-0': {'bias': 1.0}})
    """

    def __init__(self, scale: float = 0.01, like: str | None = None) -> None:
        super().__init__(_hidden_places, self._wired_in_order, scale, like)

    def _wired_in_order(self, tree: VValue, name: str, rng: np.random.Generator) -> VValue:
        """Counterparts of the other neuron's leaves that lead from earlier to later neurons."""
        return select(self._wired_alike(tree, name, rng), _is_in_order)


def _hidden_places(path: Path) -> tuple[int, ...]:
    return tuple(i for i in (0, 2) if i < len(path) and hidden_number(path[i]) is not None)


def _is_in_order(path: Path) -> bool:
    if len(path) < 3:
        return True
    receiver, sender = hidden_number(path[0]), hidden_number(path[2])
    return receiver is None or sender is None or sender < receiver


def network_of(model: Manifold, parameters: VValue) -> tuple[Network, VValue]:
    """The network at these parameters, with the same predictions.

    Returns
    -------
    network : Network
    parameters : VValue
        One leaf per living link, biases, and shared weights where the manifold has them.

    Examples
    --------
    >>> model = Manifold(3, 2, 1)
    >>> tree = model.initial(np.random.default_rng(0))
    >>> network, small = network_of(model, tree)
    >>> bool(np.allclose(network(small, np.eye(3)), model(tree, np.eye(3))))
    True
    """
    layout, links = model.layout, model.links(parameters)
    cells = zip(links.schedule.rows.tolist(), links.schedule.columns.tolist(), strict=True)
    leaves: dict[Path, float] = {
        (layout.receivers[row], "links", layout.senders[column]): float(value)
        for (row, column), value in zip(cells, links.values, strict=True)
    }
    owners = layout.receivers if layout.has_link_weights else layout.senders
    for name, at in zip(owners, layout.bias_at, strict=True):
        leaves[name, "bias"] = float(parameters.buffer[at])
    if not layout.has_link_weights:
        for name, at in zip(layout.senders, layout.gain_at, strict=True):
            leaves[name, "weight"] = float(parameters.buffer[at])
    return Network(layout, model.squared), from_leaves(leaves)
