"""The dynamic neural manifold as a model whose parameters are one V-value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import autograd.numpy as anp
import numpy as np

from vvalues import Support, VValue, from_buffer, ravel
from vvalues.core.fused import evaluate
from vvalues.core.tracing import is_traced, support_of, unboxed

from ...process.codec import from_plain, to_plain
from .places import ManifoldNeurons
from .structure.closeness import Closeness
from .structure.evaluation import SLOPE, Evaluation
from .structure.layout import CLOSENESS, Layout, Start, checked_inputs, take, weights_in
from .structure.schedule import Schedule, read_by_outputs

__all__ = ["Links", "Manifold", "outputs_of"]


class Links(NamedTuple):
    """The living links of one set of parameters.

    Attributes
    ----------
    schedule : Schedule
    strengths : array (links,)
        Closeness beyond the cutoff.
    values : array (links,)
        What every link multiplies by: its strength, times its own weight where it has one.
    gains : array (columns,), or empty with link weights
        Weights of sending neurons.
    biases : array
        By column with shared weights, by row with link weights.

    Notes
    -----
    The arrays are traced if the parameters are; which links live is settled.

    Examples
    --------
    >>> model = Manifold(2, 3, 1)
    >>> links = model.links(model.initial(np.random.default_rng(0)))
    >>> links.n_links, links.strengths.round(2)
    (11, array([ 0.23, -0.15,  0.  , -0.19,  0.23, -0.04,  0.08, -0.2 ,  0.27,
           -0.28,  0.24]))
    """

    schedule: Schedule
    strengths: Any
    values: Any
    gains: Any
    biases: Any

    @property
    def n_links(self) -> int:
        """Number of living links."""
        return len(self.schedule.rows)


class Manifold:
    """A network whose adjacency matrix is a smooth function of seven numbers per neuron.

    Parameters
    ----------
    n_inputs, n_hidden, n_outputs : int
    period : float, optional
        Columns per turn of the sine of closeness: the width of the images. ``n_inputs`` if omitted.
    link_weights : bool
        One weight per link and one bias per receiving neuron (the text of the seed: activation of
        ``w x + b``), in place of the source's one weight and one bias per *sending* neuron.
    squared : bool
        Predictions are squares of the outputs, as in both notebooks of the source.
    start : Start, optional
        Where parameters start; the source's toy start if omitted.
    rescaled : bool
        A link is born with strength 0, as in the source; otherwise with that of the cutoff.
    engine : {"auto", "sparse", "dense"}
        Sparse: only cells that can live are looked at, matrices are sparse, hidden neurons are
        evaluated by levels. Dense: all cells, full matrices, neuron after neuron. The choice
        changes nothing but the time.

    Raises
    ------
    ValueError
        For sizes below 1 (hidden: below 0), a period that is not positive, an unknown engine.

    References
    ----------
    M. Woods, Dynamic Neural Manifold (2018).

    Examples
    --------
    >>> model = Manifold(5, 16, 4, squared=True)
    >>> model.layout.n_cells
    284
    >>> parameters = model.initial(np.random.default_rng(0))
    >>> model(parameters, np.zeros((3, 5))).shape
    (3, 4)
    """

    def __init__(
        self,
        n_inputs: int,
        n_hidden: int,
        n_outputs: int,
        *,
        period: float | None = None,
        link_weights: bool = False,
        squared: bool = False,
        start: Start | None = None,
        rescaled: bool = True,
        engine: str = "auto",
    ) -> None:
        if engine not in ("auto", "sparse", "dense"):
            raise ValueError(f"engine is {engine!r}; expected 'auto', 'sparse' or 'dense'")
        self.layout = Layout(
            n_inputs, n_hidden, n_outputs, n_inputs if period is None else period, link_weights
        )
        self.squared, self.rescaled = squared, rescaled
        self.start = start or Start.toy()
        self.engine = engine
        self._schedule: Schedule | None = None

    # -------------------- in words --------------------

    @property
    def description(self) -> dict[str, Any]:
        """What `described` makes the same model of; JSON-compatible."""
        layout = self.layout
        return {
            "kind": "Manifold",
            "n_inputs": layout.n_inputs,
            "n_hidden": layout.n_hidden,
            "n_outputs": layout.n_outputs,
            "period": layout.period,
            "link_weights": layout.has_link_weights,
            "squared": self.squared,
            "start": to_plain(self.start),
            "rescaled": self.rescaled,
            "engine": self.engine,
        }

    @classmethod
    def described(cls, description: Mapping[str, Any]) -> Manifold:
        """The model of a description."""
        words = {name: word for name, word in description.items() if name != "kind"}
        return cls(**{**words, "start": from_plain(words["start"], [Start])})

    # -------------------- parameters --------------------

    def initial(self, rng: np.random.Generator) -> VValue:
        """Random parameters: every number normal, as the start says."""
        layout, start = self.layout, self.start
        buffer = np.empty(layout.support.size)
        numbers = [
            mean + deviation * rng.standard_normal(layout.n_rows)
            for mean, deviation in (getattr(start, name) for name in CLOSENESS)
        ]
        closeness = np.concatenate([*numbers, [start.cutoff]])
        buffer[layout.closeness_at] = closeness
        (mean, deviation), (middle, spread) = start.weight, start.bias
        if layout.has_link_weights:
            living = np.bincount(Closeness(layout, closeness).rows, minlength=layout.n_rows)
            scales = deviation / np.sqrt(np.maximum(living, 1))
            for at, limit, scale in zip(layout.weights_at, layout.limits, scales, strict=True):
                buffer[at : at + limit] = mean + scale * rng.standard_normal(limit)
        else:
            buffer[layout.gain_at] = mean + deviation * rng.standard_normal(layout.n_columns)
        buffer[layout.bias_at] = middle + spread * rng.standard_normal(len(layout.bias_at))
        return from_buffer(layout.support, buffer)

    @property
    def closeness_at(self) -> np.ndarray:
        """Elements of the parameters that closeness depends on."""
        return self.layout.closeness_at

    # -------------------- what methods may ask --------------------

    @property
    def support(self) -> Support:
        """The support of the parameters."""
        return self.layout.support

    def prunable(self, support: Support) -> np.ndarray:
        """Weights and biases, not the numbers of closeness; array of bool (size,)."""
        return weights_in(support)

    def alive(self, parameters: VValue) -> np.ndarray:
        """Elements that can influence a prediction, array of bool (size,).

        A weight is dead where there is no living link, and all numbers of a hidden neuron that no
        output reads, be it that there is no link or that it is of weight 0.
        """
        layout = self.layout
        alive = np.zeros(layout.support.size, dtype=bool)
        rows, columns, read, is_read = self.read_links(parameters)
        alive[layout.closeness_at] = np.append(np.tile(is_read, len(CLOSENESS)), True)
        if layout.has_link_weights:
            alive[layout.bias_at] = is_read
            alive[layout.weights_at[rows] + columns] = is_read[rows]
        else:
            alive[layout.bias_at] = alive[layout.gain_at] = read
        return alive

    def read_links(
        self, parameters: VValue
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Links that carry something, and who is read through them by an output.

        Returns
        -------
        rows, columns : arrays of int (links,)
        read : array of bool (columns,)
        is_read : array of bool (rows,)
            Outputs are.
        """
        layout, links, buffer = self.layout, self.links(parameters), parameters.buffer
        rows, columns = links.schedule.rows, links.schedule.columns
        if layout.has_link_weights:
            carries = np.asarray(links.values) != 0.0
        else:
            sends = (buffer[layout.gain_at] != 0.0) | (buffer[layout.bias_at] != 0.0)
            carries = sends[columns]
        rows, columns = rows[carries], columns[carries]
        read = read_by_outputs(layout, rows, columns)
        is_read = np.concatenate([read[layout.n_inputs :], np.ones(layout.n_outputs, dtype=bool)])
        return rows, columns, read, is_read

    def places(self) -> ManifoldNeurons:
        """How its hidden neurons lie in the parameters, with link weights."""
        return ManifoldNeurons(self)

    # -------------------- links --------------------

    def links(self, parameters: VValue) -> Links:
        """The living links and their strengths; differentiable."""
        self.layout.check(support_of(parameters, "parameters"))
        return self.links_at(parameters)

    def links_at(self, tree: Any, places: np.ndarray | None = None) -> Links:
        """The links at parameters that lie in a tree, at these places if it holds more than them.

        The make of the tree is not checked.

        Raises
        ------
        ValueError
            If a number of closeness is not finite: its row would look like one without links.
        """
        layout = self.layout
        is_dense = None if self.engine == "auto" else self.engine == "dense"
        at = layout.closeness_at if places is None else places[layout.closeness_at]
        numbers = unboxed(tree).buffer[at]
        layout.check_finite(numbers)
        everywhere, rescaled = bool(is_dense), self.rescaled
        closeness = Closeness(layout, numbers, everywhere=everywhere, rescaled=rescaled)
        schedule = self._scheduled(closeness, is_dense)
        if layout.has_link_weights:
            weights_at = layout.weights_at[schedule.rows] + schedule.columns
        else:
            weights_at = layout.gain_at
        # All that is read, in one piece: the gradient is then written to the buffer once.
        index = np.concatenate([layout.closeness_at, weights_at, layout.bias_at])
        taken = take(tree, index if places is None else places[index])
        first = len(numbers)
        weights, biases = taken[first : first + len(weights_at)], taken[first + len(weights_at) :]
        strengths = evaluate(taken[:first], closeness)
        if layout.has_link_weights:
            return Links(schedule, strengths, strengths * weights, np.zeros(0), biases)
        return Links(schedule, strengths, strengths, weights, biases)

    def _scheduled(self, closeness: Closeness, is_dense: bool | None) -> Schedule:
        """The schedule; that of the last call if the same cells live."""
        last = self._schedule
        if (
            last is None
            or not np.array_equal(last.columns, closeness.columns)
            or not np.array_equal(last.rows, closeness.rows)
        ):
            last = Schedule(self.layout, closeness.rows, closeness.columns, is_dense)
            self._schedule = last
        return last

    # -------------------- predictions --------------------

    def __call__(self, parameters: VValue, inputs: Any) -> Any:
        """Predictions (samples, outputs) for inputs (samples, inputs); differentiable in both."""
        return self.predict(parameters, inputs)[0]

    def predict(self, parameters: VValue, inputs: Any) -> tuple[Any, Links]:
        """Predictions, and the links they went through (for losses on structure).

        Raises
        ------
        ValueError
            For inputs of another shape or none, parameters of another manifold, or closeness
            numbers that are not finite.
        """
        inputs = checked_inputs(inputs, self.layout.n_inputs)
        links = self.links(parameters)
        return self.through(links, inputs), links

    def through(self, links: Links, inputs: Any) -> Any:
        """Predictions for inputs (samples, inputs) through given links; nothing is checked."""
        outputs = outputs_of(self.layout, links, inputs)
        return outputs**2 if self.squared else outputs

    # -------------------- the reference --------------------

    def plain(self, parameters: VValue, inputs: Any) -> Any:
        """Predictions neuron by neuron in plain autograd, as the source has it: the judge."""
        layout = self.layout
        strengths = self.plain_strengths(parameters)
        buffer = ravel(parameters)
        if not layout.has_link_weights:
            gain, bias = buffer[layout.gain_at], buffer[layout.bias_at]
        activities = [inputs[:, j] for j in range(layout.n_inputs)]
        outputs: list[Any] = []
        for row, limit in enumerate(layout.limits):
            is_hidden = row < layout.n_hidden
            total: Any = 0.0
            for j in range(limit):
                a = activities[j]
                if layout.has_link_weights:
                    sent = _leaky(a) if j >= layout.n_inputs else a
                    sent = sent * buffer[layout.weights_at[row] + j]
                else:
                    sent = gain[j] * a + bias[j]
                    sent = _leaky(sent) if is_hidden else sent
                total = total + strengths[row, j] * sent
            if layout.has_link_weights:
                total = total + buffer[layout.bias_at[row]]
            (activities if is_hidden else outputs).append(total)
        stacked = anp.stack(outputs, axis=1)
        return stacked**2 if self.squared else stacked

    def plain_strengths(self, parameters: VValue) -> Any:
        """Strengths of all cells in plain autograd, (rows, columns); 0 where there is no link."""
        layout = self.layout
        vector = ravel(parameters)[layout.closeness_at]
        raw = anp.reshape(vector[:-1], (len(CLOSENESS), layout.n_rows, 1))
        alpha, beta, gamma, theta, phi, sigma, mu = (raw[i] for i in range(len(CLOSENESS)))
        cutoff = 1 / (1 + anp.exp(-vector[-1]))
        columns = np.arange(layout.n_columns)
        x = columns + layout.shifts[:, None]
        width = anp.logaddexp(sigma, 0.0)
        gauss = anp.exp(-((x - mu) ** 2) / (2 * width**2))
        turn = layout.period * anp.logaddexp(theta, 0.0) / np.log(2)
        wave = (0.501 + 0.5 * anp.sin(2 * np.pi * x / turn + phi)) ** (beta + 1)
        d = (2 / (1 + anp.exp(-alpha)) - 1) * gauss * (wave - 1 / (1 + anp.exp(-gamma)))
        beyond = anp.sign(d) * (anp.abs(d) - cutoff) / (1 - cutoff) if self.rescaled else d
        alive = (anp.abs(d) > cutoff) & (columns < layout.limits[:, None])
        return anp.where(alive, beyond, 0.0)


def outputs_of(layout: Layout, links: Links, inputs: Any) -> Any:
    """Sums (samples, outputs) that the outputs of a network receive; differentiable.

    Parameters
    ----------
    layout : Layout
    links : Links
        All but their strengths is used.
    inputs : array (samples, inputs)
    """
    shared = not layout.has_link_weights
    is_constant = not is_traced(inputs)
    run = Evaluation(links.schedule, inputs.T if is_constant else inputs.shape[0], shared)
    m = layout.n_hidden
    variables = [links.values, links.gains, links.biases if shared else links.biases[:m]]
    if not is_constant:
        variables.append(anp.ravel(inputs.T))
    outputs = evaluate(anp.concatenate(variables), run)
    return outputs if shared else outputs + links.biases[m:]


def _leaky(x: Any) -> Any:
    return anp.where(x > 0, x, SLOPE * x)
