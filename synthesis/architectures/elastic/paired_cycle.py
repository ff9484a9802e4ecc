"""The cycle of pairs of links: one additive, one multiplicative, and their ratio (see `modulated`).

    z_t = (1 + (r * V) h_{t-1}) * (W_x x_t + ((1 - r) * W) h_{t-1}) + b,   h_t = tanh(z_t)

A neuron makes two sums of the hidden state: what it adds up, and the gate that this passes. Both
come from one product per time step.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dmm.neurons import logistic

from .arrays import PAIRED
from .cycle import Cycle

__all__ = ["PairedCycle"]


class PairedCycle(Cycle):
    """As `Cycle`, for networks of paired links; a square of parameters per kind (see `Rows`).

    Examples
    --------
    >>> cycle = PairedCycle(n_networks=2, capacity=8, n_symbols=4, length=3)
    >>> rng = np.random.default_rng(0)
    >>> parameters = rng.standard_normal(cycle.gradient.shape)
    >>> cycle(parameters, np.zeros((2, 8)), rng.integers(4, size=(4, 2))).shape
    (2,)
    >>> cycle.rows.squares(cycle.gradient).shape  # by W, V and r before the logistic function
    (2, 3, 8, 8)
    """

    kinds = PAIRED
    n_sums = 2

    def _make_views(self) -> None:
        n_networks, capacity, _, length = self.shape
        kind = self.gradient.dtype
        self._heard = np.empty((length, n_networks, 2, capacity), kind)  # what is added, the gate
        self._pulled = np.empty((length, n_networks, 2, capacity), kind)  # gradients by these
        self._bias = np.empty((n_networks, capacity), kind)
        self._ratio = np.empty((n_networks, capacity, capacity), kind)
        self._rest = np.empty_like(self._ratio)  # 1 - ratio
        self._by_links = np.empty((n_networks, 2, capacity, capacity), kind)
        # The second half of a row of the table, whatever is read: a gate stands open at one.
        self._table[:, :, capacity:] = 1.0
        super()._make_views()

    def _ahead(self) -> tuple[Iterable[np.ndarray], ...]:
        sums = (product[:, : self.height] for product in self._products[:-1])
        heard = self._heard.reshape(self._drive.shape)
        added, gates = self._heard[:, :, 0], self._heard[:, :, 1]
        return sums, self._drive, heard, added, gates, self._states[1:]

    def _behind(self) -> tuple[Iterable[np.ndarray], ...]:
        # The gradient by what is added holds the gate, and the other way round.
        other, pulled = self._heard[:, :, ::-1], self._pulled
        columns = pulled.reshape(*self._drive.shape, 1)
        return self._deltas, self._deltas[:, :, None], other, pulled, columns

    def _take(self, parameters: np.ndarray) -> None:
        rows, capacity = self.rows, self.shape[1]
        additive, gating, ratio = (rows.squares(parameters)[:, i] for i in range(3))
        self._ratio[...] = logistic(ratio)
        np.subtract(1.0, self._ratio, out=self._rest)
        np.multiply(self._rest, additive, out=self._links[:, :capacity])
        np.multiply(self._ratio, gating, out=self._links[:, capacity:])
        self._table[:, :, :capacity] = parameters[:, rows.input]
        self._bias[...] = parameters[:, rows.bias]

    def _advance(self) -> None:
        matrix, bias = self._matrix, self._bias
        matmul, add, multiply, tanh = np.matmul, np.add, np.multiply, np.tanh
        for state, product, sums, drive, heard, added, gate, following in self._forward:
            matmul(matrix, state, out=product)
            add(sums, drive, out=heard)
            multiply(added, gate, out=following)
            add(following, bias, out=following)
            tanh(following, out=following)

    def _go_back(self) -> None:
        carried, column, transposed = self.hidden_gradient, self._carried, self._transposed
        matmul, add, multiply = np.matmul, np.add, np.multiply
        for incoming, slope, delta, spread, other, pulled, pulled_column in self._backward:
            add(incoming, carried, out=delta)
            multiply(delta, slope, out=delta)
            multiply(spread, other, out=pulled)
            matmul(transposed, pulled_column, out=column)

    def _pull_links(self, parameters: np.ndarray, read: np.ndarray) -> None:
        rows, gradient, ratio = self.rows, self.gradient, self._ratio
        by_time = self._pulled.reshape(self._drive.shape)
        np.matmul(
            by_time.transpose(1, 2, 0),
            self._states[:-1].transpose(1, 0, 2),
            out=self._by_links.reshape(self._links.shape),
        )
        by_additive, by_gating = self._by_links[:, 0], self._by_links[:, 1]
        additive, gating = (rows.squares(parameters)[:, i] for i in range(2))
        to_additive, to_gating, to_ratio = (rows.squares(gradient)[:, i] for i in range(3))
        np.multiply(self._rest, by_additive, out=to_additive)
        np.multiply(ratio, by_gating, out=to_gating)
        by_additive *= additive
        by_gating *= gating
        np.subtract(by_gating, by_additive, out=to_ratio)
        to_ratio *= ratio
        to_ratio *= self._rest
        np.matmul(
            read.transpose(1, 2, 0),
            self._pulled[:, :, 0].transpose(1, 0, 2),
            out=gradient[:, rows.input],
        )
        np.add.reduce(self._deltas, axis=0, out=gradient[:, rows.bias])
