"""The fused cycle: forward, cross-entropy and truncated backpropagation of networks side by side.

    h_t = tanh(W_x x_t + W_h h_{t-1} + b),  y_t = W_y (m * h_t) + b_y,  loss = sum of CE over t

All networks go through a time step in the same numpy calls, so ten take little longer than one. Out
of the loops over time are kept the input (a column of W_x is
looked up), softmax and loss, and the gradients by all weights (one matrix product each).

How a neuron adds up what it hears stands apart, under "links"; `paired_cycle` has it for pairs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .arrays import SINGLE, Rows

__all__ = ["Cycle"]


class Cycle:
    """Buffers and loops for networks of one capacity and length.

    Parameters
    ----------
    n_networks, capacity, n_symbols : int
    length : int
        Symbols read in one cycle.
    kind : type of the numbers
        Complex ones serve second derivatives (see `vvalues.core.fused`).

    Attributes
    ----------
    gradient : array (networks, rows, capacity)
        By the parameters, laid out like them (see `Rows`); valid until the next call.
    hidden_gradient : array (networks, capacity)
        By the hidden state that the cycle began with.
    symbol_gradients : array (networks, symbols)
        Sum over time of the gradient by the predictions.
    hidden : array (networks, capacity)
        The hidden state after the last symbol.
    logits : array (length, networks, symbols)

    Notes
    -----
    Zeros beyond a network's neurons stay zeros: in hidden states, predictions and gradients.
    """

    kinds: tuple[str, ...] = SINGLE
    n_sums = 1  # that a neuron makes of the hidden state: a matrix each

    def __init__(
        self, n_networks: int, capacity: int, n_symbols: int, length: int, kind: Any = np.float64
    ) -> None:
        self.rows = Rows.of(capacity, n_symbols, len(self.kinds))
        self.shape = n_networks, capacity, n_symbols, length
        self.height = height = self.n_sums * capacity
        self.gradient = np.zeros((n_networks, self.rows.n_rows, capacity), kind)
        self.hidden_gradient = np.zeros((n_networks, capacity), kind)
        # The links, and below them the multiplied output links: one product per time step gives
        # the sums of the next step and the predictions of the last one.
        self._matrix = np.empty((n_networks, height + n_symbols, capacity), kind)
        self._table = np.empty((n_networks, n_symbols, height), kind)
        self._offsets = n_symbols * np.arange(n_networks)
        self._eye = np.eye(n_symbols)
        self._drive = np.empty((length, n_networks, height), kind)
        self._states = np.zeros((length + 1, n_networks, capacity), kind)
        self._products = np.empty((length + 1, n_networks, height + n_symbols), kind)
        self._slopes = np.empty((length, n_networks, capacity), kind)
        self._incoming = np.empty((length, n_networks, capacity), kind)
        self._deltas = np.empty((length, n_networks, capacity), kind)
        self.logits = np.empty((length, n_networks, n_symbols), kind)
        self._make_views()

    def _make_views(self) -> None:
        """Every slice that the loops need, cut once."""
        self.hidden = self._states[-1]
        self._links = self._matrix[:, : self.height]
        self._transposed = self._links.transpose(0, 2, 1)
        self._carried = self.hidden_gradient[:, :, None]
        columns = [state[:, :, None] for state in self._states]
        products = [product[:, :, None] for product in self._products]
        self._last = columns[-1], products[-1]
        self._forward = list(zip(columns[:-1], products[:-1], *self._ahead(), strict=True))
        self._backward = list(zip(self._incoming, self._slopes, *self._behind(), strict=True))[::-1]

    # -------------------- forward --------------------

    def run(self, parameters: np.ndarray, hidden: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Predictions (logits) after every symbol.

        Parameters
        ----------
        parameters : array (networks, rows, capacity)
        hidden : array (networks, capacity)
        inputs : array of int (length, networks)
            Codes of the symbols read.

        Returns
        -------
        array (length, networks, symbols)
        """
        rows, n_symbols = self.rows, self.shape[2]
        self._take(parameters)
        multipliers = parameters[:, rows.multiplier, None]
        np.multiply(parameters[:, rows.output], multipliers, out=self._matrix[:, self.height :])
        flat = self._table.reshape(-1, self.height)
        np.take(flat, inputs + self._offsets, axis=0, out=self._drive, mode="clip")
        self._states[0] = hidden
        self._advance()
        np.matmul(self._matrix, self._last[0], out=self._last[1])
        readout = parameters[:, rows.readout, :n_symbols]
        np.add(self._products[1:, :, self.height :], readout, out=self.logits)
        return self.logits

    # -------------------- forward and backward --------------------

    def __call__(
        self, parameters: np.ndarray, hidden: np.ndarray, symbols: np.ndarray
    ) -> np.ndarray:
        """Losses; the gradient and the last hidden state are left in the attributes.

        Parameters
        ----------
        parameters : array (networks, rows, capacity)
        hidden : array (networks, capacity)
        symbols : array of int (length + 1, networks)
            Each but the last is read, each but the first is to be predicted.

        Returns
        -------
        array (networks,)
            Cross-entropy in nats, summed over the length.
        """
        inputs, targets = symbols[:-1], symbols[1:]
        logits = self.run(parameters, hidden, inputs)
        shifted = logits - logits.max(axis=2, keepdims=True)
        exponentials = np.exp(shifted)
        totals = exponentials.sum(axis=2)
        asked = self._eye[targets]
        hit = (shifted * asked).sum(axis=2)
        # Summed by network: over the first axis one alone would be summed in another order.
        losses = np.ascontiguousarray((np.log(totals) - hit).T).sum(axis=1)
        exponentials /= totals[:, :, None]
        exponentials -= asked
        self.pull(parameters, inputs, exponentials)
        return losses

    def pull(self, parameters: np.ndarray, inputs: np.ndarray, errors: np.ndarray) -> None:
        """Backpropagation of a gradient by the logits, (length, networks, symbols), after `run`."""
        rows, gradient, states = self.rows, self.gradient, self._states
        n_symbols = self.shape[2]
        outputs = self._matrix[:, self.height :]
        np.matmul(errors.transpose(1, 0, 2), outputs, out=self._incoming.transpose(1, 0, 2))
        np.multiply(states[1:], states[1:], out=self._slopes)
        np.subtract(1.0, self._slopes, out=self._slopes)
        self.hidden_gradient[...] = 0.0
        self._go_back()
        self._pull_links(parameters, self._eye[inputs])
        through = errors.transpose(1, 2, 0) @ states[1:].transpose(1, 0, 2)
        np.multiply(through, parameters[:, rows.multiplier, None], out=gradient[:, rows.output])
        through *= parameters[:, rows.output]
        np.add.reduce(through, axis=1, out=gradient[:, rows.multiplier])
        self.symbol_gradients = errors.sum(axis=0)
        gradient[:, rows.readout, :n_symbols] = self.symbol_gradients

    # -------------------- links --------------------

    def _ahead(self) -> tuple[Iterable[np.ndarray], ...]:
        """Arrays that a step forward needs besides the state and its product, over time."""
        sums = (product[:, : self.height] for product in self._products[:-1])
        return sums, self._drive, self._states[1:]

    def _behind(self) -> tuple[Iterable[np.ndarray], ...]:
        """Arrays that a step back needs besides what comes in and the slopes, over time."""
        return self._deltas, (delta[:, :, None] for delta in self._deltas)

    def _take(self, parameters: np.ndarray) -> None:
        """The links as matrices, and what is added for every symbol read."""
        rows = self.rows
        self._links[...] = parameters[:, rows.recurrent]
        np.add(parameters[:, rows.input], parameters[:, rows.bias, None], out=self._table)

    def _advance(self) -> None:
        """The hidden states, one after the other."""
        matrix, matmul, add, tanh = self._matrix, np.matmul, np.add, np.tanh
        for state, product, recurrent, drive, following in self._forward:
            matmul(matrix, state, out=product)
            add(recurrent, drive, out=following)
            tanh(following, out=following)

    def _go_back(self) -> None:
        """The gradients by the sums before tanh, the last one first."""
        carried, column, transposed = self.hidden_gradient, self._carried, self._transposed
        matmul, add, multiply = np.matmul, np.add, np.multiply
        for incoming, slope, delta, delta_column in self._backward:
            add(incoming, carried, out=delta)
            multiply(delta, slope, out=delta)
            matmul(transposed, delta_column, out=column)

    def _pull_links(self, parameters: np.ndarray, read: np.ndarray) -> None:
        """The gradients by the links between neurons, the input and the biases."""
        rows, gradient, deltas = self.rows, self.gradient, self._deltas
        np.matmul(
            deltas.transpose(1, 2, 0),
            self._states[:-1].transpose(1, 0, 2),
            out=gradient[:, rows.recurrent],
        )
        np.matmul(read.transpose(1, 2, 0), deltas.transpose(1, 0, 2), out=gradient[:, rows.input])
        np.add.reduce(gradient[:, rows.input], axis=1, out=gradient[:, rows.bias])
