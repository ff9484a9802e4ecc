"""Evolving operation layers: a differentiable model whose operations are subtrees.

A layer passes on its inputs and the values of its operations through one linear output. Which
operations there are, and what they read, is the support of the parameters; edits
(`synthesis.architectures.evolving.edits`) change it, and the model evaluates whatever support it
is handed.

References
----------
"ML Experiment Log: evolving architecture as part of training" (seed 003); corrections: see
docs/evolving-layers.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import autograd.numpy as anp
import numpy as np

from vvalues import Support, VValue, from_buffer, ravel, stop_gradient
from vvalues.core import evaluate, is_traced

from .evaluation import Plan, Run, make_plan
from .operations import SEED_OPERATIONS, get_operations
from .places import OperationPlaces
from .structure import OUTPUT, SCALE, layer_name, operation_names, without_idle

__all__ = ["EvolvingModel", "FusedNetwork"]


class EvolvingModel:
    """A stack of evolving layers.

    Parameters
    ----------
    inputs : int or sequence of str
        Number or names of the input columns; ``3`` means ``x0, x1, x2``.
    outputs : int or sequence of str
        Likewise, ``y0, y1, ...``.
    hidden : sequence of int or sequence of str
        Numbers or names of outputs of the layers before the last one; none by default.
    operations : sequence of str
        Kinds that edits choose from; ``("add", "multiply")`` as in the seed by default.
    trains_links : bool
        Whether the links into operations are trained. In the seed they are not: an argument *is*
        a column. Constants, output weights and biases always are; running scales never.
    engine : str, optional
        What evaluates: ``"numpy"``, or ``"fast"`` (kernels of numba: the extra ``fast``). When
        omitted, the fast one where it is installed and knows all operations of a network;
        ``model.plan(support).engine`` says which it is.

    Raises
    ------
    ValueError
        If the set of operations is empty or has an unknown kind, a name occurs twice, or an input
        is called like an operation.

    Examples
    --------
    >>> model = EvolvingModel(2, 1)
    >>> product = VValue({"layer-1": {
    ...     "multiply-1": {"first": {"x0": 1}, "second": {"x1": 1}},
    ...     "output": {"y0": {":number": 0.5, "multiply-1": 2}}}})
    >>> model(product, np.array([[3.0, 4.0]]))
    array([[24.5]])
    """

    def __init__(
        self,
        inputs: int | Sequence[str],
        outputs: int | Sequence[str] = 1,
        *,
        hidden: Sequence[int | Sequence[str]] = (),
        operations: Iterable[str] = SEED_OPERATIONS,
        trains_links: bool = False,
        engine: str | None = None,
    ) -> None:
        self.inputs = _names(inputs, "x", "inputs")
        self.operations = tuple(operation.kind for operation in get_operations(operations))
        self.trains_links = trains_links
        self.engine = engine
        widths = [_names(width, f"h{i}.", "hidden") for i, width in enumerate(hidden, start=1)]
        self.outputs = (*widths, _names(outputs, "y", "outputs"))
        made = partial(
            make_plan,
            inputs=self.inputs,
            outputs=self.outputs,
            trains_links=trains_links,
            engine=engine,
        )
        self._plans = lru_cache(maxsize=256)(made)

    @property
    def description(self) -> dict[str, Any]:
        """What `described` makes the same model of; JSON-compatible."""
        *hidden, outputs = (list(names) for names in self.outputs)
        return {
            "inputs": list(self.inputs),
            "outputs": outputs,
            "hidden": hidden,
            "operations": list(self.operations),
            "trains_links": self.trains_links,
        }

    @classmethod
    def described(cls, description: Mapping[str, Any]) -> EvolvingModel:
        """The model of a description."""
        return cls(**description)

    @property
    def layers(self) -> tuple[str, ...]:
        """Keys of the layers, in order."""
        return tuple(layer_name(i + 1) for i in range(len(self.outputs)))

    def layer_inputs(self, layer: str) -> tuple[str, ...]:
        """Names of what a layer gets: the model's inputs, or the outputs of the layer before."""
        number = self.layers.index(layer)
        return self.inputs if number == 0 else self.outputs[number - 1]

    def layer_outputs(self, layer: str) -> tuple[str, ...]:
        """Names of a layer's outputs."""
        return self.outputs[self.layers.index(layer)]

    def initial(self, rng: np.random.Generator) -> VValue:
        """Linear layers without operations; weights uniform within ``1 / sqrt(inputs)``."""
        tree: dict[str, Any] = {}
        for layer in self.layers:
            sources = self.layer_inputs(layer)
            bound = 1.0 / np.sqrt(len(sources))
            tree[layer] = {
                OUTPUT: {
                    name: {key: rng.uniform(-bound, bound) for key in (":number", *sources)}
                    for name in self.layer_outputs(layer)
                }
            }
        return VValue(tree)

    def plan(self, support: Support) -> Plan:
        """How parameters on this support are evaluated; remembered.

        Raises
        ------
        ValueError
            If a path is no part of such a network, or operations read each other in a circle.
        """
        return self._plans(support)

    def __call__(self, parameters: VValue, inputs: Any) -> Any:
        """Predictions.

        Parameters
        ----------
        parameters : VValue, layer/operation/argument/source -> weight
        inputs : array (samples, inputs)

        Returns
        -------
        array (samples, outputs); differentiable by both arguments, in either mode

        Notes
        -----
        One primitive for the whole network; from the third order on derivatives are those of
        `plain`.
        """
        self._check_width(inputs)
        buffer, plan = ravel(parameters), self.plan(parameters.support)
        if not is_traced(inputs):
            return evaluate(buffer, FusedNetwork(plan, inputs))
        return evaluate(anp.concatenate([buffer, anp.ravel(inputs)]), FusedNetwork(plan))

    def run(self, parameters: VValue, inputs: np.ndarray) -> Run:
        """Values of every node, and the derivatives that follow from them; untraced."""
        self._check_width(inputs)
        return self.plan(parameters.support).run(parameters.buffer, inputs)

    def plain(self, parameters: VValue, inputs: Any) -> Any:
        """As the call, operation by operation through autograd: slow, and the judge of the rest."""
        self._check_width(inputs)
        return _plain(self.plan(parameters.support), ravel(parameters), inputs)

    def with_scales(self, parameters: VValue, inputs: np.ndarray, decay: float = 0.0) -> VValue:
        """Parameters with running scales moved towards the root mean square of these samples.

        Parameters
        ----------
        decay : float in [0, 1)
            Share of the old mean square that is kept; 0 measures afresh.

        Notes
        -----
        In place of the seed's division by the norm over the batch, which depends on the size of
        the batch and differs between training and use. Levels are measured in order, since the
        scale of one operation changes what the next one reads.
        """
        plan = self.plan(parameters.support)
        elements, rows = plan.scale_elements
        buffer = np.array(parameters.buffer)
        for step in plan.steps:
            here = (rows >= step.values.start) & (rows < step.values.stop)
            if not here.any():
                continue
            mean_square = np.mean(plan.run(buffer, inputs).raw(rows[here]) ** 2, axis=1)
            old = np.exp(buffer[elements[here]])
            new = np.sqrt(decay * old**2 + (1.0 - decay) * mean_square)
            new = np.where(np.isfinite(new) & (new > 1e-12), new, 1.0)
            buffer[elements[here]] = np.log(new)
        return from_buffer(parameters.support, buffer)

    def living(self, support: Support) -> Support:
        """The part of a support without operations that nothing reads and no output is linked to.

        Weights are not looked at, so what is new and still has output weight 0 lives.
        """
        return without_idle(support, self.layers)

    def prunable(self, support: Support) -> np.ndarray:
        """All but the running scales, which are measured; array of bool (size,)."""
        return np.array([path[2:] != (SCALE,) for path in support.paths], dtype=bool)

    def places(self, layer: str | None = None) -> OperationPlaces:
        """How the operations of a layer (the last one when omitted) lie in the tree."""
        layer = self.layers[-1] if layer is None else layer
        inputs, outputs = self.layer_inputs(layer), self.layer_outputs(layer)
        return OperationPlaces(layer, inputs, outputs, self.operations)

    def count_operations(self, parameters: VValue) -> int:
        """Number of operations in all layers."""
        return sum(len(operation_names(parameters.support, layer)) for layer in self.layers)

    def _check_width(self, inputs: Any) -> None:
        shape = anp.shape(inputs)
        if len(shape) != 2 or shape[1] != len(self.inputs):
            raise ValueError(
                f"inputs have shape {shape}; expected (samples, {len(self.inputs)}), columns "
                f"{', '.join(self.inputs)}"
            )


