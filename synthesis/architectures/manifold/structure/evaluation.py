"""Signals through the links: values and both derivatives of one network, on arrays.

With activation ``t = gain * a + shift`` of a sending neuron and ``M`` the values of the links:

* a hidden neuron receives ``a_i = sum_j M_ij u_j``, evaluated in the order of the schedule;
* an output receives ``o_i = sum_j M_ij v_j``.

*Shared weights* (the source): ``u = leaky(t)``, ``v = t`` for inputs and hidden neurons alike.
*Link weights*: inputs send what they are, hidden neurons send ``leaky(t)`` to both.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .schedule import Matrix, Schedule, Step

__all__ = ["SLOPE", "Evaluation", "signal_products"]

SLOPE = 0.2  # of the leaky unit below zero
BLOCK = 24  # rows per product
GATHER_BELOW = 0.005  # share of living cells below which products are taken link by link
CHUNK = 4096  # links per product, so that the gathered signals stay in the cache


class Trace(NamedTuple):
    """What a forward pass leaves behind; hidden neurons in evaluation order."""

    activity: np.ndarray  # of senders before gain and shift, (columns, batch)
    total: np.ndarray  # after them
    signal: np.ndarray  # what hidden neurons receive
    matrices: tuple[Matrix, list[tuple[Step, Matrix]], Matrix]  # entering, blocks, leaving
    outputs: np.ndarray  # (outputs, batch)


class Evaluation:
    """A network of given structure on a batch; the run of `vvalues.core.fused.evaluate`.

    Its variables are one vector: values of the links; with shared weights gain and shift of every
    sending neuron, with link weights the shift of every hidden one; then the inputs, row by row, if
    they are variables.

    Parameters
    ----------
    schedule : Schedule
    inputs : array (inputs, batch), or the batch size if the inputs are variables
    shared : bool
        Shared weights (see above), or link weights.

    Examples
    --------
    >>> from synthesis.architectures.manifold import Manifold
    >>> model = Manifold(2, 3, 1)
    >>> parameters = model.initial(np.random.default_rng(0))
    >>> schedule = model.links(parameters).schedule
    >>> evaluation = Evaluation(schedule, np.ones((2, 4)), shared=True)
    >>> n_values, n_senders = len(schedule.rows), model.layout.n_columns
    >>> evaluation.forward(np.full(n_values + 2 * n_senders, 0.5)).round(3)
    array([[2.5],
           [2.5],
           [2.5],
           [2.5]])
    """

    def __init__(self, schedule: Schedule, inputs: np.ndarray | int, shared: bool) -> None:
        self.schedule = schedule
        self.shared = shared
        self._inputs = None if isinstance(inputs, int) else inputs
        self.n_batch = inputs if isinstance(inputs, int) else inputs.shape[1]
        self._last: tuple[np.ndarray, Trace] | None = None

    # -------------------- the vector of variables --------------------

    def _split(self, vector: np.ndarray) -> tuple[np.ndarray, ...]:
        layout, n = self.schedule.layout, len(self.schedule.rows)
        c = layout.n_columns
        values = vector[:n]
        if self.shared:
            end = n + 2 * c
            gain, shift = vector[n : n + c], vector[n + c : end]
        else:
            end = n + layout.n_hidden
            gain, shift = np.ones(c), np.zeros(c, dtype=vector.dtype)
            shift[layout.n_inputs :] = vector[n:end]
        inputs = self._inputs
        if inputs is None:
            inputs = vector[end:].reshape(layout.n_inputs, self.n_batch)
        order = self.schedule.column_order
        return values, gain[order], shift[order], inputs

    def _sent(self, total: np.ndarray, is_input: bool) -> np.ndarray:
        """What hidden neurons receive of some senders."""
        if is_input and not self.shared:
            return total
        return np.where(total.real > 0, total, SLOPE * total)

    def _slope(self, total: np.ndarray) -> np.ndarray:
        return np.where(total.real > 0, 1.0, SLOPE)

    # -------------------- forward --------------------

    def forward(self, vector: np.ndarray) -> np.ndarray:
        """Sums that the outputs receive, (batch, outputs)."""
        return self._trace(vector).outputs.T

    def _trace(self, vector: np.ndarray) -> Trace:
        if self._last is not None and self._last[0] is vector:
            return self._last[1]
        schedule = self.schedule
        values, gain, shift, inputs = self._split(vector)
        n, c = schedule.layout.n_inputs, schedule.layout.n_columns
        kind = np.result_type(vector, inputs)
        activity, total, signal = (np.empty((c, self.n_batch), dtype=kind) for _ in range(3))
        gain, shift = gain[:, None], shift[:, None]

        def fire(first: int, last: int) -> None:
            total[first:last] = gain[first:last] * activity[first:last] + shift[first:last]
            signal[first:last] = self._sent(total[first:last], False)

        activity[:n] = inputs
        total[:n] = gain[:n] * inputs + shift[:n]
        signal[:n] = self._sent(total[:n], True)
        entering, blocks = schedule.entering_matrix(values), list(schedule.blocks(values))
        activity[n:] = entering.forward @ signal[:n]
        if not schedule.is_dense and schedule.steps:  # the first level reads inputs only
            fire(n, n + schedule.steps[0].last)
        for step, block in blocks:
            first, last = n + step.first, n + step.last
            activity[first:last] += block.forward @ signal[n : n + step.ready]
            fire(first, last)
        leaving = schedule.leaving_matrix(values)
        outputs = leaving.forward @ self._seen(total, signal)
        trace = Trace(activity, total, signal, (entering, blocks, leaving), outputs)
        self._last = vector, trace
        return trace

    def _seen(self, total: np.ndarray, signal: np.ndarray) -> np.ndarray:
        """What outputs receive."""
        return total if self.shared else signal

    # -------------------- reverse mode --------------------

    def pullback(self, vector: np.ndarray, g: np.ndarray) -> np.ndarray:
        """Cotangent of the variables from that of the outputs, (batch, outputs)."""
        schedule, trace = self.schedule, self._trace(vector)
        entering, blocks, leaving = trace.matrices
        _, gain, _, _ = self._split(vector)
        n = schedule.layout.n_inputs
        gain = gain[:, None]
        g = np.ascontiguousarray(g.T)
        seen = leaving.backward @ g  # cotangent of what outputs see
        by_signal = np.zeros_like(seen) if self.shared else seen
        by_total = np.empty_like(seen)
        slope = self._slope(trace.total)

        def unfire(first: int, last: int) -> None:
            by_total[first:last] = slope[first:last] * by_signal[first:last]
            if self.shared:
                by_total[first:last] += seen[first:last]

        for step, block in reversed(blocks):
            first, last = n + step.first, n + step.last
            unfire(first, last)
            by_signal[n : n + step.ready] += block.backward @ (
                gain[first:last] * by_total[first:last]
            )
        if not schedule.is_dense and schedule.steps:
            unfire(n, n + schedule.steps[0].last)
        received = gain[n:] * by_total[n:]  # cotangent of what hidden neurons receive
        parts = [self._by_values(trace, received, g)]
        if self.shared or self._inputs is None:
            by_signal[:n] += entering.backward @ received
            by_total[:n] = slope[:n] * by_signal[:n] + seen[:n] if self.shared else by_signal[:n]
        if self.shared:
            parts.append(np.einsum("cb,cb->c", by_total, trace.activity)[schedule.column_place])
            parts.append(by_total.sum(axis=1)[schedule.column_place])
        else:
            parts.append(by_total[n:].sum(axis=1)[schedule.place])
        if self._inputs is None:
            parts.append((gain[:n] * by_total[:n]).ravel())
        return np.concatenate(parts)

    def _by_values(self, trace: Trace, received: np.ndarray, g: np.ndarray) -> np.ndarray:
        schedule, split = self.schedule, self.schedule.n_hidden_links
        rows, columns, m = schedule.rows, schedule.sender_places, schedule.layout.n_hidden
        seen = self._seen(trace.total, trace.signal)
        by_link = len(rows) < GATHER_BELOW * schedule.layout.n_cells
        received = received[schedule.place]  # neighbours in the layout read similar columns
        into_hidden = signal_products(
            received, trace.signal, rows[:split], columns[:split], by_link
        )
        into_outputs = signal_products(g, seen, rows[split:] - m, columns[split:], by_link)
        return np.concatenate([into_hidden, into_outputs])

    # -------------------- forward mode --------------------

    def pushforward(self, vector: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Tangent of the outputs along a direction of the variables, (batch, outputs)."""
        schedule, trace = self.schedule, self._trace(vector)
        entering, blocks, leaving = trace.matrices
        _, gain, _, _ = self._split(vector)
        values, gain_change, shift_change, inputs_change = self._split(direction)
        if not self.shared:
            gain_change = np.zeros_like(gain_change)
        n = schedule.layout.n_inputs
        kind = np.result_type(trace.total, direction)
        total, signal = (np.zeros(trace.total.shape, dtype=kind) for _ in range(2))
        slope = self._slope(trace.total)
        constant = gain_change[:, None] * trace.activity + shift_change[:, None]
        total[:n] = constant[:n]
        if self._inputs is None:
            total[:n] += gain[:n, None] * inputs_change
        signal[:n] = slope[:n] * total[:n] if self.shared else total[:n]
        received = schedule.entering_matrix(values).forward @ trace.signal[:n]
        received = received + entering.forward @ signal[:n]

        def fire(first: int, last: int) -> None:
            rows = slice(first, last)
            total[rows] = gain[rows, None] * received[first - n : last - n] + constant[rows]
            signal[rows] = slope[rows] * total[rows]

        if not schedule.is_dense and schedule.steps:
            fire(n, n + schedule.steps[0].last)
        for (step, block), (_, change) in zip(blocks, schedule.blocks(values), strict=True):
            before = slice(n, n + step.ready)
            received[step.first : step.last] += block.forward @ signal[before]
            received[step.first : step.last] += change.forward @ trace.signal[before]
            fire(n + step.first, n + step.last)
        moved = leaving.forward @ self._seen(total, signal)
        seen = self._seen(trace.total, trace.signal)
        return (moved + schedule.leaving_matrix(values).forward @ seen).T


