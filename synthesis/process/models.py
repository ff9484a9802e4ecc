"""What every model and every task looks like to the methods of this package; machines as models."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Protocol, runtime_checkable

import numpy as np

from dmm import Machine, Program, Streams, compile_machine
from dmm.machine import fixed_links
from vvalues import Support, VValue, restrict
from vvalues.core.tree import from_leaves

from .places import KeyedNeurons, machine_neurons

__all__ = ["OUTPUT", "MachineModel", "Model", "Task"]

OUTPUT = (("output", "dict-1"), ("output", "dict-2"))


@runtime_checkable
class Model(Protocol):
    """A differentiable function whose parameters are one V-value.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> isinstance(Perceptron([2, 3, 1]), Model)
    True
    """

    def initial(self, rng: np.random.Generator) -> VValue:
        """Random parameters to start from."""
        ...

    def __call__(self, parameters: VValue, inputs: Any) -> Any:
        """Predictions; differentiable with respect to the parameters."""
        ...


@runtime_checkable
class Task(Protocol):
    """Data and a loss.

    Examples
    --------
    >>> from synthesis.architectures import Perceptron
    >>> from synthesis.tasks import SumsAndDifferences
    >>> task, rng = SumsAndDifferences(n_test=100), np.random.default_rng(0)
    >>> inputs, targets = task.batch(rng)
    >>> inputs.shape, targets.shape
    ((50, 5), (50, 4))
    >>> sorted(task.evaluate(model := Perceptron([5, 4]), model.initial(rng)))
    ['output_0', 'output_1', 'output_2', 'output_3', 'test_loss']
    """

    def batch(self, rng: np.random.Generator) -> tuple[Any, Any]:
        """``(inputs, targets)`` to train on."""
        ...

    def loss(self, predictions: Any, targets: Any) -> float:
        """Scalar loss of predictions; differentiable."""
        ...

    def evaluate(self, model: Model, parameters: VValue) -> dict[str, float]:
        """Figures on data that no decision was made on."""
        ...


class MachineModel:
    """A family of machines: all sub-machines of one search space.

    Parameters
    ----------
    space : Machine
        Its neurons and fixed links are those of every member; its trainable support is the largest
        one.
    sample : callable from a Generator to parameters, optional
        Draws initial parameters; the space's own weights when omitted.
    observed : sequence of (neuron, field)
        What a prediction consists of.
    stopped : collection of (neuron type, field)
        Inputs without gradient (see `dmm.compile_machine`).

    Examples
    --------
    >>> from dmm import layered_space, text_streams
    >>> rng = np.random.default_rng(0)
    >>> model = MachineModel(layered_space(rng))
    >>> weights = model.initial(rng)
    >>> len(weights), model(weights, text_streams("ab.", 30)).shape
    (1486, (2, 30, 1))
    """

    def __init__(
        self,
        space: Machine,
        sample: Callable[[np.random.Generator], VValue] | None = None,
        observed: Sequence[tuple[str, str]] = OUTPUT,
        stopped: Collection[tuple[str, str]] = (),
    ) -> None:
        self.space = space
        self.observed = tuple(observed)
        self.stopped = tuple(stopped)
        self._sample = sample
        self._programs = lru_cache(maxsize=64)(self._compile)

    def initial(self, rng: np.random.Generator) -> VValue:
        """Random parameters on the whole space."""
        return self.space.trainable if self._sample is None else self._sample(rng)

    def __call__(self, parameters: VValue, inputs: Streams) -> np.ndarray:
        """Observed numbers, (observed, ticks, strings); differentiable."""
        return self.program(parameters.support)(parameters, inputs)

    def program(self, support: Support) -> Program:
        """The compiled machine with links on this support; remembered."""
        return self._programs(support)

    def _compile(self, support: Support) -> Program:
        machine = self.space.with_trainable(restrict(self.space.trainable, support))
        return compile_machine(machine, self.observed, stopped=self.stopped)  # type: ignore[return-value]

    @property
    def is_recurrent(self) -> bool:
        """Whether the space has cycles besides self-links of summing neurons.

        A machine that holds its own matrix is one big cycle, but what it learns in a life is as
        smooth in its weights as in a layered machine: it counts as no recurrent space.
        """
        if self.space.matrix_port is not None:
            return False
        program = self.program(self.space.trainable.support)
        return any(block.is_loop for block in program.plan.blocks)

    def living(self, support: Support) -> Support:
        """The links of a support that can influence an observed stream."""
        return support.where(self.program(support).live)

    def places(self, like: str | None = None) -> KeyedNeurons:
        """How neurons lie in a network matrix (`machine_neurons`)."""
        return machine_neurons(like)

    def fitting(self, parameters: VValue) -> MachineModel:
        """The family with the neurons that these parameters name beside its own.

        A new neuron ``NAME-NUMBER`` has the type of the others of this name.

        Raises
        ------
        ValueError
            If there is no other.
        """
        neurons = dict(self.space.neurons)
        types = {name.rpartition("-")[0] or name: kind for name, kind in neurons.items()}
        for name in dict.fromkeys(key for p in parameters.support.paths for key in (p[0], p[2])):
            if name not in neurons:
                stem = name.rpartition("-")[0]
                if stem not in types:
                    raise ValueError(f"parameters name the neuron {name!r}, which is of no type")
                neurons[name] = types[stem]
        if len(neurons) == len(self.space.neurons):
            return self
        new = {name: neurons[name] for name in neurons.keys() - self.space.neurons.keys()}
        fixed = self.space.fixed + from_leaves(fixed_links(new))
        space = replace(self.space, neurons=neurons, fixed=fixed, trainable=parameters)
        return MachineModel(space, observed=self.observed, stopped=self.stopped)

    def machine(self, parameters: VValue, name: str = "machine") -> Machine:
        """The machine with these trainable links, without neurons that nothing is linked to."""
        machine = self.space.with_trainable(parameters)
        watched = {neuron for neuron, _ in self.observed}
        return replace(machine.without_idle_neurons(keep=watched), name=name)
