"""The fused cycle: forward, cross-entropy and truncated backpropagation of networks side by side.

    h_t = tanh(W_x x_t + W_h h_{t-1} + b),  y_t = W_y (m * h_t) + b_y,  loss = sum of CE over t

All networks go through a time step in the same numpy calls, so ten take little longer than one. Out
of the loops over time are kept the input (a column of W_x is
looked up), softmax and loss, and the gradients by all weights (one matrix product each).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import Rows

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

    def __init__(
        self, n_networks: int, capacity: int, n_symbols: int, length: int, kind: Any = np.float64
    ) -> None:
        self.rows = Rows.of(capacity, n_symbols)
        self.shape = n_networks, capacity, n_symbols, length
        self.gradient = np.zeros((n_networks, self.rows.n_rows, capacity), kind)
        self.hidden_gradient = np.zeros((n_networks, capacity), kind)
        # Recurrent links, and below them the multiplied output links: one product per time step
        # gives the drive of the next step and the predictions of the last one.
        self._matrix = np.empty((n_networks, capacity + n_symbols, capacity), kind)
        self._table = np.empty((n_networks, n_symbols, capacity), kind)
        self._offsets = n_symbols * np.arange(n_networks)
        self._eye = np.eye(n_symbols)
        self._drive = np.empty((length, n_networks, capacity), kind)
        self._states = np.zeros((length + 1, n_networks, capacity), kind)
        self._products = np.empty((length + 1, n_networks, capacity + n_symbols), kind)
        self._slopes = np.empty((length, n_networks, capacity), kind)
        self._incoming = np.empty((length, n_networks, capacity), kind)
        self._deltas = np.empty((length, n_networks, capacity), kind)
        self.logits = np.empty((length, n_networks, n_symbols), kind)
        self._make_views()

    def _make_views(self) -> None:
        """Every slice that the loops need, cut once."""
        _, capacity, _, _ = self.shape
        states, products, deltas = self._states, self._products, self._deltas
        self.hidden = states[-1]
        self._recurrent = self._matrix[:, :capacity]
        self._transposed = self._recurrent.transpose(0, 2, 1)
        self._carried = self.hidden_gradient[:, :, None]
        columns = [state[:, :, None] for state in states]
        self._last = columns[-1], products[-1][:, :, None]
        self._forward = list(
            zip(
                columns,
                (product[:, :, None] for product in products),
                (product[:, :capacity] for product in products),
                self._drive,
                states[1:],
                strict=False,
            )
        )
        self._backward = list(
            zip(self._incoming, self._slopes, deltas, (d[:, :, None] for d in deltas), strict=True)
        )[::-1]

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
        rows, matrix, table = self.rows, self._matrix, self._table
        n_networks, capacity, n_symbols, _ = self.shape
        self._recurrent[...] = parameters[:, rows.recurrent]
        multipliers = parameters[:, rows.multiplier, None]
        np.multiply(parameters[:, rows.output], multipliers, out=matrix[:, capacity:])
        np.add(parameters[:, rows.input], parameters[:, rows.bias, None], out=table)
        flat = table.reshape(n_networks * n_symbols, capacity)
        np.take(flat, inputs + self._offsets, axis=0, out=self._drive, mode="clip")
        self._states[0] = hidden
        matmul, add, tanh = np.matmul, np.add, np.tanh
        for state, product, recurrent, drive, following in self._forward:
            matmul(matrix, state, out=product)
            add(recurrent, drive, out=following)
            tanh(following, out=following)
        matmul(matrix, self._last[0], out=self._last[1])
        readout = parameters[:, rows.readout, :n_symbols]
        np.add(self._products[1:, :, capacity:], readout, out=self.logits)
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
        self._pull(parameters, self._eye[inputs], exponentials)
        return losses

    def pull(self, parameters: np.ndarray, inputs: np.ndarray, errors: np.ndarray) -> None:
        """Backpropagation of a gradient by the logits, (length, networks, symbols), after `run`."""
        self._pull(parameters, self._eye[inputs], errors)

    def _pull(self, parameters: np.ndarray, read: np.ndarray, errors: np.ndarray) -> None:
        rows, gradient, deltas, states = self.rows, self.gradient, self._deltas, self._states
        _, capacity, n_symbols, _ = self.shape
        outputs = self._matrix[:, capacity:]
        np.matmul(errors.transpose(1, 0, 2), outputs, out=self._incoming.transpose(1, 0, 2))
        np.multiply(states[1:], states[1:], out=self._slopes)
        np.subtract(1.0, self._slopes, out=self._slopes)
        carried, column, transposed = self.hidden_gradient, self._carried, self._transposed
        carried[...] = 0.0
        matmul, add, multiply = np.matmul, np.add, np.multiply
        for incoming, slope, delta, delta_column in self._backward:
            add(incoming, carried, out=delta)
            multiply(delta, slope, out=delta)
            matmul(transposed, delta_column, out=column)
        by_network = deltas.transpose(1, 0, 2)
        np.matmul(
            deltas.transpose(1, 2, 0),
            states[:-1].transpose(1, 0, 2),
            out=gradient[:, rows.recurrent],
        )
        np.matmul(read.transpose(1, 2, 0), by_network, out=gradient[:, rows.input])
        np.add.reduce(gradient[:, rows.input], axis=1, out=gradient[:, rows.bias])
        through = errors.transpose(1, 2, 0) @ states[1:].transpose(1, 0, 2)
        np.multiply(through, parameters[:, rows.multiplier, None], out=gradient[:, rows.output])
        through *= parameters[:, rows.output]
        np.add.reduce(through, axis=1, out=gradient[:, rows.multiplier])
        self.symbol_gradients = errors.sum(axis=0)
        gradient[:, rows.readout, :n_symbols] = self.symbol_gradients