class FusedNetwork:
    """A plan on a table; the run of `vvalues.core.fused.evaluate`.

    Its variables are one vector: the parameters, then the inputs, row by row, if none are given.
    """

    def __init__(self, plan: Plan, inputs: np.ndarray | None = None) -> None:
        self.plan = plan
        self._inputs = inputs
        self._last: tuple[np.ndarray, Run] | None = None

    def _split(self, vector: Any) -> tuple[Any, Any]:
        if self._inputs is not None:
            return vector, self._inputs
        size = self.plan.size
        return vector[:size], anp.reshape(vector[size:], (-1, self.plan.n_inputs))

    def _run(self, vector: np.ndarray) -> Run:
        if self._last is None or self._last[0] is not vector:
            self._last = vector, self.plan.run(*self._split(vector))
        return self._last[1]

    def forward(self, vector: np.ndarray) -> np.ndarray:
        """Predictions, (samples, outputs)."""
        return np.ascontiguousarray(self._run(vector).outputs)

    def pullback(self, vector: np.ndarray, g: np.ndarray) -> np.ndarray:
        """Cotangent of the variables from that of the predictions."""
        if self._inputs is not None:
            return self._run(vector).gradient(g)
        gradient, adjoint = self._run(vector).pullback(g)
        return np.concatenate([gradient, adjoint[1 : 1 + self.plan.n_inputs].T.ravel()])

    def pushforward(self, vector: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Tangent of the predictions along a direction of the variables."""
        run = self._run(vector)
        if self._inputs is not None:
            return run.pushforward(direction)
        return run.pushforward(*self._split(direction))

    def plain(self, vector: Any) -> Any:
        """The predictions in operations of autograd."""
        return _plain(self.plan, *self._split(vector))


def _plain(plan: Plan, buffer: Any, inputs: Any) -> Any:
    buffer = anp.where(plan.trained, buffer, stop_gradient(buffer))
    rows: list[Any] = [np.ones(len(inputs)), *(inputs[:, i] for i in range(plan.n_inputs))]
    for step in plan.steps:
        arguments: list[Any] = [np.zeros(len(inputs))] * step.n_arguments
        for row, source, leaf in zip(step.readers, step.sources, step.leaves, strict=True):
            arguments[row] = arguments[row] + buffer[leaf] * rows[source]
        for group in step.groups:
            for k in range(group.values.stop - group.values.start):
                read = [arguments[part.start + k] for part in group.arguments]
                value = read[0] if group.operation is None else group.operation.traced(*read)
                scale = step.scales[group.values.start - step.values.start + k]
                rows.append(value / anp.exp(buffer[scale]) if scale >= 0 else value)
    return anp.stack(rows[plan.outputs], axis=1)


def _names(given: int | Sequence[str], stem: str, argument: str) -> tuple[str, ...]:
    if isinstance(given, (int, np.integer)):
        if given < 1:
            raise ValueError(f"{argument} is {given}; expected at least 1")
        return tuple(f"{stem}{i}" for i in range(given))
    names = tuple(given)
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"{argument} is {given!r}; expected a number or names")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{argument}: the name {name!r} occurs twice")
        if name.startswith(":") or "-" in name or name == OUTPUT:
            raise ValueError(f"{argument}: the name {name!r} is reserved; use another one")
    return names