def signal_products(
    received: np.ndarray, sent: np.ndarray, rows: np.ndarray, columns: np.ndarray, by_link: bool
) -> np.ndarray:
    """``sum over the batch of received[row] * sent[column]`` for some cells.

    Parameters
    ----------
    received, sent : arrays (rows, batch) and (columns, batch)
    rows, columns : arrays of int (links,)
        Sorted by row, unless it is done link by link.
    by_link : bool
        Link by link; otherwise by blocks: one matrix product for some neighbouring rows and the
        range of columns that they read, of which the links are taken.

    Examples
    --------
    >>> received, sent = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])
    >>> signal_products(received, sent, np.array([0, 0]), np.array([0, 1]), by_link=True)
    array([11., 17.])
    """
    out = np.empty(len(rows), dtype=np.result_type(received, sent))
    if by_link:
        for first in range(0, len(rows), CHUNK):
            span = slice(first, first + CHUNK)
            np.einsum("kb,kb->k", received[rows[span]], sent[columns[span]], out=out[span])
        return out
    starts = range(0, len(received), BLOCK)
    edges = np.searchsorted(rows, [*starts, len(received)]).tolist()
    for start, first, last in zip(starts, edges, edges[1:], strict=False):
        if first < last:
            chosen = columns[first:last]
            low = chosen.min()
            block = received[start : start + BLOCK] @ sent[low : chosen.max() + 1].T
            out[first:last] = block[rows[first:last] - start, chosen - low]
    return out
